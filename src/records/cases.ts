import type { CaseKind, CasePatient, Points, SharedLogIn } from './case.ts';
import { deceasedAt, type Hospital, postOn } from './hospital.ts';
import type { Names } from './intern.ts';
import type { Crowd, Eye } from './model/crowds.ts';
import type { Engine, ScoredDay } from './model/engine.ts';
import { isOnDuty } from './model/groups.ts';
import type { Habits } from './model/habits.ts';
import type { SharedLogIns } from './model/shared-log-ins.ts';
import type { JudgedDay } from './model/judge.ts';
import { COLLEAGUE, HOUSEHOLD, NEIGHBOUR, STAFF, SURNAME, WATCH } from './model/motives.ts';
import { DAY_MS, dayText, type LocalDay } from './zone.ts';
import { listed, lookedForText, personText, plural, reasonText } from './words.ts';

/** Patients shown on one case: enough to ask about; the count of all is in the sentence. */
const MAX_PATIENTS = 25;

/** One person's day as a case, before the budget has spoken. */
export interface PersonDraft {
  readonly who: number;
  readonly day: LocalDay;
  readonly rate: number;
  readonly kinds: readonly CaseKind[];
  readonly patients: readonly CasePatient[];
  /** The patient that most of the evidence is about, or -1. */
  readonly mainPatient: number;
  readonly plain: string;
  readonly innocentIf: readonly string[];
  readonly shared: SharedLogIn | null;
}

/** Turns scored days into cases with words. */
export class CaseWriter {
  readonly #hospital: Hospital;
  readonly #hosts: Names;
  readonly #habits: Habits;
  readonly #found: SharedLogIns;

  /** @param found log-ins that several people use, whatever the directory says */
  constructor(hospital: Hospital, hosts: Names, habits: Habits, found: SharedLogIns) {
    this.#hospital = hospital;
    this.#hosts = hosts;
    this.#habits = habits;
    this.#found = found;
  }

  personDraft(scored: Pick<ScoredDay, 'judged' | 'persons'>, i: number, rate: number, engine: Engine): PersonDraft {
    const { judged, persons } = scored;
    const { day } = judged;
    const user = persons.users[i] ?? 0;
    const looks = [...persons.order.subarray(persons.start[i], persons.start[i + 1])].filter((look) =>
      Number.isFinite(persons.lookScores[look] ?? 0),
    );
    looks.sort((a, b) => (persons.lookScores[b] ?? 0) - (persons.lookScores[a] ?? 0) || a - b);
    const leading = engine.calibration.leading((component) => persons.scores[component][i] ?? 0);
    const foreign = leading === 'foreign' ? (persons.foreignDepartment[i] ?? -1) : -1;
    const isPart = (look: number) =>
      (judged.explained[look] ?? 0) < 0.5 ||
      (persons.lookScores[look] ?? 0) > 2 ||
      (foreign >= 0 && judged.foreignDepartment[look] === foreign && (judged.explained[look] ?? 0) < 3);
    const part = looks.filter(isPart);
    const shown = part.length > 0 ? part : looks.slice(0, 1);
    const mass = persons.mass[i] ?? 0;
    const usual = persons.usualMass[i] ?? 0;
    const volume = volumePoints(mass, usual, persons.scores.sustained[i] ?? 0);
    const patients = shown.slice(0, MAX_PATIENTS).map((look) => this.#patient(judged, look, volume, foreign));
    const kinds = this.#kinds(judged, shown, leading, mass, usual);
    return {
      who: user,
      day: day.day,
      rate,
      kinds,
      patients,
      mainPatient: leading === 'snoop' ? day.patient.at(shown[0] ?? 0) : -1,
      plain: this.#plain(judged, user, shown, kinds, foreign, mass, usual),
      innocentIf: innocentIf(kinds),
      shared: this.sharedOf(judged, shown),
    };
  }

  #patient(judged: JudgedDay, look: number, volume: number, foreign: number): CasePatient {
    const { day } = judged;
    const user = day.user.at(look);
    const evidence = (judged.motive[look] ?? 0) > 0 ? (judged.motive[look] ?? 0) : 0;
    const explained = judged.explained[look] ?? 0;
    const isNewMachine = this.#habits.isNewMachine(user, day.host.at(look));
    const place = judged.places[user]?.some(({ group }) => group >= 0) === true ? day.place.at(look) : -1;
    const points: Points = {
      relationship: (judged.ties[look] ?? 0) === 0 ? 0 : evidence > 5 ? 3 : evidence > 3 ? 2 : evidence > 0.5 ? 1 : 0,
      noWorkReason: explained < -2 ? 3 : explained < -1 ? 2 : explained < 0.5 ? 1 : 0,
      repeat: Math.min(3, judged.repeats[look] ?? 0),
      volume,
      time: this.#timePoints(judged, look),
      device: isNewMachine ? (place < 0 ? 2 : 1) : 0,
    };
    return {
      patient: this.#hospital.patients.textOf(day.patient.at(look)),
      times: day.times.at(look),
      points,
      because: sentence(this.becauseOf(judged, look, foreign)),
    };
  }

