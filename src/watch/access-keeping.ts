import { Refusal } from '../core/refusal.ts';
import type { ScopeAnswer, ScopeQuestion } from '../records/scope-answer.ts';
import type { EmbeddedArchive } from '../store/archive/open-archive.ts';
import { RecordsProcess } from './records-process.ts';

export interface AccessKeepingParts {
  readonly archive: Pick<EmbeddedArchive, 'columnsMade'>;
  readonly dataFolder: string;
  readonly timeZone: string;
  readonly setAsideIn: (from: number, to: number) => Promise<readonly { source: string; count: number }[]>;
  readonly now: () => number;
  /** Columns could not be made; `reason` holds nothing of an access. Questions are answered without them, only slower. */
  readonly onTrouble: (reason: string) => void;
  readonly onBug: (error: unknown) => void;
}

const TICK_MS = 30 * 60_000;
/** After the start there is enough to do. */
const FIRST_MS = 60_000;
/** So many days at a time: what is made is known of in between. */
const AT_MOST = 8;

/**
 * Puts the accesses of each day that is over into columns, and answers scope from them: each in a process of its own,
 * whose memory and failures do not touch the watch. A service that was updated does so with all days that it keeps, the
 * latest first.
 */
export class AccessKeeping {
  readonly #parts: AccessKeepingParts;
  readonly #making = new RecordsProcess();
  readonly #asking = new RecordsProcess();
  #timers: readonly NodeJS.Timeout[] = [];
  #running: Promise<void> | null = null;
  #isStopping = false;
  /** Days that could not be put into columns when it was last tried: told of once. */
  #failed = 0;

  constructor(parts: AccessKeepingParts) {
    this.#parts = parts;
  }

  start(): void {
    const tick = () => {
      this.#running ??= this.makeNow()
        .catch((error: unknown) => this.#parts.onBug(error))
        .finally(() => {
          this.#running = null;
        });
    };
    this.#timers = [setTimeout(tick, FIRST_MS).unref(), setInterval(tick, TICK_MS).unref()];
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#making.stop();
    this.#asking.stop();
    await this.#running;
  }

  /** Until there is nothing more to be done. */
  async makeNow(): Promise<void> {
    const { archive, dataFolder: data, now, onTrouble } = this.#parts;
    for (let isMore = true; isMore && !this.#isStopping; ) {
      const answer = await this.#making.ask({ kind: 'columns', data, now: now(), atMost: AT_MOST });
      if (answer.kind !== 'columns') {
        if (answer.kind !== 'stopped') onTrouble(answer.kind === 'refused' ? answer.reason : answer.kind);
        return;
      }
      for (const columns of answer.columns) await archive.columnsMade(columns);
      isMore = answer.isMore;
      if (answer.failed > this.#failed)
        onTrouble(
          `no columns could be made of ${answer.failed} days (${answer.why ?? ''}): see “npm start -- verify --data DIR”, and the disk`,
        );
      this.#failed = answer.failed;
    }
  }

  /** Whose records were touched, of all that is kept. @throws Refusal `records/busy`, `store/busy` */
  async scopeOf(question: ScopeQuestion): Promise<ScopeAnswer> {
    const { dataFolder: data, timeZone, setAsideIn } = this.#parts;
    const gaps = (await setAsideIn(question.from, question.to)).map((gap) => ({ kind: 'set-aside' as const, ...gap }));
    const answer = await this.#asking.ask({ kind: 'scope', data, timeZone, question, gaps });
    if (answer.kind === 'scoped') return answer.answer;
    if (answer.kind === 'refused') throw new Refusal(answer.code, answer.reason);
    if (answer.kind === 'stopped') throw new Refusal('service/failing', 'the service is stopping');
    throw new Error('the process that was asked about accesses broke off');
  }
}
