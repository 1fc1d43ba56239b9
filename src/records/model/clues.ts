/** How much relationships say, in three steps: the company of a look weighs differently where they say nothing. */
const STEPS = 3;
const STRONG_CONTEXT = 1;

/** Where the clues of one look fall in the weigher's table. */
const CONTEXT = 1;
const CONTEXT_BINS = 14;
const LIFT = CONTEXT + CONTEXT_BINS;
const LIFT_BINS = 8;
const OTHERS = LIFT + LIFT_BINS * STEPS;
const OTHERS_BINS = 5;
const TEAM = OTHERS + OTHERS_BINS * STEPS;
const TEAM_BINS = 5;
const SHARE = TEAM + TEAM_BINS * STEPS;
const SHARE_BINS = 4;
const CONTINUITY = SHARE + SHARE_BINS;
const CONTINUITY_BINS = 4;
const PLACE = CONTINUITY + CONTINUITY_BINS;
const PLACE_BINS = 5;
const DIRECT = PLACE + PLACE_BINS;
const DIRECT_BINS = 2;
const SIZE = DIRECT + DIRECT_BINS;

export interface Clues {
  /** log P(patient | user) / P(patient | curiosity), from relationships. */
  readonly context: number;
  /** Whether the patient has any relationship now. */
  readonly underCare: boolean;
  /** Mean log lift of the company; null without company. */
  readonly lift: number | null;
  readonly others: number;
  /** Others of the user's own department. */
  readonly team: number;
  /** Days since an explained look of this user at this patient; null for never. */
  readonly sinceExplained: number | null;
  /** The patient has business with a department where the user works. */
  readonly isDirect: boolean;
  readonly place: 'unknown' | 'shared' | 'patient' | 'own' | 'elsewhere';
}

const PLACES: Readonly<Record<Clues['place'], number>> = { unknown: 0, shared: 1, patient: 2, own: 3, elsewhere: 4 };
const LIFT_EDGES = [-1, -0.5, 0, 0.5, 1, 2];

/** Puts the clues into the weigher's bins. */
export function binsOf(clues: Clues, bins: Int32Array): void {
  const step = !clues.underCare ? 0 : clues.context < STRONG_CONTEXT ? 1 : 2;
  bins[0] = CONTEXT + Math.min(CONTEXT_BINS - 1, Math.max(0, Math.floor(clues.context + CONTEXT_BINS / 2)));
  let lift = 0;
  if (clues.lift !== null) {
    lift = 1;
    for (const edge of LIFT_EDGES) if (clues.lift >= edge) lift++;
  }
  bins[1] = LIFT + step * LIFT_BINS + lift;
  const { others, team, sinceExplained } = clues;
  bins[2] = OTHERS + step * OTHERS_BINS + (others < 3 ? others : others < 6 ? 3 : 4);
  bins[3] = TEAM + step * TEAM_BINS + (team < 3 ? team : team < 5 ? 3 : 4);
  bins[4] = SHARE + (team * 10 < others || team === 0 ? 0 : team * 4 < others ? 1 : team * 2 < others ? 2 : 3);
  bins[5] = CONTINUITY + (sinceExplained === null ? 0 : sinceExplained <= 3 ? 1 : sinceExplained <= 14 ? 2 : 3);
  bins[6] = PLACE + PLACES[clues.place];
  bins[7] = DIRECT + (clues.isDirect ? 1 : 0);
}

export const CLUES = 8;

/** Weights for day 0, before any access is learned from. Assumed; a fortnight of accesses outweighs them. */
export function shippedWeights(): number[] {
  const weights = Array.from({ length: SIZE }, () => 0);
  for (let i = 0; i < CONTEXT_BINS; i++) weights[CONTEXT + i] = 0.6 * (i + 0.5 - CONTEXT_BINS / 2);
  for (let step = 0; step < STEPS; step++) {
    [0, -1, -0.7, -0.3, 0.2, 0.5, 0.9, 1.2].forEach((weight, i) => (weights[LIFT + step * LIFT_BINS + i] = weight));
    [-0.5, 0, 0.2, 0.3, 0.3].forEach((weight, i) => (weights[OTHERS + step * OTHERS_BINS + i] = weight));
    [-0.5, 0.5, 1, 1.3, 1.5].forEach((weight, i) => (weights[TEAM + step * TEAM_BINS + i] = weight));
  }
  [0, 0, 0.2, 0.4].forEach((weight, i) => (weights[SHARE + i] = weight));
  [0, 1.5, 1, 0.7].forEach((weight, i) => (weights[CONTINUITY + i] = weight));
  [0, 0.7, 0.7, 0, -0.3].forEach((weight, i) => (weights[PLACE + i] = weight));
  [-0.3, 2].forEach((weight, i) => (weights[DIRECT + i] = weight));
  return weights;
}
