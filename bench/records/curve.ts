import { ABSORB_DAYS } from '../../src/records/model/calibration.ts';
import type { Truth } from './truth.ts';

/** One thing that a detector would show: a person's day, or a crowd on a patient. */
export interface Signal {
  /** The higher, the more suspect. */
  readonly score: number;
  readonly day: number;
  readonly who: string;
  /** Incident that it belongs to; null: a false alert. */
  readonly incident: string | null;
}

interface Cut {
  readonly found: ReadonlyMap<string, number>;
  readonly falseAlerts: number;
}

/** What is found by any detector, on which day first, and what it costs, when everything at `least` or above is shown. */
export function cutAt(signals: readonly Signal[], least: number): Cut {
  const opened = new Map<string, number>();
  const found = new Map<string, number>();
  let falseAlerts = 0;
  for (const { score, day, who, incident } of signals) {
    if (score < least) continue;
    if (incident !== null && !found.has(incident)) found.set(incident, day);
    const since = opened.get(who);
    if (since !== undefined && day - since <= ABSORB_DAYS) continue;
    opened.set(who, day);
    if (incident === null) falseAlerts++;
  }
  return { found, falseAlerts };
}

/** The lowest threshold that keeps to so many false alerts. Signals in order of day. */
export function thresholdFor(signals: readonly Signal[], allowed: number): number {
  const scores = [...new Set(signals.map(({ score }) => score))].sort((a, b) => b - a);
  let low = 0;
  let high = scores.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cutAt(signals, scores[middle] ?? 0).falseAlerts <= allowed) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? Number.POSITIVE_INFINITY : (scores[low - 1] ?? 0);
}

/** Area under precision–recall over person-days (average precision). */
export function averagePrecision(signals: readonly Signal[], positives: number): number {
  const ranked = [...signals].sort((a, b) => b.score - a.score);
  let hits = 0;
  let sum = 0;
  ranked.forEach(({ incident }, i) => {
    if (incident === null) return;
    hits++;
    sum += hits / (i + 1);
  });
  return positives === 0 ? 0 : sum / positives;
}

/** Days from the first look to the first alert, and labelled records opened before it, over the incidents found. */
export function delays(
  found: ReadonlyMap<string, number>,
  truth: Truth,
  dayNumber: (day: string) => number,
): { days: number[]; records: number[] } {
  const days: number[] = [];
  const records: number[] = [];
  for (const [id, day] of found) {
    const incident = truth.incidents.get(id);
    if (incident === undefined) continue;
    days.push(Math.max(0, day - dayNumber(incident.firstDay)));
    records.push((truth.records.get(id) ?? []).filter((labelled) => dayNumber(labelled) < day).length);
  }
  return { days, records };
}
