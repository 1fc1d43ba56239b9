import type { FieldValue, LogEvent } from '../../core/event.ts';
import { replaceIdentifiers } from './find.ts';
import { isPatientNumber } from '../../core/patient-number.ts';

/** Fields that hold a patient's id, name, birth date, address or telephone number, whatever they look like. */
const IDENTIFYING =
  /^(?:patient|patient[._ -]?(?:id|number|name|identifier|ref(?:erence)?)|pat(?:ient)?name|nhs[._ -]?(?:no|num|number)|chi(?:[._ -]?(?:no|num|number))?|hc[._ -]?number|mrn|hospital[._ -]?(?:no|number)|birth[._ -]?date|dateofbirth|date[._ -]of[._ -]birth|dob|patient[._ -]?(?:dob|birthdate|address|postcode|phone|email))$/i;

const MAX_DEPTH = 40;
/** A text shorter than this is replaced in its own field only: elsewhere it is not what it was. */
const LEAST_ELSEWHERE = 4;
const REMEMBERED = 50_000;
const LONGEST_REMEMBERED = 200;
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
  /** Texts that name nobody. */
  readonly #clean = new Set<string>();

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
    // Ten digits and nothing else is the least that names a patient.
    if (text.length < 10) return text;
    // Logs repeat themselves: most texts of a day were looked through before. To look a long one up costs more than it saves.
    const mayBeKnown = text.length <= LONGEST_REMEMBERED;
    if (mayBeKnown && this.#clean.has(text)) return text;
    const clean = replaceIdentifiers(text, this.#replace);
    if (clean === text && mayBeKnown) {
      if (this.#clean.size >= REMEMBERED) this.#clean.clear();
      this.#clean.add(text);
    }
    return clean;
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

  /** The event as everybody else may see it. */
  event(event: LogEvent): LogEvent {
    const named = new Map<string, string>();
    this.#collectNamed(event.fields, false, named, 0);
    const elsewhere = [...named]
      .filter(([value]) => value.length >= LEAST_ELSEWHERE)
      .sort(([a], [b]) => b.length - a.length);
    const clean = (text: string): string => {
      let result = text;
      for (const [value, pseudonym] of elsewhere)
        if (result.includes(value)) result = result.replaceAll(value, pseudonym);
      return this.text(result);
    };
    return {
      ...event,
      fields: this.#fields(event.fields, named, clean, 0) as LogEvent['fields'],
      text: event.text === null ? null : clean(event.text),
    };
  }

  #fields(
    value: FieldValue,
    named: ReadonlyMap<string, string>,
    clean: (text: string) => string,
    depth: number,
  ): FieldValue {
    if (typeof value === 'string') return clean(value);
    if (typeof value === 'number') {
      const text = String(value);
      return text.length === 10 && isPatientNumber(text) ? this.of(text) : value;
    }
    if (typeof value !== 'object' || value === null) return value;
    if (depth > MAX_DEPTH) return '(nested too deep to be kept)';
    if (Array.isArray(value)) return value.map((entry: FieldValue) => this.#fields(entry, named, clean, depth + 1));
    const fields = Object.create(null) as Record<string, FieldValue>;
    for (const [name, entry] of Object.entries(value)) {
      const known = this.#name(name);
      const isTime = typeof entry === 'number' && known.isTime;
      const own = known.isIdentifying && typeof entry === 'string' ? named.get(entry) : undefined;
      fields[known.clean] = own ?? (isTime ? entry : this.#fields(entry, named, clean, depth + 1));
    }
    return fields;
  }

  /** Every text in a field that identifies, with its pseudonym. */
  #collectNamed(value: FieldValue, isNamed: boolean, named: Map<string, string>, depth: number): void {
    if (depth > MAX_DEPTH) return;
    if (typeof value === 'string') {
      if (isNamed && value !== '' && !named.has(value) && !PSEUDONYM.test(value)) named.set(value, this.of(value));
    } else if (Array.isArray(value))
      for (const entry of value as readonly FieldValue[]) this.#collectNamed(entry, isNamed, named, depth + 1);
    else if (typeof value === 'object' && value !== null)
      for (const [name, entry] of Object.entries(value))
        if (typeof entry === 'object' || this.#name(name).isIdentifying)
          this.#collectNamed(entry, this.#name(name).isIdentifying, named, depth + 1);
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

/** A number of seconds since 1970 has ten digits too. */
const TIME_NAME = /time|date|epoch|^ts$|^at$|created|expires|start|end$/i;

function isIdentifying(name: string): boolean {
  return IDENTIFYING.test(name.slice(name.lastIndexOf('.') + 1)) || IDENTIFYING.test(name);
}
