import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { type OpenIncident, today, type TodayFacts, type Verdict } from './today.ts';

const NOW = Date.UTC(2026, 10, 2, 9, 49);
const HOUR_MS = 3_600_000;

const fine: TodayFacts = {
  now: NOW,
  incidents: [],
  isPart: false,
  sources: [
    { name: 'dc1', lastHeardAt: NOW - HOUR_MS, silentSince: null },
    { name: 'firewall', lastHeardAt: NOW - 1000, silentSince: null },
  ],
  failing: [],
  isJudged: true,
  undelivered: 0,
  expiring: [],
  setAside: 0,
};

function incident(over: Partial<OpenIncident> = {}): OpenIncident {
  return {
    id: 'inc_1',
    title: 'Backups were deleted on dc1',
    state: 'new',
    owner: null,
    isSeen: false,
    total: 3,
    band: 'urgent',
    clocks: [],
    nextStep: { what: 'Unplug it', why: 'It stops the spread' },
    ...over,
  };
}

const verdicts: readonly [what: string, facts: Partial<TodayFacts>, verdict: Verdict, sentence: RegExp][] = [
  ['everything is heard and nothing is open', {}, 'quiet', /^Quiet: nothing needs you\. 2 sources heard/],
  ['nothing was ever connected', { sources: [] }, 'cannot-tell', /nothing sends its logs here yet/],
  [
    'no source was ever heard',
    { sources: [{ name: 'dc1', lastHeardAt: null, silentSince: null }] },
    'cannot-tell',
    /no source has been heard/,
  ],
  [
    'one of two is silent',
    { sources: [...fine.sources.slice(1), { name: 'dc1', lastHeardAt: NOW - HOUR_MS, silentSince: NOW - HOUR_MS }] },
    'cannot-tell',
    /^Quiet where we can see, but 1 of 2 sources is not heard/,
  ],
  [
    'one was last heard two days ago, and is too new to have a rhythm',
    { sources: [{ name: 'dc1', lastHeardAt: NOW - 48 * HOUR_MS, silentSince: null }] },
    'cannot-tell',
    /no source has been heard in the last day/,
  ],
  ['nothing that came could fire a rule', { isJudged: false }, 'cannot-tell', /no rule can judge anything/],
  ['it is not known what could', { isJudged: null }, 'quiet', /^Quiet/],
  ['a part of the service has stopped', { failing: ['judging'] }, 'cannot-tell', /Wardwatch itself does not work/],
  ['an urgent incident is open', { incidents: [incident()] }, 'look', /^Not quiet: 1 incident to look at today\.$/],
  [
    'more are open than were weighed',
    { incidents: [incident()], isPart: true },
    'look',
    /^Not quiet: at least 1 incident to look at today\.$/,
  ],
  ['a low one was seen', { incidents: [incident({ band: 'low', total: 1, isSeen: true })] }, 'quiet', /^Quiet/],
  [
    'an emergency is open and a source is silent',
    {
      incidents: [incident({ band: 'emergency', total: 9 })],
      sources: [{ name: 'dc1', lastHeardAt: null, silentSince: null }],
    },
    'act',
    /^Act now: 1 incident may be doing harm\. The only source is not heard/,
  ],
  [
    'a deadline has passed in an incident that scores nothing any more',
    {
      incidents: [
        incident({ band: 'routine', total: 0, clocks: [{ title: 'Tell the ICO', state: 'overdue', dueAt: NOW - 1 }] }),
      ],
    },
    'act',
    /a deadline has passed in 1 incident/,
  ],
];

for (const [what, facts, verdict, sentence] of verdicts)
  test(`${verdict} when ${what}`, () => {
    const told = today({ ...fine, ...facts });
    equal(told.verdict, verdict);
    match(told.sentence, sentence);
  });

test('at most five things to do, the most pressing first, and how many more', () => {
  const told = today({
    ...fine,
    failing: ['archive'],
    undelivered: 2,
    setAside: 3,
    expiring: [{ id: 'exc_1', reason: 'the nightly copy', expiresAt: NOW + HOUR_MS }],
    sources: [{ name: 'dc1', lastHeardAt: null, silentSince: null }],
    incidents: [
      incident({ id: 'inc_low', band: 'low', total: 1 }),
      incident({ id: 'inc_soon', clocks: [{ title: 'Tell the ICO', state: 'soon', dueAt: NOW + HOUR_MS }] }),
      incident({ id: 'inc_bad', band: 'emergency', total: 9 }),
      incident({ id: 'inc_late', clocks: [{ title: 'Tell NHS England', state: 'overdue', dueAt: NOW - 1 }] }),
    ],
  });
  deepEqual(
    told.tasks.map(({ at }) => at.id ?? at.page),
    ['inc_late', 'upkeep', 'inc_bad', 'inc_soon', 'inc_late'],
  );
  equal(told.more, 6);
});

test('an incident that somebody has seen asks for the next step of its playbook, or for nothing', () => {
  equal(today({ ...fine, incidents: [incident({ isSeen: true })] }).tasks[0]?.what, 'Unplug it');
  deepEqual(today({ ...fine, incidents: [incident({ isSeen: true, nextStep: null })] }).tasks, []);
});

test('a deadline of an incident without any point is a task all the same', () => {
  const clocks = [{ title: 'Tell the ICO', state: 'overdue', dueAt: NOW - 1 }];
  const told = today({ ...fine, incidents: [incident({ band: 'routine', total: 0, clocks })] });
  deepEqual(
    told.tasks.map(({ what }) => what),
    ['Tell the ICO'],
  );
});

test('incidents that say the same and are not pressing are one thing to do', () => {
  const low = { band: 'low', total: 2 } as const;
  const title = 'Records were opened';
  const told = today({
    ...fine,
    incidents: [
      incident({ ...low, id: 'inc_1', title }),
      incident({ ...low, id: 'inc_2', title }),
      incident({ ...low, id: 'inc_3' }),
    ],
  });
  deepEqual(
    told.tasks.map(({ what, at }) => [what, at.id]),
    [
      ['Look at 2 incidents: Records were opened', null],
      ['Look at: Backups were deleted on dc1', 'inc_3'],
    ],
  );
});
