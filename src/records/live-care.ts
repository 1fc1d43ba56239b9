import { CARE_KINDS, type Care, type CareKind, type CarePlace } from '../core/care.ts';
import { mergeSteps, type Step } from './stay-steps.ts';

/** A kept event of category `record_relationship`, with its fields as docs/formats.md names them. */
export interface CareEvent {
  readonly at: number | null;
  readonly receivedAt: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A relationship as it stands after everything that was said of it. Texts are pseudonyms and departments’ codes. */
export interface LiveRelation {
  readonly kind: CareKind;
  readonly patient: string;
  readonly department: string;
  readonly from: number;
  /** `null`: it was not said. */
  readonly to: number | null;
  /** If `to` was not said: so many local days, `null`: still. Of stays. */
  readonly days: number | null;
}

/** What is known of a patient besides care: the newest that was said. `''`: not said. */
export interface LivePerson {
  readonly surname: string;
  readonly household: string;
  readonly postcode: string;
  readonly deceasedAt: number | null;
}

export interface LiveCare {
  readonly relations: readonly LiveRelation[];
  /** By the pseudonym that `nameOf` gives. */
  readonly persons: ReadonlyMap<string, LivePerson>;
  /** The one pseudonym of a patient who has several: of a local id, that of the NHS number. */
  readonly nameOf: (pseudonym: string) => string;
  /** Local ids that stood beside two NHS numbers: whose they are is not known, so they stay by themselves. */
  readonly ambiguousIds: number;
}

interface State {
  readonly at: number;
  readonly receivedAt: number;
  readonly places: readonly CarePlace[];
  /** Orders are told again when they change: they began when they were first told. */
  readonly first: number;
}

/** One visit, appointment, order: all that was said of it. */
interface Told {
  readonly kind: CareKind;
  readonly key: string;
  /** Pseudonyms of the one patient. */
  ids: readonly string[];
  steps: Step[];
  state: State | null;
}

interface Merge {
  readonly at: number;
  readonly receivedAt: number;
  readonly former: readonly string[];
  readonly into: string;
}

type DatedPerson = LivePerson & { readonly at: number };

/**
 * Makes relationships of notes about care. Notes may come in any order, late, and twice: what comes out depends on when each
 * became so, and on nothing else.
 */
export class CareBook {
  readonly #told = new Map<string, Told>();
  readonly #persons = new Map<string, DatedPerson>();
  readonly #merges: Merge[] = [];
  /** Local id → the NHS numbers beside which it stood. */
  readonly #beside = new Map<string, Set<string>>();
  // Of a few thousand departments and a million patients, each text is held once.
  readonly #texts = new Map<string, string>();

  add({ at, receivedAt, fields }: CareEvent): void {
    const became = at ?? receivedAt;
    const ids = textsOf(fields['patient']).map((id) => this.#shared(id));
    const [first] = ids;
    if (first === undefined) return;
    const number = ids.find(isNumber);
    if (number !== undefined) for (const id of ids) if (!isNumber(id)) this.#link(id, number);
    const former = textsOf(fields['former']);
    if (former.length > 0) this.#merges.push({ at: became, receivedAt, former, into: number ?? first });
    this.#describe(ids, became, fields);
    for (const care of Array.isArray(fields['care']) ? (fields['care'] as readonly Care[]) : [])
      this.#tell(ids, number ?? first, care, became, receivedAt);
  }

  #shared(text: string): string {
    const known = this.#texts.get(text);
    if (known === undefined) this.#texts.set(text, text);
    return known ?? text;
  }

  #link(id: string, number: string): void {
    const beside = this.#beside.get(id);
    if (beside === undefined) this.#beside.set(id, new Set([number]));
    else beside.add(number);
  }

  #describe(ids: readonly string[], at: number, fields: CareEvent['fields']): void {
    const text = (name: string) => (typeof fields[name] === 'string' ? this.#shared(fields[name]) : '');
    const deceasedAt = typeof fields['deceased_at'] === 'number' ? fields['deceased_at'] : null;
    const [surname, household, postcode] = [text('surname_key'), text('household_key'), text('postcode_key')];
    if (surname + household + postcode === '' && deceasedAt === null) return;
    for (const id of ids)
      this.#persons.set(id, together(this.#persons.get(id), { surname, household, postcode, deceasedAt, at }));
  }

