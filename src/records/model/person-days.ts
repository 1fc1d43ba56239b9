import type { Groups } from './groups.ts';
import type { JudgedDay } from './judge.ts';
import { OWN } from './motives.ts';
import { PairMap } from './pair-map.ts';
import { Rates } from './rates.ts';
import { Sums } from './sums.ts';

/** Sustained change: so many times the expected, at least, is looked for. */
const RISE = 2.5;
const FOREIGN_RISE = 3;
/** What one day adds to the sustained evidence at most: the slow is caught here, the sudden by `mass`. */
const MAX_A_DAY = 12;
const MAX_FOREIGN_A_DAY = 6;
/** Scatter of foreign looks, until a group has shown its own. Assumed. */
const SCATTER = 1.5;
const SCATTER_PRIOR = 50;
/** What is left of sustained evidence a day later. Assumed. */
const FADE = 0.93;

export const COMPONENTS = ['snoop', 'mass', 'sustained', 'foreign'] as const;
export type Component = (typeof COMPONENTS)[number];

/** The evidence of one day about every user of that day: arrays by place in `users`. */
export interface PersonDays {
  readonly users: Int32Array;
  readonly looks: Int32Array;
  /** What each worked as that day, -1 if the directory does not say. */
  readonly roles: Int32Array;
  readonly scores: Readonly<Record<Component, Float64Array>>;
  /** As `snoop`, of the looks without a tie only. */
  readonly untied: Float64Array;
  /** Looks without a reason, as a soft count, and how many are usual. */
  readonly mass: Float64Array;
  readonly usualMass: Float64Array;
  /** The other department whose patients were looked at for days, -1 none. */
  readonly foreignDepartment: Int32Array;
  /** By look: log P(curiosity) / P(work), with motive and repetition. */
  readonly lookScores: Float64Array;
  /** Looks of the i-th user: `order[start[i]] … order[start[i + 1]]`. */
  readonly order: Int32Array;
  readonly start: Int32Array;
}

/** What a scored day teaches: the user's own past, the groups' too, or nothing while it goes on. */
type Learning = 'nothing' | 'own' | 'groups';

/** Sums looks up to persons and days, and carries what builds up over days. */
export class PersonDayScorer {
  readonly #groups: Pick<Groups, 'role'>;
  readonly #mass = new Rates(0.6, 6);
  readonly #sustained = new PairMap();
  readonly #abroad = new PairMap();
  /** By group and department: foreign looks; by group: all looks. */
  readonly #groupForeign = new Sums((size) => new Float32Array(size));
  readonly #ownForeign = new Sums((size) => new Float32Array(size));
  readonly #groupLooks: number[] = [];
  /** By group: how much counts of foreign looks scatter beyond chance, and over how many. */
  readonly #groupScatter: [number, number][] = [];

  constructor(groups: Pick<Groups, 'role'>) {
    this.#groups = groups;
  }

  /** A case was opened: what had built up is spent. */
  spend(user: number, foreignDepartment: number): void {
    const slot = this.#sustained.find(user);
    if (slot >= 0) this.#sustained.set(slot, this.#sustained.whole(slot), 0);
    const abroad = this.#abroad.find(user * 65_536 + foreignDepartment);
    if (abroad >= 0) this.#abroad.set(abroad, this.#abroad.whole(abroad), 0);
  }

  score(judged: JudgedDay, learnGroups: boolean): PersonDays {
    const { day } = judged;
    const { users, order, start } = byUser(day.user.view());
    const result = unscored(users, order, start, new Float64Array(day.count));
    for (let i = 0; i < users.length; i++) this.#scoreUser(i, judged, result, learnGroups ? 'groups' : 'own');
    return result;
  }

