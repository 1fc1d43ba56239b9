import { deepEqual, equal, ok } from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { Random } from '../src/records/random.ts';
import { type ScopeQuestion } from '../src/records/scope-answer.ts';
import { scopeOf } from '../src/records/scope.ts';
import { type ColumnsInfo, columnsFolder } from '../src/store/archive/access-columns.ts';
import { makeColumns } from '../src/store/archive/kept-accesses.ts';
import { type EmbeddedArchive, openArchive } from '../src/store/archive/open-archive.ts';
import { encodeEvents } from '../src/store/archive/payload.ts';
import type { StoredEvent } from '../src/store/archive/stored-event.ts';
import { verify } from '../src/store/archive/verify.ts';
import { openJournal } from '../src/store/journal.ts';
import { placesIn } from '../src/store/places.ts';
import { ACCESS_READER } from '../src/watch/access-reader.ts';
import { lossGaps, readKeptLooks, scopeOfKept } from '../src/watch/kept-records.ts';
import { type Hospital, readHospital } from '../src/records/hospital.ts';
import { type LookBook, readLooks } from '../src/records/model/looks.ts';
import { newReport } from '../src/records/table.ts';
import { Zone } from '../src/records/zone.ts';
import { BELIEVED } from '../src/records/accesses.ts';
import type { KeptAccess } from '../src/records/kept-access.ts';
import { accessesInMemory } from './accesses-in-memory.ts';

const DAY_MS = 86_400_000;
const FIRST_DAY = Date.UTC(2026, 5, 1);
const DAYS = 5;
const ZONE = 'Europe/London';

const USERS = ['kim', 'RX1\\kim', 'kim@rx1.nhs.uk', 'KIM', 'ash', 'Practitioner/bo', 'bo', 'jo', '', ' ash '];
const HOSTS = ['ws-1', 'WS-1.rx1.local', 'ws-1.rx2.local', 'Device/ws-2', 'ws-2', '10.1.1.1', 'ws-3', ''];
const ADDRESSES = ['10.0.0.1', '10.0.0.2', '2001:db8::1', ''];
const SESSIONS = ['s1', 's2', 's3', 's4', 's5', ''];
const OUTCOMES = ['success', 'minor', 'serious', '', 'denied'];
const ACTIONS = ['read', 'print', 'export', 'update'];

/** A hospital in which everything that makes scope hard happens often. */
function hospital(random: Random): StoredEvent[] {
  const events: StoredEvent[] = [];
  const numbering = random.below(4);
  const hasSessions = random.chance(0.8);
  const hasHosts = random.chance(0.9);
  for (let index = 0; index < 150; index++) {
    const receivedAt = FIRST_DAY + random.below(DAYS) * DAY_MS + random.below(DAY_MS / 60_000) * 60_000;
    const late = random.chance(0.1) ? random.below(3 * DAY_MS) : random.below(600_000);
    const at = random.chance(0.02) ? Date.UTC(1975, 0, 1) : receivedAt - late;
    const patients = Array.from({ length: 1 + random.below(3) }, () => `pi_${random.below(25)}`);
    const host = random.pick(HOSTS) ?? '';
    const number = [`${index}`, '', `${random.below(40)}`, random.chance(0.9) ? `00${index}` : 'x7'][numbering] ?? '';
    const fields: Record<string, unknown> = {
      ...given('user', random.pick(USERS)),
      ...given('action', random.pick(ACTIONS)),
      ...given('outcome', random.pick(OUTCOMES)),
      ...given('sequence', random.chance(0.1) ? '' : number),
      ...(hasSessions ? given('session', random.pick(SESSIONS)) : {}),
      ...(random.chance(0.3) ? given('address', random.pick(ADDRESSES)) : {}),
      ...(random.chance(0.3) ? { request_id: `r${random.below(12)}` } : {}),
      ...(random.chance(0.5) ? { break_glass: random.chance(0.5) ? 'true' : 'false' } : {}),
      ...(hasHosts && random.chance(0.5) ? given('device', host) : {}),
    };
    const named = random.below(10);
    if (named < 5) fields['patient'] = patients[0];
    else if (named < 7) fields['patient'] = [patients[0]];
    else if (named < 9) fields['patient'] = patients;
    if (random.chance(0.1)) fields['user'] = 4711;
    if (random.chance(0.6)) fields['resource_type'] = random.chance(0.5) ? 'Encounter' : ['Encounter', 'Observation'];
    const event: StoredEvent = {
      id: `evt_${index}`,
      receivedAt,
      at: random.chance(0.05) ? null : at,
      sourceId: 'src_1',
      product: 'clinical',
      category: random.chance(0.95) ? 'record_access' : 'other',
      service: null,
      channel: null,
      eventId: null,
      host: hasHosts && random.chance(0.4) && host !== '' ? host : null,
      account: null,
      address: random.chance(0.3) ? (random.pick(ADDRESSES) ?? null) : null,
      fields,
      text: null,
    };
    events.push(event);
    // Sent again, on the same day or another.
    if (random.chance(0.1))
      events.push({
        ...event,
        id: `evt_${index}_again`,
        receivedAt: random.chance(0.5) ? receivedAt : FIRST_DAY + random.below(DAYS) * DAY_MS,
        at,
      });
  }
  return events.sort((a, b) => a.receivedAt - b.receivedAt);
}