  #timePoints(judged: JudgedDay, look: number): number {
    const { day } = judged;
    const user = day.user.at(look);
    const unusual = this.#habits.isUnusualHour(user, day.hours.at(look));
    const off = isOnDuty(user, day.first.at(look), this.#hospital) === false;
    return (unusual ? 2 : 0) + (off ? 1 : 0);
  }

  /** The reasons found and not found for one look, as a clause. */
  becauseOf(judged: JudgedDay, look: number, foreign = -1): string {
    const parts = this.#ties(judged, look);
    const explained = judged.explained[look] ?? 0;
    const { departments, report } = this.#hospital;
    const direct = judged.direct[look] ?? -1;
    const cause = direct >= 0 ? direct : (judged.cause[look] ?? -1);
    const count = Math.max(1, departments.size);
    const reason =
      cause < 0 ? null : reasonText(Math.floor(cause / count), departments.textOf(cause % count) || 'a department');
    if (reason === null) parts.push(lookedForText(report.missing));
    else if (direct >= 0) parts.push(`${reason}, where this person works`);
    else if (explained >= 0.5 && foreign < 0) parts.push(`there is a reason: ${reason}`);
    else parts.push(`${reason}, which is seldom a reason for this role and department`);
    const others = judged.others[look] ?? 0;
    const team = judged.team[look] ?? 0;
    if (others === 0) parts.push('nobody else opened the record in those four days');
    else if (team === 0)
      parts.push(
        `${plural(others, 'other person', 'other people')} used the record in those four days, none from the same department`,
      );
    else
      parts.push(
        `${plural(others, 'other person', 'other people')} used the record in those four days, ${team} from the same department`,
      );
    const repeats = judged.repeats[look] ?? 0;
    if (repeats > 0) parts.push(`it was opened on ${plural(repeats, 'earlier day')} too, also without a reason found`);
    return parts.join('; ');
  }

