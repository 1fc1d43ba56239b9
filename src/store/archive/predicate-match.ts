import { unreachable } from '../../core/result.ts';
import type { Predicate } from './predicate.ts';
import { conditionOf, v4Number, v6Pattern } from './predicate-sql.ts';
import type { StoredEvent } from './stored-event.ts';

/** An event that several predicates look at: what they ask for is made out once. */
export interface LookedAt {
  readonly event: StoredEvent;
  /** Its fields as they are kept. */
  readonly fieldsJson: string;
  readonly folded: Map<string, string | null>;
}

export function lookAt(event: StoredEvent, fieldsJson = JSON.stringify(event.fields)): LookedAt {
  return { event, fieldsJson, folded: new Map() };
}

export type Matcher = (looked: LookedAt) => boolean;

/**
 * Whether one event is what a search looks for: the same answer as the store gives by `conditionOf`, for events as they come. Held to
 * it by the store's own contract and by made-up searches, see its test. Takes time in proportion to the event, whatever is asked.
 *
 * @throws Refusal `search/bad-request` if it asks for what cannot be asked
 */
export function matcherOf(predicate: Predicate): Matcher {
  conditionOf(predicate);
  return compiled(predicate);
}

const MAX_MATCHED = 10;

/** What of an event a search found: fields with their values, those that it excludes left out. */
export function matchedBy(predicate: Predicate, looked: LookedAt): Record<string, string> {
  const found: Record<string, string> = {};
  const look = (part: Predicate): void => {
    switch (part.kind) {
      case 'and':
      case 'or':
        return part.of.forEach(look);
      case 'not':
        return;
      default: {
        if (Object.keys(found).length >= MAX_MATCHED || !compiled(part)(looked)) return;
        const [name, value] =
          part.kind === 'anywhere' ? ['text', part.value] : [part.field, valueOf(looked.event, part.field)];
        if (value !== null) found[name] = value;
      }
    }
  };
  look(predicate);
  return found;
}

function compiled(predicate: Predicate): Matcher {
  switch (predicate.kind) {
    case 'and': {
      const parts = predicate.of.map(compiled);
      return (looked) => parts.every((part) => part(looked));
    }
    case 'or': {
      const parts = predicate.of.map(compiled);
      return (looked) => parts.some((part) => part(looked));
    }
    case 'not': {
      const part = compiled(predicate.of);
      return (looked) => !part(looked);
    }
    case 'equals':
      return equalTo(predicate.field, String(predicate.value));
    case 'contains': {
      const { field } = predicate;
      const piece = fold(predicate.value);
      return (looked) => foldedOf(looked, field)?.includes(piece) === true;
    }
    case 'startsWith': {
      const { field } = predicate;
      const beginning = fold(predicate.value);
      return (looked) => foldedOf(looked, field)?.startsWith(beginning) === true;
    }
    case 'wildcard': {
      const { field } = predicate;
      const pattern = fold(predicate.pattern);
      return (looked) => {
        const text = foldedOf(looked, field);
        return text !== null && isLike(text, pattern);
      };
    }
    case 'cidr':
      return within(predicate.field, predicate.range);
    case 'compare': {
      const { field, operator, value } = predicate;
      return (looked) => {
        const number = numberIn(valueOf(looked.event, field));
        return number !== null && compares(number, operator, value);
      };
    }
    case 'exists': {
      const { field } = predicate;
      return (looked) => valueOf(looked.event, field) !== null;
    }
    case 'anywhere': {
      const inJson = fold(JSON.stringify(predicate.value.toWellFormed()).slice(1, -1));
      const plain = fold(predicate.value);
      return (looked) =>
        foldedOnce(looked, JSON_TEXT, () => looked.fieldsJson)?.includes(inJson) === true ||
        foldedOf(looked, 'text')?.includes(plain) === true;
    }
    default:
      return unreachable(predicate);
  }
}

/** The columns, which stand before a field of that name. */
const COLUMNS = [
  'id',
  'receivedAt',
  'at',
  'sourceId',
  'product',
  'category',
  'service',
  'channel',
  'eventId',
  'host',
  'account',
  'address',
  'text',
] as const satisfies readonly (keyof StoredEvent)[];
const IS_COLUMN: ReadonlySet<string> = new Set(COLUMNS);

