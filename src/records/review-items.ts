import type { Hospital } from './hospital.ts';
import { SEALED } from './hospital.ts';
import type { ScoredDay } from './model/engine.ts';
import { BREAK_GLASS, type LookBook } from './model/looks.ts';
import { OWN } from './model/motives.ts';
import { dayText } from './zone.ts';

/** Something that policy wants looked at whatever its score: it costs no alert. */
export interface ReviewItem {
  readonly schema: 'wardwatch.review-item/1';
  readonly kind: 'break-glass' | 'sealed';
  readonly user: string;
  readonly day: string;
  readonly patient: string;
  /** As typed; null for a sealed record. */
  readonly reason: string | null;
  /** Whether care explains it, then or in what was known that day. */
  readonly explained: boolean;
}

export function findItems({ judged }: ScoredDay, hospital: Hospital, book: LookBook): ReviewItem[] {
  const { day } = judged;
  const items: ReviewItem[] = [];
  for (let look = 0; look < day.count; look++) {
    const patient = day.patient.at(look);
    const isGlass = (day.flags.at(look) & BREAK_GLASS) !== 0;
    const isDirect = (judged.direct[look] ?? -1) >= 0;
    const explained = isDirect || (judged.explained[look] ?? 0) >= 0.5;
    const isSealed =
      (hospital.keys.flags.at(patient) & SEALED) !== 0 && !isDirect && ((judged.ties[look] ?? 0) & OWN) === 0;
    if (!isGlass && !isSealed) continue;
    const user = day.user.at(look);
    items.push({
      schema: 'wardwatch.review-item/1',
      kind: isSealed ? 'sealed' : 'break-glass',
      user: hospital.users.textOf(user),
      day: dayText(day.day),
      patient: hospital.patients.textOf(patient),
      reason: book.reasons.get(`${day.day} ${user} ${patient}`) ?? null,
      explained,
    });
  }
  return items;
}
