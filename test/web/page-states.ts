/** What each page says in each state: walked by a test (states.test.ts) and by the camera (screenshots.ts). */
import { closeSync, openSync, readdirSync, readSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { PAGE_NAMES, type PageName } from '../../src/web/page-names.ts';
import { openReader, type Reader as Tab } from './browser.ts';
import type { House } from './houses.ts';

const STATES = ['loading', 'failed', 'not-allowed', 'empty', 'partial', 'much'] as const;
type StateName = (typeof STATES)[number];

/** Words that a reader sees; all of them. */
type Said = readonly (string | RegExp)[];

/** Some of what a page shows is missing, and the page says which. */
type Partial =
  | Said
  /** What was there is shown on, and marked as old: it was asked again in vain. */
  | 'old'
  /** One of the things that it asks for fails. */
  | { readonly fails: string; readonly says: Said }
  /** A part of what is kept lies on the disk as nobody wrote it. */
  | { readonly isDamaged: true; readonly says: Said };

interface PageStates {
  /** Where it is shown. */
  readonly place: (house: House) => string;
  /** What is pressed before it asks for anything. */
  readonly reach?: (page: Page, house: House) => Promise<void>;
  /** What it asks the service for, as the addresses of the questions; none: nothing. */
  readonly asks: readonly string[];
  /** “the incidents”: what is loaded, in the sentences about loading, failing and not being allowed. `null`: it has its own. */
  readonly what: string | null;
  /** In the place of those of `what`. */
  readonly own?: Readonly<Record<'loading' | 'failed', Said>> & { readonly 'not-allowed': Said | null };
  /** Nobody is kept out. */
  readonly isForAll?: true;
  /** `null`: there is no such state. */
  readonly empty: Said | null;
  readonly partial: Partial | null;
  readonly much: Said | null;
}

/** A page whose one thing to load stands under its name. */
function page(
  name: PageName,
  what: string,
  asks: string,
  rest: Pick<PageStates, 'empty' | 'partial' | 'much'>,
): PageStates {
  return { place: () => `/${name}`, asks: [asks], what, ...rest };
}

/** Nothing is loaded for it: it is there or not. */
const FIXED = { asks: [], what: null, isForAll: true, empty: null, partial: null } as const;

const FORM = { loading: ['Sending…'], failed: ['That did not work', 'Wardwatch does not answer.'] } as const;
const REFUSED: Said = [
  'That did not work',
  /^This is not for staff\. It is for (analysts, partners and )?privacy officers\.$/,
];

const PAGE_STATES: Readonly<Record<PageName | 'home', PageStates>> = {
  home: {
    // Who is there is asked before anything else.
    place: () => '/',
    asks: ['session'],
    what: null,
    own: { loading: ['Loading…'], failed: ['Wardwatch does not answer', 'Try again'], 'not-allowed': null },
    empty: null,
    partial: null,
    much: null,
  },
  today: page('today', 'how things are today', 'today', {
    empty: [
      'We cannot tell: nothing sends its logs here yet.',
      'Nothing yet: no source is connected.',
      'None is open.',
    ],
    partial: 'old',
    much: [/^\d things to do, the most pressing first$/, 'See all incidents', /sources are not heard\. Nothing/],
  }),
  incidents: page('incidents', 'the incidents', 'incidents?*', {
    empty: ['No incident yet.'],
    partial: 'old',
    much: ['The newest 50 are shown.'],
  }),
  incident: {
    place: ({ incident }) => `/incident?id=${incident}`,
    asks: ['incidents/*', 'incidents/*/graph'],
    what: 'the incident',
    empty: null,
    partial: { fails: 'incidents/*/graph', says: ['How it stands', 'We could not load what belongs together'] },
    much: ['How it stands', /^500 of [\d,]+ findings, those with the most points\.$/],
  },
  findings: page('findings', 'what was found', 'findings?*', {
    empty: ['Nothing yet. That does not mean that nothing happened:'],
    partial: 'old',
    much: ['The newest 200.', 'Show 5,000 older ones'],
  }),
  normal: {
    place: ({ finding }) => `/normal?finding=${finding}`,
    asks: ['findings/*'],
    what: 'the finding',
    empty: null,
    partial: { fails: 'exceptions/preview', says: ['1. For whom', 'We could not load what this would have hidden'] },
    much: [/findings? of the last 90 days/],
  },
  observations: {
    place: ({ host }) => `/observations?kind=host&value=${host}`,
    asks: ['observations?*'],
    what: 'the observations',
    empty: ['We cannot tell:', 'Nothing in this time gave it points.'],
    partial: 'old',
    much: ['Over time', 'Early warning score now'],
  },
  hunt: {
    place: () => '/hunt?query=last%207d',
    asks: ['events?*', 'events/counts/so-far?*'],
    what: 'the log lines',
    empty: ['No log line matches.'],
    partial: { fails: 'events/counts/so-far?*', says: ['We could not load the counts', 'The newest 200.'] },
    much: ['How many, over time', 'The newest 200.', 'Show 5,000 older ones'],
  },
  files: page('files', 'the files that were read', 'scans', {
    empty: ['No file has been read since the service was started.'],
    partial: 'old',
    much: ['Files, the newest first', 'Open the report of'],
  }),
  sources: page('sources', 'the sources', 'sources', {
    empty: ['None yet. Begin with a domain controller or the firewall.'],
    partial: 'old',
    much: [/^\d{2} sources$/, 'Never heard'],
  }),
  exceptions: page('exceptions', 'what is normal', 'exceptions', {
    empty: ['Nothing. To add one, open a finding of an incident'],
    partial: 'old',
    much: ['Now: 30', 'said the server team'],
  }),
  'set-aside': page('set-aside', 'what was set aside', 'setaside?*', {
    empty: ['Nothing: everything that came could be read.'],
    partial: 'old',
    much: ['The newest 200'],
  }),
  settings: { ...FIXED, place: () => '/settings', much: ['What you can look at and change'] },
  rules: page('rules', 'the rules', 'rules', {
    empty: [/^Can fire: 0$/],
    partial: 'old',
    much: [/^Can fire: [1-9]/, 'Find a rule'],
  }),
  'local-rule': {
    place: ({ hunt }) => `/local-rule?hunt=${hunt}`,
    asks: ['hunts', 'local-rules/try'],
    what: 'the saved searches',
    empty: ['That search is not there any more.'],
    partial: { fails: 'local-rules/try', says: ['We could not load how often it would have fired'] },
    much: [/^\d+ times in the last 30 days\.$/, '2. What it means, and what to do'],
  },
  notices: page('notices', 'the notices', 'notices', {
    empty: ['Nobody is told of anything.'],
    partial: 'old',
    much: ['On call 12', /could not be delivered/],
  }),
  upkeep: page('upkeep', 'how the service is', 'doctor', {
    empty: ['Not known yet: ask again when a day of events is sealed.', 'None is sealed yet'],
    partial: 'old',
    much: ['What to mend', 'How long things are kept'],
  }),
  people: page('people', 'the people', 'people', {
    // Whoever looks is there.
    empty: ['Ann Example', 'Add somebody'],
    partial: 'old',
    much: ['Colleague 40', 'Invited'],
  }),
  trail: page('trail', 'who did what', 'trail?*', {
    // Somebody has signed in to look.
    empty: null,
    partial: 'old',
    much: ['The newest', 'Earlier'],
  }),
  records: {
    ...page('records', 'the cases', 'records/cases?*', {
      empty: ['There has been no review yet: it runs each night.', 'No case waits for you.'],
      partial: { fails: 'records/review', says: ['We could not load how the last review went', /^To decide: \d/] },
      much: [/^To decide: \d/, /^Last reviewed/],
    }),
  },
  'who-looked': {
    place: () => '/who-looked',
    reach: async (page, { patient }) => {
      await page.getByLabel('The patient').fill(patient);
      await page.getByLabel('Why do you ask?').fill('Subject access request 14');
      await page.getByRole('button', { name: 'Look it up' }).click();
    },
    asks: ['records/who-looked'],
    what: null,
    own: { ...FORM, 'not-allowed': REFUSED },
    empty: ['That did not work'],
    partial: {
      isDamaged: true,
      says: ['This is not whole:', /^\d+ looks$/, /A part of the log could not be read, so looks may be left out\./],
    },
    much: [/^\d+ looks$/, 'The page for the patient'],
  },
  scope: {
    place: ({ user }) => `/scope?account=${user},nobody-of-that-name&from=2026-01-01`,
    reach: (page) => page.getByRole('button', { name: 'Work it out' }).click(),
    asks: ['scope/counts?*'],
    what: null,
    own: { ...FORM, 'not-allowed': REFUSED },
    empty: ['We cannot tell: no access to a record by these stands in the logs'],
    partial: [/^No access to a record names account nobody-of-that-name\./],
    much: ['How many patients', 'Which patients'],
  },
  drafts: {
    ...page('drafts', 'the incidents', 'drafts?*', {
      empty: ['There is no incident, so there is nothing to tell.'],
      partial: 'old',
      much: [
        'Begun, or with a deadline',
        /Tell the Information Commissioner \(ICO\), by/,
        /^Note for the board: edited by Ann Example,/,
        'Earlier',
      ],
    }),
  },
  board: page('board', 'how we are', 'board', {
    empty: ['Nothing is connected yet, so nothing can be seen.', '0 incidents came up.'],
    partial: 'old',
    much: [/sources of logs were heard in the last day/, /incidents came up/],
  }),
  start: page('start', 'how far setting up has come', 'first-run', {
    empty: ['To do', 'Let a first machine send its logs'],
    partial: 'old',
    much: ['Done'],
  }),
  ask: {
    ...page('ask', 'what you reported', 'reports/mine', {
      empty: ['Nothing yet. The answers will stand here'],
      partial: 'old',
      much: ['Nobody has answered yet'],
    }),
    isForAll: true,
  },
  'about-me': {
    ...page('about-me', 'the notice', 'monitoring-notice', {
      empty: ['This notice is not finished.', /^\[To fill in: .*name of your organisation\]/],
      partial: ['This notice is not finished.', /^Our Hospice/],
      much: null,
    }),
    isForAll: true,
  },
  reports: page('reports', 'what staff reported', 'reports?*', {
    empty: ['To answer: none'],
    partial: 'old',
    much: [/^To answer: 30$/, 'Earlier'],
  }),
  words: { ...FIXED, place: () => '/words', much: ['Words explained'] },
  account: {
    ...page('account', 'your passkeys', 'passkeys', { empty: ['You have none.'], partial: 'old', much: null }),
    isForAll: true,
  },
  welcome: {
    place: ({ invitation }) => invitation,
    asks: ['invitations/look'],
    what: 'whom the link is for',
    isForAll: true,
    empty: ['This link is for', 'Choose how you sign in.'],
    // It is one question with one answer, of a moment: whom the link is for.
    partial: null,
    much: null,
  },
};

/** Ann, Kim, Ann at a clock that can be put forward, and Ann when she has just come. */
type Reader = 'ann' | 'kim' | 'ann, later' | 'ann, anew';

/** One page in one state: how it is brought about, and what it then says. */
export interface Case {
  readonly page: PageName | 'home';
  readonly state: StateName;
  /** Which house, and who looks. */
  readonly house: 'empty' | 'full';
  readonly reader: Reader;
  readonly says: Said;
  readonly bring: (page: Page, house: House) => Promise<void>;
}

/** Every page in every state that it has. */
export const CASES: readonly Case[] = [...PAGE_NAMES, 'home' as const].flatMap((name) =>
  STATES.flatMap((state) => {
    const found = caseOf(name, PAGE_STATES[name], state);
    return found === null ? [] : [found];
  }),
);

function caseOf(name: Case['page'], states: PageStates, state: StateName): Case | null {
  const { asks, own, what } = states;
  const isWhole = name === 'home';
  const open = (page: Page, house: House) => (isWhole ? openWhole : openAt)(page, states, house);
  const made = { page: name, state, house: 'full', reader: isWhole ? 'ann, anew' : 'ann', bring: open } as const;
  switch (state) {
    case 'loading':
      return asks.length === 0
        ? null
        : {
            ...made,
            says: own?.loading ?? [`Loading ${what ?? ''}…`],
            bring: (page, house) => held(page, asks, () => open(page, house)),
          };
    case 'failed':
      return asks.length === 0
        ? null
        : {
            ...made,
            says: own?.failed ?? [`We could not load ${what ?? ''}`, 'Try again'],
            bring: (page, house) => cut(page, asks, () => open(page, house)),
          };
    case 'not-allowed': {
      const says = own === undefined ? [`You may not see ${what ?? ''}.`] : own['not-allowed'];
      return states.isForAll === true || says === null ? null : { ...made, reader: 'kim', says };
    }
    case 'empty':
      return states.empty === null ? null : { ...made, house: 'empty', says: states.empty };
    case 'much':
      return states.much === null ? null : { ...made, says: states.much };
    case 'partial':
      return partialOf(states, made);
  }
}

function partialOf(states: PageStates, made: Omit<Case, 'says'>): Case | null {
  const { partial, asks } = states;
  if (partial === null) return null;
  if (partial === 'old')
    return {
      ...made,
      reader: 'ann, later',
      says: ['This is old: it is how things were on'],
      bring: (page, house) => grownOld(page, asks, () => made.bring(page, house)),
    };
  if ('fails' in partial)
    return {
      ...made,
      says: partial.says,
      bring: (page, house) => cut(page, [partial.fails], () => made.bring(page, house)),
    };
  if ('isDamaged' in partial)
    return {
      ...made,
      says: partial.says,
      bring: (page, house) => damaged(house, () => made.bring(page, house).then(() => saysAll(page, partial.says))),
    };
  return { ...made, says: partial };
}

/** As a link does, from a page that asks for nothing: so it begins anew, and neither page nor tools are loaded again. */
async function openAt(page: Page, { place, reach }: PageStates, house: House): Promise<void> {
  for (const to of ['/words', place(house)]) {
    await page.evaluate(
      `history.pushState(null, '', ${JSON.stringify(to)}); dispatchEvent(new PopStateEvent('popstate'))`,
    );
    await page.locator('main h1').first().waitFor();
  }
  await reach?.(page, house);
}

async function openWhole(page: Page, { place }: PageStates, house: House): Promise<void> {
  await page.goto(place(house));
}

/** An answer that does not come. */
async function held(page: Page, asks: readonly string[], open: () => Promise<void>): Promise<void> {
  for (const each of asks) await page.route(addressesOf(each), () => undefined);
  await open();
}

/** Of the first events that the service kept; while `look` runs. */
const DAMAGE_AT = 5000;

async function damaged({ service }: House, look: () => Promise<void>): Promise<void> {
  const folder = path.join(service.data, 'journal');
  const [oldest = ''] = readdirSync(folder).toSorted();
  const file = openSync(path.join(folder, oldest), 'r+');
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, DAMAGE_AT);
  try {
    writeSync(file, Buffer.from([(byte[0] ?? 0) ^ 0xff]), 0, 1, DAMAGE_AT);
    await look();
  } finally {
    writeSync(file, byte, 0, 1, DAMAGE_AT);
    closeSync(file);
  }
}