function given(name: string, value: string | undefined): Record<string, string> {
  return value === undefined || value === '' ? {} : { [name]: value };
}

function some(random: Random, names: readonly string[], chance: number): string[] {
  return [...new Set(names.filter((name) => name !== '' && random.chance(chance)))].sort();
}

function questionFrom(random: Random): ScopeQuestion {
  const accounts = some(random, [...USERS, 'nobody', 'rx2\\kim'], random.chance(0.6) ? 0.15 : 0);
  const hosts = some(random, [...HOSTS, 'WS-1', 'nowhere'], random.chance(0.6) ? 0.15 : 0);
  const addresses = some(random, [...ADDRESSES, '9.9.9.9'], random.chance(0.4) ? 0.3 : 0);
  const from = FIRST_DAY - DAY_MS + random.below((DAYS + 1) * 24) * 3_600_000;
  const to = from + 1 + random.below(random.chance(0.5) ? DAY_MS : 6 * DAY_MS);
  return accounts.length + hosts.length + addresses.length === 0
    ? { accounts: ['kim'], hosts, addresses, from, to }
    : { accounts, hosts, addresses, from, to };
}

interface Kept {
  readonly data: string;
  readonly archive: EmbeddedArchive;
  readonly keep: (events: readonly StoredEvent[]) => Promise<void>;
}

async function keptIn(t: TestContext): Promise<Kept> {
  const data = mkdtempSync(path.join(tmpdir(), 'wardwatch-columns-'));
  const places = placesIn(data);
  const journal = await openJournal(places.journal);
  const archive = await openArchive({
    folder: places.archive,
    journal,
    minFreeBytes: 0,
    maxClockGapMs: Number.MAX_SAFE_INTEGER,
  });
  t.after(async () => {
    await archive.close();
    await journal.close();
    rmSync(data, { recursive: true, force: true });
  });
  const keep = async (events: readonly StoredEvent[]) => void (await journal.append(encodeEvents(events)));
  return { data, archive, keep };
}

async function columnsUntil({ data, archive }: Kept, now: number): Promise<ColumnsInfo[]> {
  const days: ColumnsInfo[] = [];
  let isMore = true;
  while (isMore) {
    const made: ColumnsInfo[] = [];
    ({ isMore } = await makeColumns(data, ACCESS_READER, now, 2, (columns) => made.push(columns)));
    for (const columns of made) ok(await archive.columnsMade(columns));
    days.push(...made);
  }
  return days;
}

