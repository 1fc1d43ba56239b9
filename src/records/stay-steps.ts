import type { StayStep } from '../core/care.ts';

/** One thing that was told of a stay. */
export interface Step {
  /** When it became so, and when we were told. UTC ms. */
  readonly at: number;
  readonly receivedAt: number;
  readonly step: StayStep;
  readonly department: string;
  readonly since: number | null;
  readonly days: number | null;
}

/** Time spent in one department. `to` `null`: no end was told; then it lasts `days` local days, `null`: still. */
export interface StayTime {
  readonly department: string;
  readonly from: number;
  readonly to: number | null;
  readonly days: number | null;
}

/**
 * Where the patient was during a visit: a move ends one department’s time and begins the next one’s, a discharge ends it, a
 * discharge that was none opens it again, an admission that was none leaves nothing.
 *
 * @param steps in any order, some perhaps twice
 */
export function mergeSteps(steps: readonly Step[]): StayTime[] {
  const stays: { department: string; from: number; to: number | null; days: number | null }[] = [];
  // Where the present admission begins, and the one before: a patient without visit numbers has one after the other.
  let admission = 0;
  let former = 0;
  for (const { at, step, department, since, days } of steps.toSorted(
    (a, b) => a.at - b.at || a.receivedAt - b.receivedAt,
  )) {
    const last = stays.at(-1);
    const open = last !== undefined && stays.length > admission && !isOver(last, at) ? last : null;
    switch (step) {
      case 'not-out':
        if (open === null && last !== undefined && last.department === department) {
          last.to = null;
          admission = former;
          break;
        }
        stays.push(...moved(open));
        break;
      case 'still':
        // What is changed after the discharge changes no place.
        if (open !== null || stays.length === 0) stays.push(...moved(open));
        break;
      case 'in':
        stays.push(...moved(open));
        break;
      case 'out':
        if (open !== null) open.to = Math.max(at, open.from);
        else if (stays.length === 0 && department !== '')
          stays.push({ department, from: beginning(since, at, null), to: at, days });
        former = admission;
        admission = stays.length;
        break;
      case 'never':
        stays.length = admission;
        break;
    }

    /** The time that begins now; none, if the patient is where she was. */
    function moved(from: (typeof stays)[number] | null): typeof stays {
      if (from === null) {
        admission = stays.length;
        return [{ department, from: beginning(since, at, last?.to ?? null), to: null, days }];
      }
      if (from.department === department) {
        from.days = days;
        return [];
      }
      from.to = Math.max(at, from.from);
      return [{ department, from: at, to: null, days }];
    }
  }
  return stays;
}

const DAY_MS = 86_400_000;

/** Its end was told, or it is so long ago that nobody will tell it. */
function isOver({ from, to, days }: StayTime, at: number): boolean {
  return to !== null || (days !== null && at - from > days * DAY_MS);
}

/** The visit began before we heard of it; not before the last one ended. */
function beginning(since: number | null, at: number, lastTo: number | null): number {
  return since !== null && since <= at && (lastTo === null || since >= lastTo) ? since : at;
}
