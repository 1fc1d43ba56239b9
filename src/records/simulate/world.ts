import { Random } from '../random.ts';
import type { Parameters } from './parameters.ts';

export type DepartmentType = 'ward' | 'icu' | 'ed' | 'clinic' | 'team' | 'service' | 'practice';

export interface Department {
  readonly name: string;
  readonly type: DepartmentType;
  readonly specialty: string;
  readonly site: number;
}

export interface Person {
  readonly surname: number;
  readonly household: number;
  readonly postcode: number;
}

export interface Staff {
  readonly user: string;
  readonly role: string;
  /** Index in `departments`; changes at a change-over. */
  department: number;
  /** Where they were before it, or -1. */
  formerDepartment: number;
  /** Own record: index in `patients`. */
  readonly patient: number;
  /** Day of the rota's cycle on which this person starts. */
  readonly phase: number;
  readonly isBank: boolean;
}

export interface World {
  readonly departments: Department[];
  readonly patients: Person[];
  /** Patients in order of frailty: the first `frailCount` are frail. */
  readonly frailCount: number;
  readonly order: Int32Array;
  readonly staff: Staff[];
  readonly bySurname: Map<number, number[]>;
  readonly byHousehold: Map<number, number[]>;
  readonly byPostcode: Map<number, number[]>;
  readonly sealed: Set<number>;
  readonly watched: Set<number>;
  readonly broken: Set<number>;
}

const SPECIALTIES = [
  'medicine',
  'surgery',
  'orthopaedics',
  'cardiology',
  'respiratory',
  'stroke',
  'maternity',
  'children',
  'oncology',
  'renal',
  'elderly',
  'mental-health',
] as const;

/** Staff of a kind of department: role and share. Assumed. */
const TEAMS: Readonly<Record<string, readonly (readonly [role: string, share: number])[]>> = {
  ward: [
    ['nurse', 0.5],
    ['healthcare-assistant', 0.25],
    ['doctor', 0.15],
    ['ward-clerk', 0.06],
    ['consultant', 0.04],
  ],
  icu: [
    ['nurse', 0.75],
    ['doctor', 0.2],
    ['consultant', 0.05],
  ],
  ed: [
    ['nurse', 0.5],
    ['doctor', 0.3],
    ['healthcare-assistant', 0.1],
    ['receptionist', 0.1],
  ],
  clinic: [
    ['nurse', 0.3],
    ['consultant', 0.35],
    ['receptionist', 0.35],
  ],
  team: [
    ['community-nurse', 0.7],
    ['therapist', 0.2],
    ['administrator', 0.1],
  ],
  practice: [
    ['gp', 0.4],
    ['practice-nurse', 0.3],
    ['receptionist', 0.3],
  ],
  radiology: [['radiographer', 1]],
  pathology: [['scientist', 1]],
  pharmacy: [['pharmacist', 1]],
  therapies: [['therapist', 1]],
  coding: [['coder', 1]],
  booking: [['booking-clerk', 1]],
  'data-quality': [['analyst', 1]],
  bank: [
    ['nurse', 0.6],
    ['healthcare-assistant', 0.4],
  ],
};

export function makeWorld(parameters: Parameters, staffCount: number, patientCount: number, random: Random): World {
  const departments = makeDepartments(parameters, staffCount);
  const patients = makePatients(parameters, patientCount, random);
  const order = new Int32Array(patientCount);
  for (let i = 0; i < patientCount; i++) order[i] = i;
  for (let i = patientCount - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const swap = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = swap;
  }
  const choose = (share: number) => {
    const chosen = new Set<number>();
    const count = Math.round(share * patientCount);
    while (chosen.size < count) chosen.add(random.below(patientCount));
    return chosen;
  };
  return {
    departments,
    patients,
    order,
    frailCount: Math.max(1, Math.round(parameters.frail * patientCount)),
    staff: makeStaff(parameters, departments, staffCount, patientCount, random),
    bySurname: groupBy(patients, (person) => person.surname),
    byHousehold: groupBy(patients, (person) => person.household),
    byPostcode: groupBy(patients, (person) => person.postcode),
    sealed: choose(parameters.sealed),
    watched: choose(parameters.watched),
    broken: choose(parameters.broken),
  };
}

