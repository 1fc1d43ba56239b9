import { type Fields, type FieldValue, type LogEvent, newFields } from '../../core/event.ts';
import { replaceIdentifiers } from './find.ts';
import { kindOfName, mayName, type NameKind, replaceNamed } from './named.ts';
import { NamedTexts } from './named-texts.ts';
import { isPatientNumber } from '../../core/patient-number.ts';

const MAX_DEPTH = 40;
/** JSON in text in JSON is looked into, but not for ever; nor what is longer. */
const MAX_NESTING = 3;
const MAX_JSON = 256 * 1024;
const REMEMBERED = 50_000;
const PSEUDONYM = /^(?:pt|pi)_[0-9a-f]{20}$/;
/** FHIR’s way to write an id that a table gives alone. */
const REFERENCE = /^Patient\//i;

/** What is known of a field by its name. */
interface FieldName extends NameKind {
  readonly clean: string;
  readonly isTime: boolean;
}

/** Whose a value is: the log's; a patient's, of whom some parts name them; what names one; or either, as `patient` may hold. */
type Whose = 'log' | 'patient' | 'personal' | 'subject';

/**
 * Puts a keyed pseudonym in the place of everything that names a patient: the same for the same person and key,
 * without a way back for whoever lacks the key. `pt_` is a person, `pi_` something else that names one.
 */
export class Pseudonymiser {
  readonly #mac: (text: string) => Buffer;
  readonly #known = new Map<string, string>();
  readonly #names = new Map<string, FieldName>();
  /** A field that identifies was met. */
  #isNamed = false;
  /** How many texts we are within. */
  #nesting = 0;

  readonly #onNew: (pseudonym: string, text: string) => void;

  /**
   * @param mac a keyed hash whose key is kept outside the data folder
   * @param onNew told of a pseudonym that it has not made before, or not lately, and what it stands for
   */
  constructor(mac: (text: string) => Buffer, onNew: (pseudonym: string, text: string) => void = () => undefined) {
    this.#mac = mac;
    this.#onNew = onNew;
  }

  /**
   * The pseudonym of the patient's number in it, however it is grouped; of any other id, of that, with or without
   * `Patient/` before it. A pseudonym stays as it is.
   */
  of(id: string): string {
    if (PSEUDONYM.test(id)) return id;
    const number = /(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)/.exec(id)?.[0].replace(/\D/g, '') ?? '';
    return isPatientNumber(number)
      ? this.#pseudonym('pt_', number)
      : this.#pseudonym('pi_', id.trim().replace(REFERENCE, '').toLowerCase());
  }

