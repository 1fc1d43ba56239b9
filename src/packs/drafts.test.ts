import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { loadClockKinds } from '../incidents/clocks.ts';
import type { DeskClock } from '../incidents/desk.ts';
import { draftsOf, DUTIES } from './drafts.ts';
import type { Facts, ScopeFacts } from './facts.ts';

const NOW = Date.UTC(2026, 10, 2, 9, 49);
const SCOPE: ScopeFacts = {
  exact: null,
  atLeast: 0,
  upTo: 0,
  accesses: 0,
  resources: [],
  printed: 0,
  exported: 0,
  gaps: [],
  hash: 'a'.repeat(64),
  from: NOW,
  to: NOW,
};
const FACTS: Facts = {
  incidentId: 'inc_1',
  title: 'Somebody took away the way back.',
  openedAt: NOW,
  firstEvidenceAt: NOW,
  lastEvidenceAt: NOW,
  awareAt: null,
  machines: [],
  accounts: [],
  scope: SCOPE,
  clocks: [],
  done: [],
  open: [],
  grid: null,
  timeZone: 'Europe/London',
  now: NOW,
};
const CLOCK: DeskClock = {
  id: 'clk_1',
  kind: 'ico-72h',
  title: 'Tell the ICO',
  state: 'running',
  starts: '',
  unless: '',
  how: '',
  source: '',
  startedAt: NOW,
  startedBy: 'Ann',
  dueAt: NOW,
  metAt: null,
  endedAt: null,
  endedBy: null,
  reason: null,
};

function wordsOf(facts: Partial<Facts>): string {
  return draftsOf({ ...FACTS, ...facts })
    .flatMap(({ sections }) => sections.flatMap(({ lines }) => lines))
    .join('\n');
}

test('logs without an access to a record are not said to be no patients', () => {
  for (const scope of [null, SCOPE]) {
    const words = wordsOf({ scope });
    ok(!words.includes('up to 0'), words);
    ok(words.includes('[To fill in: how many patients'), words);
  }
  ok(wordsOf({ scope: { ...SCOPE, upTo: 3 } }).includes('At least 0 and up to 3 patients'));
  ok(wordsOf({ scope: { ...SCOPE, exact: 0 } }).includes('0 patients.'), 'where the logs are whole');
});

test('that the Information Commissioner was told is said once its clock was met, and not before', () => {
  const isSaid = (clocks: readonly DeskClock[]) => /told the Information Commissioner/.test(wordsOf({ clocks }));
  equal(isSaid([]), false);
  for (const [state, said] of [
    ['running', false],
    ['overdue', false],
    ['not-needed', false],
    ['met', true],
    ['late', true],
  ] as const)
    equal(isSaid([{ ...CLOCK, state }]), said, state);
  equal(isSaid([{ ...CLOCK, kind: 'people', state: 'met' }]), false);
});

test('what a draft is said to be for is a deadline that there is', () => {
  const names = draftsOf(FACTS).map(({ name }) => name);
  const kinds = Object.keys(loadClockKinds());
  for (const [name, duties] of Object.entries(DUTIES)) {
    ok(names.includes(name), name);
    for (const kind of duties) ok(kinds.includes(kind), kind);
  }
});

test('letters are those two that go to patients', () => {
  equal(
    draftsOf(FACTS)
      .filter(({ isLetter }) => isLetter)
      .map(({ name }) => name)
      .join(),
    '4-letter-to-patients,5-letter-easy-read',
  );
});

test('nothing is said to patients or the press that nobody has found out yet', () => {
  ok(
    !/stopped it|care (?:goes on|stays|continues)|acted at once/i.test(
      wordsOf({}).replaceAll(/\[To fill in: [^\]]*\]/g, ''),
    ),
  );
});
