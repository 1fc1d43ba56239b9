/** A finding as a point in an observations chart. */
export interface Point {
  readonly id: string;
  readonly at: string | null;
  readonly parameter: string;
  readonly points: number;
  readonly closedAt: string | null;
  readonly plain: string;
}

/** One box of the chart: a parameter in a stretch of time. */
export interface Cell {
  readonly from: number;
  /** 0 to 3: the highest that counted in that time. */
  readonly points: number;
  /** Those that counted, the newest first. */
  readonly findings: readonly Point[];
}

/** A finding counts until its incident is closed, and at least for a day after it happened. */
const COUNTS_MS = 24 * 3_600_000;

/**
 * The boxes of one parameter, in order of time.
 *
 * @param fromMs where the first begins
 * @param toMs where the last ends
 */
export function cellsOf(
  findings: readonly Point[],
  parameter: string,
  fromMs: number,
  toMs: number,
  count: number,
): readonly Cell[] {
  const width = (toMs - fromMs) / count;
  const own = findings.filter((each) => each.parameter === parameter && each.at !== null);
  return Array.from({ length: count }, (_, index) => {
    const from = fromMs + index * width;
    const counting = own.filter((each) => counts(each, from, from + width, toMs));
    return {
      from,
      points: Math.max(0, ...counting.map(({ points }) => points)),
      findings: counting.toSorted((a, b) => (b.at ?? '').localeCompare(a.at ?? '')),
    };
  });
}

function counts({ at, closedAt }: Point, from: number, to: number, now: number): boolean {
  const begins = Date.parse(at ?? '');
  const ends = Math.max(closedAt === null ? now : Date.parse(closedAt), begins + COUNTS_MS);
  return begins < to && ends > from;
}