  /**
   * One person's day so far: nothing is learned of it yet.
   * @param looks theirs, in order
   * @param lookScores by look of the day, at least as many as there are; those of `looks` are written
   * @returns what holds until the next `peek`: nine new arrays for each look that comes would cost more than the rest
   */
  peek(judged: JudgedDay, user: number, looks: Int32Array, lookScores: Float64Array): PersonDays {
    const result = { ...this.#peeked, order: looks, lookScores };
    result.users[0] = user;
    result.start[1] = looks.length;
    result.foreignDepartment[0] = -1;
    this.#scoreUser(0, judged, result, 'nothing');
    return result;
  }

  readonly #peeked = unscored(new Int32Array(1), new Int32Array(0), new Int32Array(2), new Float64Array(0));

  readonly #seenAbroad = new Map<number, number>();

  #scoreUser(i: number, judged: JudgedDay, result: PersonDays, learn: Learning): void {
    const { day } = judged;
    const { order, start, scores } = result;
    const abroad = this.#seenAbroad;
    const user = result.users[i] ?? 0;
    const group = judged.places[user]?.[0]?.group ?? 0;
    result.roles[i] = this.#groups.role[group] ?? -1;
    let curious = 0;
    let untied = 0;
    let mass = 0;
    abroad.clear();
    const from = start[i] ?? 0;
    const to = start[i + 1] ?? 0;
    for (let j = from; j < to; j++) {
      const look = order[j] ?? 0;
      // One's own record is told apart, and where nobody was let in nothing was seen.
      if (((judged.ties[look] ?? 0) & OWN) !== 0 || day.isRefused(look)) {
        result.lookScores[look] = Number.NEGATIVE_INFINITY;
        continue;
      }
      const explained = Math.min(6, Math.max(-6, judged.explained[look] ?? 0));
      const score = (judged.motive[look] ?? 0) - explained + (judged.repeatEvidence[look] ?? 0);
      result.lookScores[look] = score;
      const odds = Math.exp(Math.min(50, score));
      curious += odds;
      if (judged.ties[look] === 0) untied += odds;
      mass += 1 / (1 + Math.exp(explained + 1));
      const department = judged.foreignDepartment[look] ?? -1;
      if (department >= 0 && explained < 3)
        abroad.set(department, (abroad.get(department) ?? 0) + (judged.foreign[look] ?? 0));
    }
    result.looks[i] = to - from;
    scores.snoop[i] = Math.log(curious + 1e-9);
    result.untied[i] = Math.log(untied + 1e-9);
    this.#scoreMass(i, user, group, mass, day.day, result, learn);
    this.#scoreAbroad(i, user, group, abroad, to - from, day.day, result, learn);
  }

