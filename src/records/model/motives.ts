import { type Hospital, WATCHED } from '../hospital.ts';

/** Ties between a user and a patient that may be a motive. Only equality of keys is ever known. Bits. */
export const HOUSEHOLD = 1;
export const SURNAME = 2;
export const COLLEAGUE = 4;
export const NEIGHBOUR = 8;
export const WATCH = 16;
export const STAFF = 32;
/** The user's own record: told apart, never a motive. */
export const OWN = 64;

/**
 * Of curiosity with a tie, how much is of each kind. Source: Protenus Breach Barometer, Q1 2018 (77 % of insider cases
 * are family, then colleagues, neighbours, people in the news), spread so that no kind is left without weight.
 */
const PRIOR: readonly (readonly [bit: number, weight: number])[] = [
  [HOUSEHOLD, 0.25],
  [SURNAME, 0.12],
  [COLLEAGUE, 0.12],
  [NEIGHBOUR, 0.1],
  [WATCH, 0.12],
  [STAFF, 0.05],
];
/** Curiosity without a tie that we could know of. */
const NO_TIE = 0.15;
/** No tie weighs more than this (log): a rare surname must not condemn by itself (record-access.md 5.5). */
const MAX_EVIDENCE = { [HOUSEHOLD]: 9.5, [SURNAME]: 7.5, [COLLEAGUE]: 6.5, [NEIGHBOUR]: 6.5, [WATCH]: 6, [STAFF]: 4 };

function capOf(bit: number): number {
  return MAX_EVIDENCE[bit as keyof typeof MAX_EVIDENCE];
}

/** A tie met by chance. */
export interface Accident {
  readonly chance: number;
  readonly evidence: number;
}

export class Motives {
  readonly #hospital: Hospital;
  readonly #surnames: Int32Array;
  readonly #households: Int32Array;
  readonly #postcodes: Int32Array;
  readonly #colleagues = new Map<number, number>();
  readonly #patients: number;
  #watched = 0;
  /** Ties seen in well-explained looks, and how many chance would give: staff are treated where they work. */
  readonly #seen = new Map<number, number>();
  readonly #expected = new Map<number, number>();

  constructor(hospital: Hospital) {
    this.#hospital = hospital;
    const { keys, posts, ownRecord } = hospital;
    this.#patients = Math.max(1, hospital.patients.size);
    this.#surnames = countOf(keys.surname.view());
    this.#households = countOf(keys.household.view());
    this.#postcodes = countOf(keys.postcode.view());
    for (const flags of keys.flags.view()) if ((flags & WATCHED) !== 0) this.#watched++;
    posts.forEach((own, user) => {
      if (own === undefined || ownRecord[user] === undefined) return;
      for (const department of new Set(own.map((post) => post.department)))
        this.#colleagues.set(department, (this.#colleagues.get(department) ?? 0) + 1);
    });
  }

  /** The ties between the two, as bits. */
  tiesOf(user: number, patient: number, department: number): number {
    const { keys, ownRecord, userHousehold, userSurname, userPostcode, staffOfPatient, posts } = this.#hospital;
    if (ownRecord[user] === patient) return OWN;
    let ties = 0;
    const self = ownRecord[user] ?? -1;
    const household = userHousehold[user] ?? (self < 0 ? -1 : keys.household.at(self));
    const surname = userSurname[user] ?? (self < 0 ? -1 : keys.surname.at(self));
    const postcode = userPostcode[user] ?? (self < 0 ? -1 : keys.postcode.at(self));
    if (household >= 0 && keys.household.at(patient) === household) ties |= HOUSEHOLD;
    if (surname >= 0 && keys.surname.at(patient) === surname) ties |= SURNAME;
    if (postcode >= 0 && keys.postcode.at(patient) === postcode && (ties & HOUSEHOLD) === 0) ties |= NEIGHBOUR;
    if ((keys.flags.at(patient) & WATCHED) !== 0) ties |= WATCH;
    const colleague = staffOfPatient.get(patient);
    if (colleague !== undefined) {
      ties |= STAFF;
      if (posts[colleague]?.some((post) => post.department === department) === true) ties |= COLLEAGUE;
    }
    return ties;
  }

