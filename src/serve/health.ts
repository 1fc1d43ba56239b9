import { once } from 'node:events';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { HealthReport } from '../api/endpoint.ts';
import { backupCheck, type Check, noticesCheck, rulesCheck, setAsideCheck } from '../ops/checks.ts';
import type { ArchiveStatus } from '../store/archive/archive.ts';
import type { RetentionByKind } from '../store/archive/retention.ts';
import type { Journal } from '../store/journal.ts';
import type { State } from '../store/state.ts';
import type { Counters } from '../watch/counters.ts';
import type { Judging } from '../watch/judging.ts';
import { setAsideCounts, setAsideGone } from '../watch/set-aside-store.ts';
import { sourcesCheck } from '../ops/source-check.ts';
import type { Sources } from '../watch/sources.ts';
import type { Looked, LookOrder } from './health-worker.ts';

export interface HealthParts {
  readonly state: State;
  readonly dataFolder: string;
  readonly keysFolder: string;
  readonly sources: Pick<Sources, 'list'>;
  readonly silentSince: () => ReadonlyMap<string, number>;
  readonly judging: Pick<Judging, 'rules' | 'backlogBytes' | 'isRunning'>;
  readonly journal: Pick<Journal, 'end'>;
  readonly archive: { status(): Promise<Pick<ArchiveStatus, 'hotRows' | 'shownTo'>> };
  readonly retention: () => RetentionByKind;
  readonly counters: Counters;
  /** Notices whose last try failed; `null`: nobody is told of anything. */
  readonly undelivered: () => Promise<number | null>;
  /** Why sources are asked to wait; `null`: they are not. */
  readonly pressure: () => string | null;
  readonly now: () => number;
}

const SAMPLE_MS = 10_000;
/** So long after the last look its thread stays. */
const IDLE_MS = 5 * 60_000;
/** Events a second are of so long. */
const RATE_MS = 5 * 60_000;
const DAY_MS = 86_400_000;

/** How the service itself is: what `wardwatch doctor` says, how much room there is, how fast things come. */
export class Health {
  readonly #parts: HealthParts;
  readonly #startedAt: number;
  #samples: { readonly at: number; readonly kept: number }[] = [];
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<HealthReport> | null = null;
  /** `null`: none was needed yet, or the last has ended. */
  #looker: Worker | null = null;
  #idle: NodeJS.Timeout | undefined;

  constructor(parts: HealthParts) {
    this.#parts = parts;
    this.#startedAt = parts.now();
  }

  start(): void {
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#endLooker();
  }

  #endLooker(): void {
    clearTimeout(this.#idle);
    void this.#looker?.terminate();
    this.#looker = null;
  }

  #sample(): void {
    const { counters, now } = this.#parts;
    const at = now();
    this.#samples.push({ at, kept: counters.get('events_kept_total') });
    this.#samples = this.#samples.filter((sample) => sample.at >= at - RATE_MS);
  }

  /** Those who ask while somebody looks already get the same. */
  report(): Promise<HealthReport> {
    this.#looking ??= this.#report().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #report(): Promise<HealthReport> {
    const { state, dataFolder: data, keysFolder: keys, judging, archive, journal, counters, now } = this.#parts;
    const at = now();
    const setting = async (name: string) =>
      (await state.db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst())?.value;
    const { checks, room } = await this.#look({
      data,
      keys,
      retention: this.#parts.retention(),
      now: at,
      escrowProof: await setting('escrow-proof'),
    });
    const undelivered = await this.#parts.undelivered();
    const aside = await setAsideCounts(state, at - DAY_MS, at);
    const gone = (await setAsideGone(state)).filter(({ lastAt }) => at - lastAt < DAY_MS);
    const cannot = judging.rules.filter((rule) => rule.state === 'cannot-run').length;
    const { hotRows, shownTo } = await archive.status();
    const names = new Map((await this.#parts.sources.list()).map(({ id, name }) => [id as string, name]));
    return {
      startedAt: this.#startedAt,
      checks: [
        ...checks,
        rulesCheck(judging.rules.length - cannot, cannot),
        await this.#sourcesCheck(at),
        setAsideCheck(
          aside.reduce((sum, { count }) => sum + count, 0),
          gone.reduce((sum, { messages }) => sum + messages, 0),
        ),
        undelivered === null ? NOBODY_TOLD : noticesCheck(undelivered),
        backupCheck(await setting('backup'), at),
        this.#flowCheck(),
      ],
      room: {
        ...room,
        holds: room.holds.map(({ sourceIds, ...hold }) => ({
          ...hold,
          sources: sourceIds.map((id) => names.get(id) ?? id),
        })),
      },
      flow: {
        kept: counters.get('events_kept_total'),
        perSecond: this.#perSecond(),
        heldBack: counters.get('held_back_total'),
        notJudgedBytes: judging.backlogBytes,
        notArchivedBytes: Math.max(0, journal.end - shownTo),
        notSealed: hotRows,
      },
    };
  }

  /**
   * In a thread of its own: a chain of years takes a while to read. It stays while somebody looks now and then: to begin it
   * takes 0.2 s, to look a few milliseconds, and with it the service at full load needed 100 MB more.
   */
  async #look(order: LookOrder): Promise<Looked> {
    clearTimeout(this.#idle);
    const looker = this.#begunLooker();
    const settled = new AbortController();
    const ended = async () => {
      await once(looker, 'exit', settled);
      throw new Error('the thread that looks at the disk ended without a word');
    };
    try {
      looker.postMessage(order);
      const [looked] = (await Promise.race([once(looker, 'message', settled), ended()])) as [Looked];
      return looked;
    } finally {
      settled.abort();
      clearTimeout(this.#idle);
      this.#idle = setTimeout(() => this.#endLooker(), IDLE_MS).unref();
    }
  }

  #begunLooker(): Worker {
    if (this.#looker !== null) return this.#looker;
    const looker = new Worker(path.join(import.meta.dirname, 'health-worker.ts'));
    // The service may end while it waits; and whoever asks next begins another in the place of one that broke.
    looker.unref();
    for (const end of ['error', 'exit'])
      looker.once(end, () => {
        if (this.#looker === looker) this.#looker = null;
      });
    this.#looker = looker;
    return looker;
  }

  /** `null`: it has not run for long enough to say. */
  #perSecond(): number | null {
    this.#sample();
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.at - first.at < SAMPLE_MS) return null;
    return ((last.kept - first.kept) * 1000) / (last.at - first.at);
  }

  async #sourcesCheck(now: number): Promise<Check> {
    const silent = this.#parts.silentSince();
    const active = (await this.#parts.sources.list()).filter(({ state }) => state === 'active');
    return sourcesCheck(
      active.map((source) => ({ ...source, isSilent: silent.has(source.id) })),
      now,
    );
  }

  #flowCheck(): Check {
    const { judging, pressure } = this.#parts;
    const why = pressure();
    const mend = 'Look for alarms in the log of the service. Nothing that was acknowledged is lost.';
    if (!judging.isRunning) return { what: 'judging', state: 'bad', detail: 'it is down', mend };
    return why === null
      ? { what: 'judging', state: 'well', detail: 'it runs, and sources need not wait', mend: '' }
      : { what: 'judging', state: 'bad', detail: `sources have to wait: ${why}`, mend };
  }
}

const NOBODY_TOLD: Check = {
  what: 'notices',
  state: 'watch',
  detail: 'nobody is told of anything',
  mend: 'Say who is told: under Settings, Notices, or with serve --notices.',
};
