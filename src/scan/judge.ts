import { statSync } from 'node:fs';
import type { EventView } from '../core/event.ts';
import { recordIdOf, subjectsOf } from '../detect/entities.ts';
import { Correlator, loadRules, type LoadedRules, SigmaEngine } from '../detect/sigma/index.ts';
import { fieldsToTell, toldOf } from '../findings/words.ts';
import { archiveProblem, membersOf } from '../intake/archives/index.ts';
import type { CountedRecords } from '../intake/formats/json.ts';
import { isEvtxFile, type LogReading, readFile, readLog } from '../intake/read-log.ts';
import {
  type AsideItem,
  type Hit,
  type JudgeSetup,
  type LogSummary,
  MAX_LISTED,
  type ScanTask,
  type TaskResult,
  type ThreadCoverage,
} from './task.ts';

/** Nothing that is read here logged before. */
const FIRST_BELIEVED = Date.UTC(1990, 0);

/** Reads tasks' files and judges their events: what one thread of a scan does. */
export class Judge {
  readonly rules: LoadedRules;
  readonly #setup: JudgeSetup;
  readonly #engine: SigmaEngine;
  /** By rule: the fields that correlations want of its events. */
  readonly #needs: readonly (readonly string[] | null)[];
  readonly #indexOf: ReadonlyMap<string, number>;
  readonly #told: ReadonlyMap<string, readonly string[]>;
  #onProgress: (bytes: number, events: number) => void;

  /** @param rules if they are loaded already; else the judge loads them as the set-up says */
  constructor(setup: JudgeSetup, onProgress: (bytes: number, events: number) => void, rules?: LoadedRules) {
    this.#setup = setup;
    this.#onProgress = onProgress;
    this.rules = rules ?? loadRules(setup.ruleFolders, setup);
    this.#engine = new SigmaEngine(this.rules.rules);
    const correlator = new Correlator(this.rules.correlations, () => undefined);
    this.#needs = this.rules.rules.map((rule) => correlator.fieldsNeeded(rule.id, rule.name));
    this.#indexOf = new Map(this.rules.rules.map((rule, index) => [rule.id, index]));
    this.#told = fieldsToTell(
      this.rules.rules,
      this.rules.correlations,
      (id) => this.#needs[this.#indexOf.get(id) ?? -1] != null,
    );
  }

  async judge(task: ScanTask): Promise<TaskResult> {
    const reading = new TaskReading(
      task,
      this.#setup,
      this.#engine,
      this.#needs,
      this.#indexOf,
      this.#told,
      this.#onProgress,
    );
    try {
      if (task.part !== null || isEvtxFile(task.file)) reading.file(task);
      else
        for await (const member of membersOf(task.file, task.given, (problem) =>
          reading.aside({ record: null, offset: null, ...problem }),
        ))
          await reading.member(member);
    } catch (error) {
      // It was there when the folder was read: rotated away meanwhile, say. All the others are read.
      if (!(error instanceof Error) || !('syscall' in error)) throw error;
      const detail = `it cannot be read any more: ${'code' in error ? String(error.code) : ''}`;
      reading.aside({ path: task.given, record: null, offset: null, reason: 'not-readable', detail });
    }
    // By the file's own size: what an archive holds may be twenty times as much.
    this.#onProgress(task.size, 0);
    return reading.result();
  }

  coverage(): ThreadCoverage {
    return this.#engine.coverage();
  }
}

/** The reading of one task, and what came of it so far. */
class TaskReading {
  readonly #task: ScanTask;
  readonly #setup: JudgeSetup;
  readonly #engine: SigmaEngine;
  readonly #needs: readonly (readonly string[] | null)[];
  readonly #indexOf: ReadonlyMap<string, number>;
  readonly #told: ReadonlyMap<string, readonly string[]>;
  readonly #onProgress: (bytes: number, events: number) => void;
  readonly #logs: LogSummary[] = [];
  readonly #hits: Hit[] = [];
  readonly #setAside: AsideItem[] = [];
  #unlisted = 0;
  #counted: CountedRecords | undefined;

  constructor(
    task: ScanTask,
    setup: JudgeSetup,
    engine: SigmaEngine,
    needs: readonly (readonly string[] | null)[],
    indexOf: ReadonlyMap<string, number>,
    told: ReadonlyMap<string, readonly string[]>,
    onProgress: (bytes: number, events: number) => void,
  ) {
    this.#task = task;
    this.#setup = setup;
    this.#engine = engine;
    this.#needs = needs;
    this.#indexOf = indexOf;
    this.#told = told;
    this.#onProgress = onProgress;
  }