  #ties(judged: JudgedDay, look: number): string[] {
    const ties = judged.ties[look] ?? 0;
    const found: string[] = [];
    if ((ties & HOUSEHOLD) !== 0) found.push('the patient is registered at the same address');
    else if ((ties & NEIGHBOUR) !== 0) found.push('the patient lives in the same postcode unit');
    if ((ties & SURNAME) !== 0 && (judged.motive[look] ?? 0) > 0.5) found.push('the patient has the same surname');
    if ((ties & STAFF) !== 0) found.push(this.#staffTie(judged, look, (ties & COLLEAGUE) !== 0));
    if ((ties & WATCH) !== 0) found.push('the patient is on the watch list');
    const died = deceasedAt(judged.day.patient.at(look), this.#hospital);
    const after = Math.floor((judged.day.first.at(look) - died) / DAY_MS);
    if (after > 0) found.push(`the patient had died ${plural(after, 'day')} before`);
    return found;
  }

  /** As it stood that day: people leave, and come back elsewhere. */
  #staffTie({ day }: JudgedDay, look: number, isColleague: boolean): string {
    const at = day.first.at(look);
    const { staffOfPatient, posts } = this.#hospital;
    const held = posts[staffOfPatient.get(day.patient.at(look)) ?? -1]?.filter(({ from, to }) => from <= at && at < to);
    const isThere = held !== undefined && held.length > 0;
    if (!isColleague) return isThere ? 'the patient is a member of staff' : 'the patient has been a member of staff';
    const own = postOn(day.user.at(look), at, this.#hospital)?.department;
    const isTogether = isThere && (own === undefined || held.some(({ department }) => department === own));
    return isTogether ? 'the patient works in the same department' : 'the patient has worked in the same department';
  }

  #kinds(judged: JudgedDay, looks: readonly number[], leading: string, mass: number, usual: number): CaseKind[] {
    const kinds = new Set<CaseKind>();
    const { day } = judged;
    const strange = looks.filter(
      (look) =>
        (judged.explained[look] ?? 0) < 0 &&
        (this.#habits.isNewMachine(day.user.at(look), day.host.at(look)) || this.#timePoints(judged, look) >= 1),
    ).length;
    if (strange >= 10 && strange > 0.5 * mass) kinds.add('stolen-account');
    if (mass >= 40 && mass > 5 * usual) kinds.add('bulk');
    if (leading === 'sustained' || leading === 'foreign' || (leading === 'mass' && !kinds.has('bulk')))
      kinds.add('harvest');
    for (const look of looks.slice(0, leading === 'snoop' ? 3 : 1)) {
      const ties = judged.ties[look] ?? 0;
      if ((judged.motive[look] ?? 0) > 0.5 && (judged.explained[look] ?? 0) < 3) {
        if ((ties & HOUSEHOLD) !== 0) kinds.add('household');
        if ((ties & SURNAME) !== 0) kinds.add('surname');
        if ((ties & COLLEAGUE) !== 0) kinds.add('colleague');
        if ((ties & NEIGHBOUR) !== 0) kinds.add('neighbour');
        if ((ties & WATCH) !== 0) kinds.add('watched');
      }
      if ((judged.repeats[look] ?? 0) > 0) kinds.add('repeat');
    }
    if (kinds.size === 0) kinds.add('unexplained');
    return [...kinds];
  }

  #plain(
    judged: JudgedDay,
    user: number,
    looks: readonly number[],
    kinds: readonly CaseKind[],
    foreign: number,
    mass: number,
    usual: number,
  ): string {
    const { report, departments } = this.#hospital;
    const top = looks[0] ?? 0;
    const who = personText(user, judged.day.first.at(top), this.#hospital, this.#found.isFound(user));
    const date = dayText(judged.day.day);
    const notReceived = notAllReceived(report.missing);
    const isMany = kinds.some((kind) => kind === 'bulk' || kind === 'harvest' || kind === 'stolen-account');
    if (foreign >= 0 && kinds.includes('harvest'))
      return `${who} opened the records of ${plural(looks.length, 'patient')} on ${date} whose care lies with ${departments.textOf(foreign)}, and did so on several days. Colleagues in the same role seldom do.${notReceived}`;
    if (isMany)
      return `${who} opened the records of about ${plural(Math.max(1, Math.round(mass)), 'patient')} on ${date} for which no reason was found; ${usual < 1 ? 'fewer than one' : `about ${Math.round(usual)}`} a day is usual.${kinds.includes('stolen-account') ? ' Most were opened from a machine or at an hour that this log-in does not use.' : ''}${notReceived}`;
    return `${who} opened a patient’s record on ${date}: ${this.becauseOf(judged, top)}.${notReceived}`;
  }

  /** What is asked about a generic log-in instead of a person; null when these looks of one log-in are a person's. */
  sharedOf(judged: JudgedDay, looks: readonly number[]): SharedLogIn | null {
    const { day } = judged;
    const { zone, duties, users, posts, departments, isShared } = this.#hospital;
    const who = day.user.at(looks[0] ?? 0);
    if (isShared[who] !== true && !this.#found.isFound(who)) return null;
    const devices = new Set<string>();
    let first = Number.POSITIVE_INFINITY;
    let last = Number.NEGATIVE_INFINITY;
    const places = new Set<number>();
    for (const look of looks) {
      if (day.host.at(look) >= 0) devices.add(this.#hosts.textOf(day.host.at(look)));
      if (day.place.at(look) >= 0) places.add(day.place.at(look));
      first = Math.min(first, day.first.at(look));
      last = Math.max(last, day.last.at(look));
    }
    for (const post of posts[who] ?? []) places.add(post.department);
    const onRota = new Set<string>();
    for (const [user, own] of duties.entries())
      if (own?.some(({ department, from, to }) => places.has(department) && from <= last && to >= first) === true)
        onRota.add(users.textOf(user));
    return {
      devices: [...devices].sort(),
      shift: `${zone.clockText(first)} to ${zone.clockText(last)}${places.size === 0 ? '' : `, ${listed([...places].map((place) => departments.textOf(place)))}`}`,
      onRota: [...onRota].sort(),
    };
  }

  eyeText(eye: Eye): string {
    return sentence(this.becauseOf(eye.judged, eye.look));
  }

  crowdText(crowd: Pick<Crowd, 'from' | 'to'>, users: number, expected: number): string {
    const { report } = this.#hospital;
    return `Between ${dayText(crowd.from)} and ${dayText(crowd.to)} this patient’s record was opened by people whose work we could not tie to it: about ${plural(Math.max(1, Math.round(expected)), 'person', 'people')}. The ${plural(users, 'least explained look is', 'least explained looks are')} listed to order the conversations, not to judge. It could be innocent if a feed about this patient is broken, or if many teams were asked for help.${notAllReceived(report.missing)}`;
  }
}

/** What that is, the review says once. */
function notAllReceived(missing: readonly string[]): string {
  return missing.length === 0 ? '' : ' Not everything that could explain it was received.';
}

function sentence(clause: string): string {
  return `${clause.charAt(0).toUpperCase()}${clause.slice(1)}.`;
}

function volumePoints(mass: number, usual: number, sustained: number): number {
  if (mass > 10 && mass > 8 * usual) return 3;
  if ((mass > 4 && mass > 4 * usual) || sustained > 12) return 2;
  return (mass > 3 && mass > 2 * usual) || sustained > 6 ? 1 : 0;
}

function innocentIf(kinds: readonly CaseKind[]): string[] {
  const reasons = new Set<string>();
  const add = (...texts: string[]) => texts.forEach((text) => reasons.add(text));
  for (const kind of kinds) {
    switch (kind) {
      case 'household':
      case 'surname':
        add('the patient asked for help and policy allows it', 'a patient of the same name was meant');
        break;
      case 'colleague':
        add('the colleague was treated by this team', 'it was occupational health or a staff clinic');
        break;
      case 'neighbour':
      case 'watched':
      case 'crowd':
        add('the team was asked for advice by telephone', 'the patient was moved and the feed did not say so');
        break;
      case 'repeat':
        add('the patient is followed up in a way that no feed shows', 'it is a complaint, an audit or research');
        break;
      case 'harvest':
      case 'bulk':
        add(
          'it was a work list: coding, data quality, audit or research',
          'cover for another team was not on the rota',
        );
        break;
      case 'stolen-account':
        add('a new machine or a changed shift', 'a shared machine was left unlocked');
        break;
      case 'unexplained':
        add('telephone advice or an informal request', 'the wrong patient was clicked');
        break;
    }
  }
  add('the reason is in a feed that was not received');
  return [...reasons];
}
