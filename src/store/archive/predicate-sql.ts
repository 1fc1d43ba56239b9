import { isIP, isIPv4 } from 'node:net';
import { Refusal } from '../../core/refusal.ts';
import { unreachable } from '../../core/result.ts';
import type { Predicate } from './predicate.ts';

/** A condition, and the values of its parameters. Nothing that anybody typed is in the text. */
export interface SqlCondition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

export type SqlValue = string | number | bigint;

/** The columns that a predicate may name, and how each is compared. The names on the right are ours. */
const COLUMNS: Readonly<
  Record<string, { readonly sql: string; readonly type: 'text' | 'number' | 'host' | 'account' }>
> = {
  id: { sql: 'id', type: 'text' },
  receivedAt: { sql: 'received_at', type: 'number' },
  at: { sql: 'case when has_time then "time" end', type: 'number' },
  sourceId: { sql: 'source_id', type: 'text' },
  product: { sql: 'product', type: 'text' },
  category: { sql: 'category', type: 'text' },
  service: { sql: 'service', type: 'text' },
  channel: { sql: 'channel', type: 'text' },
  eventId: { sql: 'event_id', type: 'number' },
  host: { sql: 'host', type: 'host' },
  account: { sql: 'account', type: 'account' },
  address: { sql: 'address', type: 'text' },
  text: { sql: '"text"', type: 'text' },
};

const MAX_CONDITIONS = 500;
const MAX_DEPTH = 50;
const MAX_TEXT = 10_000;

/** @throws Refusal `search/bad-request` if it asks for what cannot be asked */
export function conditionOf(predicate: Predicate): SqlCondition {
  const builder = new Builder();
  const sql = builder.condition(predicate, 0);
  return { sql, values: builder.values };
}

class Builder {
  readonly values: SqlValue[] = [];
  #conditions = 0;

  condition(predicate: Predicate, depth: number): string {
    if (++this.#conditions > MAX_CONDITIONS || depth > MAX_DEPTH) throw bad('it has too many conditions');
    switch (predicate.kind) {
      case 'and':
      case 'or': {
        if (predicate.of.length === 0) return predicate.kind === 'and' ? 'true' : 'false';
        const joined = predicate.of.map((part) => this.condition(part, depth + 1));
        return `(${joined.join(` ${predicate.kind} `)})`;
      }
      case 'not':
        // A field that is not there is not equal to anything: null must not make “not” false.
        return `not coalesce(${this.condition(predicate.of, depth + 1)}, false)`;
      case 'equals':
        return this.#equals(predicate.field, predicate.value);
      case 'contains':
        return `(${this.#holds(`cast(${this.#value(predicate.field)} as varchar)`, predicate.value)})`;
      case 'startsWith':
        return this.#matches(predicate.field, `^${escapePattern(predicate.value)}`);
      case 'wildcard':
        return this.#matches(predicate.field, `^${wildcardPattern(predicate.pattern)}$`);
      case 'cidr':
        return this.#cidr(predicate.field, predicate.range);
      case 'compare':
        return `try_cast(${this.#value(predicate.field)} as double) ${operatorOf(predicate.operator)} ${this.#bind(predicate.value)}`;
      case 'exists':
        return `(${this.#value(predicate.field)}) is not null`;
      case 'anywhere':
        return this.#anywhere(predicate.value);
      default:
        return unreachable(predicate);
    }
  }

  #bind(value: SqlValue): string {
    if (typeof value === 'string' && value.length > MAX_TEXT) throw bad(`a text is longer than ${MAX_TEXT} characters`);
    if (typeof value === 'number' && !Number.isFinite(value)) throw bad('a number is not finite');
    this.values.push(value);
    return `$${this.values.length}`;
  }

  /** An expression for the field's value: a column, or a text out of the fields. */
  #value(field: string): string {
    const column = Object.hasOwn(COLUMNS, field) ? COLUMNS[field] : undefined;
    if (column !== undefined) return column.sql;
    const asName = `json_extract_string(fields, ${this.#bind(pointerTo([field]))})`;
    if (!field.includes('.')) return asName;
    return `coalesce(${asName}, json_extract_string(fields, ${this.#bind(pointerTo(field.split('.')))}))`;
  }

  #equals(field: string, value: string | number | boolean): string {
    const type = Object.hasOwn(COLUMNS, field) ? COLUMNS[field]?.type : 'field';
    const text = String(value);
    switch (type) {
      case 'number': {
        const number = Number(value);
        if (text.trim() === '' || Number.isNaN(number)) throw bad(`${field} is a number, not “${text}”`);
        return `${this.#value(field)} = ${this.#bind(number)}`;
      }
      case 'host': {
        const lower = text.toLowerCase();
        // Rows lie in the order of `host_key`: a range lets whole blocks be passed over. ‘/’ comes right after ‘.’.
        const range = `host_key >= ${this.#bind(lower)} and host_key < ${this.#bind(`${lower}/`)}`;
        return `(${range} and (host_key = ${this.#bind(lower)} or starts_with(host_key, ${this.#bind(`${lower}.`)})))`;
      }
      case 'account': {
        const lower = this.#bind(text.toLowerCase());
        const [domain, realm] = [this.#bind(`\\${text.toLowerCase()}`), this.#bind(`${text.toLowerCase()}@`)];
        return `(lower(account) = ${lower} or ends_with(lower(account), ${domain}) or starts_with(lower(account), ${realm}))`;
      }
      case 'text':
        return `lower(${this.#value(field)}) = ${this.#bind(text.toLowerCase())}`;
      default: {
        const found = this.#value(field);
        const entry = this.#bind(JSON.stringify(text.toWellFormed()).toLowerCase());
        const own = this.#bind(text.toLowerCase());
        return `(lower(${found}) = ${own} or (starts_with(${found}, '[') and contains(lower(${found}), ${entry})))`;
      }
    }
  }

  #matches(field: string, pattern: string): string {
    const value = this.#value(field);
    // RE2: time grows with the text, whatever the pattern.
    return `regexp_matches(cast(${value} as varchar), ${this.#bind(pattern)}, 'is')`;
  }

