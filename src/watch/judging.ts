import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Finding } from '../core/finding.ts';
import { Refusal } from '../core/refusal.ts';
import type { RuleState } from '../findings/rule-states.ts';
import type { Journal } from '../store/journal.ts';
import type { Counters } from './counters.ts';
import type { Findings, Judged } from './findings-store.ts';
import type { LiveLocalRule } from './local-rules.ts';
import type { FromJudging, JudgingSetup, Mark, ToJudging } from './judging-messages.ts';

export interface JudgingParts
  extends Pick<
    JudgingSetup,
    'ruleFolders' | 'placeholders' | 'cacheFolder' | 'learnedFile' | 'canaries' | 'domains' | 'indicatorFiles'
  > {
  readonly journal: Journal;
  readonly findings: Findings;
  readonly counters: Counters;
  /** Rules that were made here, as they are now. */
  readonly localRules: () => Promise<readonly LiveLocalRule[]>;
  /** Of sources, by id. */
  readonly names: ReadonlyMap<string, string>;
  readonly now: () => number;
  readonly onFinding: (finding: Finding) => void;
  /** The thread ended by itself: a bug of ours. It is started again where it was. */
  readonly onBug: (error: unknown) => void;
}

/** Windows longer than this are not known again after a restart. */
const MAX_REACH_MS = 24 * 3_600_000;
const MARK_EVERY_MS = 60_000;
const START_AGAIN_MS = 1000;

/**
 * Judges what the journal holds, once, in a thread of its own: a rule that is slow or crashes must not hold up keeping.
 * Findings and how far judging has come are written together; after a crash, events back to the longest window are
 * judged again to know those windows, and nothing is filed for them.
 */
export class Judging {
  readonly #parts: JudgingParts;
  #judged: Judged = { to: 0, from: 0 };
  #learnedTo = 0;
  #at = 0;
  #marks: Mark[] = [];
  #reachMs = 0;
  #worker: Worker | null = null;
  #filing: Promise<void> = Promise.resolve();
  #isStopping = false;
  #onDone: () => void = () => undefined;
  #rules: readonly RuleState[] = [];
  /** Those who asked which rules could have fired. */
  #asking: { readonly resolve: (rules: ReadonlySet<string>) => void; readonly reject: (why: Error) => void }[] = [];

  constructor(parts: JudgingParts) {
    this.#parts = parts;
  }

  /** Resolves when the rules are loaded. */
  async start(): Promise<void> {
    this.#judged = await this.#parts.findings.judged();
    await this.#startThread();
  }

  /** Nothing before this is needed again. */
  get keepFrom(): number {
    return Math.min(this.#judged.from, this.#learnedTo);
  }

  /** False while its thread is down. */
  get isRunning(): boolean {
    return this.#worker !== null;
  }

  /** Every rule of the folders, as it was loaded. */
  get rules(): readonly RuleState[] {
    return this.#rules;
  }

  /** Ids of the rules that something which came since the thread began could have fired. @throws Refusal `service/failing` */
  couldFire(): Promise<ReadonlySet<string>> {
    return new Promise((resolve, reject) => {
      if (this.#worker === null) {
        reject(new Refusal('service/failing', 'judging is being started again'));
        return;
      }
      this.#asking.push({ resolve, reject });
      if (this.#asking.length === 1) this.#tell({ kind: 'could-fire' });
    });
  }

  /** Bytes of the journal that wait to be judged. */
  get backlogBytes(): number {
    return Math.max(0, this.#parts.journal.end - this.#at);
  }

  /** Something was kept. */
  wake(): void {
    this.#tell({ kind: 'end', end: this.#parts.journal.end });
  }

  named(id: string, name: string): void {
    this.#tell({ kind: 'name', id, name });
  }

  /** A rule that was made here was switched on or off: events that are judged from now on know. */
  async localRulesChanged(): Promise<void> {
    this.#tell({ kind: 'local-rules', rules: await this.#parts.localRules() });
  }

  /** Judges all that the journal holds, and ends. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const worker = this.#worker;
    if (worker === null) return;
    const done = new Promise<void>((resolve) => {
      this.#onDone = resolve;
    });
    this.#tell({ kind: 'stop', end: this.#parts.journal.end });
    await done;
    await this.#filing;
    await worker.terminate();
  }

  async #startThread(): Promise<void> {
    const { journal, ruleFolders, placeholders, cacheFolder, canaries, domains, indicatorFiles, learnedFile, names } =
      this.#parts;
    const setup: JudgingSetup = {
      journalFolder: journal.folder,
      ruleFolders,
      placeholders,
      cacheFolder,
      canaries,
      domains,
      indicatorFiles,
      learnedFile,
      from: this.#judged.from,
      fileFrom: this.#judged.to,
      names,
      localRules: await this.#parts.localRules(),
    };
    this.#at = this.#judged.from;
    this.#marks = [];
    const worker = new Worker(path.join(import.meta.dirname, 'judging-worker.ts'), { workerData: setup });
    this.#worker = worker;
    const ready = new Promise<void>((resolve, reject) => {
      worker.once('error', reject);
      worker.on('message', (message: FromJudging) => {
        if (message.kind === 'ready') {
          this.#reachMs = Math.min(message.reachMs, MAX_REACH_MS);
          this.#rules = message.rules;
          worker.off('error', reject);
          worker.on('error', (error: unknown) => this.#parts.onBug(error));
          resolve();
        } else if (message.kind === 'batch') this.#filing = this.#filing.then(() => this.#file(worker, message));
        else if (message.kind === 'learned') this.#learnedTo = message.to;
        else if (message.kind === 'could-fire')
          for (const { resolve: answer } of this.#asking.splice(0)) answer(message.rules);
        else this.#onDone();
      });
    });
    worker.on('exit', () => this.#ended(worker));
    await ready;
    this.wake();
  }

  async #file(worker: Worker, batch: Extract<FromJudging, { kind: 'batch' }>): Promise<void> {
    const { findings, now, onFinding, onBug, counters } = this.#parts;
    this.#marks.push(...batch.marks);
    const since = now() - this.#reachMs - MARK_EVERY_MS;
    while (this.#marks.length > 1 && (this.#marks[1]?.receivedAt ?? 0) < since) this.#marks.shift();
    const to = Math.max(batch.at, this.#judged.to);
    const judged = { to, from: Math.min(this.#marks[0]?.position ?? to, to) };
    try {
      for (const finding of await findings.file(batch.filed, judged)) {
        counters.add('findings_total', { level: finding.level });
        onFinding(finding);
      }
    } catch (error) {
      // Not filed, so not judged: the thread starts again before this batch.
      onBug(error);
      await worker.terminate();
      return;
    }
    counters.add('events_judged_total', {}, batch.events);
    this.#judged = judged;
    this.#at = batch.at;
    this.#tell({ kind: 'go' });
  }

  #ended(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    for (const { reject } of this.#asking.splice(0))
      reject(new Refusal('service/failing', 'judging is being started again'));
    this.#onDone();
    if (this.#isStopping) return;
    setTimeout(() => {
      if (!this.#isStopping) this.#startThread().catch((error: unknown) => this.#parts.onBug(error));
    }, START_AGAIN_MS).unref();
  }

  #tell(message: ToJudging): void {
    this.#worker?.postMessage(message);
  }
}