async function saysAll(page: Page, said: Said): Promise<void> {
  for (const words of said)
    await page.getByText(words).filter({ visible: true }).first().waitFor({ timeout: PATIENCE_MS });
}

/** A connection that breaks. */
async function cut(page: Page, asks: readonly string[], open: () => Promise<void>): Promise<void> {
  for (const each of asks) await page.route(addressesOf(each), (route) => route.abort());
  await open();
}

/** Longer than any page waits before it asks again. */
const LATER_MS = 6 * 60_000;

/** Its tab has a clock that can be put forward. */
async function grownOld(page: Page, asks: readonly string[], open: () => Promise<void>): Promise<void> {
  await open();
  await nothingLoads(page);
  for (const each of asks) await page.route(addressesOf(each), (route) => route.abort());
  await page.clock.fastForward(LATER_MS);
}

async function nothingLoads(page: Page): Promise<void> {
  await page.locator('main h1').first().waitFor();
  await page.locator('.ww-loading').first().waitFor({ state: 'detached' });
}

function addressesOf(asks: string): string {
  return `**/api/v1/${asks}`;
}

/**
 * One tab for each reader of each house, as `show` needs them.
 *
 * @returns brings a case about, and waits for its words
 */
export function showing(
  browser: Browser,
  houses: Readonly<Record<Case['house'], House>>,
  viewport: { readonly width: number; readonly height: number },
): (made: Case) => Promise<Tab> {
  const tabs = new Map<string, Tab>();
  const tabOf = async ({ house, reader }: Case): Promise<Tab> => {
    const known = tabs.get(`${house} ${reader}`);
    if (known !== undefined) return known;
    const { service, kim, ann } = houses[house];
    const storageState = reader === 'kim' ? kim : ann;
    const tab = await openReader(browser, service.ready.http, { viewport, storageState });
    if (reader === 'ann, later') await tab.page.clock.install();
    if (reader !== 'ann, anew') await tab.page.goto('/words');
    tabs.set(`${house} ${reader}`, tab);
    return tab;
  };
  return async (made) => {
    const tab = await tabOf(made);
    await tab.page.unrouteAll({ behavior: 'ignoreErrors' });
    tab.complaints.length = 0;
    await made.bring(tab.page, houses[made.house]);
    await saysAll(tab.page, made.says);
    if (made.state !== 'loading') await nothingLoads(tab.page);
    return tab;
  };
}

const PATIENCE_MS = 20_000;