  #scoreMass(
    i: number,
    user: number,
    group: number,
    mass: number,
    today: number,
    result: PersonDays,
    learn: Learning,
  ): void {
    const expected = Math.max(0.05, this.#mass.expected(user, group));
    const scatter = this.#mass.scatter(group);
    result.mass[i] = mass;
    result.usualMass[i] = expected;
    // Poisson deviance, widened by how much days scatter.
    result.scores.mass[i] = mass <= expected ? 0 : (mass * Math.log(mass / expected) - (mass - expected)) / scatter;
    const slot = learn === 'nothing' ? this.#sustained.find(user) : this.#sustained.make(user);
    const step = Math.min(mass, expected + MAX_A_DAY) * Math.log(RISE) - (RISE - 1) * expected;
    const faded = fadedTo(today, this.#sustained, slot);
    const sum = Math.min(60, Math.max(0, faded + step / scatter));
    // What built up speaks only on a day that adds to it.
    result.scores.sustained[i] = step > 0 ? sum : 0;
    if (learn === 'nothing') return;
    this.#sustained.set(slot, today, sum);
    this.#mass.learn(user, group, mass, expected, learn === 'groups');
  }

  #scoreAbroad(
    i: number,
    user: number,
    group: number,
    abroad: ReadonlyMap<number, number>,
    looks: number,
    today: number,
    result: PersonDays,
    learn: Learning,
  ): void {
    const groupLooks = this.#groupLooks[group] ?? 0;
    let best = 0;
    for (const [department, seen] of abroad) {
      if (seen < 0.3) continue;
      const expected = Math.max(0.02, this.#shareOfPeers(user, group, department, groupLooks) * looks);
      const key = user * 65_536 + department;
      const slot = learn === 'nothing' ? this.#abroad.find(key) : this.#abroad.make(key);
      // Evidence fades by the day, so that a habit of long ago does not stand against anybody.
      const faded = fadedTo(today, this.#abroad, slot);
      const scatter = this.#scatterAbroad(group);
      const step =
        (Math.min(seen, MAX_FOREIGN_A_DAY) * Math.log(FOREIGN_RISE) - (FOREIGN_RISE - 1) * expected) / scatter;
      const sum = Math.min(60, Math.max(0, faded + step));
      if (learn !== 'nothing') this.#abroad.set(slot, today, sum);
      if (sum > best) {
        best = sum;
        result.foreignDepartment[i] = department;
      }
    }
    result.scores.foreign[i] = best;
    if (learn !== 'groups') return;
    this.#groupLooks[group] = groupLooks + looks;
    const scatter = (this.#groupScatter[group] ??= [SCATTER * SCATTER_PRIOR, SCATTER_PRIOR]);
    for (const [department, seen] of abroad) {
      const expected = Math.max(0.02, this.#shareOfPeers(user, group, department, groupLooks) * looks);
      // One person's habit must not become the group's.
      const taught = Math.min(2 + 3 * expected, seen);
      this.#groupForeign.add(group * 65_536 + department, taught);
      this.#ownForeign.add(user * 65_536 + department, taught);
      if (seen < 0.3) continue;
      scatter[0] += Math.min(20, Math.max(1, (seen - expected) ** 2 / Math.max(1, expected)));
      scatter[1]++;
    }
  }

  /** How large a part of the peers' looks goes there; the user's own are left out. */
  #shareOfPeers(user: number, group: number, department: number, groupLooks: number): number {
    const peers = this.#groupForeign.at(group * 65_536 + department) - this.#ownForeign.at(user * 65_536 + department);
    return (Math.max(0, peers) + 1) / (groupLooks + 200);
  }

  #scatterAbroad(group: number): number {
    const [sum, count] = this.#groupScatter[group] ?? [SCATTER, 1];
    return Math.max(1, sum / count);
  }
}

/** What had built up, less what has faded since. @param slot -1: nothing had */
function fadedTo(today: number, built: PairMap, slot: number): number {
  return slot < 0 ? 0 : built.sum(slot) * FADE ** Math.min(60, today - built.whole(slot));
}

function unscored(users: Int32Array, order: Int32Array, start: Int32Array, lookScores: Float64Array): PersonDays {
  const count = users.length;
  return {
    users,
    looks: new Int32Array(count),
    roles: new Int32Array(count).fill(-1),
    scores: {
      snoop: new Float64Array(count),
      mass: new Float64Array(count),
      sustained: new Float64Array(count),
      foreign: new Float64Array(count),
    },
    untied: new Float64Array(count),
    mass: new Float64Array(count),
    usualMass: new Float64Array(count),
    foreignDepartment: new Int32Array(count).fill(-1),
    lookScores,
    order,
    start,
  };
}

function byUser(user: Int32Array): { users: Int32Array; order: Int32Array; start: Int32Array } {
  const order = new Int32Array(user.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  order.sort((a, b) => (user[a] ?? 0) - (user[b] ?? 0) || a - b);
  const users: number[] = [];
  const start: number[] = [];
  for (let i = 0; i < order.length; i++) {
    const own = user[order[i] ?? 0] ?? 0;
    if (users.at(-1) !== own) {
      users.push(own);
      start.push(i);
    }
  }
  start.push(order.length);
  return { users: Int32Array.from(users), order, start: Int32Array.from(start) };
}