async function compare(data: string, question: ScopeQuestion): Promise<{ inColumns: number; fromSegments: number }> {
  const { accesses, ...kept } = await accessesInMemory(data);
  const input = { accesses, folder: null, care: null };
  const slow = scopeOf(input, question, {
    zone: ZONE,
    pseudonymKey: (number) => number,
    gaps: lossGaps(kept, question.from, question.to),
  });
  const fast = await scopeOfKept(data, question, { zone: ZONE, gaps: [] });
  const said = JSON.stringify(question);
  deepEqual(fast.patients, slow.patients, said);
  deepEqual(fast.total, slow.total, said);
  deepEqual(
    [fast.failed, fast.unseen, fast.report.setAsideCount],
    [slow.failed, slow.unseen, slow.report.setAsideCount],
  );
  return fast.days;
}

/** Each look in words, and what was reported of the accesses. */
function looksIn({ days, uses, hosts, accesses }: LookBook, { users, patients, departments, report }: Hospital) {
  const looks = days.flatMap((day) =>
    Array.from({ length: day.count }, (_, look) => {
      const numbers = (['times', 'failed', 'first', 'last', 'flags', 'hours'] as const).map((name) =>
        day[name].at(look),
      );
      const [place, host] = [day.place.at(look), day.host.at(look)];
      return [
        day.day,
        users.textOf(day.user.at(look)),
        patients.textOf(day.patient.at(look)),
        ...numbers,
        place < 0 ? '' : departments.textOf(place),
        host < 0 ? '' : hosts.textOf(host),
      ].join(' ');
    }),
  );
  const typed = [...uses.values()].map((list) => JSON.stringify(list));
  return {
    looks: looks.sort(),
    typed: typed.sort(),
    accesses,
    setAside: report.setAsideCount,
    missing: report.missing,
  };
}

async function compareLooks(data: string, from: number, to: number): Promise<void> {
  const options = { relationships: null, timeZone: ZONE, pseudonymKey: (number: string) => number, from, to };
  const { hospital, book } = await readKeptLooks(data, options);
  const slow = readHospital(null, new Zone(ZONE), newReport(), options.pseudonymKey);
  // A time that nobody believes may be any time: it is reported, whatever is asked for.
  const isAsked = ({ at }: KeptAccess) => (at >= from && at < to) || at < BELIEVED[0] || at >= BELIEVED[1];
  const accesses = (await accessesInMemory(data)).accesses.filter(isAsked);
  const all = readLooks({ accesses, folder: null, care: null }, slow);
  deepEqual(looksIn(book, hospital), looksIn(all, slow));
}

/** More of them: `WARDWATCH_SEEDS=100 node scripts/test.mjs test/scope-columns.test.ts`. */
const SEEDS = Number(process.env['WARDWATCH_SEEDS'] ?? 5);
const QUESTIONS = 5;

