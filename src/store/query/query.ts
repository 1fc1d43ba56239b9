import { isIP } from 'node:net';
import type { UtcMs } from '../../core/event.ts';
import { Refusal } from '../../core/refusal.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { conditionOf } from '../archive/predicate-sql.ts';
import { ANYTHING, type Predicate } from '../archive/predicate.ts';
import FIELDS from './fields.json' with { type: 'json' };
import { momentOf, spanOf } from './times.ts';
import { type QueryProblem, type Token, tokensOf } from './tokens.ts';

export type { QueryProblem } from './tokens.ts';

/** What a query means. */
export interface ParsedQuery {
  readonly where: Predicate;
  /** `null`: it names no beginning, no end. */
  readonly from: UtcMs | null;
  readonly to: UtcMs | null;
}

/** What `now` and the local calendar are, for `last 7d` and `from:2026-11-01`. */
export interface QueryClock {
  readonly now: UtcMs;
  readonly timeZone: string;
}

const MAX_LENGTH = 4000;
const MAX_DEPTH = 20;

/**
 * Reads a query as people type it:
 *
 *     host:dc1 process:*psexec* -user:svc_* "exact words" event:4688,4689 port>1024 (a OR b) last 7d from:2026-11-01
 *
 * Terms side by side must all hold. The words before the colon are in `fields.json`; any other is the name of a field.
 */
export function parseQuery(query: string, clock: QueryClock): Result<ParsedQuery, QueryProblem> {
  if (query.length > MAX_LENGTH)
    return fail({
      at: MAX_LENGTH,
      length: query.length - MAX_LENGTH,
      message: `the query is longer than ${MAX_LENGTH} characters`,
      hint: 'Ask for less at a time.',
    });
  const tokens = tokensOf(query);
  if (!tokens.ok) return tokens;
  try {
    return ok(new Parser(tokens.value, query.length, clock).parse());
  } catch (error) {
    if (error instanceof Problem) return fail(error.problem);
    throw error;
  }
}

/** Inside this file only: the way out of the middle of a query. */
class Problem extends Error {
  readonly problem: QueryProblem;

