import type { Random } from '../random.ts';
import { kindOf, type World } from './world.ts';
import type { Parameters } from './parameters.ts';

/** A reason for access that came about. Times are hours since the run's first local midnight. */
export interface Relation {
  readonly kind: 'stay' | 'appointment' | 'referral' | 'order';
  readonly patient: number;
  readonly department: number;
  readonly from: number;
  /** `Infinity`: still open when the run ends. */
  to: number;
  /** Appointments: when it was booked. */
  readonly booked: number;
}

const DAY_H = 24;

/** How patients move through the hospital, a day at a time. */
export class Flow {
  readonly relations: Relation[] = [];
  /** By department: who is there, or has business with it, today. */
  readonly here: Relation[][];
  readonly left: Relation[][];
  readonly clinic: Relation[][];
  readonly next: Relation[][];
  readonly referred: Relation[][];
  readonly ordered: Relation[][];
  /** All who have any business today. */
  readonly active: number[] = [];
  readonly #world: World;
  readonly #parameters: Parameters;
  readonly #random: Random;
  #inpatients = new Map<number, Relation>();
  readonly #booked = new Map<number, Relation[]>();
  readonly #wards: number[];
  readonly #eds: number[];
  readonly #clinics: number[];
  readonly #services: number[];
  readonly #communities: number[];
  readonly #practices: number[];

  constructor(world: World, parameters: Parameters, random: Random) {
    this.#world = world;
    this.#parameters = parameters;
    this.#random = random;
    const lists = () => world.departments.map((): Relation[] => []);
    this.here = lists();
    this.left = lists();
    this.clinic = lists();
    this.next = lists();
    this.referred = lists();
    this.ordered = lists();
    const of = (...kinds: string[]) => world.departments.flatMap((d, i) => (kinds.includes(kindOf(d)) ? [i] : []));
    this.#wards = of('ward', 'icu');
    this.#eds = of('ed');
    this.#clinics = of('clinic');
    this.#services = of('radiology', 'pathology', 'pharmacy', 'therapies');
    this.#communities = of('team');
    this.#practices = of('practice');
  }