describe('scope answers from columns as it does from memory, to the last letter', () => {
  for (let seed = 1; seed <= SEEDS; seed++)
    test(`hospital ${seed}`, async (t) => {
      const random = new Random(seed);
      const kept = await keptIn(t);
      const events = hospital(random);
      for (let from = 0; from < events.length; from += 40) {
        await kept.keep(events.slice(from, from + 40));
        // The last ones stay in the journal now and then.
        if (from + 40 < events.length || seed % 2 === 0) await kept.archive.sealNow();
      }
      // Some days are over and in columns, the others are not.
      const days = await columnsUntil(kept, FIRST_DAY + (1 + random.below(DAYS + 1)) * DAY_MS);
      let inColumns = 0;
      for (let asked = 0; asked < QUESTIONS; asked++)
        inColumns += (await compare(kept.data, questionFrom(random))).inColumns;
      equal(inColumns > 0, days.length > 0);
      await compareLooks(kept.data, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
      await compareLooks(kept.data, FIRST_DAY + DAY_MS, FIRST_DAY + 3 * DAY_MS + 5000);
    });
});

describe('columns stand for their segments and for nothing else', () => {
  const question = {
    accounts: ['kim'],
    hosts: ['ws-1'],
    addresses: [],
    from: FIRST_DAY,
    to: FIRST_DAY + DAYS * DAY_MS,
  };
  const ALL_OVER = FIRST_DAY + (DAYS + 2) * DAY_MS;

  async function inColumns(t: TestContext): Promise<Kept & { files: string[] }> {
    const kept = await keptIn(t);
    await kept.keep(hospital(new Random(3)));
    await kept.archive.sealNow();
    const days = await columnsUntil(kept, ALL_OVER);
    equal(days.length, DAYS);
    const files = days.flatMap((day) =>
      day.files.map(({ name }) => path.join(columnsFolder(placesIn(kept.data).archive), name)),
    );
    return { ...kept, files };
  }

  test('damaged, they are passed over; gone, they are made again', async (t) => {
    const kept = await inColumns(t);
    deepEqual(await compare(kept.data, question), { inColumns: DAYS, fromSegments: 0 });
    for (const file of kept.files) writeFileSync(file, 'PAR1 no more');
    deepEqual(await compare(kept.data, question), { inColumns: 0, fromSegments: DAYS });
    for (const file of kept.files) rmSync(file);
    deepEqual(await compare(kept.data, question), { inColumns: 0, fromSegments: DAYS });
    equal((await columnsUntil(kept, ALL_OVER)).length, DAYS);
    deepEqual(await compare(kept.data, question), { inColumns: DAYS, fromSegments: 0 });
  });

  test('a day whose segment is damaged gets none, and holds up no other', async (t) => {
    const kept = await keptIn(t);
    await kept.keep(hospital(new Random(3)));
    await kept.archive.sealNow();
    const segments = path.join(placesIn(kept.data).archive, 'segments');
    const [last = ''] = readdirSync(segments, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.parquet'))
      .sort()
      .toReversed();
    writeFileSync(path.join(segments, last), 'PAR1 no more');
    equal((await columnsUntil(kept, ALL_OVER)).length, DAYS - 1);
    deepEqual(await compare(kept.data, question), { inColumns: DAYS - 1, fromSegments: 0 });
  });

  test('what came later for a day is not missed', async (t) => {
    const kept = await inColumns(t);
    const [late] = hospital(new Random(4));
    ok(late);
    await kept.keep([{ ...late, id: 'evt_late', receivedAt: FIRST_DAY + 1, at: FIRST_DAY + 1 }]);
    deepEqual(await compare(kept.data, question), { inColumns: DAYS - 1, fromSegments: 1 });
    await kept.archive.sealNow();
    deepEqual(await compare(kept.data, question), { inColumns: DAYS - 1, fromSegments: 1 });
    equal((await columnsUntil(kept, ALL_OVER)).length, 1);
    deepEqual(await compare(kept.data, question), { inColumns: DAYS, fromSegments: 0 });
  });

  test('they go when their segments go, and a hold keeps both', async (t) => {
    const kept = await inColumns(t);
    const hold = { id: 'hold_1', sourceIds: [], from: FIRST_DAY, to: FIRST_DAY + DAY_MS, reason: 'a claim' };
    await kept.archive.hold(hold);

    const there = () => kept.files.filter((file) => existsSync(file)).length;
    const before = there();
    equal(await kept.archive.applyRetention(FIRST_DAY + 9 * 366 * DAY_MS), DAYS - 1);
    await until(() => there() < before);
    const days = await compare(kept.data, question);
    deepEqual(days, { inColumns: 1, fromSegments: 0 });
    ok((await verify(kept.data)).ok);
  });

  test('verify says that they were changed, and only notes that they are gone', async (t) => {
    const kept = await inColumns(t);
    ok((await verify(kept.data)).ok);
    const [first = '', second = ''] = kept.files;
    writeFileSync(first, 'PAR1 no more');
    const { problems } = await verify(kept.data);
    deepEqual(
      problems.map(({ kind }) => kind),
      ['columns-altered'],
    );
    rmSync(first);
    rmSync(second);
    const { ok: isWhole, notes } = await verify(kept.data);
    deepEqual([isWhole, notes.length], [true, 1]);
  });
});

async function until(isSo: () => boolean): Promise<void> {
  for (let waited = 0; !isSo() && waited < 200; waited++) await new Promise((resolve) => setTimeout(resolve, 20));
  ok(isSo());
}
