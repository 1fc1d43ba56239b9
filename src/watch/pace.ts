const MIB = 1024 * 1024;
/** Journal that always waits for a moment: what judging has in hand. */
const FREE_BYTES = 8 * MIB;
const MS_A_MIB = 2;
const MOST_MS = 100;

/**
 * How long an acknowledgement waits, milliseconds, by the bytes of the journal that wait to be judged. Whoever sends as fast as it
 * is answered is so held to what judging does, and findings stay in time; without, all that outruns judging heaps up until there is no
 * room, and a finding waits behind half a gigabyte. A burst is still taken: each answer is a tenth of a second late at most.
 */
export function paceMs(waitingBytes: number): number {
  return Math.min(MOST_MS, Math.max(0, Math.round(((waitingBytes - FREE_BYTES) / MIB) * MS_A_MIB)));
}
