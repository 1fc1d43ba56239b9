/** Milliseconds that the service's clock is ahead of this computer's. */
let ahead = 0;
/** A clock that is so little wrong misleads nobody, and an answer takes its time. */
const NEAR_MS = 10_000;

/** @param date the header of an answer that has just come */
export function heardTime(date: string | null, here = Date.now()): void {
  const at = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(at)) return;
  ahead = Math.abs(at - here) < NEAR_MS ? 0 : at - here;
}

/** Now, by the service's clock: deadlines and silence are not told by a ward computer's that is wrong. In milliseconds. */
export function serviceNow(): number {
  return Date.now() + ahead;
}
