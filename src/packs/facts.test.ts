/** What a draft says of when somebody became aware, and of what was done. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { DeskView } from '../incidents/desk.ts';
import { loadPlaybooks } from '../incidents/playbooks.ts';
import type { Incident } from '../incidents/store.ts';
import { draftsOf } from './drafts.ts';
import { factsOf } from './facts.ts';

const NOW = Date.UTC(2026, 10, 26, 3);
const HOUR = 3_600_000;
const incident = { id: 'inc_1', title: 't', openedAt: NOW, lastEvidenceAt: NOW, links: [] } as unknown as Incident;

const KNOWN = { firstEvidenceAt: null, scope: null, grid: null, timeZone: 'Europe/London', now: NOW } as const;

const clock = (kind: string, hoursAgo: number, state: string) => ({ kind, startedAt: NOW - hoursAgo * HOUR, state });

for (const [title, clocks, hoursAgo] of [
  ['the Commissioner’s clock', [clock('ico-72h', 2, 'running')], 2],
  ['no clock', [], null],
  ['a clock of another duty', [clock('nhs-alert-48h', 162, 'running')], null],
  ['both', [clock('nhs-alert-48h', 162, 'running'), clock('ico-72h', 2, 'running')], 2],
  ['one that was a mistake', [clock('ico-72h', 162, 'not-needed'), clock('ico-72h', 2, 'running')], 2],
  ['one that was met, and a later one', [clock('ico-72h', 90, 'met'), clock('ico-72h', 2, 'running')], 90],
] as const)
  test(`aware since: ${title}`, () => {
    const view = { clocks, playbook: { steps: [] } } as unknown as DeskView;
    equal(factsOf(incident, view, KNOWN).awareAt, hoursAgo === null ? null : NOW - hoursAgo * HOUR);
  });

for (const [name, { steps }] of Object.entries(loadPlaybooks()))
  test(`${name}: the Commissioner is told in short what was done and is planned, not the check list nor who ticked it`, () => {
    const ticked = steps.map((step, index) => ({ ...step, doneAt: index === 0 ? NOW : null, doneBy: 'Ann Example' }));
    const view = { clocks: [], playbook: { steps: ticked } } as unknown as DeskView;
    const [ico] = draftsOf(factsOf(incident, view, KNOWN));
    ok(ico);
    const linesOf = (wanted: string) => ico.sections.find(({ heading }) => heading === wanted)?.lines;
    const [first, ...others] = steps;
    deepEqual(linesOf('Measures taken'), [`Thursday, 26 November 2026 at 03:00: ${first?.inDrafts.done}`]);
    deepEqual(
      linesOf('Measures planned'),
      others.map(({ inDrafts }) => inDrafts.todo),
    );
    const words = JSON.stringify(ico);
    ok(!words.includes('Ann Example') && steps.every(({ what }) => !words.includes(what)));
  });
