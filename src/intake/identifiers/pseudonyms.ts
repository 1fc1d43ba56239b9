import { createHmac } from 'node:crypto';
import type { FieldValue, LogEvent } from '../../core/event.ts';
import { replaceIdentifiers } from './find.ts';
import { isPatientNumber } from './nhs-number.ts';

/** Fields that hold a patient's id, name, birth date, address or telephone number, whatever they look like. */
const IDENTIFYING =
  /^(?:patient|patient[._ -]?(?:id|number|name|identifier|ref(?:erence)?)|pat(?:ient)?name|nhs[._ -]?(?:no|num|number)|chi(?:[._ -]?(?:no|num|number))?|hc[._ -]?number|mrn|hospital[._ -]?(?:no|number)|birth[._ -]?date|dateofbirth|date[._ -]of[._ -]birth|dob|patient[._ -]?(?:dob|birthdate|address|postcode|phone|email))$/i;

const MAX_DEPTH = 40;
/** A text shorter than this is replaced in its own field only: elsewhere it is not what it was. */
const LEAST_ELSEWHERE = 4;
const REMEMBERED = 50_000;

/**
 * Puts a keyed pseudonym in the place of everything that names a patient: the same for the same person and key,
 * without a way back for whoever lacks the key. `pt_` is a person, `pi_` something else that names one.
 */
export class Pseudonymiser {
  readonly #key: Buffer;
  readonly #known = new Map<string, string>();

  /** @param key 32 random bytes, kept outside the data folder */
  constructor(key: Buffer) {
    this.#key = key;
  }

  /** The pseudonym of a patient's number, however it is grouped; of any other id, of that. */
  of(id: string): string {
    const digits = id.replace(/[\s-]/g, '');
    return isPatientNumber(digits) ? this.#pseudonym('pt_', digits) : this.#pseudonym('pi_', id.trim().toLowerCase());
  }

  text(text: string): string {
    return replaceIdentifiers(text, this.#replace);
  }

  /** The event as everybody else may see it. */
  event(event: LogEvent): LogEvent {
    const named = new Map<string, string>();
    collectNamed(event.fields, null, (value) => {
      if (!named.has(value)) named.set(value, this.of(value));
    });
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
      const isTime = typeof entry === 'number' && TIME_NAME.test(name);
      const own = isIdentifying(name) && typeof entry === 'string' ? named.get(entry) : undefined;
      fields[this.text(name)] = own ?? (isTime ? entry : this.#fields(entry, named, clean, depth + 1));
    }
    return fields;
  }

  readonly #replace = (found: string): string => this.of(found);

  #pseudonym(prefix: string, text: string): string {
    const key = prefix + text;
    let pseudonym = this.#known.get(key);
    if (pseudonym === undefined) {
      if (this.#known.size >= REMEMBERED) this.#known.clear();
      // 80 bits: a region's ten million patients share none but by a chance of one in 10^10.
      pseudonym = prefix + createHmac('sha256', this.#key).update(key).digest('hex').slice(0, 20);
      this.#known.set(key, pseudonym);
    }
    return pseudonym;
  }
}

/** A number of seconds since 1970 has ten digits too. */
const TIME_NAME = /time|date|epoch|^ts$|^at$|created|expires|start|end$/i;

function isIdentifying(name: string): boolean {
  return IDENTIFYING.test(name.slice(name.lastIndexOf('.') + 1)) || IDENTIFYING.test(name);
}

/** Every text in a field that identifies. */
function collectNamed(value: FieldValue, name: string | null, found: (text: string) => void, depth = 0): void {
  if (depth > MAX_DEPTH) return;
  if (typeof value === 'string') {
    if (name !== null && isIdentifying(name) && value !== '' && !/^(?:pt|pi)_[0-9a-f]{20}$/.test(value)) found(value);
  } else if (Array.isArray(value))
    for (const entry of value as readonly FieldValue[]) collectNamed(entry, name, found, depth + 1);
  else if (typeof value === 'object' && value !== null)
    for (const [inner, entry] of Object.entries(value)) collectNamed(entry, inner, found, depth + 1);
}
