/** What the suites of vectors share: reading text as a file is read, and saying what a suite reached. */
import { deepEqual } from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { LogEvent } from '../../src/core/event.ts';
import type { SetAside } from '../../src/intake/formats/format.ts';
import { formatOf } from '../../src/intake/formats/index.ts';

export interface ReadText {
  /** `null`: no format claims it. */
  readonly format: string | null;
  readonly events: LogEvent[];
  readonly aside: SetAside[];
}

/** Reads text in the format that claims it. */
export function readAll(text: string, timeZone = 'UTC', referenceTime = Date.parse('2026-11-24')): ReadText {
  const events: LogEvent[] = [];
  const aside: SetAside[] = [];
  const format = formatOf({ text: text.slice(0, 65_536), lines: text.slice(0, 65_536).split(/\r?\n/).slice(0, 200) });
  const reader = format?.open({
    timeZone,
    referenceTime,
    mappings: [],
    emit: (event) => events.push(event),
    setAside: (item) => aside.push(item),
  });
  reader?.push(text);
  reader?.end();
  return { format: format?.name ?? null, events, aside };
}

export function filesOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(dir, name))
    .filter((file) => statSync(file).isFile())
    .sort();
}

export interface Failure {
  /** Which vector: the same in every run. */
  readonly of: string;
  readonly said: string;
}

/**
 * Prints what a suite reached. Each failure must be one that is known, and each that is known must still fail, so
 * that the list stays true.
 *
 * @param known reason → the vectors that are not met for it
 */
export function report(
  suite: string,
  all: number,
  failures: readonly Failure[],
  known: Readonly<Record<string, readonly string[]>>,
): void {
  process.stdout.write(`suite ${suite}: ${all - failures.length} of ${all}\n`);
  for (const [reason, vectors] of Object.entries(known))
    process.stdout.write(`    not: ${vectors.join(', ')}: ${reason}\n`);
  const listed = new Set(Object.values(known).flat());
  deepEqual(
    failures.filter(({ of }) => !listed.has(of)),
    [],
    `${suite}: these fail for no reason that is known`,
  );
  deepEqual(
    [...listed].filter((of) => !failures.some((failure) => failure.of === of)),
    [],
    `${suite}: these are met now: take them off the list`,
  );
}
