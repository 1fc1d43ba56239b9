import { type Fields, type FieldValue, type LogEvent, newFields } from '../../core/event.ts';
import { replaceIdentifiers } from './find.ts';
import { NamedTexts } from './named.ts';
import { isPatientNumber } from '../../core/patient-number.ts';

/** Fields that hold a patient's id, name, birth date, address or telephone number, whatever they look like. */
const IDENTIFYING =
  /^(?:patient|patient[._ -]?(?:id|number|name|identifier|ref(?:erence)?)|pat(?:ient)?name|nhs[._ -]?(?:no|num|number)|chi(?:[._ -]?(?:no|num|number))?|hc[._ -]?number|mrn|hospital[._ -]?(?:no|number)|birth[._ -]?date|dateofbirth|date[._ -]of[._ -]birth|dob|patient[._ -]?(?:dob|birthdate|address|postcode|phone|email))$/i;

const MAX_DEPTH = 40;
const REMEMBERED = 50_000;
const PSEUDONYM = /^(?:pt|pi)_[0-9a-f]{20}$/;
/** FHIR’s way to write an id that a table gives alone. */
const REFERENCE = /^Patient\//i;

/** What is known of a field by its name. */
interface FieldName {
  readonly clean: string;
  readonly isIdentifying: boolean;
  readonly isTime: boolean;
}

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
      known = { clean: this.text(name), isIdentifying: isIdentifying(name), isTime: TIME_NAME.test(name) };
      this.#names.set(name, known);
    }
    return known;
  }

  /** The event as everybody else may see it. What names nobody is not copied: most events come out as they went in. */
  event(event: LogEvent): LogEvent {
    this.#isNamed = false;
    let clean = this.#clean;
    let fields = this.#record(event.fields, null, clean, 0);
    if (this.#isNamed) {
      const named = new Map<string, string>();
      this.#collectNamed(event.fields, false, named, 0);
      clean = this.#cleanerOf(named);
      fields = this.#record(event.fields, named, clean, 0);
    }
    const text = event.text === null ? null : clean(event.text);
    return fields === event.fields && text === event.text ? event : { ...event, fields, text };
  }

  readonly #clean = (text: string): string => this.text(text);

  /** Replaces what a field that identifies holds wherever else it stands, too. */
  #cleanerOf(named: ReadonlyMap<string, string>): (text: string) => string {
    const elsewhere = new NamedTexts(named);
    return (text) => this.text(elsewhere.replaceIn(text));
  }

  /**
   * The value without what names a patient: itself, if nothing in it does.
   *
   * @param named what fields that identify hold, with its pseudonym; `null`: not looked for yet. Then the first such field
   *   ends the work, and `#isNamed` says so: few events have one, and the others are gone through once.
   */
  #fields(
    value: FieldValue,
    named: ReadonlyMap<string, string> | null,
    clean: (text: string) => string,
    depth: number,
    isIdentifying: boolean,
  ): FieldValue {
    if (typeof value === 'string') return (isIdentifying ? named?.get(value) : undefined) ?? clean(value);
    if (typeof value === 'number') {
      if (!(value >= 1e9 && value < 1e10)) return value;
      const text = String(value);
      return text.length === 10 && isPatientNumber(text) ? this.of(text) : value;
    }
    if (typeof value !== 'object' || value === null) return value;
    if (depth > MAX_DEPTH) return '(nested too deep to be kept)';
    if (Array.isArray(value)) {
      const entries = value as readonly FieldValue[];
      const cleaned = entries.map((entry) => this.#fields(entry, named, clean, depth + 1, isIdentifying));
      return cleaned.every((entry, index) => entry === entries[index]) ? value : cleaned;
    }
    return this.#record(value as Fields, named, clean, depth);
  }

  #record(
    record: Fields,
    named: ReadonlyMap<string, string> | null,
    clean: (text: string) => string,
    depth: number,
  ): Fields {
    let copy: Fields | null = null;
    for (const name in record) {
      const entry = record[name];
      const known = this.#name(name);
      if (named === null && known.isIdentifying && entry !== '' && (typeof entry === 'string' || isNested(entry)))
        this.#isNamed = true;
      if (named === null && this.#isNamed) return record;
      const isTime = typeof entry === 'number' && known.isTime;
      const kept = isTime ? entry : this.#fields(entry, named, clean, depth + 1, known.isIdentifying);
      if (copy === null && (kept !== entry || known.clean !== name)) copy = copyBefore(record, name);
      if (copy !== null) copy[known.clean] = kept;
    }
    return copy ?? record;
  }

  /** Every text in a field that identifies, with its pseudonym. */
  #collectNamed(value: FieldValue, isNamed: boolean, named: Map<string, string>, depth: number): void {
    if (depth > MAX_DEPTH) return;
    if (typeof value === 'string') {
      if (isNamed && value !== '' && !named.has(value) && !PSEUDONYM.test(value)) named.set(value, this.of(value));
    } else if (Array.isArray(value))
      for (const entry of value as readonly FieldValue[]) this.#collectNamed(entry, isNamed, named, depth + 1);
    else if (typeof value === 'object' && value !== null) this.#collectNamedIn(value as Fields, named, depth);
  }

  #collectNamedIn(record: Fields, named: Map<string, string>, depth: number): void {
    for (const name in record) {
      const entry = record[name];
      if (typeof entry !== 'string' && typeof entry !== 'object') continue;
      const { isIdentifying } = this.#name(name);
      if (isIdentifying || typeof entry === 'object') this.#collectNamed(entry, isIdentifying, named, depth + 1);
    }
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

function isNested(value: FieldValue): boolean {
  return typeof value === 'object' && value !== null;
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

/** A number of seconds since 1970 has ten digits too. */
const TIME_NAME = /time|date|epoch|^ts$|^at$|created|expires|start|end$/i;

function isIdentifying(name: string): boolean {
  return IDENTIFYING.test(name.slice(name.lastIndexOf('.') + 1)) || IDENTIFYING.test(name);
}
