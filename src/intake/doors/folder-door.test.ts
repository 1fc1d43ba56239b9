/** A folder of logs on a real disk, by a clock that is wound by hand. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { eventLog, WRITTEN_TICKS } from '../../../test/event-log.ts';
import { Refusal } from '../../core/refusal.ts';
import type { DoorServices } from './door.ts';
import { FolderDoor, type FollowedFile } from './folder-door.ts';

const dirs: string[] = [];
after(() => dirs.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

class Place {
  readonly dir = mkdtempSync(path.join(tmpdir(), 'wardwatch-folder-'));
  readonly messages: string[] = [];
  readonly reasons: string[] = [];
  readonly unread: string[] = [];
  readonly counted: string[] = [];
  isFull = false;
  /** What the state holds: it outlives a door. */
  readonly #saved = new Map<string, FollowedFile>();
  #now = Date.now();
  #door: FolderDoor;

  constructor() {
    dirs.push(this.dir);
    this.#door = this.#newDoor();
  }

  #newDoor(): FolderDoor {
    const services: DoorServices = {
      byToken: () => Promise.resolve(null),
      byAddress: () => Promise.resolve(null),
      byCertificate: () => Promise.resolve(null),
      accept: (_source, messages) => {
        for (const message of messages) this.messages.push(JSON.stringify(message));
        return Promise.resolve();
      },
      acceptRead: (_source, events, aside) => {
        if (this.isFull) return Promise.reject(new Refusal('store/busy', 'no room'));
        for (const { fields } of events) this.messages.push((fields['message'] ?? fields['m']) as string);
        for (const { reason, input } of aside) {
          this.reasons.push(reason);
          this.unread.push(input ?? '');
        }
        return Promise.resolve();
      },
      timeZone: 'UTC',
      acceptHl7: () => Promise.reject(new Error('a folder holds no HL7')),
      acceptCare: () => Promise.resolve(),
      setAside: () => Promise.resolve(),
      count: (_door, reason) => void this.counted.push(reason),
      pace: () => Promise.resolve(),
      report: (error) => {
        throw error;
      },
    };
    return new FolderDoor({
      source: { id: 'src_1', name: 'folder', kind: 'files' },
      folder: this.dir,
      services,
      files: {
        of: () => Promise.resolve([...this.#saved.values()]),
        save: (_id, file) => {
          this.#saved.set(file.file, file);
          return Promise.resolve();
        },
      },
      timeZone: 'Europe/London',
      now: () => this.#now,
    });
  }

  get saved(): readonly FollowedFile[] {
    return [...this.#saved.values()];
  }

  file(name: string): string {
    return path.join(this.dir, name);
  }

  async poll(): Promise<void> {
    await this.#door.poll();
  }

  /** Long enough that files which did not grow are taken to be whole. */
  async rest(): Promise<void> {
    this.#now += 60_000;
    await this.#door.poll();
  }

  async restart(): Promise<void> {
    await this.#door.close();
    this.#door = this.#newDoor();
  }

  async close(): Promise<void> {
    await this.#door.close();
  }
}

const line = (number: number) => `${JSON.stringify({ '@timestamp': '2026-11-02T09:00:00Z', message: `m${number}` })}\n`;
const names = (count: number) => Array.from({ length: count }, (_, number) => `m${number}`);

test('a log is followed as it grows, torn lines put together', async () => {
  const here = new Place();
  writeFileSync(here.file('app.log'), line(0) + line(1) + line(2).slice(0, 20));
  await here.poll();
  deepEqual(here.messages, names(2));
  appendFileSync(here.file('app.log'), line(2).slice(20) + line(3).trimEnd());
  await here.poll();
  deepEqual(here.messages, names(3));
  await here.rest();
  deepEqual(here.messages, names(4), 'a last line without an end counts when nothing more comes');
  await here.close();
});

test('a log that is renamed is the same log; the new one of its name is another', async () => {
  const here = new Place();
  writeFileSync(here.file('app.log'), line(0));
  await here.poll();
  appendFileSync(here.file('app.log'), line(1));
  renameSync(here.file('app.log'), here.file('app.log.1'));
  writeFileSync(here.file('app.log'), line(2));
  await here.poll();
  await here.rest();
  deepEqual([...here.messages].sort(), names(3));
  await here.close();
});

test('a log that is cut and written anew is read from its beginning', async () => {
  const here = new Place();
  writeFileSync(here.file('app.log'), line(0) + line(1));
  await here.poll();
  truncateSync(here.file('app.log'));
  appendFileSync(here.file('app.log'), line(2));
  await here.poll();
  await here.rest();
  deepEqual(here.messages, names(3));
  await here.close();
});

test('a table keeps its header through a restart, and archives of old logs are not read twice', async () => {
  const here = new Place();
  writeFileSync(here.file('t.csv'), 'time,who,m\n2026-11-02T09:00:00Z,kim,m0\n2026-11-02T09:00:00Z,kim,m1\n');
  writeFileSync(here.file('t.csv.1.gz'), 'x');
  await here.poll();
  await here.restart();
  appendFileSync(here.file('t.csv'), '2026-11-02T09:00:00Z,ash,m2\n');
  await here.poll();
  await here.rest();
  deepEqual(here.messages, names(3));
  deepEqual(here.reasons, []);
  await here.close();
});

test('folders below are read too, and what is no log is set aside once', async () => {
  const here = new Place();
  mkdirSync(here.file('below'));
  writeFileSync(here.file('below/a.log'), line(0));
  writeFileSync(here.file('picture.bin'), Buffer.from([0, 1, 2, 3, 0, 9, 10, 0]));
  await here.rest();
  await here.restart();
  await here.rest();
  deepEqual(here.messages, ['m0']);
  deepEqual(here.reasons, ['unknown-binary-format']);
  await here.close();
});

test('what there is no room for waits, and comes when there is', async () => {
  const here = new Place();
  here.isFull = true;
  writeFileSync(here.file('app.log'), line(0) + line(1));
  await here.poll();
  appendFileSync(here.file('app.log'), line(2));
  await here.poll();
  deepEqual(here.messages, []);
  here.isFull = false;
  await here.poll();
  deepEqual(here.messages, names(3));
  await here.close();
});

test('whatever is appended, torn, rotated, restarted and held back: each line once', async () => {
  const act = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('append' as const), bytes: fc.integer({ min: 1, max: 400 }) }),
    },
    { weight: 4, arbitrary: fc.constant({ kind: 'poll' as const }) },
    { weight: 2, arbitrary: fc.constant({ kind: 'rotate' as const }) },
    { weight: 2, arbitrary: fc.constant({ kind: 'restart' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'full' as const }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
      const here = new Place();
      const whole = Array.from({ length: 100 }, (_, number) => line(number)).join('');
      let written = 0;
      let file = 0;
      for (const each of acts) {
        if (each.kind === 'append') {
          appendFileSync(here.file('app.log'), whole.slice(written, written + each.bytes));
          written += each.bytes;
        } else if (each.kind === 'poll') await here.poll();
        else if (each.kind === 'restart') await here.restart();
        else if (each.kind === 'full') here.isFull = !here.isFull;
        else if (written > 0 && whole[Math.min(written, whole.length) - 1] === '\n') {
          // Programs rotate between lines.
          renameSync(here.file('app.log'), here.file(`app.log.${file++}`));
          writeFileSync(here.file('app.log'), '');
        }
      }
      appendFileSync(here.file('app.log'), whole.slice(written));
      here.isFull = false;
      await here.poll();
      await here.rest();
      await here.close();
      deepEqual([...here.messages].sort(), names(100).sort());
    }),
    { numRuns: 60 },
  );
});

