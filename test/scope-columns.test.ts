import { deepEqual, equal, ok } from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Random } from '../src/records/random.ts';
import { scopeOf, type ScopeQuestion } from '../src/records/scope.ts';
import { makeColumns } from '../src/store/archive/kept-accesses.ts';
import { openArchive } from '../src/store/archive/open-archive.ts';
import { encodeEvents } from '../src/store/archive/payload.ts';
import type { StoredEvent } from '../src/store/archive/stored-event.ts';
import { openJournal } from '../src/store/journal.ts';
import { placesIn } from '../src/store/places.ts';
import { ACCESS_READER } from '../src/watch/access-reader.ts';
import { readKeptRecords, scopeOfKept } from '../src/watch/kept-records.ts';

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

describe('scope answers from columns as it does from memory, to the last letter', () => {
  for (let seed = 1; seed <= 12; seed++)
    test(`hospital ${seed}`, async (t) => {
      const random = new Random(seed);
      const data = mkdtempSync(path.join(tmpdir(), 'wardwatch-columns-'));
      const places = placesIn(data);
      const journal = await openJournal(places.journal);
      const archive = await openArchive({ folder: places.archive, journal, minFreeBytes: 0 });
      t.after(async () => {
        await archive.close();
        await journal.close();
        rmSync(data, { recursive: true, force: true });
      });
      const events = hospital(random);
      const days = new Set<number>();
      for (let from = 0; from < events.length; from += 40) {
        await journal.append(encodeEvents(events.slice(from, from + 40)));
        // The last ones stay in the journal now and then.
        if (from + 40 < events.length || seed % 2 === 0) await archive.sealNow();
      }
      // Some days are over and in columns, the others are not.
      const now = FIRST_DAY + (1 + random.below(DAYS + 1)) * DAY_MS;
      const made = await makeColumns(data, ACCESS_READER, now, random.pick([2, 100]) ?? 1, async (columns) => {
        days.add(columns.day);
        ok(await archive.columnsMade(columns));
      });
      equal(typeof made, 'boolean');
      let inColumns = 0;
      for (let ask = 0; ask < 8; ask++) {
        const question = questionFrom(random);
        const { input, gaps } = await readKeptRecords(data, null, question.from, question.to);
        const slow = scopeOf(input, question, { zone: ZONE, pseudonymKey: (number) => number, gaps });
        const fast = await scopeOfKept(data, question, { zone: ZONE, gaps: [] });
        inColumns += fast.days.inColumns;
        const said = JSON.stringify(question);
        deepEqual(fast.patients, slow.patients, said);
        deepEqual(fast.total, slow.total, said);
        deepEqual([fast.failed, fast.unseen], [slow.failed, slow.unseen], said);
        equal(fast.report.setAsideCount, slow.report.setAsideCount);
      }
      equal(inColumns > 0, days.size > 0);
    });
});
