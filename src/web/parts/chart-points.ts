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
  readonly to: number;
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
 * @param edges where each begins, and at last where the last ends, which is now
 */
export function cellsOf(findings: readonly Point[], parameter: string, edges: readonly number[]): readonly Cell[] {
  const own = findings.filter((each) => each.parameter === parameter && each.at !== null);
  const now = edges.at(-1) ?? 0;
  return edges.slice(0, -1).map((from, index) => {
    const to = edges[index + 1] ?? now;
    const counting = own.filter((each) => counts(each, from, to, now));
    return {
      from,
      to,
      points: Math.max(0, ...counting.map(({ points }) => points)),
      findings: counting.toSorted((a, b) => (b.at ?? '').localeCompare(a.at ?? '')),
    };
  });
}

/**
 * Boxes as people count time: whole days of the site, or pairs of hours from midnight; the last is the one that runs.
 *
 * @param daysEach of one box; 0: two hours
 */
export function edgesOf(now: number, daysEach: number, count: number): readonly number[] {
  const edges = [now];
  let edge = daysEach === 0 ? evenHour(now) : midnight(now);
  for (let left = count; left > 0; left--) {
    if (edge < (edges[0] ?? now)) edges.unshift(edge);
    edge = daysEach === 0 ? edge - 2 * 3_600_000 : daysBefore(edge, daysEach);
  }
  return edges;
}

function daysBefore(at: number, days: number): number {
  let edge = at;
  // From the middle of the day before, whose length may be 23 or 25 hours.
  for (let left = days; left > 0; left--) edge = midnight(edge - 12 * 3_600_000);
  return edge;
}

const CLOCK = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/London',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

function clockOf(at: number): { readonly hour: number; readonly ofHourMs: number } {
  const [hour = 0, minute = 0, second = 0] = CLOCK.format(at).split(':').map(Number);
  return { hour, ofHourMs: (minute * 60 + second) * 1000 + (at % 1000) };
}

/** The last midnight of the site. */
function midnight(at: number): number {
  const { hour, ofHourMs } = clockOf(at);
  const guess = at - ofHourMs - hour * 3_600_000;
  // The clocks were changed since: it is an hour earlier or later.
  const { hour: off } = clockOf(guess);
  return off === 0 ? guess : off === 23 ? guess + 3_600_000 : guess - off * 3_600_000;
}

function evenHour(at: number): number {
  const { hour, ofHourMs } = clockOf(at);
  return at - ofHourMs - (hour % 2) * 3_600_000;
}

function counts({ at, closedAt }: Point, from: number, to: number, now: number): boolean {
  const begins = Date.parse(at ?? '');
  const ends = Math.max(closedAt === null ? now : Date.parse(closedAt), begins + COUNTS_MS);
  return begins < to && ends > from;
}
