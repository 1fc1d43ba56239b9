/**
 * The early warning score of a host or an account: built like NEWS2, which every nurse knows. Six parameters score 0
 * to 3, and a seventh adds 2 when care depends on the entity and anything else scored. Every point can be traced to
 * the findings under it, and the sum done by hand.
 */
export const PARAMETERS = ['sign-in', 'discovery-and-credentials', 'movement', 'defences', 'data', 'impact'] as const;

export type Parameter = (typeof PARAMETERS)[number];

/** What one finding says of the entities it is about: 0 to 3 points of one parameter. */
export interface Observation {
  readonly parameter: Parameter;
  readonly points: number;
}

export type Band = 'routine' | 'low' | 'urgent' | 'emergency';

export interface Score {
  /** 0 to 20. */
  readonly total: number;
  readonly band: Band;
  /** The highest points of each parameter; those without any are left out. */
  readonly points: Partial<Record<Parameter, number>>;
  /** 2 if care depends on the entity and anything scored, else 0. */
  readonly careDepends: 0 | 2;
}

/**
 * @param observations those that still count
 * @param isCanaryTouched true if one of them is of a canary: nobody has a reason to touch one, so it is an emergency
 */
export function scoreOf(observations: readonly Observation[], doesCareDepend: boolean, isCanaryTouched = false): Score {
  const points: Partial<Record<Parameter, number>> = {};
  for (const { parameter, points: own } of observations)
    if (own > (points[parameter] ?? 0)) points[parameter] = Math.min(3, own);
  const values = Object.values(points);
  const sum = values.reduce((total, value) => total + value, 0);
  const careDepends = doesCareDepend && sum > 0 ? 2 : 0;
  const total = sum + careDepends;
  const band = isCanaryTouched ? 'emergency' : bandOf(total, values.includes(3));
  return { total, band, points, careDepends };
}

/** 0 routine; 1 to 4 low; any single 3, or 5 to 6, urgent; 7 and more emergency. */
export function bandOf(total: number, hasThree: boolean): Band {
  if (total >= 7) return 'emergency';
  if (total >= 5 || hasThree) return 'urgent';
  return total > 0 ? 'low' : 'routine';
}

export function isParameter(text: string): text is Parameter {
  return (PARAMETERS as readonly string[]).includes(text);
}
