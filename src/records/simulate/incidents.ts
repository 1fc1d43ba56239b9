import type { Random } from '../random.ts';
import type { Flow } from './flow.ts';
import type { Parameters } from './parameters.ts';
import type { Look } from './work.ts';
import { kindOf, type World } from './world.ts';

export const SCENARIOS = [
  'household',
  'surname',
  'colleague',
  'neighbour',
  'ex-partner',
  'news-patient',
  'crowd',
  'slow-harvest',
  'bulk-export',
  'stolen-account',
  'insider-seller',
] as const;
export type Scenario = (typeof SCENARIOS)[number];

/** One planned look. A patient of null is drawn on the day: whoever suits then. */
interface Planned {
  readonly day: number;
  readonly staff: number;
  readonly patient: number | null;
  readonly incident: number;
  readonly hour: number;
  readonly away: boolean;
  readonly action: string;
}

export interface Incident {
  readonly scenario: Scenario;
}

/** Plans the misuse of the whole run beforehand, and gives each day's looks when the day comes. */
export class Misuse {
  readonly incidents: Incident[] = [];
  /** News patients that the site put on its watch list. */
  readonly listed = new Set<number>();
  readonly #byDay = new Map<number, Planned[]>();
  readonly #world: World;
  readonly #flow: Flow;
  readonly #random: Random;
  readonly #parameters: Parameters;
  readonly #days: number;

  constructor(world: World, flow: Flow, parameters: Parameters, days: number, random: Random) {
    this.#world = world;
    this.#flow = flow;
    this.#random = random;
    this.#parameters = parameters;
    this.#days = days;
    const from = Math.min(parameters.incidentsFrom, Math.floor(days / 2));
    const weeks = (days - from) / 7;
    const count = Math.max(SCENARIOS.length, Math.round((parameters.incidents * world.staff.length * weeks) / 1000));
    const used = new Set<number>();
    for (let i = 0; i < count; i++) {
      const scenario = SCENARIOS[i % SCENARIOS.length] ?? 'household';
      this.#plan(scenario, this.incidents.length, from + random.below(Math.max(1, days - from)), used);
    }
  }

