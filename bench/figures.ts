/** One thing that was measured, several times, beside a yardstick of the same minute. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
  readonly yardstick: { readonly name: string; readonly values: readonly number[] };
  readonly must: number | null;
  readonly aim: number | null;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

function round(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

/** Prints a figure as one line of JSON. */
export function report({ name, unit, values, yardstick, must, aim }: Figure): void {
  const own = median(values);
  const line = {
    name,
    unit,
    median: round(own),
    min: round(Math.min(...values)),
    max: round(Math.max(...values)),
    runs: values.length,
    yardstick: `${yardstick.name}: ${round(median(yardstick.values))}`,
    ratio: unit.startsWith('x ') ? round(own) : round(own / median(yardstick.values)),
    must,
    aim,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
