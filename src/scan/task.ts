import type { Entities } from '../core/finding.ts';
import type { LogSource } from '../core/event.ts';
import type { CountedRecords } from '../intake/formats/json.ts';
import type { FilePart } from '../intake/read-log.ts';
import type { TableMapping } from '../intake/formats/format.ts';

/** What every thread of a scan is told once. Plain data: it is sent to workers. */
export interface JudgeSetup {
  readonly ruleFolders: readonly string[];
  readonly placeholders: Readonly<Record<string, readonly string[]>>;
  readonly includeDeprecated: boolean;
  readonly cacheFolder: string | null;
  readonly timeZone: string;
  /** How tables are to be read (`--mapping`). */
  readonly mappings: readonly TableMapping[];
  /** What the input is, where it does not say (`--as`). */
  readonly declared: { readonly channel: string; readonly logSource: LogSource } | null;
}

/** One file to read, or a part of a large one. */
export interface ScanTask {
  readonly id: number;
  readonly file: string;
  /** As given on the command line, for messages and findings. */
  readonly given: string;
  readonly size: number;
  readonly part: FilePart | null;
}

/** A rule fired. Rules are named by their place in the loaded list, logs by their place in the task's list. */
export interface Hit {
  readonly rule: number;
  readonly log: number;
  readonly record: number;
  readonly eventRecordId: number | null;
  readonly at: number | null;
  readonly entities: Entities;
  readonly matched: Readonly<Record<string, string>>;
  /** What the finding's sentences tell of besides; `null`: nothing. */
  readonly told: Readonly<Record<string, string>> | null;
  /** What correlations need of the event; `null` if none watches the rule. */
  readonly fields: Readonly<Record<string, string>> | null;
  /** `channel/id` of events that say the same better; see `Way.standsInFor`. */
  readonly standsInFor: string | null;
}

/** A hit with its log's path and its rule's id. */
export interface ScannedHit extends Hit {
  readonly path: string;
  readonly ruleId: string;
}

/** Set-aside items listed of one file; more are only counted. */
export const MAX_LISTED = 10_000;

/** Input that could not be read. */
export interface AsideItem {
  readonly path: string;
  readonly record: number | null;
  readonly offset: number | null;
  readonly reason: string;
  readonly detail: string;
}

/** One log (a file or an archive's member) once it is read. */
export interface LogSummary {
  readonly path: string;
  readonly format: string;
  readonly events: number;
  readonly bytes: number;
  /** Of the times that some clock was set to. */
  readonly earliest: number | null;
  readonly latest: number | null;
  /** Events with a time before there were such logs: a clock that was never set starts at 1970 or 1980. */
  readonly clockUnset: number;
  readonly withoutTime: number;
  readonly zoneAssumed: number;
}

/** What a task has to say when it is done. */
export interface TaskResult {
  readonly task: number;
  readonly logs: readonly LogSummary[];
  readonly hits: readonly Hit[];
  readonly setAside: readonly AsideItem[];
  /** Set-aside items beyond those listed. */
  readonly setAsideUnlisted: number;
  /** Of some lines of a file. */
  readonly counted?: CountedRecords;
}

/** What a thread has to say at the end: the rules that something which arrived could have fired. */
export interface ThreadCoverage {
  readonly couldFire: readonly number[];
  /** `channel/id` or `product/category/service` with the number of its events. */
  readonly arrived: Readonly<Record<string, number>>;
}
