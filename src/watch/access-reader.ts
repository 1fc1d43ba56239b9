import { BELIEVED } from '../records/accesses.ts';
import { joined, keptAccessesOf, requestOf } from '../records/kept-access.ts';
import type { AccessReader } from '../store/archive/access-rows.ts';

/** The category of events that are accesses to patients’ records. */
export const RECORD_ACCESS = 'record_access';

/** What the archive has to know to keep accesses in columns. */
export const ACCESS_READER: AccessReader = {
  category: RECORD_ACCESS,
  accessesOf: (event) => keptAccessesOf(event),
  requestOf,
  joined,
  believed: BELIEVED,
};
