import type { Random } from '../random.ts';
import type { Flow, Relation } from './flow.ts';
import type { Parameters } from './parameters.ts';
import { kindOf, type World } from './world.ts';

/** One person opening one patient's record on one day; the writer makes raw accesses of it. */
export interface Look {
  readonly staff: number;
  readonly patient: number;
  /** Hours since the run's first local midnight. */
  readonly hour: number;
  readonly accesses: number;
  /** Department where the device stands, or -1 for a place outside. */
  readonly place: number;
  readonly action: string;
  readonly breakGlass: boolean;
  /** From a machine that the user never had. */
  readonly isElsewhere: boolean;
  /** Set on the looks of an incident. */
  readonly incident: number | null;
}

/** Who works today, where, and from when. */
export interface Shift {
  readonly staff: number;
  /** Where they work today: differs from their own department on call and on the bank. */
  readonly department: number;
  readonly from: number;
  readonly hours: number;
  readonly isCover: boolean;
}

const ROUND_THE_CLOCK = new Set(['ward', 'icu', 'ed']);

export function shiftsOf(
  day: number,
  isWeekday: boolean,
  world: World,
  parameters: Parameters,
  random: Random,
): Shift[] {
  const shifts: Shift[] = [];
  const wards = world.departments.flatMap((d, i) => (kindOf(d) === 'ward' ? [i] : []));
  world.staff.forEach((person, staff) => {
    const home = world.departments[person.department];
    if (home === undefined) return;
    const kind = kindOf(home);
    const start = day * 24;
    if (person.isBank) {
      if (!random.chance(0.35)) return;
      shifts.push({
        staff,
        department: random.pick(wards) ?? 0,
        from: start + (random.chance(0.4) ? 20 : 7.5),
        hours: 11,
        isCover: true,
      });
    } else if (ROUND_THE_CLOCK.has(kind) && person.role !== 'ward-clerk') {
      // An eight-week rota: of every eight days three long days, one or two nights; the pattern drifts with the phase.
      const place = (day + person.phase) % 8;
      if (place > 4 || random.chance(0.08)) return;
      const isCover = person.role === 'doctor' && kind === 'ward' && random.chance(parameters.onCall);
      const department = isCover ? (random.pick(wards) ?? person.department) : person.department;
      const night = place === 3 || place === 4;
      shifts.push({ staff, department, from: start + (night ? 20 : 7.5), hours: 12, isCover });
    } else if (isWeekday && !random.chance(0.15)) {
      shifts.push({ staff, department: person.department, from: start + 8 + random.unit(), hours: 8, isCover: false });
    }
  });
  return shifts;
}

/** Where the work of a kind of department comes from, with weights. Assumed. */
type Source = 'here' | 'left' | 'clinic' | 'next' | 'referred' | 'ordered' | 'left-anywhere' | 'next-anywhere' | 'ed';
const WORK: Readonly<Record<string, readonly (readonly [Source, number])[]>> = {
  ward: [
    ['here', 0.9],
    ['left', 0.06],
    ['ed', 0.04],
  ],
  icu: [
    ['here', 0.9],
    ['left', 0.1],
  ],
  ed: [['here', 1]],
  clinic: [
    ['clinic', 0.6],
    ['next', 0.2],
    ['referred', 0.2],
  ],
  team: [['referred', 1]],
  practice: [['clinic', 1]],
  radiology: [['ordered', 1]],
  pathology: [['ordered', 1]],
  pharmacy: [['ordered', 1]],
  therapies: [['ordered', 1]],
  coding: [['left-anywhere', 1]],
  booking: [['next-anywhere', 1]],
  'data-quality': [['left-anywhere', 1]],
};

export class Worker {
  readonly #world: World;
  readonly #flow: Flow;
  readonly #parameters: Parameters;
  readonly #random: Random;
  /** Patients that each member of staff saw lately. */
  readonly #seen: number[][];

  constructor(world: World, flow: Flow, parameters: Parameters, random: Random) {
    this.#world = world;
    this.#flow = flow;
    this.#parameters = parameters;
    this.#random = random;
    this.#seen = world.staff.map(() => []);
  }

