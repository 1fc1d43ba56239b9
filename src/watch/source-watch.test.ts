/** Sources that fall silent or change, by a clock that is wound by hand. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import type { StoredEvent } from '../store/archive/stored-event.ts';
import { openState, type State } from '../store/state.ts';
import type { Filed } from './findings-store.ts';
import { SourceWatch } from './source-watch.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A Monday, 00:00 in London. */
const START = Date.UTC(2026, 10, 2);

function event(at: number, more: Partial<StoredEvent> = {}): StoredEvent {
  return {
    id: 'evt_1',
    receivedAt: at,
    at,
    sourceId: 'src_1',
    product: 'windows',
    category: null,
    service: null,
    channel: 'Security',
    eventId: 4624,
    host: 'epr1',
    account: null,
    address: null,
    fields: {},
    text: null,
    ...more,
  };
}

class Site {
  ended: ReadonlySet<string> = new Set();
  now = START;
  readonly found: Filed[] = [];
  watch: SourceWatch;
  readonly #make: () => SourceWatch;

  constructor(make: (site: Site) => SourceWatch) {
    this.#make = () => make(this);
    this.watch = this.#make();
  }

  async restart(): Promise<void> {
    await this.watch.stop();
    this.watch = this.#make();
    await this.watch.start();
  }

  /** Lets time pass, a minute at a time; `sends` says what comes in each. */
  async pass(ms: number, sends: (at: number) => readonly StoredEvent[] | null, aside = 0): Promise<void> {
    for (const until = this.now + ms; this.now < until; this.now += MINUTE) {
      const events = sends(this.now);
      if (events !== null) this.watch.heard('src_1', events, aside, this.now);
      await this.watch.tick();
    }
  }

  get told(): string[] {
    return this.found.map(({ finding }) => finding.ruleId.slice('behaviour/'.length));
  }
}

async function site(t: TestContext, careDependsOn = ''): Promise<Site & { readonly state: State }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-sources-'));
  const state = await openState({ kind: 'sqlite', file: path.join(folder, 'state.db') });
  const made = new Site(
    (self) =>
      new SourceWatch({
        ended: () => Promise.resolve(self.ended),
        state,
        names: new Map([['src_1', 'ward servers']]),
        doesCareDepend: (host) => host === careDependsOn,
        timeZone: 'Europe/London',
        now: () => self.now,
        file: (found) => Promise.resolve(void self.found.push(...found)),
        onBug: (error) => {
          throw error;
        },
      }),
  );
  await made.watch.start();
  t.after(async () => {
    await made.watch.stop();
    await state.close();
  });
  return Object.assign(made, { state });
}

const always = (at: number) => [event(at)];
const never = () => null;
/** Monday to Friday, 8 to 18. */
const officeHours = (at: number) => {
  const day = Math.floor((at - START) / DAY) % 7;
  const hour = Math.floor(at / HOUR) % 24;
  return day < 5 && hour >= 8 && hour < 18 ? [event(at)] : null;
};

test('a source that always talks is told within the hour of falling silent, once, and again the next time', async (t) => {
  const here = await site(t);
  await here.pass(10 * DAY, always);
  deepEqual(here.told, []);
  await here.pass(HOUR, never);
  deepEqual(here.told, ['source-silent']);
  equal(here.watch.silentSince.get('src_1'), START + 10 * DAY - MINUTE);
  match(here.found[0]?.finding.plain ?? '', /“ward servers” since 2026-11-11T23:59:00/);
  await here.pass(DAY, never);
  equal(here.told.length, 1);
  await here.pass(DAY, always);
  equal(here.watch.silentSince.size, 0);
  await here.pass(HOUR, never);
  equal(here.told.length, 2);
  equal(new Set(here.found.map(({ finding }) => finding.id)).size, 2);
});

test('a source that was switched off is silent by intent', async (t) => {
  const here = await site(t);
  await here.pass(10 * DAY, always);
  here.ended = new Set(['src_1']);
  await here.pass(DAY, never);
  deepEqual(here.told, []);
});

test('nights and weekends of a clinic are no silence; a Tuesday morning without a word is', async (t) => {
  const here = await site(t);
  await here.pass(21 * DAY, officeHours);
  deepEqual(here.told, []);
  await here.pass(DAY, officeHours);
  await here.pass(10 * HOUR, never);
  deepEqual(here.told, ['source-silent']);
});

test('what was learned outlives a restart, and our own absence is nobody’s silence', async (t) => {
  const here = await site(t);
  await here.pass(10 * DAY, always);
  await here.watch.stop();
  here.now += 5 * HOUR;
  await here.restart();
  await here.pass(5 * MINUTE, never);
  await here.pass(HOUR, always);
  deepEqual(here.told, []);
  await here.pass(HOUR, never);
  deepEqual(here.told, ['source-silent']);
});

test('a host that care depends on is watched by itself, behind a source that still talks', async (t) => {
  const here = await site(t, 'epr1');
  await here.pass(10 * DAY, always);
  await here.pass(2 * HOUR, (at) => [event(at, { host: 'other' })]);
  deepEqual(
    here.found.map(({ finding }) => [finding.ruleId, finding.entities]),
    [['behaviour/source-silent', { host: 'epr1' }]],
  );
});

test('a clock that jumps by an hour is told; a batch of old events is not', async (t) => {
  const here = await site(t);
  await here.pass(DAY, always);
  await here.pass(HOUR, (at) => [event(at), event(at - 5 * DAY)]);
  deepEqual(here.told, []);
  await here.pass(2 * HOUR, (at) => [event(at - HOUR)]);
  deepEqual(here.told, ['source-clock']);
  match(here.found[0]?.finding.plain ?? '', /60 minutes behind/);
});

test('a source that can no longer be read is told', async (t) => {
  const here = await site(t);
  await here.pass(DAY, always);
  await here.pass(HOUR, () => [], 30);
  equal(here.told[0], 'source-unreadable');
});

test('a kind of event that came every day and no longer does is told after two days', async (t) => {
  const here = await site(t);
  await here.pass(8 * DAY, (at) => [event(at), event(at, { eventId: 4688 })]);
  await here.pass(4 * DAY, always);
  deepEqual(here.told, ['source-lacks']);
  match(here.found[0]?.finding.plain ?? '', /Security 4688/);
});

test('what a kind of event is called takes no more room than a name does, whoever made it up', async (t) => {
  const here = await site(t);
  await here.pass(HOUR, (at) => [event(at), event(at, { channel: 'x'.repeat(100_000) })]);
  await here.restart();
  const kept = await here.state.db.selectFrom('source_rhythms').selectAll().execute();
  equal(kept.length, 1);
  equal(JSON.stringify(kept).length < 20_000, true);
});

test('a machine that slept, or a clock that was set, is no silence', async (t) => {
  const here = await site(t);
  await here.pass(10 * DAY, always);
  here.now += 3 * MINUTE;
  await here.pass(HOUR, always);
  here.now -= 2 * HOUR;
  await here.pass(HOUR, always);
  deepEqual(here.told, []);
});