  file(task: ScanTask): void {
    const log = this.#open(task.given, statSync(task.file).mtimeMs);
    try {
      const read = readFile(task.file, log.reading, task.part);
      this.#counted = read.counted;
      log.close(read);
    } catch (error) {
      log.fail(error);
    }
  }

  async member(member: { path: string; modifiedAt: number; bytes: AsyncIterable<Buffer> }): Promise<void> {
    const log = this.#open(member.path, member.modifiedAt);
    try {
      log.close(await readLog(member.bytes, log.reading));
    } catch (error) {
      log.fail(error);
    }
  }

  aside(item: AsideItem): void {
    if (this.#setAside.length < MAX_LISTED) this.#setAside.push(item);
    else this.#unlisted++;
  }

  result(): TaskResult {
    return {
      task: this.#task.id,
      logs: this.#logs,
      hits: this.#hits,
      setAside: this.#setAside,
      setAsideUnlisted: this.#unlisted,
      ...(this.#counted === undefined ? {} : { counted: this.#counted }),
    };
  }

  /** One log of the task: its reading, and its summary once it is closed. */
  #open(
    path: string,
    modifiedAt: number,
  ): { reading: LogReading; close: (read: { format: string; bytes: number }) => void; fail: (error: unknown) => void } {
    const index = this.#logs.length;
    let events = 0;
    let earliest = Number.POSITIVE_INFINITY;
    let latest = Number.NEGATIVE_INFINITY;
    let withoutTime = 0;
    let zoneAssumed = 0;
    let clockUnset = 0;
    let current: EventView | null = null;
    let bug: unknown = null;
    const onHit = ({ rule, matched, value, standsInFor }: Parameters<Parameters<SigmaEngine['judge']>[1]>[0]) => {
      if (current === null) return;
      const ruleIndex = this.#indexOf.get(rule.id) ?? -1;
      const needs = this.#needs[ruleIndex] ?? null;
      this.#hits.push({
        rule: ruleIndex,
        log: index,
        record: current.record,
        eventRecordId: recordIdOf(current),
        at: current.at,
        entities: subjectsOf(current),
        matched: matched(),
        told: toldOf(this.#told.get(rule.id), value),
        fields: needs === null ? null : pick(needs, value),
        standsInFor,
      });
    };
    const reading: LogReading = {
      timeZone: this.#setup.timeZone,
      referenceTime: modifiedAt,
      declared: this.#setup.declared,
      mappings: this.#setup.mappings,
      onParsed: (event) => {
        if (event.zoneAssumed) zoneAssumed++;
      },
      onEvent: (event) => {
        events++;
        const { at } = event;
        if (at === null) withoutTime++;
        else if (at < FIRST_BELIEVED) clockUnset++;
        else {
          if (at < earliest) earliest = at;
          if (at > latest) latest = at;
        }
        current = event;
        try {
          this.#engine.judge(event, onHit);
        } catch (error) {
          bug = error;
          throw error;
        }

        if ((events & 0xfff) === 0) this.#onProgress(0, 4096);
      },
      setAside: (item) => this.aside({ path, ...item }),
    };
    const close = ({ format, bytes }: { format: string; bytes: number }) => {
      this.#onProgress(0, events & 0xfff);
      this.#logs.push({
        path,
        format,
        events,
        bytes,
        withoutTime,
        zoneAssumed,
        clockUnset,
        earliest: Number.isFinite(earliest) ? earliest : null,
        latest: Number.isFinite(latest) ? latest : null,
      });
    };
    const fail = (error: unknown) => {
      // A fault of a rule or of ours is no damage of the log: nothing may be told of it as if it were.
      if (error === bug) throw error;
      // What was read before stands; the rest is set aside with the reason.
      const problem = archiveProblem(path, error);
      const reason = isFileError(error) ? 'not-readable' : problem.reason;
      this.aside({ ...problem, record: null, offset: null, reason });
      close({ format: 'unknown', bytes: 0 });
    };
    return { reading, close, fail };
  }
}

function pick(names: readonly string[], value: (name: string) => string | null): Record<string, string> {
  const fields = Object.create(null) as Record<string, string>;
  for (const name of names) {
    const text = value(name);
    if (text !== null) fields[name] = text;
  }
  return fields;
}

function isFileError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code);
}