function isColumn(field: string): field is (typeof COLUMNS)[number] {
  return IS_COLUMN.has(field);
}

/** What an event says of a field, as text; `null`: nothing. */
export function valueOf(event: StoredEvent, field: string): string | null {
  if (isColumn(field)) return textOf(event[field]);
  const named = ownOf(event.fields, field);
  return textOf(named ?? (field.includes('.') ? pathIn(event.fields, field.split('.')) : null));
}

function pathIn(fields: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((within, name) => {
    if (Array.isArray(within)) return /^(?:0|[1-9]\d*)$/.test(name) ? within[Number(name)] : null;
    return typeof within === 'object' && within !== null ? ownOf(within, name) : null;
  }, fields);
}

function ownOf(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? (object as Readonly<Record<string, unknown>>)[name] : null;
}

/** As the store takes it out of the JSON. */
function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What no field is called. */
const JSON_TEXT = '\u0000json';

function foldedOf(looked: LookedAt, field: string): string | null {
  return foldedOnce(looked, field, () => valueOf(looked.event, field));
}

function foldedOnce({ folded }: LookedAt, key: string, read: () => string | null): string | null {
  const known = folded.get(key);
  if (known !== undefined) return known;
  const text = read();
  const made = text === null ? null : fold(text);
  folded.set(key, made);
  return made;
}

/** Texts compare without case; a final sigma is a sigma and a long s an s (where the whole value is asked for, the store takes them for two). */
function fold(text: string): string {
  return text.toLowerCase().replaceAll('ς', 'σ').replaceAll('ſ', 's');
}

function equalTo(field: string, value: string): Matcher {
  const wanted = fold(value);
  switch (field) {
    case 'eventId':
    case 'at':
    case 'receivedAt':
      return ({ event }) => event[field] === Number(value);
    case 'host':
      return (looked) => {
        const host = foldedOf(looked, field);
        return host !== null && (host === wanted || host.startsWith(`${wanted}.`));
      };
    case 'account':
      return (looked) => {
        const account = foldedOf(looked, field);
        return (
          account !== null &&
          (account === wanted || account.endsWith(`\\${wanted}`) || account.startsWith(`${wanted}@`))
        );
      };
    default: {
      const entry = fold(JSON.stringify(value.toWellFormed()));
      return (looked) => {
        const found = foldedOf(looked, field);
        if (found === null) return false;
        return found === wanted || (!isColumn(field) && found.startsWith('[') && found.includes(entry));
      };
    }
  }
}

/** `*` is any text, `?` one character. Goes back to the last `*` only: time grows with text times pattern. */
function isLike(text: string, pattern: string): boolean {
  let at = 0;
  let next = 0;
  let star = -1;
  let tried = 0;
  while (at < text.length) {
    const wanted = pattern[next];
    if (wanted === '*') {
      star = next++;
      tried = at;
    } else if (wanted === '?') {
      at += widthAt(text, at);
      next++;
    } else if (wanted !== undefined && wanted === text[at]) {
      at++;
      next++;
    } else if (star >= 0) {
      tried += widthAt(text, tried);
      at = tried;
      next = star + 1;
    } else return false;
  }
  while (pattern[next] === '*') next++;
  return next === pattern.length;
}

/** How many units the character there takes. */
function widthAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

const NUMBER = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i;

function numberIn(text: string | null): number | null {
  return text !== null && NUMBER.test(text) ? Number(text) : null;
}

function compares(a: number, operator: '<' | '<=' | '>' | '>=', b: number): boolean {
  switch (operator) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    default:
      return unreachable(operator);
  }
}

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

function within(field: string, range: string): Matcher {
  const [address = '', bits = ''] = range.split('/');
  if (!IPV4.test(address)) {
    const begins = new RegExp(`^${v6Pattern(address, Number(bits), range)}`, 'is');
    return (looked) => {
      const text = valueOf(looked.event, field);
      return text !== null && begins.test(text);
    };
  }
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(v4Number(address) / size) * size;
  return (looked) => {
    const text = valueOf(looked.event, field);
    if (text === null || !IPV4.test(text)) return false;
    const number = v4Number(text);
    return number >= first && number < first + size;
  };
}
