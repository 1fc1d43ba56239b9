import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { LogEvent } from '../../core/event.ts';
import { FieldsView } from '../../core/fields-view.ts';
import { Behaviour, type SavedBehaviour, type Unusual } from './behaviour.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 10, 2);

interface Told {
  readonly at: number;
  readonly fields: LogEvent['fields'];
  readonly logSource?: LogEvent['logSource'];
}

function signIn(at: number, account: string, host: string, more: Record<string, string> = {}): Told {
  return {
    at,
    fields: {
      Channel: 'Security',
      EventID: 4624,
      Computer: host,
      TargetUserName: account,
      TargetDomainName: 'RX1',
      LogonType: '3',
      IpAddress: '10.1.1.7',
      ...more,
    },
  };
}

function failure(at: number, account: string, address = '10.1.1.7'): Told {
  const { fields } = signIn(at, account, 'dc1', { IpAddress: address });
  return { at, fields: { ...fields, EventID: 4625 } };
}

function alert(at: number, name: string, host: string): Told {
  return { at, fields: { 'alert.name': name, host }, logSource: { product: 'ids', category: 'alert' } };
}

function seen(told: readonly Told[], behaviour = new Behaviour()): Unusual[] {
  const view = new FieldsView();
  return told
    .toSorted((a, b) => a.at - b.at)
    .flatMap(({ at, fields, logSource = {} }) =>
      behaviour.see(view.show({ record: 1, at, atText: null, zoneAssumed: false, logSource, fields, text: null }), at),
    );
}

/** A working week: twelve people on their own machines and the file server, every hour of the day shift. */
function week(): Told[] {
  return Array.from({ length: 7 * 24 }, (_, hour) => hour)
    .filter((hour) => hour % 24 >= 8 && hour % 24 < 18)
    .flatMap((hour) =>
      Array.from({ length: 12 }, (_, person) => [
        signIn(START + hour * HOUR + person * MINUTE, `user${person}`, `ws${person}`),
        signIn(START + hour * HOUR + (person + 20) * MINUTE, `user${person}`, 'files'),
      ]).flat(),
    );
}

const MONDAY = START + 7 * DAY + 9 * HOUR;
const cases: readonly (readonly [what: string, told: readonly Told[], signals: readonly string[]])[] = [
  ['the same as every day', [signIn(MONDAY, 'user1', 'ws1'), signIn(MONDAY + MINUTE, 'user1', 'files')], []],
  ['an account on a machine that it has not used before', [signIn(MONDAY, 'user1', 'ws7')], ['new-host']],
  ['an account at three in the morning', [signIn(MONDAY + 18 * HOUR, 'user1', 'ws1')], ['odd-hours']],
  [
    'one password tried on many accounts',
    Array.from({ length: 12 }, (_, i) => failure(MONDAY + i * MINUTE, `user${i}`, '203.0.113.9')),
    ['failures', 'spraying'],
  ],
  [
    'a sign-in that works after six that did not',
    [
      ...Array.from({ length: 6 }, (_, i) => failure(MONDAY + i * MINUTE, 'user1')),
      signIn(MONDAY + 7 * MINUTE, 'user1', 'ws1'),
    ],
    ['failures', 'failures-then-success'],
  ],
  ['a sign-in from a network abroad', [signIn(MONDAY, 'user1', 'ws1', { IpAddress: '198.51.100.4' })], ['new-network']],
  ['an account that was away for 40 days', [signIn(MONDAY + 40 * DAY, 'user1', 'ws1')], ['woken-account']],
  ['a service that starts', [signIn(MONDAY, 'user1', 'ws9', { LogonType: '5' })], []],
  ['a machine account', [signIn(MONDAY, 'ws1$', 'ws9')], []],
  ['the first sign-ins of a newcomer', [signIn(MONDAY, 'newcomer', 'ws30')], ['new-host']],
];
for (const [what, told, signals] of cases) {
  test(`${what}: ${signals.length === 0 ? 'nothing is said' : signals.join(', ')}`, () => {
    const found = seen([...week(), ...told]).filter(
      ({ hourKey }) => Number(hourKey.split('\0').at(-1)) * HOUR >= START + 7 * DAY,
    );
    deepEqual([...new Set(found.map(({ signal }) => signal))].sort(), [...signals].sort());
  });
}