  /** What one person opens in one shift. */
  looksOf(shift: Shift, emit: (look: Look) => void): void {
    const { looksPerShift, oddLooks, misclicks, continuity, ownLooks, workList } = this.#parameters;
    const random = this.#random;
    const person = this.#world.staff[shift.staff];
    const home = this.#world.departments[shift.department];
    if (person === undefined || home === undefined) return;
    const kind = kindOf(home);
    if (kind === 'data-quality' && random.chance(0.15)) {
      const from = shift.from + random.unit() * 5;
      for (let i = 0; i < workList; i++) {
        const patient = random.pick(this.#flow.active);
        if (patient !== undefined) this.#open(shift, patient, from + random.unit(), emit);
      }
      return;
    }
    const activity = person.role === 'healthcare-assistant' || person.role === 'ward-clerk' ? 0.7 : 1;
    const count = random.poisson(looksPerShift * activity * (0.7 + ((person.phase * 7) % 10) / 15));
    const today = new Set<number>();
    for (let i = 0; i < count; i++) {
      let patient: number | undefined;
      let isOdd = false;
      if (random.chance(oddLooks)) {
        isOdd = true;
        patient = this.#odd(shift);
      } else if (random.chance(continuity)) patient = random.pick(this.#seen[shift.staff] ?? []);
      patient ??= this.#fromWork(kind, shift.department);
      if (patient === undefined || today.has(patient)) continue;
      today.add(patient);
      if (!isOdd) this.#remember(shift.staff, patient);
      this.#open(shift, patient, shift.from + random.unit() * shift.hours, emit, isOdd);
      if (random.chance(misclicks)) {
        const same = this.#world.bySurname.get(this.#world.patients[patient]?.surname ?? -1) ?? [];
        const wrong = random.pick(same);
        if (wrong !== undefined) this.#open(shift, wrong, shift.from + random.unit() * shift.hours, emit, true);
      }
    }
    if (random.chance(ownLooks))
      this.#open(shift, person.patient, shift.from + random.unit() * shift.hours, emit, true);
  }

  #remember(staff: number, patient: number): void {
    const seen = this.#seen[staff];
    if (seen === undefined) return;
    seen.push(patient);
    if (seen.length > 40) seen.shift();
  }

  #odd(shift: Shift): number | undefined {
    const random = this.#random;
    if (random.chance(this.#parameters.telephone)) return random.below(this.#world.patients.length);
    // Advice to another team of the site: one of its patients.
    const site = this.#world.departments[shift.department]?.site ?? 0;
    const elsewhere = this.#world.departments.flatMap((d, i) => (d.site === site ? [i] : []));
    const other = random.pick(elsewhere) ?? 0;
    return this.#fromWork(kindOf(this.#world.departments[other] ?? this.#world.departments[0] ?? NOWHERE), other);
  }

  #fromWork(kind: string, department: number): number | undefined {
    const random = this.#random;
    const sources = WORK[kind] ?? [['here', 1] as const];
    const source = sources[random.weighted(sources.map(([, weight]) => weight))]?.[0] ?? 'here';
    const flow = this.#flow;
    const pick = (lists: readonly Relation[][], at: number) => random.pick(lists[at] ?? [])?.patient;
    switch (source) {
      case 'here':
        return pick(flow.here, department);
      case 'left':
        return pick(flow.left, department);
      case 'clinic':
        return pick(flow.clinic, department);
      case 'next':
        return pick(flow.next, department);
      case 'referred':
        return pick(flow.referred, department);
      case 'ordered':
        return pick(flow.ordered, department);
      case 'left-anywhere':
        return pick(flow.left, random.below(this.#world.departments.length));
      case 'next-anywhere':
        return pick(random.chance(0.5) ? flow.next : flow.referred, random.below(this.#world.departments.length));
      case 'ed': {
        const site = this.#world.departments[department]?.site ?? 0;
        const ed = this.#world.departments.findIndex((d) => d.type === 'ed' && d.site === site);
        return pick(flow.here, ed);
      }
    }
  }

  #open(shift: Shift, patient: number, hour: number, emit: (look: Look) => void, isOdd = false): void {
    const random = this.#random;
    const { extraAccesses, otherDevice, breakGlass } = this.#parameters;
    let place = shift.department;
    if (random.chance(otherDevice)) {
      if (random.chance(0.25)) place = -1;
      else {
        const site = this.#world.departments[shift.department]?.site ?? 0;
        const near = random.below(this.#world.departments.length);
        place = this.#world.departments[near]?.site === site ? near : shift.department;
      }
    }
    emit({
      staff: shift.staff,
      patient,
      hour,
      accesses: 1 + random.poisson(extraAccesses),
      place,
      action: random.weighted([0.86, 0.1, 0.03, 0.01]) === 0 ? 'read' : (ACTIONS[random.below(3)] ?? 'read'),
      breakGlass: isOdd && random.chance(breakGlass),
      isElsewhere: false,
      incident: null,
    });
  }
}

const ACTIONS = ['update', 'create', 'print'];
const NOWHERE = { name: '', type: 'ward', specialty: '', site: 0 } as const;