  constructor(problem: QueryProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #length: number;
  readonly #clock: QueryClock;
  #next = 0;
  #from: UtcMs | null = null;
  #to: UtcMs | null = null;

  constructor(tokens: readonly Token[], length: number, clock: QueryClock) {
    this.#tokens = tokens;
    this.#length = length;
    this.#clock = clock;
  }

  parse(): ParsedQuery {
    const where = this.#alternatives(0, true);
    const rest = this.#tokens[this.#next];
    if (rest !== undefined) throw problem(rest, 'a bracket is closed that was not opened', 'Take this ) away.');
    if (this.#from !== null && this.#to !== null && this.#from >= this.#to)
      throw problem(
        { at: 0, length: this.#length },
        'the time ends before it begins',
        'Put the earlier time behind from:.',
      );
    return { where: searchable(where, { at: 0, length: this.#length }), from: this.#from, to: this.#to };
  }

  /** @param isTop times are for the whole query: they may stand only where nothing is an alternative */
  #alternatives(depth: number, isTop: boolean): Predicate {
    const hasOr = isTop && this.#orAtThisLevel();
    const parts = [this.#all(depth, isTop && !hasOr)];
    while (this.#tokens[this.#next]?.kind === 'or') {
      const or = this.#tokens[this.#next++] as Token;
      const before = parts.at(-1);
      const part = this.#all(depth, false);
      if (isEmpty(before) || isEmpty(part))
        throw problem(or, 'OR needs a term on both sides', 'Write: host:dc1 OR host:dc2');
      parts.push(part);
    }
    return parts.length === 1 ? (parts[0] ?? ANYTHING) : { kind: 'or', of: parts };
  }

  #orAtThisLevel(): boolean {
    let depth = 0;
    for (const { kind } of this.#tokens.slice(this.#next)) {
      if (kind === 'open') depth++;
      if (kind === 'close') depth--;
      if (kind === 'or' && depth === 0) return true;
    }
    return false;
  }

  #all(depth: number, isTop: boolean): Predicate {
    const parts: Predicate[] = [];
    for (;;) {
      const token = this.#tokens[this.#next];
      if (token === undefined || token.kind === 'or' || token.kind === 'close') break;
      this.#next++;
      if (token.kind === 'and') continue;
      const part = this.#term(token, depth, isTop);
      if (part !== null) parts.push(part);
    }
    return parts.length === 1 ? (parts[0] ?? ANYTHING) : { kind: 'and', of: parts };
  }

  /** `null` if the term is a time. */
  #term(token: Token, depth: number, isTop: boolean): Predicate | null {
    switch (token.kind) {
      case 'open':
        return this.#brackets(token, depth);
      case 'not': {
        const next = this.#tokens[this.#next++];
        if (next === undefined || next.kind === 'or' || next.kind === 'and' || next.kind === 'close')
          throw problem(token, 'nothing stands behind “not”', 'Write: -user:svc_* or NOT user:svc_*');
        const term = this.#term(next, depth, false);
        return term === null ? null : { kind: 'not', of: term };
      }
      case 'words': {
        const span = this.#tokens[this.#next];
        if (token.text.toLowerCase() === 'last' && !token.isQuoted && span?.kind === 'words' && /^\d/.test(span.text)) {
          this.#next++;
          this.#last({ at: token.at, length: span.at + span.length - token.at }, span.text, isTop);
          return null;
        }
        this.#refuseLooseTime(token);
        return wordsPredicate(token);
      }
      case 'field':
        if (this.#time(token, isTop)) return null;
        return fieldPredicate(token);
      default:
        throw problem(
          token,
          'this cannot stand here',
          'Take it away, or put it in quotation marks to look for the word.',
        );
    }
  }

  /** `last -1d` and `from 2026-11-01` as words would find nothing, and look like an all-clear. */
  #refuseLooseTime({ at, text, isQuoted }: Token & { readonly kind: 'words' }): void {
    const [next, afterNext] = [this.#tokens[this.#next], this.#tokens[this.#next + 1]];
    if (isQuoted || next === undefined) return;
    const word = text.toLowerCase();
    if (word === 'last' && next.kind === 'not' && afterNext?.kind === 'words' && /^\d/.test(afterNext.text))
      throw problem(
        { at, length: afterNext.at + afterNext.length - at },
        `“-${afterNext.text}” is not a length of time`,
        'Write last 30m, last 24h, last 7d or last 4w.',
      );
    const time = next.kind === 'words' ? next.text : next.kind === 'field' ? `${next.field}:${next.text}` : '';
    if ((word === 'from' || word === 'to') && /^\d{4}-\d/.test(time))
      throw problem(
        { at, length: next.at + next.length - at },
        `a time stands right behind “${word}:”`,
        `Write ${word}:${time}, or "${text}" to look for the word.`,
      );
  }

  #brackets(open: Token, depth: number): Predicate {
    if (depth >= MAX_DEPTH) throw problem(open, 'brackets stand too deep in each other', 'Take some away.');
    const inner = this.#alternatives(depth + 1, false);
    if (this.#tokens[this.#next]?.kind !== 'close')
      throw problem(open, 'a bracket is not closed', 'Put a ) behind the last of its terms.');
    this.#next++;
    if (isEmpty(inner)) throw problem(open, 'there is nothing between the brackets', 'Take them away.');
    return inner;
  }

  /** True if the term is about the time of the search. */
  #time(token: Token & { readonly kind: 'field' }, isTop: boolean): boolean {
    const word = token.field.toLowerCase();
    if (token.operator !== ':' || (word !== 'last' && word !== 'from' && word !== 'to')) return false;
    if (word === 'last') {
      this.#last(token, token.text, isTop);
      return true;
    }
    this.#mustBeTop(token, isTop);
    const moment = momentOf(token.text, word === 'to', this.#clock.now, this.#clock.timeZone);
    if (moment === null)
      throw problem(
        token,
        `“${token.text}” is not a time`,
        `Write ${word}:2026-11-01, ${word}:2026-11-01T09:30, ${word}:today or ${word}:yesterday.`,
      );
    if (word === 'from') this.#from = moment;
    else this.#to = moment;
    return true;
  }

  #last(place: Pick<Token, 'at' | 'length'>, text: string, isTop: boolean): void {
    this.#mustBeTop(place, isTop);
    const span = spanOf(text);
    if (span === null)
      throw problem(place, `“${text}” is not a length of time`, 'Write last 30m, last 24h, last 7d or last 4w.');
    this.#from = this.#clock.now - span;
  }

  #mustBeTop(place: Pick<Token, 'at' | 'length'>, isTop: boolean): void {
    if (!isTop)
      throw problem(
        place,
        'a time is for the whole query',
        'Put the alternatives in brackets and the time outside: (a OR b) last 7d',
      );
  }
}

function isEmpty(predicate: Predicate | undefined): boolean {
  return predicate === undefined || (predicate.kind === 'and' && predicate.of.length === 0);
}

function problem({ at, length }: Pick<Token, 'at' | 'length'>, message: string, hint: string): Problem {
  return new Problem({ at, length, message, hint });
}

function wordsPredicate(token: Token & { readonly kind: 'words' }): Predicate {
  const { text, isQuoted } = token;
  const literal = isQuoted ? text : text.replace(/^\*+|\*+$/g, '');
  if (literal === '') throw problem(token, 'there is nothing to look for here', 'Write a word, or take it away.');
  if (!isQuoted && literal.includes('*'))
    throw problem(
      token,
      '* in the middle works behind a field only',
      `Write command:*${literal}* for example, or the words without it.`,
    );
  return { kind: 'anywhere', value: literal };
}

/** Finds out here, where we can say where, what no store would take. */
function searchable(predicate: Predicate, place: Pick<Token, 'at' | 'length'>): Predicate {
  try {
    conditionOf(predicate);
    return predicate;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw problem(place, error.message.replace(/^[^:]*: /, ''), 'Ask for less, or in another way.');
  }
}

interface Word {
  readonly fields: readonly string[];
  readonly match: 'whole' | 'piece' | 'path' | 'number';
}

const WORDS = new Map(Object.entries(FIELDS.words as Readonly<Record<string, Word>>));
const NAMES = new Map(
  [...FIELDS.names, ...[...WORDS.values()].flatMap(({ fields }) => fields)].map((name) => [name.toLowerCase(), name]),
);

function fieldPredicate(token: Token & { readonly kind: 'field' }): Predicate {
  const typed = token.field;
  const word = WORDS.get(typed.toLowerCase()) ?? { fields: [NAMES.get(typed.toLowerCase()) ?? typed], match: 'whole' };
  if (token.operator !== ':') {
    const value = Number(token.text);
    if (token.text === '' || Number.isNaN(value))
      throw problem(
        token,
        `${token.operator} compares numbers, and “${token.text}” is none`,
        `Write for example port>1024.`,
      );
    const { operator } = token;
    return anyOf(word.fields.map((field) => ({ kind: 'compare', field, operator, value })));
  }
  // A comma means any of these, unless the value is quoted or could hold one.
  const values =
    token.isQuoted || word.match === 'piece' ? [token.text] : token.text.split(',').filter((value) => value !== '');
  if (values.length === 0) throw problem(token, `nothing stands behind “${typed}:”`, `Write ${typed}:value.`);
  return anyOf(values.flatMap((value) => word.fields.map((field) => valuePredicate(token, field, word.match, value))));
}

function valuePredicate(
  token: Token & { readonly kind: 'field' },
  field: string,
  match: Word['match'],
  value: string,
): Predicate {
  if (!token.isQuoted && value === '*') return { kind: 'exists', field };
  if (!token.isQuoted && value.includes('/') && isIP(value.split('/')[0] ?? '') !== 0)
    return searchable({ kind: 'cidr', field, range: value }, token);
  const hasStars = !token.isQuoted && /[*?]/.test(value);
  if (match === 'number' && !hasStars && (value.trim() === '' || Number.isNaN(Number(value))))
    throw problem(
      token,
      `${token.field} is a number, and “${value}” is none`,
      `Write for example ${token.field}:4688.`,
    );
  if (match === 'piece')
    return hasStars ? { kind: 'wildcard', field, pattern: `*${value}*` } : { kind: 'contains', field, value };
  if (match === 'path' && !/[\\/]/.test(value) && !value.startsWith('*') && (hasStars || !/[*?]/.test(value)))
    return anyOf(['', '*\\', '*/'].map((before) => ({ kind: 'wildcard', field, pattern: before + value })));
  if (hasStars) return { kind: 'wildcard', field, pattern: value };
  return { kind: 'equals', field, value };
}

function anyOf(predicates: readonly Predicate[]): Predicate {
  const [only] = predicates;
  return predicates.length === 1 && only !== undefined ? only : { kind: 'or', of: predicates };
}

/** A problem as a person reads it: what, where, how to mend it. */
export function problemText(query: string, { at, length, message, hint }: QueryProblem): string {
  const where = query.slice(at, at + length).slice(0, 60);
  return `${message}${where === '' ? '' : `, at “${where}”`} (character ${at + 1}). ${hint}`;
}