  #tell(ids: readonly string[], patient: string, care: Care, at: number, receivedAt: number): void {
    const kind = care.is === 'step' ? 'stay' : care.kind;
    // What has no number of its own is known by where and when it is.
    const [place] = care.is === 'state' ? care.places : [];
    const own = care.key !== '' || place === undefined ? care.key : `${place.department} ${place.from}`;
    const id = `${kind} ${care.is} ${own} ${patient}`;
    let told = this.#told.get(id);
    if (told === undefined) {
      told = { kind, key: `${kind} ${care.is} ${own}`, ids, steps: [], state: null };
      this.#told.set(id, told);
    } else if (told.ids.length < ids.length) told.ids = ids;
    if (care.is === 'step') {
      const { step, department, since, days } = care;
      told.steps.push({ at, receivedAt, step, department: this.#shared(department), since, days });
      if (told.steps.length % TIDY_EVERY === 0) told.steps = withoutRepeats(told.steps);
    } else told.state = newest(told.state, { at, receivedAt, places: care.places, first: firstOf(care.places) });
  }

  /** What all notes together say. */
  close(): LiveCare {
    const { nameOf, ambiguousIds } = this.#names();
    const persons = new Map<string, DatedPerson>();
    for (const [id, person] of this.#persons) persons.set(nameOf(id), together(persons.get(nameOf(id)), person));
    // A visit that began under one of the patient’s ids may end under another.
    const whole = new Map<string, Told>();
    for (const told of this.#told.values()) {
      const names = [...new Set(told.ids.map(nameOf))];
      const id = `${told.key} ${names.find(isNumber) ?? names[0] ?? ''}`;
      const known = whole.get(id);
      if (known === undefined) whole.set(id, { ...told, ids: names });
      else {
        known.ids = [...new Set([...known.ids, ...names])];
        known.steps = [...known.steps, ...told.steps];
        if (told.state !== null) known.state = newest(known.state, told.state);
      }
    }
    const relations: LiveRelation[] = [];
    // Ids that are not known to be one patient’s are not made one: the care counts for each.
    for (const { kind, ids, steps, state } of whole.values())
      for (const time of kind === 'stay' && state === null ? mergeSteps(steps) : timesOf(kind, state))
        for (const patient of ids) relations.push({ kind, patient, ...time });
    relations.sort(byTime);
    return { relations, persons, nameOf, ambiguousIds };
  }

  #names(): { nameOf: (pseudonym: string) => string; ambiguousIds: number } {
    const into = new Map<string, string>();
    const nameOf = (id: string): string => {
      let name = id;
      // Ends, because `join` makes no circle.
      for (let next = into.get(name); next !== undefined; next = into.get(name)) name = next;
      return name;
    };
    // Once all is joined, each is followed once: a long chain of merges would else be walked for each of its links.
    const finalNames = new Map<string, string>();
    const finalNameOf = (id: string): string => {
      const passed: string[] = [];
      let name = id;
      for (let next = into.get(name); next !== undefined; next = into.get(name)) {
        passed.push(name);
        name = finalNames.get(next) ?? next;
      }
      for (const each of passed) finalNames.set(each, name);
      return name;
    };
    const join = (id: string, target: string): void => {
      const before = into.get(id);
      into.delete(id);
      const name = nameOf(target);
      if (name !== id) into.set(id, name);
      else if (before !== undefined) into.set(id, before);
    };
    this.#merges.sort((a, b) => a.at - b.at || a.receivedAt - b.receivedAt);
    // Joined once more, into another: the last word counts.
    for (const { former, into: target } of this.#merges) for (const id of former) join(id, target);
    let ambiguousIds = 0;
    for (const [id, beside] of this.#beside) {
      const [only, other] = new Set([...beside].map(nameOf));
      if (other !== undefined) ambiguousIds++;
      else if (only !== undefined && !into.has(id)) join(id, only);
    }
    return { nameOf: finalNameOf, ambiguousIds };
  }
}

/** As files have them, whatever order the messages came in: sums of the model depend on it in their last digits. */
function byTime(one: LiveRelation, other: LiveRelation): number {
  const texts = ({ department, patient }: LiveRelation) => `${department} ${patient}`;
  return (
    CARE_KINDS.indexOf(one.kind) - CARE_KINDS.indexOf(other.kind) ||
    one.from - other.from ||
    (texts(one) < texts(other) ? -1 : 1)
  );
}

/** Most messages about a visit repeat where the patient is: they are thrown away as they come. */
const TIDY_EVERY = 64;

/** Of a run of steps that say the same, the first and the last: one that comes late may belong between. */
function withoutRepeats(steps: readonly Step[]): Step[] {
  const sorted = steps.toSorted((a, b) => a.at - b.at || a.receivedAt - b.receivedAt);
  const isLike = (one: Step, other: Step | undefined) =>
    one.step === other?.step && one.department === other.department && one.days === other.days;
  return sorted.filter((one, i) => !(isLike(one, sorted[i - 1]) && isLike(one, sorted[i + 1])));
}

function timesOf(kind: CareKind, state: State | null): Omit<LiveRelation, 'kind' | 'patient'>[] {
  return (state?.places ?? []).map(({ department, from, to }) => ({
    department,
    from: kind === 'order' || kind === 'referral' ? Math.min(from, state?.first ?? from) : from,
    to,
    days: null,
  }));
}

/** A pseudonym of a valid NHS, CHI or H&C number, and not of a local id: see intake/identifiers/pseudonyms.ts. */
function isNumber(pseudonym: string): boolean {
  return pseudonym.startsWith('pt_');
}

/** The newer of two, filled up from the older. */
function together(one: DatedPerson | undefined, other: DatedPerson): DatedPerson {
  if (one === undefined) return other;
  const [newer, older] = other.at >= one.at ? [other, one] : [one, other];
  return {
    surname: newer.surname || older.surname,
    household: newer.household || older.household,
    postcode: newer.postcode || older.postcode,
    deceasedAt: newer.deceasedAt ?? older.deceasedAt,
    at: newer.at,
  };
}

function newest(known: State | null, one: State): State {
  if (known === null) return one;
  const isNewer = one.at > known.at || (one.at === known.at && one.receivedAt >= known.receivedAt);
  return { ...(isNewer ? one : known), first: Math.min(known.first, one.first) };
}

function firstOf(places: readonly CarePlace[]): number {
  return places.reduce((first, { from }) => Math.min(first, from), Number.POSITIVE_INFINITY);
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string' && each !== '') : [];
}