test('going to many new machines in an hour is more unusual than to one', () => {
  const found = seen([
    ...week(),
    ...Array.from({ length: 8 }, (_, i) => signIn(MONDAY + i * MINUTE, 'user1', `srv${i}`)),
  ]);
  const surprises = found
    .filter(({ signal, facts }) => signal === 'new-host' && facts['subject'] === 'rx1\\user1')
    .map(({ surprise }) => surprise);
  ok(surprises.length >= 2 && (surprises.at(-1) ?? 0) > (surprises[0] ?? 0) + 1, surprises.join());
});

test('nothing is said in the first day', () => {
  deepEqual(seen([alert(START, 'Odd thing', 'ws1'), alert(START + 23 * HOUR, 'Another', 'ws2')]), []);
});

test('another product’s alert that never came before is unusual; one that comes all day is not', () => {
  const usual = Array.from({ length: 72 }, (_, hour) => alert(START + hour * HOUR, 'Update', 'ws1'));
  const found = seen([...usual, alert(START + 71.5 * HOUR, 'Credential dumping', 'ws1')]);
  deepEqual(
    found.map(({ signal, facts, entities }) => [signal, facts['name'], entities]),
    [['alert', 'Credential dumping', { host: 'ws1' }]],
  );
  ok((found[0]?.surprise ?? 0) > 2);
});

test('a rule is known to be routine where it fires all day, and unusual where it never did', () => {
  const behaviour = new Behaviour();
  const rarity = (host: string, hour: number) => behaviour.rarityOf('rule', { host }, START + hour * HOUR);
  equal(rarity('srv1', 0), null);
  for (let hour = 1; hour < 100; hour++) rarity('srv1', hour);
  ok((rarity('SRV1', 100)?.surprise ?? 9) < 0.2);
  for (let hour = 0; hour < 100; hour++) behaviour.rarityOf('other', { host: 'ws1' }, START + hour * HOUR);
  ok((rarity('ws1', 101)?.surprise ?? 0) > 0.4);
});

test('a restart in the middle changes nothing', () => {
  const told = [...week(), ...cases.flatMap(([, each]) => each)].sort((a, b) => a.at - b.at);
  const middle = Math.floor(told.length * 0.9);
  const before = new Behaviour();
  const firstHalf = seen(told.slice(0, middle), before);
  const restored = Behaviour.from(JSON.parse(JSON.stringify(before.save())) as SavedBehaviour);
  deepEqual([...firstHalf, ...seen(told.slice(middle), restored)], seen(told));
});

test('a clock that was a year ahead and is set back: what is usual stays usual, what is new is found', () => {
  const behaviour = new Behaviour();
  const view = new FieldsView();
  const see = (told: readonly Told[], aheadMs = 0) =>
    told.flatMap(({ at, fields, logSource = {} }) => {
      behaviour.receivedAt(at + aheadMs);
      return behaviour.see(
        view.show({ record: 1, at, atText: null, zoneAssumed: false, logSource, fields, text: null }),
        at + aheadMs,
      );
    });
  const hourly = (from: number, hours: number) =>
    Array.from({ length: hours }, (_, hour) => alert(from + hour * HOUR, 'Update', 'ws1'));
  see(hourly(START, 7 * 24));
  see(hourly(START + 7 * DAY, 2), 365 * DAY);
  const back = START + 7 * DAY + 3 * HOUR;
  deepEqual(see(hourly(back, 72)), []);
  const found = see([alert(back + 72 * HOUR, 'Credential dumping', 'ws1')]);
  equal(found.length, 1);
  ok((found[0]?.perDay ?? 0) > 1 / 30, 'a year that was not watched makes nothing rare');
});
