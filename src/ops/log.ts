import { randomBytes } from 'node:crypto';

/** The service's own log: one JSON object a line, on standard error. Nothing that a log or a patient said goes in. */
export class Log {
  readonly #write: (line: string) => void;
  readonly #now: () => number;
  #lost = 0;

  constructor(write: (line: string) => void, now: () => number) {
    this.#write = write;
    this.#now = now;
  }

  say(
    level: 'info' | 'warning' | 'alarm',
    event: string,
    detail: Readonly<Record<string, string | number>> = {},
  ): void {
    const at = new Date(this.#now()).toISOString();
    try {
      if (this.#lost > 0)
        this.#write(`${JSON.stringify({ at, level: 'warning', event: 'log-lines-lost', count: this.#lost })}\n`);
      this.#lost = 0;
      this.#write(`${JSON.stringify({ at, level, event, ...detail })}\n`);
    } catch {
      // Whoever read it went away, or the disk is full: the watch goes on all the same, and says so once it can.
      this.#lost++;
    }
  }

  /** @returns the reference under which it can be found */
  bug(error: unknown): string {
    const reference = `bug_${randomBytes(6).toString('hex')}`;
    // The message may hold what an event said: the places in our code are enough to find the cause.
    const stack = error instanceof Error ? (error.stack ?? '').split('\n').slice(-12) : [];
    const places = stack.map((line) => line.trim()).filter((line) => line.startsWith('at '));
    const name = error instanceof Error ? error.name : typeof error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    this.say('alarm', 'bug', { reference, name, code, places: places.slice(0, 8).join(' | ') });
    return reference;
  }
}
