/** Where the clues of one look fall in the weigher's table. */
const CONTEXT = 1;
const CONTEXT_BINS = 14;
const LIFT = CONTEXT + CONTEXT_BINS;
const LIFT_BINS = 8;
const OTHERS = LIFT + LIFT_BINS;
const OTHERS_BINS = 5;
const TEAM = OTHERS + OTHERS_BINS;
const TEAM_BINS = 5;
const CONTINUITY = TEAM + TEAM_BINS;
const CONTINUITY_BINS = 3;
const PLACE = CONTINUITY + CONTINUITY_BINS;
const PLACE_BINS = 5;
const CARE = PLACE + PLACE_BINS;
const CARE_BINS = 2;
const SIZE = CARE + CARE_BINS;

export interface Clues {
  /** log P(patient | user) / P(patient | curiosity), from relationships. */
  readonly context: number;
  /** Mean log lift of the company; null without company. */
  readonly lift: number | null;
  readonly others: number;
  /** Others of the user's own department, and whether they are half of all or more. */
  readonly team: number;
  readonly teamIsHalf: boolean;
  /** Days since an explained look of this user at this patient; null for never. */
  readonly sinceExplained: number | null;
  readonly place: 'unknown' | 'shared' | 'patient' | 'own' | 'elsewhere';
  readonly underCare: boolean;
}

const PLACES: Readonly<Record<Clues['place'], number>> = { unknown: 0, shared: 1, patient: 2, own: 3, elsewhere: 4 };
const LIFT_EDGES = [-1, -0.5, 0, 0.5, 1, 2];

/** Puts the clues into the weigher's bins. */
export function binsOf(clues: Clues, bins: Int32Array): void {
  bins[0] = CONTEXT + Math.min(CONTEXT_BINS - 1, Math.max(0, Math.floor(clues.context + CONTEXT_BINS / 2)));
  let lift = 0;
  if (clues.lift !== null) {
    lift = 1;
    for (const edge of LIFT_EDGES) if (clues.lift >= edge) lift++;
  }
  bins[1] = LIFT + lift;
  const others = clues.others;
  bins[2] = OTHERS + (others < 3 ? others : others < 6 ? 3 : 4);
  bins[3] = TEAM + (clues.team === 0 ? 0 : (clues.team === 1 ? 1 : 3) + (clues.teamIsHalf ? 1 : 0));
  bins[4] = CONTINUITY + (clues.sinceExplained === null ? 0 : clues.sinceExplained <= 3 ? 1 : 2);
  bins[5] = PLACE + PLACES[clues.place];
  bins[6] = CARE + (clues.underCare ? 1 : 0);
}

export const CLUES = 7;

/** Weights for day 0, before any access is learned from. Assumed; a fortnight of accesses outweighs them. */
export function shippedWeights(): number[] {
  const weights = Array.from({ length: SIZE }, () => 0);
  for (let i = 0; i < CONTEXT_BINS; i++) weights[CONTEXT + i] = 0.6 * (i + 0.5 - CONTEXT_BINS / 2);
  [0, -1, -0.7, -0.3, 0.2, 0.5, 0.9, 1.2].forEach((weight, i) => (weights[LIFT + i] = weight));
  [-0.5, 0, 0.2, 0.3, 0.3].forEach((weight, i) => (weights[OTHERS + i] = weight));
  [-0.5, 0.5, 1, 1, 1.5].forEach((weight, i) => (weights[TEAM + i] = weight));
  [0, 1.5, 1].forEach((weight, i) => (weights[CONTINUITY + i] = weight));
  [0, 0.7, 0.7, 0, -0.3].forEach((weight, i) => (weights[PLACE + i] = weight));
  return weights;
}
