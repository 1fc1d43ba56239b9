import { Random } from '../../src/records/random.ts';
import type { PersonDays } from '../../src/records/model/person-days.ts';
import type { JudgedDay } from '../../src/records/model/judge.ts';
import { COLLEAGUE, HOUSEHOLD, NEIGHBOUR, SURNAME, WATCH } from '../../src/records/model/motives.ts';

/** What the baselines may know of one person's day. */
export interface DayFacts {
  readonly user: number;
  readonly day: number;
  readonly looks: number;
  readonly accesses: number;
  readonly household: number;
  readonly surname: number;
  readonly colleague: number;
  readonly neighbour: number;
  readonly watched: number;
  /** Of each of the five, those that no relationship with the user's department explains. */
  readonly tiesUnexplained: number;
  /** Looks without any relationship of the patient to a department of the user. */
  readonly unexplained: number;
  readonly nightShare: number;
  readonly newPatients: number;
  /** Mean cosine of user and patient in the embedding, minus one; filled by `embeddingScores`. */
  readonly patients: readonly number[];
}

/** Facts of every person on one day. `explainedBy`: whether the plain rule “same department” explains the look. */
export function factsOf(
  judged: JudgedDay,
  persons: PersonDays,
  explainedBy: (look: number) => boolean,
  seen: Set<number>,
): DayFacts[] {
  const { day, ties } = judged;
  return [...persons.users].map((user, i) => {
    const facts = {
      user,
      day: day.day,
      looks: 0,
      accesses: 0,
      household: 0,
      surname: 0,
      colleague: 0,
      neighbour: 0,
      watched: 0,
      tiesUnexplained: 0,
      unexplained: 0,
      nightShare: 0,
      newPatients: 0,
      patients: [] as number[],
    };
    for (let j = persons.start[i] ?? 0; j < (persons.start[i + 1] ?? 0); j++) {
      const look = persons.order[j] ?? 0;
      const tie = ties[look] ?? 0;
      facts.looks++;
      facts.accesses += day.times.at(look);
      if ((tie & HOUSEHOLD) !== 0) facts.household++;
      if ((tie & SURNAME) !== 0) facts.surname++;
      if ((tie & COLLEAGUE) !== 0) facts.colleague++;
      if ((tie & NEIGHBOUR) !== 0) facts.neighbour++;
      if ((tie & WATCH) !== 0) facts.watched++;
      const explained = explainedBy(look);
      if (!explained) facts.unexplained++;
      if (!explained && (tie & (HOUSEHOLD | SURNAME | COLLEAGUE | NEIGHBOUR | WATCH)) !== 0) facts.tiesUnexplained++;
      if ((day.hours.at(look) & 0x3f) !== 0) facts.nightShare++;
      const patient = day.patient.at(look);
      facts.patients.push(patient);
      const pair = user * 67_108_864 + patient;
      if (!seen.has(pair)) {
        seen.add(pair);
        facts.newPatients++;
      }
    }
    return { ...facts, nightShare: facts.nightShare / Math.max(1, facts.looks) };
  });
}

/** A baseline gives every person-day a score: the higher, the more suspect. Source of the list: record-access.md 4.3. */
export const BASELINES: Readonly<Record<string, (facts: readonly DayFacts[]) => Float64Array>> = {
  'volume z-score': volumeScores,
  'static rules': (facts) => {
    const volume = volumeScores(facts);
    return Float64Array.from(
      facts,
      (f, i) =>
        3 * f.household + 2 * f.surname + 2 * f.watched + f.colleague + f.neighbour + ((volume[i] ?? 0) > 3 ? 3 : 0),
    );
  },
  'rules minus explained': (facts) => {
    const volume = volumeScores(facts);
    return Float64Array.from(
      facts,
      (f, i) => 2 * f.tiesUnexplained + 0.05 * f.unexplained + ((volume[i] ?? 0) > 3 ? 3 : 0),
    );
  },
  'unexplained count': (facts) => Float64Array.from(facts, (f) => f.unexplained),
  'isolation forest': isolationScores,
  'collaborative filtering': embeddingScores,
};

/** Looks of the day against the user's own past days, in standard deviations. */
function volumeScores(facts: readonly DayFacts[]): Float64Array {
  const past = new Map<number, { n: number; sum: number; square: number }>();
  return Float64Array.from(facts, ({ user, looks }) => {
    const own = past.get(user) ?? { n: 4, sum: 32, square: 400 };
    const mean = own.sum / own.n;
    const deviation = Math.sqrt(Math.max(4, own.square / own.n - mean * mean));
    const score = (looks - mean) / deviation;
    past.set(user, { n: own.n + 1, sum: own.sum + looks, square: own.square + looks * looks });
    return score;
  });
}

const TREES = 60;
const SAMPLE = 256;

