import { readFileSync } from 'node:fs';
import type { UtcMs } from '../core/event.ts';

const HOUR_MS = 3_600_000;
/** A clock that has less than this left is about to run out. */
const SOON_MS = 24 * HOUR_MS;

/** A duty to tell somebody. Ours; see src/content/clocks.json, where each names its source. */
export interface ClockKind {
  readonly title: string;
  /** By when; `null`: without undue delay, which no clock can measure: it is due at once. */
  readonly hours: number | null;
  /** What starts it. */
  readonly starts: string;
  /** When it need not be done. */
  readonly unless: string;
  readonly how: string;
  readonly source: string;
}

export type ClockState = 'running' | 'soon' | 'overdue' | 'met' | 'late' | 'not-needed';

export function loadClockKinds(): Readonly<Record<string, ClockKind>> {
  // Our own file, tested to hold what the type says.
  return JSON.parse(readFileSync(new URL('../content/clocks.json', import.meta.url), 'utf8')) as Readonly<
    Record<string, ClockKind>
  >;
}

/** Hours of the law are hours that pass: when the clocks change, the hand on the wall shows another hour. */
export function dueAt({ hours }: ClockKind, startedAt: UtcMs): UtcMs {
  return startedAt + (hours ?? 0) * HOUR_MS;
}

/** Met or late by when they were told, not by when somebody wrote it down. */
export function stateOf(
  { due_at: due, met_at: met, ended_how: how }: { due_at: UtcMs; met_at: UtcMs | null; ended_how: string | null },
  now: UtcMs,
): ClockState {
  if (how === 'not-needed') return 'not-needed';
  if (met !== null) return met <= due ? 'met' : 'late';
  if (now >= due) return 'overdue';
  return due - now <= SOON_MS ? 'soon' : 'running';
}

/** `Thursday, 5 November 2026 at 09:49`, as the clock on the wall of the site shows it. */
export function wallText(at: UtcMs, timeZone: string): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'full', timeStyle: 'short', hourCycle: 'h23' }).format(
    at,
  );
}
