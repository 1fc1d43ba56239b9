import { ELEMENTS_FROM } from '../intake/formats/json.ts';
import {
  type AsideItem,
  type LogSummary,
  MAX_LISTED,
  type ScannedHit,
  type ScanTask,
  type TaskResult,
} from './task.ts';

/** What came of one file. */
export interface FileResult {
  readonly logs: LogSummary[];
  readonly placed: ScannedHit[];
  readonly setAside: AsideItem[];
  setAsideUnlisted: number;
}

/** Results in the order of the tasks, with the parts of a file made one again: their records are counted on. */
export function joinParts(tasks: readonly ScanTask[], results: ReadonlyMap<number, TaskResult>): FileResult[] {
  const joined: FileResult[] = [];
  let before = { records: 0, elements: 0 };
  let last: ScanTask | null = null;
  for (const task of tasks) {
    const result = results.get(task.id);
    if (result === undefined) continue;
    const isFurtherPart = task.part !== null && last?.part != null && last.file === task.file;
    if (!isFurtherPart) {
      before = { records: 0, elements: 0 };
      joined.push({ logs: [], placed: [], setAside: [], setAsideUnlisted: 0 });
    }
    last = task;
    const file = joined.at(-1);
    if (file !== undefined) addPart(file, task, result, before);
    before = {
      records: before.records + (result.counted?.lines ?? recordsOf(result)),
      elements: before.elements + (result.counted?.elements ?? 0),
    };
  }
  return joined;
}

interface CountedBefore {
  readonly records: number;
  readonly elements: number;
}

function addPart(file: FileResult, task: ScanTask, result: TaskResult, before: CountedBefore): void {
  const numberOf = (record: number) =>
    task.part?.kind === 'lines' && record > ELEMENTS_FROM
      ? record - ELEMENTS_FROM + before.elements
      : record + before.records;
  for (const hit of result.hits)
    file.placed.push({
      ...hit,
      record: numberOf(hit.record),
      path: result.logs[hit.log]?.path ?? task.given,
      ruleId: '',
    });
  for (const item of result.setAside)
    if (task.part !== null && isOfFile(item) && file.setAside.some((said) => said.detail === item.detail)) continue;
    else if (file.setAside.length >= MAX_LISTED && task.part !== null) file.setAsideUnlisted++;
    else file.setAside.push(item.record === null ? item : { ...item, record: numberOf(item.record) });
  file.setAsideUnlisted += result.setAsideUnlisted;
  const [first] = file.logs;
  const [next] = result.logs;
  if (task.part === null || first === undefined || next === undefined) file.logs.push(...result.logs);
  else file.logs[0] = oneLog(first, next);
}

/** True of what is said of a whole file: that it cannot be read, each of its parts says. */
function isOfFile({ record, offset, reason }: AsideItem): boolean {
  return record === null && offset === null && reason === 'not-readable';
}

function recordsOf({ logs, setAside }: TaskResult): number {
  const events = logs.reduce((sum, log) => sum + log.events, 0);
  return events + setAside.filter(({ record }) => record !== null).length;
}

function oneLog(a: LogSummary, b: LogSummary): LogSummary {
  return {
    path: a.path,
    format: a.format,
    events: a.events + b.events,
    bytes: a.bytes + b.bytes,
    earliest:
      a.earliest === null || b.earliest === null ? (a.earliest ?? b.earliest) : Math.min(a.earliest, b.earliest),
    latest: a.latest === null || b.latest === null ? (a.latest ?? b.latest) : Math.max(a.latest, b.latest),
    clockUnset: a.clockUnset + b.clockUnset,
    withoutTime: a.withoutTime + b.withoutTime,
    zoneAssumed: a.zoneAssumed + b.zoneAssumed,
  };
}