  #anywhere(value: string): string {
    const inJson = JSON.stringify(value.toWellFormed()).slice(1, -1);
    return `(${this.#holds('fields', inJson)} or coalesce(${this.#holds('"text"', value)}, false))`;
  }

  /** Whether a text has a piece in it, in any case. */
  #holds(value: string, piece: string): string {
    return beginnings(piece)
      .map((pattern) => `regexp_matches(${value}, ${this.#bind(pattern)}, 'is')`)
      .join(' or ');
  }

  #cidr(field: string, range: string): string {
    const [address = '', bits = ''] = range.split('/');
    const length = Number(bits);
    const isV4 = isIPv4(address);
    const max = isV4 ? 32 : 128;
    if (isIP(address) === 0 || bits === '' || !Number.isInteger(length) || length < 0 || length > max)
      throw bad(`“${range}” is not a range of addresses such as 10.1.0.0/16`);
    if (!isV4) return this.#matches(field, `^${v6Pattern(address, length, range)}`);
    const value = `cast(${this.#value(field)} as varchar)`;
    const size = 2 ** (32 - length);
    const first = Math.floor(v4Number(address) / size) * size;
    const part = (index: number) => `try_cast(split_part(${value}, '.', ${index}) as bigint)`;
    const number = `${part(1)} * 16777216 + ${part(2)} * 65536 + ${part(3)} * 256 + ${part(4)}`;
    const isAddress = `regexp_full_match(${value}, '[0-9]{1,3}(\\.[0-9]{1,3}){3}')`;
    return `(${isAddress} and ${number} between ${this.#bind(first)} and ${this.#bind(first + size - 1)})`;
  }
}

function operatorOf(operator: '<' | '<=' | '>' | '>='): string {
  // A caller without types must not get a word of its own into the statement.
  if (!['<', '<=', '>', '>='].includes(operator)) throw bad(`“${operator}” does not compare`);
  return operator;
}

/** A JSON pointer: every name is only a name, whatever is in it. */
function pointerTo(path: readonly string[]): string {
  return path.map((name) => `/${name.toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function escapePattern(text: string): string {
  return text.toWellFormed().replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/**
 * The patterns of which one holds if a piece does. Without case, s is also the long s, and k the Kelvin sign: letters of more than one
 * byte, and what may begin with one byte or with several takes four times as long to look for (a million events: 5.1 s, as two patterns
 * 1.3 s, and 0.9 s of each to read them).
 */
function beginnings(piece: string): readonly string[] {
  const rest = escapePattern(piece.slice(1));
  if (/^[sSſ]/.test(piece)) return [`(?-i:[sS])${rest}`, `(?-i:ſ)${rest}`];
  if (/^[kK\u212a]/.test(piece)) return [`(?-i:[kK])${rest}`, `(?-i:\u212a)${rest}`];
  return [escapePattern(piece)];
}

function wildcardPattern(pattern: string): string {
  return pattern.replace(/[^*?]+|[*?]/g, (piece) =>
    piece === '*' ? '.*' : piece === '?' ? '.' : escapePattern(piece),
  );
}

export function v4Number(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** Addresses are kept as they were written, mostly short; a range in whole groups is a beginning of the text. */
export function v6Pattern(address: string, length: number, range: string): string {
  const groups = address.toLowerCase().split('::')[0]?.split(':') ?? [];
  const wanted = length / 16;
  if (!Number.isInteger(wanted) || wanted === 0 || groups.length < wanted || groups.includes(''))
    throw bad(`“${range}”: IPv6 ranges go in steps of 16 bits that are written out, such as 2001:db8::/32`);
  const written = groups.slice(0, wanted).map((group) => `0{0,3}${group.replace(/^0+(?=.)/, '')}`);
  return written.join(':') + (wanted === 8 ? '$' : ':');
}

function bad(what: string): Refusal {
  return new Refusal('search/bad-request', `the search cannot be made: ${what}`);
}