test('a file that may not be read, or goes while it is looked at, keeps no other from being read', async () => {
  const here = new Place();
  mkdirSync(here.file('a.log'));
  writeFileSync(here.file('b.log'), line(0));
  copyFileSync(here.file('b.log'), here.file('c.log'));
  utimesSync(here.file('c.log'), 1, 1);
  await here.poll();
  ok(here.messages.length >= 1);
  equal(new Set(here.messages).size, 1);
  await here.close();
});

test('a log that is cut while nobody looks is read from its beginning, also where it begins as before', async () => {
  const here = new Place();
  const file = here.file('app.log');
  const begin = line(0);
  writeFileSync(file, begin);
  await here.poll();
  appendFileSync(file, line(1) + line(2));
  await here.poll();
  await here.restart();
  // Longer than it was: the size alone does not tell.
  writeFileSync(file, begin + line(3) + line(4) + line(5) + line(6));
  await here.rest();
  deepEqual(here.messages, [...names(3), 'm0', ...names(7).slice(3)]);
  await here.close();
});

test('another file of the same size under the same name and number is read', async () => {
  const here = new Place();
  const file = here.file('night.log');
  writeFileSync(file, line(1) + line(2));
  await here.rest();
  truncateSync(file, 0);
  writeFileSync(file, line(3) + line(4));
  utimesSync(file, new Date(), new Date(Date.now() + 3_600_000));
  await here.rest();
  await here.restart();
  truncateSync(file, 0);
  writeFileSync(file, line(5) + line(6));
  await here.rest();
  deepEqual(here.messages, names(7).slice(1));
  await here.close();
});

test('of a log that is moved away or deleted while it is written, the last lines are read, and it is let go', async () => {
  const here = new Place();
  const elsewhere = new Place();
  writeFileSync(here.file('a.log'), line(0));
  writeFileSync(here.file('b.log'), line(1));
  await here.poll();
  appendFileSync(here.file('a.log'), line(2));
  appendFileSync(here.file('b.log'), line(3).trimEnd());
  renameSync(here.file('a.log'), elsewhere.file('a.log.1'));
  rmSync(here.file('b.log'));
  await here.poll();
  deepEqual(here.messages.toSorted(), names(4));
  if (process.platform === 'linux') {
    const open = readdirSync('/proc/self/fd').map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return '';
      }
    });
    deepEqual(
      open.filter((name) => name.startsWith(here.dir) || name.startsWith(elsewhere.dir)),
      [],
      'a deleted log that is held open keeps its room on the disk',
    );
  }
  await here.close();
});

