import type { Finding } from '../core/finding.ts';
import { decodeEvents } from '../store/archive/payload.ts';
import type { Journal } from '../store/journal.ts';
import type { Counters } from './counters.ts';
import type { Filed, Findings, Judged } from './findings-store.ts';
import type { LiveJudge } from './live-judge.ts';

export interface JudgingParts {
  readonly journal: Journal;
  readonly judge: LiveJudge;
  readonly findings: Findings;
  readonly counters: Counters;
  readonly nameOf: (sourceId: string) => string;
  readonly now: () => number;
  readonly onFinding: (finding: Finding) => void;
  /** An event could not be judged: a bug of ours, which ends that event's judging only. */
  readonly onBug: (error: unknown) => void;
}

/** Events judged before what they led to is filed: one transaction for all of them. */
const MAX_BATCH_EVENTS = 2000;
/** Windows longer than this are not known again after a restart. */
const MAX_REACH_MS = 24 * 3_600_000;
const MARK_EVERY_MS = 60_000;

/**
 * Follows the journal and judges what is in it, once. Findings and how far judging has come are written together;
 * after a crash, events back to the longest window are judged again to know those windows, and nothing is filed for
 * them.
 */
export class Judging {
  readonly #parts: JudgingParts;
  #judged: Judged = { to: 0, from: 0 };
  /** Places in the journal with when their events came, for `Judged.from`. */
  #marks: { readonly position: number; readonly receivedAt: number }[] = [];
  #wake: () => void = () => undefined;
  #isStopping = false;
  #work: Promise<void> = Promise.resolve();
  #at = 0;

  constructor(parts: JudgingParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    this.#judged = await this.#parts.findings.judged();
    this.#at = this.#judged.from;
    this.#work = this.#follow();
  }

  /** Nothing before this is needed again. */
  get keepFrom(): number {
    return this.#judged.from;
  }

  /** Bytes of the journal that wait to be judged. */
  get backlogBytes(): number {
    return Math.max(0, this.#parts.journal.end - this.#at);
  }

  /** Something was kept. */
  wake(): void {
    this.#wake();
  }

  /** Judges all that the journal holds, and ends. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#wake();
    await this.#work;
  }

  async #follow(): Promise<void> {
    const { journal } = this.#parts;
    for (;;) {
      let filed: Filed[] = [];
      let events = 0;
      const { end } = journal;
      for await (const { position, next, payload } of journal.read(this.#at)) {
        const isNew = position >= this.#judged.to;
        const found = this.#judgePayload(payload, position);
        if (isNew) filed.push(...found);
        events += found.length + 1;
        this.#at = next;
        if (events < MAX_BATCH_EVENTS) continue;
        await this.#file(filed);
        filed = [];
        events = 0;
      }
      // The header of a segment is no event: its bytes are passed over.
      this.#at = Math.max(this.#at, end);
      if (this.#at > this.#judged.to || filed.length > 0) await this.#file(filed);
      if (this.#at >= journal.end) {
        if (this.#isStopping) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          // A wake between the check and here would be missed.
          if (this.#at < journal.end || this.#isStopping) resolve();
        });
      }
    }
  }

  #judgePayload(payload: Buffer, position: number): Filed[] {
    const { judge, nameOf, counters, onBug } = this.#parts;
    const filed: Filed[] = [];
    for (const event of decodeEvents(payload) ?? []) {
      try {
        filed.push(...judge.judge(event, nameOf(event.sourceId)));
      } catch (error) {
        onBug(error);
      }
      counters.add('events_judged_total');
      const last = this.#marks.at(-1);
      if (last === undefined || event.receivedAt >= last.receivedAt + MARK_EVERY_MS)
        this.#marks.push({ position, receivedAt: event.receivedAt });
    }
    return filed;
  }

  async #file(filed: readonly Filed[]): Promise<void> {
    const { findings, judge, now, onFinding, counters } = this.#parts;
    const reach = Math.min(judge.reachMs, MAX_REACH_MS) + MARK_EVERY_MS;
    const since = now() - reach;
    while (this.#marks.length > 1 && (this.#marks[1]?.receivedAt ?? 0) < since) this.#marks.shift();
    const to = Math.max(this.#at, this.#judged.to);
    const judged = { to, from: Math.min(this.#marks[0]?.position ?? to, to) };
    for (const finding of await findings.file(filed, judged)) {
      counters.add('findings_total', { level: finding.level });
      onFinding(finding);
    }
    this.#judged = judged;
  }
}
