/** The thread that judges: follows the journal, and hands on what it finds. See `Judging`, which starts it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { Canaries } from '../detect/canaries.ts';
import { Indicators, readIndicators } from '../detect/indicators.ts';
import { loadRules } from '../detect/sigma/index.ts';
import { statesOf } from '../findings/rule-states.ts';
import { Log } from '../ops/log.ts';
import { eventLinesIn, eventOfLine } from '../store/archive/payload.ts';
import { followJournal } from '../store/journal.ts';
import type { Filed } from './findings-store.ts';
import type { FromJudging, JudgingSetup, Mark, ToJudging } from './judging-messages.ts';
import { readLearned, writeLearned } from './learned-store.ts';
import { type Lists, LiveJudge } from './live-judge.ts';

/** Events judged before what they led to is filed: one transaction for all of them. */
const MAX_BATCH_EVENTS = 2000;
const MARK_EVERY_MS = 60_000;
/** How often windows of correlations are closed by the clock while nothing comes. */
const PASS_EVERY_MS = 15_000;
/** After a crash, behaviour learns so much again from the journal. */
const LEARNED_EVERY_MS = 5 * 60_000;

assert(parentPort !== null, 'this runs as a thread');
const port = parentPort;
// What `Judging` hands over.
const setup = workerData as JudgingSetup;
const log = new Log((line) => process.stderr.write(line), Date.now);
const names = new Map(setup.names);
let end = 0;
let isStopping = false;
let wake: () => void = () => undefined;
let go: () => void = () => undefined;

port.on('message', (message: ToJudging) => {
  switch (message.kind) {
    case 'end':
      end = Math.max(end, message.end);
      wake();
      break;
    case 'name':
      names.set(message.id, message.name);
      break;
    case 'local-rules':
      judge.localRules = message.rules;
      break;
    case 'go':
      go();
      break;
    case 'could-fire':
      tell({ kind: 'could-fire', rules: judge.couldFire });
      break;
    case 'stop':
      end = Math.max(end, message.end);
      isStopping = true;
      wake();
      break;
    default:
      message satisfies never;
  }
});

const learned = readLearned(setup.learnedFile, () => log.say('alarm', 'behaviour-forgotten', {}));
let learnedTo = learned?.to ?? setup.from;
let learnedAt = Date.now();
const judge = new LiveJudge(
  loadRules(setup.ruleFolders, {
    placeholders: setup.placeholders,
    includeDeprecated: false,
    cacheFolder: setup.cacheFolder,
  }),
  learned,
  listsOf(setup),
);
judge.localRules = setup.localRules;
tell({ kind: 'ready', reachMs: judge.reachMs, rules: statesOf(judge.rules) });
tell({ kind: 'learned', to: learnedTo });
await follow();
tell({ kind: 'done' });
port.close();

async function follow(): Promise<void> {
  // What is learned and what is judged are written at different moments.
  let at = Math.min(setup.from, learnedTo);
  for (;;) {
    const until = end;
    let batch = newBatch();
    for await (const { position, next, payload } of followJournal(setup.journalFolder, at, () => until, logDamage)) {
      judgePayload(payload, position, batch);
      at = next;
      if (batch.events < MAX_BATCH_EVENTS) continue;
      await handOn(at, batch);
      batch = newBatch();
    }
    // The header of a segment is no event: its bytes are passed over.
    const reached = Math.max(at, until);
    if (reached > at || batch.events > 0) await handOn(reached, batch);
    at = reached;
    if (isStopping ? end <= at : Date.now() - learnedAt >= LEARNED_EVERY_MS) await keepLearned(at);
    if (end > at) continue;
    if (isStopping) return;
    // While events come, they tell the time: those of a source that is behind must not find their windows closed.
    if (await wokenWithin(PASS_EVERY_MS)) continue;
    const found = judge.pass(Date.now());
    if (found.length > 0) await handOn(at, { events: 0, filed: [...found], marks: [] });
  }
}

/** Everything before `at` is judged, and filed. */
async function keepLearned(at: number): Promise<void> {
  learnedAt = Date.now();
  if (at <= learnedTo) return;
  try {
    await writeLearned(setup.learnedFile, { to: at, ...judge.saveLearned() });
    learnedTo = at;
    tell({ kind: 'learned', to: at });
  } catch (error) {
    // The journal keeps what would have to be learned again.
    log.bug(error);
  }
}

/** True as soon as there is something to do, false if there is nothing in that time. */
function wokenWithin(limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), limitMs);
    wake = () => {
      clearTimeout(timer);
      resolve(true);
    };
  });
}

function listsOf({ canaries: names, indicatorFiles, domains }: JudgingSetup): Lists {
  const canaries = new Canaries(names);
  const indicators = new Indicators();
  for (const file of indicatorFiles) {
    const { indicators: read, wrong } = readIndicators(readFileSync(file, 'utf8'));
    for (const indicator of read) indicators.add(indicator);
    const name = path.basename(file);
    log.say('info', 'indicators', {
      file: name,
      read: read.length,
      wrong: wrong.length,
      firstWrongLine: wrong[0] ?? 0,
    });
  }
  return {
    canaries: canaries.isEmpty ? null : canaries,
    indicators: indicators.size === 0 ? null : indicators,
    domains,
  };
}

interface Batch {
  events: number;
  readonly filed: Filed[];
  readonly marks: Mark[];
}

function newBatch(): Batch {
  return { events: 0, filed: [], marks: [] };
}

function judgePayload(payload: Buffer, position: number, batch: Batch): void {
  for (const line of eventLinesIn(payload)) {
    const { event } = line;
    try {
      const found = judge.judge(
        eventOfLine(line),
        names.get(event.sourceId) ?? event.sourceId,
        position < (learned?.to ?? 0),
        line.fieldsJson,
      );
      if (position >= setup.fileFrom) batch.filed.push(...found);
    } catch (error) {
      // A bug ends this event's judging only; the event is kept.
      log.bug(error);
    }
    batch.events++;
    const last = batch.marks.at(-1);
    if (last === undefined || event.receivedAt >= last.receivedAt + MARK_EVERY_MS)
      batch.marks.push({ position, receivedAt: event.receivedAt });
  }
}

/** Waits until the main thread has filed it: what is found is never more than one batch ahead of what is written. */
async function handOn(at: number, { events, filed, marks }: Batch): Promise<void> {
  const filing = new Promise<void>((resolve) => {
    go = resolve;
  });
  tell({ kind: 'batch', at, events, filed, marks });
  await filing;
}

function tell(message: FromJudging): void {
  port.postMessage(message);
}

function logDamage({ kind }: { kind: string }): void {
  log.say('alarm', 'journal-damage', { kind });
}