test('what is written down of a log does not say what it is called: it may be called by a patient', async () => {
  const here = new Place();
  writeFileSync(here.file('Dawkinsx 9990000018.log'), line(0));
  await here.rest();
  deepEqual([here.saved.length, JSON.stringify(here.saved).includes('Dawkinsx')], [1, false]);
  await here.close();
});

test('what waited for room when its log was cut, or moved away, is not forgotten', async () => {
  const here = new Place();
  writeFileSync(here.file('a.log'), line(0) + line(1));
  writeFileSync(here.file('b.log'), line(2));
  await here.poll();
  here.isFull = true;
  appendFileSync(here.file('a.log'), line(3) + line(4));
  await here.poll();
  truncateSync(here.file('a.log'), 0);
  writeFileSync(here.file('a.log'), line(5));
  rmSync(here.file('b.log'));
  await here.rest();
  await here.rest();
  here.isFull = false;
  await here.rest();
  await here.rest();
  deepEqual(here.messages.toSorted(), names(6));
  await here.close();
});

const SECOND = 10_000_000n;
const entries = (from: number, to: number, later = 0n) =>
  Array.from({ length: to - from + 1 }, (_, index) => ({
    id: 10 + from + index,
    number: from + index,
    ticks: WRITTEN_TICKS + BigInt(from + index) * SECOND + later,
  }));
const eventIds = ({ messages }: Place) => messages.map((message) => Number(/"EventID":"?(\d+)/.exec(message)?.[1]));
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test('an event log that is copied here each night, and has forgotten its oldest records, gives what is new', async () => {
  const here = new Place();
  const file = here.file('Security.evtx');
  writeFileSync(file, eventLog(entries(1, 5)));
  await here.rest();
  deepEqual(eventIds(here), range(11, 15));
  // As large as before: the newest took the place of the oldest.
  writeFileSync(file, eventLog(entries(4, 8)));
  utimesSync(file, new Date(), new Date(Date.now() - 100_000));
  await here.rest();
  deepEqual(eventIds(here), range(11, 18));
  await here.restart();
  writeFileSync(file, eventLog(entries(7, 11)));
  await here.rest();
  await here.restart();
  await here.rest();
  deepEqual(eventIds(here), range(11, 21));
  await here.close();
});

test('an event log that was wiped, and counts its records from one again, is read', async () => {
  const here = new Place();
  const file = here.file('Security.evtx');
  writeFileSync(file, eventLog(entries(1, 5)));
  await here.rest();
  writeFileSync(file, eventLog(entries(1, 3, 1000n * SECOND)));
  utimesSync(file, new Date(), new Date(Date.now() - 100_000));
  await here.rest();
  deepEqual(eventIds(here), [...range(11, 15), ...range(11, 13)]);
  await here.close();
});

for (const ticks of [WRITTEN_TICKS, 0x0fff_0000_0000_0000n])
  test(`a record whose number is nonsense hides none that come after it, written at ${ticks}`, async () => {
    const here = new Place();
    const file = here.file('Security.evtx');
    const nonsense = { id: 99, number: 0xffff_fff0, ticks };
    writeFileSync(file, eventLog([nonsense, ...entries(1, 3)]));
    await here.rest();
    writeFileSync(file, eventLog([nonsense, ...entries(1, 5)]));
    utimesSync(file, new Date(), new Date(Date.now() - 100_000));
    await here.rest();
    deepEqual(
      [...new Set(eventIds(here))].toSorted((a, b) => a - b),
      [...range(11, 15), 99],
    );
    await here.close();
  });

const unreadable: readonly (readonly [what: string, before: string, bad: string])[] = [
  ['JSON', line(0), '{"message":"torn\n'],
  ['syslog', '<13>1 2026-11-02T09:00:00Z h p - - - x\n'.repeat(3), '<9990000018\n'],
  ['CSV', `time,user,message\n${'2026-11-02T09:00:00Z,kim,a\n'.repeat(5)}`, '2026-11-02T09:00:00Z,b,c,d\n'],
  ['auditd', 'type=LOGIN msg=audit(1364481363.243:24287): pid=1\n'.repeat(3), 'no header here\n'],
  ['no format', '', 'what nobody knows how to read\n'],
];
for (const [what, before, bad] of unreadable)
  test(`of ${what}, what cannot be read is handed on as it stood, to be read again`, async () => {
    const here = new Place();
    writeFileSync(here.file('a.log'), before + bad);
    await here.rest();
    deepEqual(
      here.unread.map((text) => text.trim()),
      [bad.trim()],
    );
    await here.close();
  });
