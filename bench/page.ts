/**
 * `npm run bench -- page`: how long until each page is useful, with a filled service behind it, in a real browser.
 * `WARDWATCH_BENCH_EVENTS` (1 million), `WARDWATCH_BENCH_INCIDENTS` (5,000), `WARDWATCH_BENCH_ENTITIES` (10,000). The budget is
 * bench/page-budget.json, in milliseconds until a page's heading is there and nothing on it loads any more: opened (`first`), and from
 * another page (`next`), where Hunt tells of its counts how far they go, and how long it takes until they are whole is said beside it;
 * and of a list of `WARDWATCH_BENCH_ROWS` (100,000) rows that is scrolled through, how long the longest pictures took (`scroll`).
 * `npm run bench -- page scroll` measures that alone, `npm run bench -- page Health` the pages with that in their name. Bytes are
 * printed by `npm run page`.
 */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { Finding } from '../src/core/finding.ts';
import { PARAMETERS } from '../src/core/observation.ts';
import { Incidents } from '../src/incidents/store.ts';
import { openArchive } from '../src/store/archive/open-archive.ts';
import { encodeEvents } from '../src/store/archive/payload.ts';
import { openJournal } from '../src/store/journal.ts';
import { placesIn } from '../src/store/places.ts';
import { openState, statePlace } from '../src/store/state.ts';
import { Findings } from '../src/watch/findings-store.ts';
import { TestService } from '../test/service.ts';
import { becomeFirst } from '../test/web/browser.ts';
import { report } from './figures.ts';
import { HospitalEvents } from './hospital-events.ts';

const EVENTS = Number(process.env['WARDWATCH_BENCH_EVENTS'] ?? 1_000_000);
const INCIDENTS = Number(process.env['WARDWATCH_BENCH_INCIDENTS'] ?? 5000);
const ENTITIES = Number(process.env['WARDWATCH_BENCH_ENTITIES'] ?? 10_000);
const ROWS = Number(process.env['WARDWATCH_BENCH_ROWS'] ?? 100_000);
const RUNS = 5;
/** The wheel of a mouse that is turned fast. */
const WHEEL_PX = 800;
const WHEEL_TURNS = 300;
const WHEEL_MS = 16;
const DAY_MS = 86_400_000;
const BATCH = 100;
const ROUND = 200_000;
/** A page that never becomes useful must not hold the others up. */
const GIVE_UP_MS = 60_000;

interface Budget {
  readonly must: number;
  readonly aim: number;
}

const budget = JSON.parse(readFileSync(path.join(import.meta.dirname, 'page-budget.json'), 'utf8')) as Readonly<
  Record<'first' | 'next' | 'scroll' | 'jump', Budget>
>;

const service = new TestService('--plain-http');
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  await fill(service.data);
  await service.start();
  await measure(browser);
} finally {
  await browser.close();
  await service.stop('SIGKILL');
  rmSync(service.folder, { recursive: true, force: true });
}

/** A week of a hospital's events, and the incidents of a bad year. */
async function fill(data: string): Promise<void> {
  const places = placesIn(data);
  const journal = await openJournal(places.journal);
  const archive = await openArchive({ folder: places.archive, journal });
  const perSecond = EVENTS / ((7 * DAY_MS) / 1000);
  const events = new HospitalEvents(7, Date.now() - 7 * DAY_MS);
  for (let kept = 0; kept < EVENTS; kept += ROUND) {
    for (let made = 0; made < Math.min(ROUND, EVENTS - kept); made += BATCH)
      await journal.append(encodeEvents(Array.from({ length: BATCH }, () => events.next(perSecond).event)));
    await archive.sealNow();
    process.stderr.write(`bench: ${kept + ROUND} events\n`);
  }
  const judged = journal.end;
  await archive.close();
  await journal.close();
  const state = await openState(statePlace(null, data));
  let now = Date.now() - 365 * DAY_MS;
  const incidents = new Incidents(
    state,
    () => now,
    () => false,
  );
  const findings = new Findings(
    state,
    () => now,
    (within, finding, current) => incidents.join(within, finding, current),
  );
  const each = Math.max(1, Math.round(ENTITIES / INCIDENTS));
  for (let made = 0; made < INCIDENTS; made++) {
    now = Date.now() - Math.round(((INCIDENTS - made) / INCIDENTS) * 365 * DAY_MS);
    const filed = Array.from({ length: each }, (_, part) => ({ finding: findingOf(made, part, now), sourceId: null }));
    await findings.fileOwn(filed);
  }
  // What was written here is judged: the service does not begin with a week of work.
  await findings.file([], { to: judged, from: judged });
  await state.close();
}

