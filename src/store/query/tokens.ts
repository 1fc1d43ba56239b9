import { isIP } from 'node:net';
import { fail, ok, type Result } from '../../core/result.ts';

/** What is wrong with a query, where, and how to mend it. */
export interface QueryProblem {
  /** Where it begins in the query, and how long it is, in characters. */
  readonly at: number;
  readonly length: number;
  readonly message: string;
  readonly hint: string;
}

export type Operator = ':' | '<' | '<=' | '>' | '>=';

interface Place {
  readonly at: number;
  readonly length: number;
}

export type Token = Place &
  (
    | { readonly kind: 'open' | 'close' | 'or' | 'and' | 'not' }
    /** Words to be found anywhere. */
    | { readonly kind: 'words'; readonly text: string; readonly isQuoted: boolean }
    | {
        readonly kind: 'field';
        readonly field: string;
        readonly operator: Operator;
        readonly text: string;
        readonly isQuoted: boolean;
      }
  );

const FIELD = /^([\p{L}_@][\p{L}\p{N}_.@-]*)(:[<>]=?|:=?|[<>]=?|=)/u;
const NOT_A_FIELD = [
  /** A path: C:\… */
  /^[a-z]:[\\/]/i,
  /^[a-z]+:\/\//i,
  /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i,
];

/** Cuts a query into its pieces. A quote is ended by the next one; a backslash is only a backslash. */
export function tokensOf(query: string): Result<Token[], QueryProblem> {
  const tokens: Token[] = [];
  let at = 0;
  while (at < query.length) {
    const rest = query.slice(at);
    const [space = ''] = /^\s+/.exec(rest) ?? [];
    if (space !== '') {
      at += space.length;
      continue;
    }
    const [first = ''] = rest;
    if (first === '(' || first === ')') {
      tokens.push({ kind: first === '(' ? 'open' : 'close', at, length: 1 });
      at++;
      continue;
    }
    if (/^[-!](?=[^\s\-!])/.test(rest)) {
      tokens.push({ kind: 'not', at, length: 1 });
      at++;
      continue;
    }
    const token = tokenAt(rest, at);
    if (!token.ok) return token;
    tokens.push(token.value);
    at += token.value.length;
  }
  return ok(tokens);
}

function tokenAt(rest: string, at: number): Result<Token, QueryProblem> {
  const [bare = ''] = /^[^\s()"]*/.exec(rest) ?? [];
  const word = bare.toLowerCase();
  if ((word === 'or' || word === 'and' || word === 'not') && rest[bare.length] !== '"')
    return ok({ kind: word, at, length: bare.length });
  const [head = '', field = '', sign = ''] = isWord(bare) ? [] : (FIELD.exec(rest) ?? []);
  const value = valueAt(rest.slice(head.length), at + head.length);
  if (!value.ok) return value;
  const { text, isQuoted, length } = value.value;
  const whole = { at, length: head.length + length };
  if (head === '') return ok({ kind: 'words', text, isQuoted, ...whole });
  if (text === '' && !isQuoted)
    return fail({
      ...whole,
      message: `nothing stands behind “${head}”`,
      hint: `Write the value right behind it, without a space: ${field}:value, or ${field}:"several words".`,
    });
  return ok({ kind: 'field', field, operator: operatorOf(sign), text, isQuoted, ...whole });
}

function isWord(bare: string): boolean {
  return isIP(bare) !== 0 || isIP(bare.split('/')[0] ?? '') !== 0 || NOT_A_FIELD.some((pattern) => pattern.test(bare));
}

function operatorOf(sign: string): Operator {
  const comparison = sign.replace(':', '');
  return comparison === '' || comparison === '=' ? ':' : (comparison as Operator);
}

function valueAt(
  rest: string,
  at: number,
): Result<{ readonly text: string; readonly isQuoted: boolean; readonly length: number }, QueryProblem> {
  // Quotes as word processors write them too.
  const open = rest[0] ?? '';
  if (!['"', '“', '”'].includes(open)) {
    const [text = ''] = /^[^\s()]*/.exec(rest) ?? [];
    return ok({ text, isQuoted: false, length: text.length });
  }
  const length = rest.slice(1).search(/["“”]/);
  if (length === -1)
    return fail({
      at,
      length: rest.length,
      message: 'a quotation mark is not closed',
      hint: 'Put a " at the end of the words.',
    });
  return ok({ text: rest.slice(1, length + 1), isQuoted: true, length: length + 2 });
}
