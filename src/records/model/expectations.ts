import type { CauseBook } from './causes.ts';
import { KINDS } from './causes.ts';
import type { Groups, Place } from './groups.ts';
import { Sums } from './sums.ts';

/** The two causes that every patient has: being a patient at all, and being under care now. */
const ANYONE = 0;
const ACTIVE = 1;

/** Looks of prior evidence for a group from its role, for a user from the group, and for a role from everybody. */
const GROUP_PRIOR = 40;
const USER_PRIOR = 20;
const ROLE_PRIOR = 30;
/** A user's own history may raise a cause so far above the group's: nobody trains their own alibi. */
const MAX_OVER_GROUP = 4;

/** Shares that hold on day 0, before anything is learned: own department’s and others’, by cause. Assumed. */
const SHIPPED_OWN = [0.3, 0.02, 0.04, 0.02, 0.1, 0.04, 0.02, 0.01, 0.06, 0.01, 0.08, 0.01, 0.01];
const SHIPPED_OTHER = [0.06, 0.005, 0.01, 0.01, 0.01, 0.01, 0.005, 0.005, 0.01, 0.005, 0.01, 0.005, 0.005];
const SHIPPED_LOOKS = 100;

/**
 * P(cause | user): how often this user, such a group, such a role, anybody, opens a record for such a reason. Learned
 * from every access, shared out over the causes it may have had (EM responsibilities), so that one good reason explains
 * the others away.
 */
export class Expectations {
  readonly #book: CauseBook;
  readonly #groups: Groups;
  readonly #departments: number;
  /** By group and cause; of thousands of groups and causes few meet. */
  readonly #groupCauses = new Sums((size) => new Float32Array(size));
  readonly #groupTotal: number[] = [];
  readonly #groupBackground: [number, number][] = [];
  /** By role: own then other, each by kind. */
  readonly #roleKinds: (Float64Array | undefined)[] = [];
  readonly #roleTotal: number[] = [];
  readonly #allKinds: Float64Array;
  #allTotal = SHIPPED_LOOKS;
  readonly #allBackground: [number, number] = [4, 6];
  readonly #elsewhere: Float64Array;
  readonly #elsewhereOfKind: Float64Array;
  readonly #userCauses = new Sums((size) => new Float32Array(size));
  #userTotal = new Float64Array(1024);
  /** Filled by `explain`: P(p | u) through each cause, for `learn`. */
  readonly #part = new Float64Array(258);
  #parts = 0;
  /** By group and cause: what was worked out today. */
  readonly #known = new Sums((size) => new Float32Array(size));

  constructor(book: CauseBook, groups: Groups, departments: number) {
    this.#book = book;
    this.#groups = groups;
    this.#departments = Math.max(1, departments);
    this.#allKinds = new Float64Array(KINDS * 2);
    for (let k = 0; k < KINDS; k++) {
      this.#allKinds[k] = (SHIPPED_OWN[k] ?? 0) * SHIPPED_LOOKS;
      this.#allKinds[KINDS + k] = (SHIPPED_OTHER[k] ?? 0) * SHIPPED_LOOKS;
    }
    this.#elsewhere = new Float64Array(book.causeCount);
    this.#elsewhereOfKind = new Float64Array(KINDS);
  }

