/** What the service counts of itself, by name and labels. No label ever holds what a log said. */
export class Counters {
  readonly #counts = new Map<string, number>();

  add(name: string, labels: Readonly<Record<string, string>> = {}, by = 1): void {
    const key = `${name}${labelText(labels)}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + by);
  }

  set(name: string, value: number): void {
    this.#counts.set(name, value);
  }

  /** Of all labels together. */
  get(name: string): number {
    let sum = 0;
    for (const [key, count] of this.#counts) if (key === name || key.startsWith(`${name}{`)) sum += count;
    return sum;
  }

  /** Prometheus' text format. */
  text(): string {
    return [...this.#counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => `wardwatch_${key} ${value}\n`)
      .join('');
  }
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value.replace(/["\\\n]/g, '')}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}