/** Isolation forest on nine features. Source: Liu, Ting & Zhou, ICDM 2008. */
function isolationScores(facts: readonly DayFacts[]): Float64Array {
  const random = new Random(5);
  const rows = facts.map((f) => [
    f.looks,
    f.accesses,
    f.unexplained,
    f.household,
    f.surname,
    f.colleague + f.neighbour,
    f.watched,
    f.nightShare,
    f.newPatients,
  ]);
  const depths = new Float64Array(rows.length);
  for (let tree = 0; tree < TREES; tree++) {
    const sample = Array.from({ length: Math.min(SAMPLE, rows.length) }, () => rows[random.below(rows.length)] ?? []);
    const root = grow(sample, 0, random);
    rows.forEach((row, i) => {
      depths[i] = (depths[i] ?? 0) + depthOf(root, row);
    });
  }
  return depths.map((depth) => -depth / TREES);
}

type Tree =
  | { readonly size: number }
  | { readonly feature: number; readonly at: number; readonly low: Tree; readonly high: Tree };

function grow(rows: readonly (readonly number[])[], depth: number, random: Random): Tree {
  if (depth >= 8 || rows.length < 2) return { size: rows.length };
  const feature = random.below(9);
  const values = rows.map((row) => row[feature] ?? 0);
  const low = Math.min(...values);
  const high = Math.max(...values);
  if (low === high) return { size: rows.length };
  const at = low + random.unit() * (high - low);
  return {
    feature,
    at,
    low: grow(
      rows.filter((row) => (row[feature] ?? 0) < at),
      depth + 1,
      random,
    ),
    high: grow(
      rows.filter((row) => (row[feature] ?? 0) >= at),
      depth + 1,
      random,
    ),
  };
}

function depthOf(tree: Tree, row: readonly number[]): number {
  let depth = 0;
  let node = tree;
  while ('feature' in node) {
    node = (row[node.feature] ?? 0) < node.at ? node.low : node.high;
    depth++;
  }
  return depth + (node.size < 2 ? 0 : 2 * (Math.log(node.size - 1) + 0.5772) - (2 * (node.size - 1)) / node.size);
}

const DIMENSIONS = 16;
const ROUNDS = 3;

/**
 * Users and patients as points: three rounds of averaging over who saw whom, then how far a person's patients of the day
 * lie from the person. Source: He et al., LightGCN, SIGIR 2020 (without training).
 */
function embeddingScores(facts: readonly DayFacts[]): Float64Array {
  const random = new Random(7);
  const users = new Map<number, Float64Array>();
  const patients = new Map<number, Float64Array>();
  const pointOf = (points: Map<number, Float64Array>, id: number): Float64Array => {
    let point = points.get(id);
    if (point === undefined) {
      point = Float64Array.from({ length: DIMENSIONS }, () => random.normal());
      points.set(id, point);
    }
    return point;
  };
  for (let round = 0; round < ROUNDS; round++) {
    const averaged = average(
      facts,
      (patient) => pointOf(patients, patient),
      (fact) => fact.user,
      (fact) => fact.patients,
    );
    for (const [id, point] of averaged) users.set(id, point);
    const sums = new Map<number, Float64Array>();
    for (const fact of facts)
      for (const patient of fact.patients) {
        const sum = sums.get(patient) ?? new Float64Array(DIMENSIONS);
        const user = pointOf(users, fact.user);
        for (let k = 0; k < DIMENSIONS; k++) sum[k] = (sum[k] ?? 0) + (user[k] ?? 0);
        sums.set(patient, sum);
      }
    for (const [id, sum] of sums) patients.set(id, unit(sum));
  }
  return Float64Array.from(facts, ({ user, patients: seen }) => {
    const self = unit(pointOf(users, user));
    let sum = 0;
    for (const patient of seen) {
      const other = pointOf(patients, patient);
      let cosine = 0;
      for (let k = 0; k < DIMENSIONS; k++) cosine += (self[k] ?? 0) * (other[k] ?? 0);
      sum += 1 - cosine;
    }
    return sum;
  });
}

function average(
  facts: readonly DayFacts[],
  pointOf: (patient: number) => Float64Array,
  idOf: (fact: DayFacts) => number,
  seenBy: (fact: DayFacts) => readonly number[],
): Map<number, Float64Array> {
  const sums = new Map<number, Float64Array>();
  for (const fact of facts) {
    const sum = sums.get(idOf(fact)) ?? new Float64Array(DIMENSIONS);
    for (const patient of seenBy(fact)) {
      const point = pointOf(patient);
      for (let k = 0; k < DIMENSIONS; k++) sum[k] = (sum[k] ?? 0) + (point[k] ?? 0);
    }
    sums.set(idOf(fact), sum);
  }
  return new Map([...sums].map(([id, sum]) => [id, unit(sum)]));
}

function unit(point: Float64Array): Float64Array {
  let length = 0;
  for (const value of point) length += value * value;
  length = Math.sqrt(length) || 1;
  return point.map((value) => value / length);
}
