import { RECORD_ACCESS } from '../src/watch/access-reader.ts';
import { type KeptAccess, RequestJoin } from '../src/records/kept-access.ts';
import { type KeptEvents, readKeptEvents } from '../src/store/archive/kept-events.ts';

/** Every access that a data folder keeps, straight from its events: slow, and obviously right. */
export async function accessesInMemory(
  data: string,
): Promise<KeptEvents & { readonly accesses: readonly KeptAccess[] }> {
  let join = new RequestJoin();
  const kept = await readKeptEvents(
    data,
    RECORD_ACCESS,
    () => {
      join = new RequestJoin();
    },
    (event) => join.add(event),
  );
  return { ...kept, accesses: join.accesses };
}
