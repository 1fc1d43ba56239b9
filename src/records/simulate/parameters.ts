/**
 * Every rate of the simulated hospital, by name. “assumed”: no public figure is known to us; families draw it wide.
 * Shares are 0–1 unless a unit is named.
 */
export interface Parameters {
  /** First local day. Assumed; the default puts a change of the clocks inside eight weeks. */
  readonly firstDay: string;
  readonly sites: number;
  /** Looks (user-patient-days) a working day of a clinician. Source: about 7 per head of all staff per day (record-access.md 4.1). */
  readonly looksPerShift: number;
  /** Raw accesses beyond the first in a look. Assumed. */
  readonly extraAccesses: number;
  /** Patients per member of ward staff in beds. Assumed: 0.12 beds a head of all staff (NHS: about 0.1). */
  readonly bedsPerStaff: number;
  /** Mean length of stay, days. Source: NHS acute average about 5 (assumed here). */
  readonly stayDays: number;
  /** Transfers per inpatient and day (record-access.md 4.1: 4 %). */
  readonly transfers: number;
  /** Emergency arrivals per member of staff and day. Assumed. */
  readonly emergencies: number;
  readonly emergencyAdmitted: number;
  /** Clinic appointments per member of staff and working day. Assumed. */
  readonly appointments: number;
  /** Orders per inpatient and day. Assumed. */
  readonly orders: number;
  /** Frail patients, and their share of all activity (record-access.md 4.1: 20 % make 70 %). */
  readonly frail: number;
  readonly frailActivity: number;
  /** Exponent of the surname frequencies (Zipf). Assumed about 1. */
  readonly surnameExponent: number;
  readonly surnames: number;
  /** Households in a postcode unit (record-access.md: about 15). */
  readonly householdsPerPostcode: number;
  /** Relationships that never arrive (record-access.md 4.1: 5–35 %). */
  readonly missing: number;
  /** Patients all of whose feeds are broken for the whole time. Assumed. */
  readonly broken: number;
  /** Looks at patients outside the user's own work list: telephone, advice, other teams. Assumed. */
  readonly oddLooks: number;
  /** Of the odd looks: at a patient with no activity at all. Assumed. */
  readonly telephone: number;
  /** Looks opened by mistake on a patient of the same surname. Assumed. */
  readonly misclicks: number;
  /** Doctors' shifts on call for other wards, and how often the rota says so. Assumed. */
  readonly onCall: number;
  readonly onCallRostered: number;
  /** Bank staff as a share of all staff, and how often the rota says where they are. Assumed. */
  readonly bank: number;
  readonly bankRostered: number;
  /** Rota rows given for ordinary shifts. Assumed. */
  readonly rostered: number;
  /** Looks from a device elsewhere, or from home (record-access.md 4.1: 14–30 %). */
  readonly otherDevice: number;
  /** Accesses whose location is known. Assumed. */
  readonly located: number;
  /** Looks again, days later, at a patient once cared for. Assumed. */
  readonly continuity: number;
  /** Patients whose address, and whose surname, is known. Assumed. */
  readonly addresses: number;
  readonly surnamesKnown: number;
  /** Staff whose own record is linked. Assumed. */
  readonly ownLinked: number;
  /** Looks by staff at their own record, per member of staff and day. Assumed. */
  readonly ownLooks: number;
  /** Break-glass as a share of odd looks (Røstad & Edsberg 2006: too frequent to be an exception). */
  readonly breakGlass: number;
  /** Shared log-ins as a share of wards. Assumed. */
  readonly shared: number;
  /** Patients on the watch list by chance (in the news, protected). Assumed. */
  readonly watched: number;
  /** News patients that the site listed in time. Assumed. */
  readonly newsListed: number;
  /** Sealed records. Assumed. */
  readonly sealed: number;
  /** A work list of the data-quality team: patients in an hour (record-access.md 4.1: 120). */
  readonly workList: number;
  /** Junior doctors change teams on this day of the run, or -1. Source: first Wednesday of February and August. */
  readonly changeOverDay: number;
  /** Emergency arrivals ×3 on this day of the run, or -1 (a surge after a public event). Assumed. */
  readonly surgeDay: number;
  /** Incidents per 1,000 staff and week. Real: 0.2–1 (FOI 2017–18; Protenus). Here more, for statistical power. */
  readonly incidents: number;
  /** Day of the run before which there is none. */
  readonly incidentsFrom: number;
  /** Patients a day of a slow harvest, and of an insider who sells (record-access.md 4.1: 6–12, 3–5). */
  readonly harvest: readonly [number, number];
  readonly sold: readonly [number, number];
}

