import {
  type CorrelationInput,
  type CorrelationMatch,
  type CorrelationPart,
  MAX_EVIDENCE,
  MAX_SIGHTINGS,
} from './correlation-part.ts';
import { Groups } from './groups.ts';
import type { CorrelationRule } from './rule.ts';
import { type Sighting, Timeline } from './timeline.ts';

/** Of the first of two rules the newest is the best there is; those before it are for a second that comes late. */
const FIRSTS_KEPT = 4;
/**
 * Sightings of a last rule wait for one ahead of it that comes late: of all groups together so many, the newest. Often they are
 * sign-ins, of which there are thousands a second: all of a window's took 200 MB.
 */
const LASTS_KEPT = 10_000;

interface Group<Reference> {
  readonly values: Readonly<Record<string, string>>;
  /** By rule of the list; a rule that is named twice has one. */
  readonly lanes: readonly Timeline<Reference>[];
  newest: number;
}

/** What waits of a last rule, and where it stands. */
interface Waiting<Reference> {
  readonly key: string;
  readonly group: Group<Reference>;
}

/** `temporal_ordered`: first this, then that, within a timespan, by the times of the events and not by when they come. */
export class OrderedPart<Reference> implements CorrelationPart<Reference> {
  readonly rule: CorrelationRule;
  readonly #groups: Groups<Group<Reference>>;
  /** By rule of the list. */
  readonly #laneOf: readonly number[];
  /** By lane: how many sightings one group keeps. */
  readonly #most: readonly number[];
  /** The lane whose sightings can only end a run; -1: there is none. */
  readonly #lastLane: number;
  readonly #waiting = new Map<Sighting<Reference>, Waiting<Reference>>();

  constructor(rule: CorrelationRule) {
    this.rule = rule;
    this.#groups = new Groups(rule, ({ newest }, time) => newest < time - rule.timespanMs);
    this.#laneOf = rule.rules.map((of) => rule.rules.indexOf(of));
    const last = this.#laneOf.length - 1;
    this.#lastLane = this.#laneOf[last] === last ? last : -1;
    this.#most = this.#laneOf.map(() => (last > 1 ? MAX_SIGHTINGS : FIRSTS_KEPT));
  }

  get forgotten(): number {
    return this.#groups.forgotten;
  }

  fieldsOf(index: number): readonly string[] {
    return this.#groups.fieldsOf(index);
  }

  push(input: CorrelationInput<Reference>, index: number): CorrelationMatch<Reference> | null {
    const key = this.#groups.keyOf(input, index);
    if (key === null) return null;
    const group = this.#groups.get(key) ?? this.#newGroup(key, input, index);
    const since = Math.max(group.newest, input.at) - this.rule.timespanMs;
    if (input.at < since) return null;
    group.newest = Math.max(group.newest, input.at);
    for (const lane of group.lanes) while ((lane.at(0)?.at ?? Number.POSITIVE_INFINITY) < since) lane.shift();
    this.#keep({ at: input.at, rule: index, value: null, reference: input.reference }, key, group);
    const run = this.#runOf(group.lanes);
    if (run === null) return null;
    this.#groups.delete(key);
    return {
      rule: this.rule,
      at: run.at(-1)?.at ?? input.at,
      groupBy: group.values,
      value: run.length,
      evidence: run.slice(0, MAX_EVIDENCE).map(({ reference }) => reference),
    };
  }

  /** Its answer never waits for the end of a window. */
  close(): void {
    return;
  }

  #newGroup(key: string, input: CorrelationInput<Reference>, index: number): Group<Reference> {
    const lanes = this.#laneOf.map(() => new Timeline<Reference>());
    const group = { values: this.#groups.valuesOf(input, index), lanes, newest: Number.NEGATIVE_INFINITY };
    this.#groups.add(key, group, input.at);
    return group;
  }

  #keep(sighting: Sighting<Reference>, key: string, group: Group<Reference>): void {
    const index = this.#laneOf[sighting.rule] ?? 0;
    const lane = group.lanes[index];
    lane?.add(sighting);
    while ((lane?.count ?? 0) > (this.#most[index] ?? 0)) lane?.shift();
    if (index !== this.#lastLane) return;
    this.#waiting.set(sighting, { key, group });
    if (this.#waiting.size > LASTS_KEPT) this.#forgetLast();
  }

  #forgetLast(): void {
    const [oldest] = this.#waiting;
    if (oldest === undefined) return;
    const [sighting, { key, group }] = oldest;
    this.#waiting.delete(sighting);
    group.lanes[this.#lastLane]?.remove(sighting);
    if (group.lanes.every(({ count }) => count === 0) && this.#groups.get(key) === group) this.#groups.delete(key);
  }

  /** One sighting for each rule of the list, none before the one ahead of it; `null` if there are none such. */
  #runOf(lanes: readonly Timeline<Reference>[]): Sighting<Reference>[] | null {
    const run: Sighting<Reference>[] = [];
    const from = lanes.map(() => 0);
    let time = Number.NEGATIVE_INFINITY;
    for (const index of this.#laneOf) {
      const lane = lanes[index];
      // The first that fits is best: whatever can follow a later one can follow it.
      const place = lane?.placeOf(time, from[index] ?? 0) ?? 0;
      const sighting = lane?.at(place);
      if (sighting === undefined) return null;
      from[index] = place + 1;
      time = sighting.at;
      run.push(sighting);
    }
    return run;
  }
}