function makeDepartments({ sites }: Parameters, staffCount: number): Department[] {
  const departments: Department[] = [];
  const add = (type: DepartmentType, specialty: string, site: number, name: string) =>
    departments.push({ name, type, specialty, site });
  // A ward has about 35 staff; wards take half of all.
  const wardsPerSite = Math.max(2, Math.round((staffCount * 0.5) / 35 / sites));
  for (let site = 0; site < sites; site++) {
    for (let w = 0; w < wardsPerSite; w++) {
      const specialty = SPECIALTIES[(w + site * 5) % SPECIALTIES.length] ?? 'medicine';
      add('ward', specialty, site, `S${site}-ward-${w}`);
    }
    add('icu', 'critical-care', site, `S${site}-icu`);
    add('ed', 'emergency', site, `S${site}-ed`);
    const clinics = Math.max(1, Math.round(wardsPerSite * 0.6));
    for (let c = 0; c < clinics; c++) {
      const specialty = SPECIALTIES[(c + site * 5) % SPECIALTIES.length] ?? 'medicine';
      add('clinic', specialty, site, `S${site}-clinic-${c}`);
    }
    for (const service of ['radiology', 'pathology', 'pharmacy', 'therapies'])
      add('service', service, site, `S${site}-${service}`);
    add('team', 'community', site, `S${site}-community`);
    add('practice', 'general-practice', site, `S${site}-practice`);
  }
  for (const service of ['coding', 'booking', 'data-quality', 'bank']) add('service', service, 0, `T-${service}`);
  return departments;
}

/** Shares of staff by kind of department. Assumed. */
const SIZE: Readonly<Record<string, number>> = {
  ward: 1,
  icu: 1.6,
  ed: 2.5,
  clinic: 0.4,
  team: 0.7,
  practice: 0.4,
  radiology: 0.9,
  pathology: 0.5,
  pharmacy: 0.5,
  therapies: 0.6,
  coding: 0.4,
  booking: 0.6,
  'data-quality': 0.12,
};

/** What kind of work a department does: its type, or for services the service. */
export function kindOf(department: Department): string {
  return department.type === 'service' ? department.specialty : department.type;
}

function makeStaff(
  { bank }: Parameters,
  departments: readonly Department[],
  staffCount: number,
  patientCount: number,
  random: Random,
): Staff[] {
  const weights = departments.map((department) => SIZE[kindOf(department)] ?? 0);
  const bankAt = departments.findIndex((department) => department.specialty === 'bank');
  const taken = new Set<number>();
  return Array.from({ length: staffCount }, (_, i) => {
    const isBank = random.chance(bank);
    const department = isBank ? bankAt : random.weighted(weights);
    const team = TEAMS[kindOf(departments[department] ?? { name: '', type: 'ward', specialty: '', site: 0 })] ?? [];
    const role = team[random.weighted(team.map(([, share]) => share))]?.[0] ?? 'nurse';
    let patient = random.below(patientCount);
    while (taken.has(patient) && taken.size < patientCount) patient = random.below(patientCount);
    taken.add(patient);
    return {
      user: `u${String(i).padStart(5, '0')}`,
      role,
      department,
      formerDepartment: -1,
      patient,
      phase: random.below(56),
      isBank,
    };
  });
}

function makePatients(
  { surnames, surnameExponent, householdsPerPostcode }: Parameters,
  patientCount: number,
  random: Random,
): Person[] {
  const cumulative = new Float64Array(surnames);
  let total = 0;
  for (let i = 0; i < surnames; i++) {
    total += 1 / (i + 3) ** surnameExponent;
    cumulative[i] = total;
  }
  const drawSurname = (): number => {
    const target = random.unit() * total;
    let low = 0;
    let high = surnames - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulative[middle] ?? 0) < target) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const patients: Person[] = [];
  for (let household = 0; patients.length < patientCount; household++) {
    const size = 1 + random.weighted([0.3, 0.34, 0.16, 0.14, 0.06]);
    const surname = drawSurname();
    const postcode = Math.floor(household / householdsPerPostcode);
    for (let i = 0; i < size && patients.length < patientCount; i++)
      patients.push({ surname: random.chance(0.8) ? surname : drawSurname(), household, postcode });
  }
  return patients;
}

function groupBy(patients: readonly Person[], key: (person: Person) => number): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  patients.forEach((person, i) => {
    const list = groups.get(key(person));
    if (list === undefined) groups.set(key(person), [i]);
    else list.push(i);
  });
  return groups;
}