function findingOf(incident: number, part: number, at: number): Finding {
  const host = `ws-${String(incident).padStart(5, '0')}-${part}`;
  const iso = new Date(at).toISOString();
  const source = { path: 'bench', record: incident * 10 + part + 1 };
  return {
    schema: 'wardwatch.finding/1',
    id: `fnd_${String(incident * 10 + part).padStart(20, '0')}`,
    kind: 'rule',
    ruleId: `bench-${incident % 200}`,
    title: 'Made for a measurement',
    level: 'high',
    techniques: ['T1003'],
    at: iso,
    source,
    // One account joins the machines of an incident.
    entities: { host, account: `SITE\\user-${incident}` },
    matched: { CommandLine: `ntdsutil "ac i ntds" ${incident}` },
    plain: `Someone on ${host} copied the file that holds every password.`,
    innocent: 'A backup of the directory.',
    next: ['Ask who did it.'],
    evidence: [{ ...source, at: iso }],
    author: 'Wardwatch',
    observation: { parameter: PARAMETERS[incident % PARAMETERS.length] ?? 'data', points: (incident % 3) + 1 },
  };
}

async function measure(on: Browser): Promise<void> {
  const context = await on.newContext({ baseURL: service.ready.http, locale: 'en-GB' });
  const page = await context.newPage();
  page.setDefaultTimeout(GIVE_UP_MS);
  await becomeFirst(service, page, 'Ann Example');
  const listed = (await (await page.request.get('/api/v1/incidents?limit=1')).json()) as { items: { id: string }[] };
  const host = `ws-${String(INCIDENTS - 1).padStart(5, '0')}-0`;
  const only = process.argv[3];
  if (only === undefined || only === 'scroll') await scroll(page);
  if (only === 'scroll') return;
  const places: readonly (readonly [name: string, url: string])[] = [
    ['Today', '/today'],
    ['Incidents', '/incidents'],
    ['one incident', `/incident?id=${listed.items[0]?.id ?? ''}`],
    ['observations of a machine', `/observations?kind=host&value=${host}`],
    ['Hunt, one machine, a week', '/hunt?query=host%3AWS-0001%20last%207d'],
    ['Hunt, a word in everything, a week', '/hunt?query=systmone%20last%207d'],
    ['Sources', '/sources'],
    ['Rules', '/rules'],
    ['What is normal', '/exceptions'],
    ['Set aside', '/set-aside'],
    ['People', '/people'],
    ['Health and storage', '/upkeep'],
    ['Board', '/board'],
  ];
  const bare = await Promise.all([...new Array(RUNS).keys()].map(() => timeOf(() => page.request.get('/health'))));
  const yardstick = { name: 'GET /health, ms', values: bare };
  const size = `${(EVENTS / 1e6).toLocaleString('en-GB')} M events, ${INCIDENTS} incidents, ${ENTITIES} entities`;
  for (const [name, url] of places.filter(([each]) => only === undefined || each.includes(only))) {
    const first: number[] = [];
    const whole: number[] = [];
    const next: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      const begun = performance.now();
      await page.goto(url);
      await useful(page);
      first.push(performance.now() - begun);
      await page.getByText('still being counted').waitFor({ state: 'detached' });
      whole.push(performance.now() - begun);
      await page.goto('/account');
      await useful(page);
      next.push(await timeOf(() => within(page, url)));
    }
    report({ name: `page: ${name}, opened, ${size}`, unit: 'ms', values: first, yardstick, ...budget.first });
    if (url.startsWith('/hunt'))
      report({
        name: `page: ${name}, until all is counted`,
        unit: 'ms',
        values: whole,
        yardstick,
        must: null,
        aim: null,
      });
    report({ name: `page: ${name}, from another page`, unit: 'ms', values: next, yardstick, ...budget.next });
  }
}