  /** The chance that a look at work meets this tie by accident. */
  #chanceOf(bit: number, user: number, patient: number, department: number): number {
    const { keys, staffOfPatient } = this.#hospital;
    const count = (): number => {
      switch (bit) {
        case HOUSEHOLD:
          return this.#households[keys.household.at(patient)] ?? 1;
        case SURNAME:
          return this.#surnames[keys.surname.at(patient)] ?? 1;
        case COLLEAGUE:
          return this.#colleagues.get(department) ?? 1;
        case NEIGHBOUR:
          return this.#postcodes[keys.postcode.at(patient)] ?? 1;
        case WATCH:
          return this.#watched;
        default:
          return staffOfPatient.size;
      }
    };
    return Math.max(1, count()) / this.#patients;
  }

  /** log P(target | curiosity) / P(target | anybody at random): −1.9 without any tie. */
  evidence(ties: number, user: number, patient: number, department: number): number {
    if ((ties & ~OWN) === 0) return Math.log(NO_TIE);
    let sum = NO_TIE;
    for (const [bit, weight] of PRIOR) {
      if ((ties & bit) === 0) continue;
      const ratio = Math.log(weight / (this.#chanceOf(bit, user, patient, department) * this.#excess(bit)));
      sum += Math.exp(Math.min(ratio, capOf(bit)));
    }
    return Math.log(sum);
  }

  /**
   * The ties that a look of this user at work may meet by accident: how likely each is, and how much evidence it would
   * then seem to be.
   */
  accidents(user: number, department: number): Accident[] {
    const { keys, ownRecord, userHousehold, userSurname, userPostcode } = this.#hospital;
    const self = ownRecord[user] ?? -1;
    const household = userHousehold[user] ?? (self < 0 ? -1 : keys.household.at(self));
    const surname = userSurname[user] ?? (self < 0 ? -1 : keys.surname.at(self));
    const postcode = userPostcode[user] ?? (self < 0 ? -1 : keys.postcode.at(self));
    const counts: Readonly<Record<number, number>> = {
      [HOUSEHOLD]: this.#households[household] ?? 0,
      [SURNAME]: this.#surnames[surname] ?? 0,
      [COLLEAGUE]: this.#colleagues.get(department) ?? 0,
      [NEIGHBOUR]: this.#postcodes[postcode] ?? 0,
      [WATCH]: this.#watched,
      [STAFF]: this.#hospital.staffOfPatient.size,
    };
    const found: Accident[] = [];
    for (const [bit, weight] of PRIOR) {
      const chance = ((counts[bit] ?? 0) / this.#patients) * this.#excess(bit);
      if (chance > 0)
        found.push({ chance, evidence: Math.log(NO_TIE + Math.exp(Math.min(Math.log(weight / chance), capOf(bit)))) });
    }
    return found;
  }

  /** How much more often than by chance looks at work meet the tie. */
  #excess(bit: number): number {
    const ratio = ((this.#seen.get(bit) ?? 0) + 3) / ((this.#expected.get(bit) ?? 0) + 3);
    return Math.min(20, Math.max(0.7, ratio));
  }

  /** Learns from a look that care explains well. `weight`: of how many such looks this is a sample. */
  learn(ties: number, user: number, patient: number, department: number, weight: number): void {
    for (const [bit] of PRIOR) {
      if (bit === SURNAME || bit === HOUSEHOLD || bit === NEIGHBOUR) {
        const { keys } = this.#hospital;
        const column = bit === SURNAME ? keys.surname : bit === HOUSEHOLD ? keys.household : keys.postcode;
        if (column.at(patient) < 0) continue;
      }
      this.#expected.set(bit, (this.#expected.get(bit) ?? 0) + weight * this.#chanceOf(bit, user, patient, department));
      if ((ties & bit) !== 0) this.#seen.set(bit, (this.#seen.get(bit) ?? 0) + weight);
    }
  }
}

function countOf(keys: Int32Array): Int32Array {
  let highest = -1;
  for (const key of keys) if (key > highest) highest = key;
  const counts = new Int32Array(highest + 1);
  for (const key of keys) if (key >= 0) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}
