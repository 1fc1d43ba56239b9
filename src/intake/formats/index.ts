import { auditd } from './auditd.ts';
import { csv } from './csv.ts';
import type { Format, Head } from './format.ts';
import { json } from './json.ts';
import { securityLines, syslog } from './syslog-format.ts';
import { accessLog, squid, w3c } from './web.ts';
import { xml } from './xml.ts';
import { zeekTsv } from './zeek.ts';

/** Every format we read besides EVTX, in the order that settles a tie. */
export const FORMATS: readonly Format[] = [
  zeekTsv,
  auditd,
  w3c,
  accessLog,
  squid,
  xml,
  json,
  syslog,
  securityLines,
  csv,
];

/** The least that a format must be sure of to be believed. */
const LEAST_CLAIM = 20;
/** Nobody claims more: the rest need not look (the syslog family takes 5 ms to). */
const SURE = 95;

/** The format of a file that begins like this; `null`: none that we know. */
export function formatOf(head: Head): Format | null {
  let best: Format | null = null;
  let claim = LEAST_CLAIM - 1;
  for (const format of FORMATS) {
    const own = format.claims(head);
    if (own > claim) {
      best = format;
      claim = own;
    }
    if (claim >= SURE) break;
  }
  return best;
}