  #draw(): number {
    const { frailCount, order } = this.#world;
    const frail = this.#random.chance(this.#parameters.frailActivity);
    const at = frail ? this.#random.below(frailCount) : this.#random.below(order.length);
    return order[at] ?? 0;
  }

  #add(kind: Relation['kind'], patient: number, department: number, from: number, to: number, booked = from): Relation {
    const relation = { kind, patient, department, from, to, booked };
    this.relations.push(relation);
    return relation;
  }

  /** Moves everything on by one day. Days before the run begins are negative. */
  step(day: number, isWeekday: boolean): void {
    const { stayDays, transfers, emergencies, emergencyAdmitted, appointments, orders, bedsPerStaff, surgeDay } =
      this.#parameters;
    const random = this.#random;
    const start = day * DAY_H;
    const staff = this.#world.staff.length;
    for (const list of this.here) list.length = 0;
    for (const list of this.clinic) list.length = 0;
    for (const list of this.next) list.length = 0;
    const fresh = (list: Relation[], days: number) => list.filter((relation) => relation.to > start - days * DAY_H);
    this.left.forEach((list, d) => (this.left[d] = fresh(list, 14)));
    this.referred.forEach(
      (list, d) => (this.referred[d] = list.filter((r) => Math.min(r.to, r.from + 40 * DAY_H) > start)),
    );
    this.ordered.forEach((list, d) => (this.ordered[d] = list.filter((r) => r.to > start)));

    // Leavers and movers.
    for (const [patient, stay] of this.#inpatients) {
      if (random.chance(1 / stayDays)) {
        stay.to = Math.max(stay.from + 1, start + 8 + random.unit() * 12);
        this.left[stay.department]?.push(stay);
        this.#inpatients.delete(patient);
        if (random.chance(0.3)) this.#refer(patient, random.pick(this.#communities), stay.to, 30);
      } else if (random.chance(transfers)) {
        stay.to = Math.max(stay.from + 1, start + random.unit() * 24);
        this.left[stay.department]?.push(stay);
        this.#inpatients.set(patient, this.#add('stay', patient, this.#ward(), stay.to, Number.POSITIVE_INFINITY));
      }
      this.#order(patient, start, random.poisson(orders));
    }

    // Emergencies, and who of them stays.
    const surge = day === surgeDay ? 3 : 1;
    for (let i = random.poisson(emergencies * staff * surge); i > 0; i--) {
      const ed = random.pick(this.#eds);
      const patient = this.#draw();
      if (ed === undefined || this.#inpatients.has(patient)) continue;
      const from = start + random.unit() * 24;
      const to = from + 1 + random.exponential(4);
      this.here[ed]?.push(this.#add('stay', patient, ed, from, to));
      this.#order(patient, from, random.poisson(1));
      if (random.chance(emergencyAdmitted)) this.#admit(patient, to);
    }
    // Elective admissions keep the beds filled.
    const wanted = bedsPerStaff * staff;
    const free = Math.round((wanted - this.#inpatients.size) * 0.6);
    for (let i = isWeekday ? free : free - Math.round(wanted * 0.2); i > 0; i--)
      this.#admit(this.#draw(), start + 7 + random.unit() * 10);

    // Clinics: referred, booked, seen.
    if (isWeekday) {
      for (let i = random.poisson(appointments * staff); i > 0; i--) {
        const clinic = random.pick(this.#clinics);
        if (clinic === undefined) break;
        const patient = this.#draw();
        const wait = random.between(2, 15);
        this.#refer(patient, clinic, start + 9 + random.unit() * 8, wait + 1);
        let at = day + wait;
        while ((at + 70) % 7 >= 5) at++;
        const slot = this.#add('appointment', patient, clinic, at * DAY_H + 9 + random.below(32) / 4, 0, start + 9);
        this.#book(at, slot);
      }
      for (let i = random.poisson(appointments * staff * 0.4); i > 0; i--) {
        const practice = random.pick(this.#practices);
        if (practice === undefined) break;
        this.#book(day, this.#add('appointment', this.#draw(), practice, start + 8 + random.unit() * 9, 0, start + 7));
      }
    }
    for (const slot of this.#booked.get(day) ?? []) {
      this.clinic[slot.department]?.push(slot);
      if (slot.booked > 0) this.#order(slot.patient, slot.from, random.poisson(0.4));
    }
    for (let ahead = 1; ahead <= 5; ahead++)
      for (const slot of this.#booked.get(day + ahead) ?? []) this.next[slot.department]?.push(slot);
    this.#booked.delete(day - 1);

    for (const stay of this.#inpatients.values()) this.here[stay.department]?.push(stay);
    this.active.length = 0;
    for (const lists of [this.here, this.clinic, this.referred])
      for (const list of lists) for (const { patient } of list) this.active.push(patient);
  }

  #ward(): number {
    return this.#random.pick(this.#wards) ?? 0;
  }

  #admit(patient: number, from: number): void {
    if (this.#inpatients.has(patient)) return;
    this.#inpatients.set(patient, this.#add('stay', patient, this.#ward(), from, Number.POSITIVE_INFINITY));
  }

  #order(patient: number, from: number, count: number): void {
    for (let i = 0; i < count; i++) {
      const service = this.#random.pick(this.#services);
      if (service === undefined) return;
      const order = this.#add('order', patient, service, from, from + 24 * (1 + this.#random.below(2)));
      this.ordered[service]?.push(order);
    }
  }

  #refer(patient: number, department: number | undefined, from: number, days: number): void {
    if (department === undefined) return;
    this.referred[department]?.push(this.#add('referral', patient, department, from, from + days * DAY_H));
  }

  #book(day: number, slot: Relation): void {
    const list = this.#booked.get(day);
    if (list === undefined) this.#booked.set(day, [slot]);
    else list.push(slot);
  }
}