  /**
   * A keyed hash of what must be compared and never told: a surname, an address, a visit's number. Equal for texts that
   * differ in case, accents and punctuation only. `''` stays so.
   */
  keyed(kind: string, text: string): string {
    const plain = text
      .normalize('NFKD')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]+/gu, '');
    return plain === '' ? '' : `k_${this.#mac(`${kind}:${plain}`).toString('hex', 0, 10)}`;
  }

  text(text: string): string {
    return replaceIdentifiers(text, this.#replace);
  }

  #name(name: string): FieldName {
    let known = this.#names.get(name);
    if (known === undefined) {
      if (this.#names.size >= REMEMBERED) this.#names.clear();
      known = { ...kindOfName(name), clean: this.text(name), isTime: TIME_NAME.test(name) };
      this.#names.set(name, known);
    }
    return known;
  }

  /** The event as everybody else may see it. What names nobody is not copied: most events come out as they went in. */
  event(event: LogEvent): LogEvent {
    this.#nesting = 0;
    let clean = this.#clean;
    const fields = this.#cleaned(event.fields, (named) => {
      clean = named;
    });
    const text = event.text === null ? null : clean(event.text);
    return fields === event.fields && text === event.text ? event : { ...event, fields, text };
  }

  /** @param onNamed told how texts beside the fields are cleaned, if some of these name a patient */
  #cleaned(fields: Fields, onNamed: (clean: (text: string) => string) => void): Fields {
    this.#isNamed = false;
    const plain = this.#record(fields, 0);
    if (!this.#isNamed) return plain;
    const named = new Map<string, string>();
    this.#rewritten(fields, 'log', named, (text) => text, 0);
    const clean = this.#cleanerOf(named);
    onNamed(clean);
    return this.#rewritten(fields, 'log', named, clean, 0) as Fields;
  }

  /** Without numbers of patients, and without what its own words say is a patient's. */
  readonly #clean = (text: string): string => {
    const clean = this.text(text);
    if (!mayName(clean)) return clean;
    const found = this.#nesting < MAX_NESTING ? jsonIn(clean) : null;
    if (found === null) return replaceNamed(clean, this.#replace);
    const { before, object, after } = found;
    this.#nesting++;
    const isNamed = this.#isNamed;
    const kept = JSON.stringify(this.#cleaned({ object }, () => undefined)['object']);
    this.#isNamed = isNamed;
    this.#nesting--;
    const inner = kept === JSON.stringify(object) ? clean.slice(before.length, clean.length - after.length) : kept;
    return replaceNamed(before, this.#replace) + inner + replaceNamed(after, this.#replace);
  };

  /** Replaces what a field that identifies holds wherever else it stands, too. */
  #cleanerOf(named: ReadonlyMap<string, string>): (text: string) => string {
    const elsewhere = new NamedTexts(named);
    return (text) => this.#clean(elsewhere.replaceIn(text));
  }

  /**
   * The value without what names a patient: itself, if nothing in it does. The first field that identifies ends the work,
   * and `#isNamed` says so: few events have one, and the others are gone through once.
   */
  #fields(value: FieldValue, depth: number): FieldValue {
    if (typeof value === 'string') return this.#clean(value);
    if (typeof value === 'number') return this.#number(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth > MAX_DEPTH) return TOO_DEEP;
    if (Array.isArray(value)) {
      const entries = value as readonly FieldValue[];
      const cleaned = entries.map((entry) => this.#fields(entry, depth + 1));
      return cleaned.every((entry, index) => entry === entries[index]) ? value : cleaned;
    }
    return this.#record(value as Fields, depth);
  }

  #number(value: number): number | string {
    if (!(value >= 1e9 && value < 1e10)) return value;
    const text = String(value);
    return text.length === 10 && isPatientNumber(text) ? this.of(text) : value;
  }

  #record(record: Fields, depth: number): Fields {
    let copy: Fields | null = null;
    for (const name in record) {
      const entry = record[name];
      const known = this.#name(name);
      if (isNaming(known, entry)) this.#isNamed = true;
      if (this.#isNamed) return record;
      const isTime = typeof entry === 'number' && entry < LATEST_SECONDS && known.isTime;
      const kept = isTime ? entry : this.#fields(entry, depth + 1);
      if (copy === null && (kept !== entry || known.clean !== name)) copy = copyBefore(record, name);
      if (copy !== null) copy[known.clean] = kept;
    }
    return copy ?? record;
  }

  /** As `#fields`, where some field identifies. @param named gets what such fields hold, with its pseudonym */
  #rewritten(
    value: FieldValue,
    whose: Whose,
    named: Map<string, string>,
    clean: (text: string) => string,
    depth: number,
  ): FieldValue {
    const isPersonal = whose === 'personal' || whose === 'subject';
    if ((typeof value === 'string' || typeof value === 'number') && isPersonal && value !== '') {
      const text = String(value);
      const pseudonym = this.of(text);
      if (pseudonym !== text) named.set(text, pseudonym);
      return pseudonym;
    }
    if (typeof value === 'string') return clean(value);
    if (typeof value === 'number') return this.#number(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth > MAX_DEPTH) return TOO_DEEP;
    if (Array.isArray(value))
      return (value as readonly FieldValue[]).map((entry) => this.#rewritten(entry, whose, named, clean, depth + 1));
    const record = value as Fields;
    const kept = newFields();
    const names = Object.keys(record);
    const isBeside = names.some((name) => isNaming(this.#name(name), record[name]));
    for (const name of names) {
      const known = this.#name(name);
      const entry = record[name];
      const isCount = known.isCount && typeof entry === 'number';
      const own = isCount ? 'log' : whoseOf(known, whose === 'subject' ? 'patient' : whose, isBeside);
      const isTime = own === 'log' && typeof entry === 'number' && entry < LATEST_SECONDS && known.isTime;
      kept[known.clean] = isTime ? entry : this.#rewritten(entry, own, named, clean, depth + 1);
    }
    return kept;
  }

  readonly #replace = (found: string): string => this.of(found);

  #pseudonym(prefix: string, text: string): string {
    const key = prefix + text;
    let pseudonym = this.#known.get(key);
    if (pseudonym === undefined) {
      if (this.#known.size >= REMEMBERED) this.#known.clear();
      // 80 bits: a region's ten million patients share none but by a chance of one in 10^10.
      pseudonym = prefix + this.#mac(key).toString('hex', 0, 10);
      this.#known.set(key, pseudonym);
      this.#onNew(pseudonym, text);
    }
    return pseudonym;
  }
}

/** The field says who a patient is, if it says anything. */
function isNaming({ isIdentifying, isCount }: NameKind, value: FieldValue): boolean {
  if (!isIdentifying || value === '' || value === null || value === undefined) return false;
  return typeof value !== 'boolean' && !(isCount && typeof value === 'number');
}

const TOO_DEEP = '(nested too deep to be kept)';

/** @param isBeside something in the same record names a patient */
function whoseOf(name: NameKind, whose: Whose, isBeside: boolean): Whose {
  if (whose === 'personal') return name.isTechnical ? 'log' : 'personal';
  if (name.isPatient) return 'subject';
  if (name.isIdentifying || (isBeside && name.isPartOfName)) return 'personal';
  return whose === 'patient' && name.isPersonal ? 'personal' : whose;
}

interface JsonInText {
  readonly before: string;
  readonly object: Fields | readonly FieldValue[];
  readonly after: string;
}

/** The JSON in a text, as of a line with a header before it; `null`: none, or one with numbers that would come out otherwise. */
function jsonIn(text: string): JsonInText | null {
  if (text.length > MAX_JSON || /[:[,]\s?-?\d{16}/.test(text)) return null;
  const from = text.search(/\{\s*"|\[\s*[{"]/);
  if (from < 0) return null;
  const to = text.lastIndexOf(text.charAt(from) === '{' ? '}' : ']') + 1;
  try {
    const object = JSON.parse(text.slice(from, to)) as Fields | readonly FieldValue[];
    return { before: text.slice(0, from), object, after: text.slice(to) };
  } catch {
    return null;
  }
}

/** What stands in a record before a field. */
function copyBefore(record: Fields, end: string): Fields {
  const copy = newFields();
  for (const name in record) {
    if (name === end) break;
    copy[name] = record[name];
  }
  return copy;
}

/** A number of seconds since 1970 has ten digits too; until 2036 it is below this. */
const LATEST_SECONDS = 2.1e9;
const TIME_NAME = /time|date|epoch|^ts$|^at$|created|expires|start|end$/i;