/** Log lines, as many as are wanted, then down through them and to their ends. */
async function scroll(page: Page): Promise<void> {
  await page.goto('/hunt?query=last%208d');
  await useful(page);
  const older = page.getByRole('button', { name: /older ones$/ });
  const count = async () =>
    Number(((await page.getByRole('status').filter({ hasText: 'newest' }).textContent()) ?? '').replaceAll(/\D/g, ''));
  for (let rows = await count(); rows < ROWS; rows = await count()) {
    const before = rows;
    await older.click();
    while ((await count()) === before) await page.waitForTimeout(50);
  }
  await page.evaluate('scrollTo(0, 0)');
  await page.mouse.move(500, 400);
  const wheel: number[] = [];
  const jumps: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    wheel.push(
      inHundred(
        99,
        await pictures(page, async () => {
          for (let turn = 0; turn < WHEEL_TURNS; turn++) {
            await page.mouse.wheel(0, WHEEL_PX);
            await page.waitForTimeout(WHEEL_MS);
          }
        }),
      ),
    );
    jumps.push(
      inHundred(
        100,
        await pictures(page, async () => {
          for (const part of [1, 0.5, 0.25, 0.75, 0]) {
            await page.evaluate(`scrollTo(0, document.documentElement.scrollHeight * ${part})`);
            await page.waitForTimeout(500);
          }
        }),
      ),
    );
  }
  const drawn = await page.evaluate<number>('document.querySelectorAll("main *").length');
  const yardstick = { name: 'elements that are drawn', values: [drawn] };
  const size = `${ROWS.toLocaleString('en-GB')} log lines`;
  report({
    name: `page: the wheel through ${size}, 99 of 100 pictures`,
    unit: 'ms',
    values: wheel,
    yardstick,
    ...budget.scroll,
  });
  report({
    name: `page: to the ends and the middle of ${size}, the longest picture`,
    unit: 'ms',
    values: jumps,
    yardstick,
    ...budget.jump,
  });
}

/** Milliseconds between one picture of the page and the next, while the work is done. */
async function pictures(page: Page, work: () => Promise<void>): Promise<readonly number[]> {
  await page.evaluate(`{
    const times = (globalThis.pictureTimes = []);
    const picture = (at) => {
      times.push(at);
      if (globalThis.pictureTimes === times) requestAnimationFrame(picture);
    };
    requestAnimationFrame(picture);
  }`);
  await work();
  const times = await page.evaluate<number[]>('{ const times = pictureTimes; pictureTimes = null; times; }');
  return times.slice(1).map((at, index) => at - (times[index] ?? at));
}

function inHundred(part: number, values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * part) / 100))] ?? Number.NaN;
}

/** As a link of the page does. */
async function within(page: Page, url: string): Promise<void> {
  await page.evaluate(
    `history.pushState(null, '', ${JSON.stringify(url)}); dispatchEvent(new PopStateEvent('popstate'))`,
  );
  await useful(page, 'Your account');
}

/** Its heading is there and not that of the page before, and nothing on it is loading any more. */
async function useful(page: Page, but = 'no such heading'): Promise<void> {
  // By the debugger, which the page's policy does not bind.
  await page.locator('main h1').filter({ hasNotText: but }).first().waitFor();
  await page.locator('.ww-loading').first().waitFor({ state: 'detached' });
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