  /** The prior of a cause for a group, from its role and from everybody. */
  #fromRole(group: number, cause: number): number {
    const kind = this.#book.kindOf(cause);
    const department = this.#book.departmentOf(cause);
    const role = this.#groups.role[group] ?? -1;
    const isOwn = this.#groups.department[group] === department;
    const at = isOwn ? kind : KINDS + kind;
    const share =
      ((this.#roleKinds[role + 1]?.[at] ?? 0) + (ROLE_PRIOR * (this.#allKinds[at] ?? 0)) / this.#allTotal) /
      ((this.#roleTotal[role + 1] ?? 0) + ROLE_PRIOR);
    if (isOwn) return share;
    return (
      (share * ((this.#elsewhere[cause] ?? 0) + 0.5)) / ((this.#elsewhereOfKind[kind] ?? 0) + 0.5 * this.#departments)
    );
  }

  /** Worked out once a day for each group and cause that is asked for. */
  #ofGroup(group: number, cause: number): number {
    const key = group * this.#book.causeCount + cause;
    const known = this.#known.at(key);
    if (known !== 0) return known;
    const own = this.#groupCauses.at(key);
    const fresh = (own + GROUP_PRIOR * this.#fromRole(group, cause)) / ((this.#groupTotal[group] ?? 0) + GROUP_PRIOR);
    this.#known.set(key, fresh);
    return fresh;
  }

  /** What groups do is taken as it stood this morning. */
  startDay(): void {
    this.#known.clear();
  }

  #background(group: number, which: 0 | 1): number {
    const own = this.#groupBackground[group]?.[which] ?? 0;
    return (
      (own + (GROUP_PRIOR * this.#allBackground[which]) / this.#allTotal) /
      ((this.#groupTotal[group] ?? 0) + GROUP_PRIOR)
    );
  }

  /**
   * P(patient | user): the chance that this user's next look at work is at this patient.
   * @param causes how many of `book.found` hold for the patient
   */
  explain(
    user: number,
    places: readonly Place[],
    causes: number,
    day: number,
    patients: number,
    active: number,
  ): number {
    const { found } = this.#book;
    const userTotal = this.#userTotal[user] ?? 0;
    let total = 0;
    for (let i = 0; i < causes; i++) {
      const cause = found[i] ?? 0;
      let ofGroup = 0;
      for (const { group, weight } of places) ofGroup += weight * this.#ofGroup(group, cause);
      let p = ofGroup;
      if (userTotal > 0) {
        const own = this.#userCauses.at(user * this.#book.causeCount + cause);
        p = Math.min((own + USER_PRIOR * ofGroup) / (userTotal + USER_PRIOR), MAX_OVER_GROUP * ofGroup);
      }
      const part = p / this.#book.sizeOf(cause, day);
      this.#part[i] = part;
      total += part;
    }
    let anyone = 0;
    let underCare = 0;
    for (const { group, weight } of places) {
      anyone += weight * this.#background(group, ANYONE);
      if (causes > 0) underCare += weight * this.#background(group, ACTIVE);
    }
    this.#part[causes] = anyone / patients;
    this.#part[causes + 1] = underCare / active;
    this.#parts = causes + 2;
    return total + anyone / patients + underCare / active;
  }

  /** How much of the last `explain` was by causes of the user's own places, and the strongest cause. */
  strongest(): { readonly cause: number; readonly share: number } | null {
    let best = -1;
    let sum = 0;
    for (let i = 0; i < this.#parts; i++) {
      sum += this.#part[i] ?? 0;
      if (i < this.#parts - 2 && (best < 0 || (this.#part[i] ?? 0) > (this.#part[best] ?? 0))) best = i;
    }
    return best < 0 || sum === 0 ? null : { cause: this.#book.found[best] ?? 0, share: (this.#part[best] ?? 0) / sum };
  }

  /** Responsibility of the i-th cause in the last `explain`, 0–1. */
  responsibility(i: number): number {
    let sum = 0;
    for (let j = 0; j < this.#parts; j++) sum += this.#part[j] ?? 0;
    return sum === 0 ? 0 : (this.#part[i] ?? 0) / sum;
  }

  /**
   * Learns from the look last explained.
   * @param explained how sure we are that it was work, 0–1: a user's own profile learns only from that
   */
  learn(user: number, places: readonly Place[], explained: number, learnGroups: boolean): void {
    const { found } = this.#book;
    let sum = 0;
    for (let i = 0; i < this.#parts; i++) sum += this.#part[i] ?? 0;
    if (sum === 0) return;
    const causes = this.#parts - 2;
    if (user >= this.#userTotal.length) {
      const larger = new Float64Array(Math.max(user + 1, this.#userTotal.length * 2));
      larger.set(this.#userTotal);
      this.#userTotal = larger;
    }
    this.#userTotal[user] = (this.#userTotal[user] ?? 0) + explained;
    for (let i = 0; i < causes; i++) {
      const share = (this.#part[i] ?? 0) / sum;
      if (share < 0.01) continue;
      const cause = found[i] ?? 0;
      this.#userCauses.add(user * this.#book.causeCount + cause, share * explained);
      if (learnGroups) for (const { group, weight } of places) this.#learnGroup(group, cause, share * weight);
    }
    if (!learnGroups) return;
    const anyone = (this.#part[causes] ?? 0) / sum;
    const underCare = (this.#part[causes + 1] ?? 0) / sum;
    for (const { group, weight } of places) {
      this.#groupTotal[group] = (this.#groupTotal[group] ?? 0) + weight;
      const background = (this.#groupBackground[group] ??= [0, 0]);
      background[0] += anyone * weight;
      background[1] += underCare * weight;
      const role = (this.#groups.role[group] ?? -1) + 1;
      this.#roleTotal[role] = (this.#roleTotal[role] ?? 0) + weight;
    }
    this.#allTotal++;
    this.#allBackground[0] += anyone;
    this.#allBackground[1] += underCare;
  }

  #learnGroup(group: number, cause: number, amount: number): void {
    this.#groupCauses.add(group * this.#book.causeCount + cause, amount);
    const kind = this.#book.kindOf(cause);
    const isOwn = this.#groups.department[group] === this.#book.departmentOf(cause);
    const at = isOwn ? kind : KINDS + kind;
    const role = (this.#groups.role[group] ?? -1) + 1;
    const ofRole = (this.#roleKinds[role] ??= new Float64Array(KINDS * 2));
    ofRole[at] = (ofRole[at] ?? 0) + amount;
    this.#allKinds[at] = (this.#allKinds[at] ?? 0) + amount;
    if (!isOwn) {
      this.#elsewhere[cause] = (this.#elsewhere[cause] ?? 0) + amount;
      this.#elsewhereOfKind[kind] = (this.#elsewhereOfKind[kind] ?? 0) + amount;
    }
  }
}