  #someone(used: Set<number>): number {
    const { staff } = this.#world;
    for (let tries = 0; tries < 200; tries++) {
      const one = this.#random.below(staff.length);
      const person = staff[one];
      if (person !== undefined && !used.has(one) && !person.isBank) {
        used.add(one);
        return one;
      }
    }
    return this.#random.below(staff.length);
  }

  #put(incident: number, staff: number, patient: number | null, day: number, how: Partial<Planned> = {}): void {
    if (day >= this.#days) return;
    const planned: Planned = {
      day,
      staff,
      patient,
      incident,
      hour: 8 + this.#random.unit() * 11,
      away: false,
      action: 'read',
      ...how,
    };
    const list = this.#byDay.get(day);
    if (list === undefined) this.#byDay.set(day, [planned]);
    else list.push(planned);
  }

  #plan(scenario: Scenario, incident: number, day: number, used: Set<number>): void {
    const random = this.#random;
    const world = this.#world;
    const someone = () => this.#someone(used);
    const own = (staff: number) => world.patients[world.staff[staff]?.patient ?? 0];
    const anyone = () => random.below(world.patients.length);
    this.incidents.push({ scenario });
    switch (scenario) {
      case 'household':
      case 'surname':
      case 'neighbour': {
        for (let tries = 0; tries < 100; tries++) {
          const staff = someone();
          const self = own(staff);
          if (self === undefined) continue;
          const group =
            scenario === 'household'
              ? world.byHousehold.get(self.household)
              : scenario === 'surname'
                ? world.bySurname.get(self.surname)
                : world.byPostcode.get(self.postcode);
          const others = (group ?? []).filter((patient) => {
            const other = world.patients[patient];
            if (patient === world.staff[staff]?.patient || other === undefined) return false;
            return scenario === 'household' || other.household !== self.household;
          });
          const target = random.pick(others);
          // A family of the same name is looked for among the rarer names.
          if (target === undefined || (scenario === 'surname' && others.length > world.patients.length / 1000))
            continue;
          for (let i = random.between(1, 3), at = day; i > 0; i--, at += random.between(1, 5))
            this.#put(incident, staff, target, at);
          return;
        }
        return;
      }
      case 'colleague': {
        const staff = someone();
        const home = world.staff[staff]?.department;
        const others = world.staff.flatMap((person, i) => (person.department === home && i !== staff ? [i] : []));
        const target = world.staff[random.pick(others) ?? 0]?.patient ?? 0;
        for (let i = random.between(1, 3), at = day; i > 0; i--, at += random.between(1, 4))
          this.#put(incident, staff, target, at);
        return;
      }
      case 'ex-partner': {
        const staff = someone();
        const target = anyone();
        for (let i = random.between(4, 8); i > 0; i--) this.#put(incident, staff, target, day + random.below(21));
        return;
      }
      case 'news-patient': {
        const target = anyone();
        if (random.chance(this.#parameters.newsListed)) this.listed.add(target);
        for (let i = 0; i < 4; i++) this.#put(incident, someone(), target, day + random.below(4));
        return;
      }
      case 'crowd': {
        const size = random.pick([6, 15, 45]) ?? 15;
        const target = random.pick(this.#flow.active) ?? anyone();
        for (let i = 0; i < Math.min(size, world.staff.length / 10); i++)
          this.#put(incident, someone(), target, day + Math.floor(random.exponential(1.2)));
        return;
      }
      case 'slow-harvest': {
        const staff = someone();
        const [low, high] = this.#parameters.harvest;
        for (let at = day; at < day + random.between(10, 21); at++)
          if (random.chance(0.7))
            for (let i = random.between(low, high); i > 0; i--) this.#put(incident, staff, anyone(), at);
        return;
      }
      case 'bulk-export': {
        const staff = someone();
        const hour = 8 + random.unit() * 10;
        for (let i = random.between(150, 400); i > 0; i--)
          this.#put(incident, staff, anyone(), day, { hour: hour + random.unit() * 2, action: 'export' });
        return;
      }
      case 'stolen-account': {
        const staff = someone();
        const hour = random.unit() * 5;
        for (let i = random.between(30, 80); i > 0; i--)
          this.#put(incident, staff, anyone(), day, { hour: hour + random.unit() * 2, away: true });
        return;
      }
      case 'insider-seller': {
        const staff = someone();
        const [low, high] = this.#parameters.sold;
        for (let at = day; at < day + 28; at++)
          if (random.chance(0.6))
            for (let i = random.between(low, high); i > 0; i--) this.#put(incident, staff, null, at);
        return;
      }
    }
  }

  looksOn(day: number, emit: (look: Look) => void): void {
    for (const planned of this.#byDay.get(day) ?? []) {
      const person = this.#world.staff[planned.staff];
      if (person === undefined) continue;
      const patient = planned.patient ?? this.#fromEmergency(person.department);
      if (patient === undefined) continue;
      emit({
        staff: planned.staff,
        patient,
        hour: day * 24 + planned.hour,
        accesses: 1 + this.#random.poisson(1),
        place: planned.away ? -1 : person.department,
        action: planned.action,
        breakGlass: false,
        isElsewhere: planned.away,
        incident: planned.incident,
      });
    }
  }

  /** The kind of patient that is sold: came to the emergency department today. */
  #fromEmergency(department: number): number | undefined {
    const { departments } = this.#world;
    const site = departments[department]?.site ?? 0;
    const ed = departments.findIndex((d) => kindOf(d) === 'ed' && d.site === site);
    return this.#random.pick(this.#flow.here[ed] ?? [])?.patient;
  }
}
