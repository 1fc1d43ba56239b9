/** What a draft says of when somebody became aware. */
import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { DeskView } from '../incidents/desk.ts';
import type { Incident } from '../incidents/store.ts';
import { factsOf } from './facts.ts';

const NOW = Date.UTC(2026, 10, 26, 3);
const HOUR = 3_600_000;
const incident = { id: 'inc_1', title: 't', openedAt: NOW, lastEvidenceAt: NOW, links: [] } as unknown as Incident;

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
    const known = { firstEvidenceAt: null, scope: null, grid: null, timeZone: 'Europe/London', now: NOW };
    equal(factsOf(incident, view, known).awareAt, hoursAgo === null ? null : NOW - hoursAgo * HOUR);
  });