const D: Parameters = {
  firstDay: '2026-03-02',
  sites: 2,
  looksPerShift: 12,
  extraAccesses: 0.5,
  bedsPerStaff: 0.14,
  stayDays: 5,
  transfers: 0.04,
  emergencies: 0.06,
  emergencyAdmitted: 0.25,
  appointments: 0.16,
  orders: 0.8,
  frail: 0.2,
  frailActivity: 0.7,
  surnameExponent: 0.95,
  surnames: 12_000,
  householdsPerPostcode: 15,
  missing: 0.15,
  broken: 0.01,
  oddLooks: 0.05,
  telephone: 0.3,
  misclicks: 0.004,
  onCall: 0.12,
  onCallRostered: 0.5,
  bank: 0.07,
  bankRostered: 0.6,
  rostered: 0.8,
  otherDevice: 0.14,
  located: 0.9,
  continuity: 0.12,
  addresses: 0.9,
  surnamesKnown: 1,
  ownLinked: 0.97,
  ownLooks: 0.0005,
  breakGlass: 0.03,
  shared: 0.1,
  watched: 0.0005,
  newsListed: 0.5,
  sealed: 0.01,
  workList: 120,
  changeOverDay: -1,
  surgeDay: -1,
  incidents: 6,
  incidentsFrom: 28,
  harvest: [6, 12],
  sold: [3, 5],
};

/**
 * Families of hospitals. D and E: tuned on. A, B, C and F: reported on. They were looked at while the model was made, so they are no blind test.
 */
export const FAMILIES: Readonly<Record<string, Parameters>> = {
  D,
  // Poor feeds and a loose house.
  A: {
    ...D,
    missing: 0.35,
    broken: 0.02,
    oddLooks: 0.08,
    telephone: 0.35,
    misclicks: 0.007,
    bank: 0.15,
    bankRostered: 0.4,
    otherDevice: 0.3,
    addresses: 0.6,
    newsListed: 0.2,
    onCall: 0.2,
    onCallRostered: 0.3,
    harvest: [4, 8],
  },
  // Small town, few surnames, a surge in the emergency department.
  B: {
    ...D,
    sites: 1,
    surnameExponent: 1.15,
    surnames: 3000,
    bank: 0.02,
    looksPerShift: 9,
    surgeDay: 40,
    missing: 0.2,
    located: 0.5,
    householdsPerPostcode: 25,
  },
  // Doctors change over inside the scored weeks; no locations; many break-glass uses.
  C: {
    ...D,
    sites: 4,
    changeOverDay: 37,
    located: 0,
    breakGlass: 0.3,
    continuity: 0.2,
    rostered: 0.3,
    missing: 0.1,
    stayDays: 8,
    looksPerShift: 16,
    shared: 0.3,
  },
  // No rota, short stays, many outpatients.
  E: {
    ...D,
    sites: 3,
    rostered: 0,
    onCallRostered: 0,
    bankRostered: 0,
    stayDays: 3,
    appointments: 0.3,
    oddLooks: 0.1,
    missing: 0.25,
    surnames: 30_000,
    addresses: 0.8,
    sold: [4, 8],
  },
  // A quiet, well documented house.
  F: { ...D, sites: 2, missing: 0.05, oddLooks: 0.03, misclicks: 0.002, otherDevice: 0.05, onCall: 0.05, incidents: 3 },
};
