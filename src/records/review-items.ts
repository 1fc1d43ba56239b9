import { type Hospital, SEALED } from './hospital.ts';
import type { JudgedDay } from './model/judge.ts';
import { type GlassUse, type LookBook, useKey } from './model/looks.ts';
import { OWN } from './model/motives.ts';
import { dayText } from './zone.ts';

/** Something that policy wants looked at whatever its score: it costs no alert. A sealed record opened by break-glass is both. */
export interface ReviewItem {
  readonly schema: 'wardwatch.review-item/1';
  readonly kind: 'break-glass' | 'sealed';
  readonly user: string;
  /** Local calendar date, and the local time of the first access: `YYYY-MM-DD HH:MM`. */
  readonly day: string;
  readonly at: string;
  readonly patient: string;
  /** As typed; null when the log has none. One use of break-glass for each reason. */
  readonly reason: string | null;
  /** Raw accesses. */
  readonly times: number;
  /** `failure`: the system let nobody in. */
  readonly outcome: 'success' | 'failure';
  /** Whether care explains it: what was known, and what followed (an admission within 3 days, an appointment within 21). */
  readonly explained: boolean;
}

export function findItems(judged: JudgedDay, hospital: Hospital, book: Pick<LookBook, 'uses'>): ReviewItem[] {
  const { day } = judged;
  const items: ReviewItem[] = [];
  for (let look = 0; look < day.count; look++) {
    const uses = book.uses.get(useKey(day.day, day.user.at(look), day.patient.at(look))) ?? [];
    if (uses.length > 0 || isSealed(hospital, day.patient.at(look)))
      items.push(...itemsOfLook(judged, look, hospital, uses));
  }
  return items;
}

export function isSealed({ keys }: Hospital, patient: number): boolean {
  return (keys.flags.at(patient) & SEALED) !== 0;
}

/** What policy wants looked at of one look. */
export function itemsOfLook(
  judged: JudgedDay,
  look: number,
  hospital: Hospital,
  uses: readonly GlassUse[],
): ReviewItem[] {
  const { day } = judged;
  const { users, patients, zone } = hospital;
  const patient = day.patient.at(look);
  const user = day.user.at(look);
  const isDirect = (judged.direct[look] ?? -1) >= 0;
  const item = (
    kind: ReviewItem['kind'],
    first: number,
    times: number,
    failed: number,
    reason: string | null,
  ): ReviewItem => ({
    schema: 'wardwatch.review-item/1',
    kind,
    user: users.textOf(user),
    day: dayText(day.day),
    at: zone.clockText(first),
    patient: patients.textOf(patient),
    reason,
    times,
    outcome: failed === times ? 'failure' : 'success',
    explained: isDirect || (judged.explained[look] ?? 0) >= 0.5,
  });
  const items = uses.map(({ first, times, failed, reason }) => item('break-glass', first, times, failed, reason));
  if (isSealed(hospital, patient) && !isDirect && ((judged.ties[look] ?? 0) & OWN) === 0)
    items.push(item('sealed', day.first.at(look), day.times.at(look), day.failed.at(look), null));
  return items;
}
