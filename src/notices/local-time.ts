const MINUTE_MS = 60_000;

/** The local date and minute of the day. */
export function localOf(at: number, timeZone: string): { readonly date: string; readonly minute: number } {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return {
    date: `${parts['year'] ?? ''}-${parts['month'] ?? ''}-${parts['day'] ?? ''}`,
    minute: Number(parts['hour']) * 60 + Number(parts['minute']),
  };
}

/** The end of the quiet hours that the moment lies in; the moment itself if it lies in none. */
export function afterQuiet(at: number, quiet: { from: number; to: number } | null, timeZone: string): number {
  if (quiet === null) return at;
  const { minute } = localOf(at, timeZone);
  const isQuiet =
    quiet.from <= quiet.to ? minute >= quiet.from && minute < quiet.to : minute >= quiet.from || minute < quiet.to;
  if (!isQuiet) return at;
  const left = (quiet.to - minute + 1440) % 1440;
  // When the clocks change in that night, the hand on the wall decides, not the time that passes.
  for (const drift of [0, -60, 60]) {
    const end = at - (at % MINUTE_MS) + (left + drift) * MINUTE_MS;
    if (localOf(end, timeZone).minute === quiet.to) return end;
  }
  return at + left * MINUTE_MS;
}
