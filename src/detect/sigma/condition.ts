import { fail, ok, type Result } from '../../core/result.ts';
import { compilePattern, readPattern } from './pattern.ts';
import type { Condition } from './rule.ts';

/** What a condition may name: the selections of the rule, in the order in which they stand. */
export type Selections = ReadonlyMap<string, Condition>;

const MAX_CONDITION = 16_384;
const MAX_DEPTH = 100;
/** Selections and their values, each as often as the condition comes back to it: a rule of a page must not become a million. */
const MAX_SIZE = 100_000;

/**
 * Reads a condition. `or` binds least, then `and`, `not`, `x of`, brackets.
 * Source: Sigma 2.1, “Condition”. Pipes (`| count()`) are Sigma 1 and refused with a hint.
 */
export function readCondition(text: string, selections: Selections): Result<Condition, string> {
  if (text.length > MAX_CONDITION) return fail('the condition is too long');
  if (text.includes('|')) {
    return fail(
      'the condition pipes into an aggregation, which Sigma 2 replaced: write a correlation rule ' +
        '(type event_count, or value_count for “count(field)”) that names this rule',
    );
  }
  const tokens = text.match(/[()]|[^\s()]+/g) ?? [];
  if (tokens.length === 0) return fail('the condition is empty');
  const reader = new ConditionReader(tokens, selections);
  try {
    return ok(reader.whole());
  } catch (error) {
    if (error instanceof ConditionError) return fail(error.message);
    throw error;
  }
}

class ConditionError extends Error {}

class ConditionReader {
  readonly #tokens: readonly string[];
  readonly #selections: Selections;
  #at = 0;
  #depth = 0;
  #left = MAX_SIZE;

  constructor(tokens: readonly string[], selections: Selections) {
    this.#tokens = tokens;
    this.#selections = selections;
  }

  whole(): Condition {
    const condition = this.#or();
    if (this.#at < this.#tokens.length) throw new ConditionError(`“${this.#peek()}” was not expected in the condition`);
    return condition;
  }

  #or(): Condition {
    const of = [this.#and()];
    while (this.#take('or')) of.push(this.#and());
    return join('or', of);
  }

  #and(): Condition {
    const of = [this.#not()];
    while (this.#take('and')) of.push(this.#not());
    return join('and', of);
  }

  #not(): Condition {
    if (++this.#depth > MAX_DEPTH) throw new ConditionError('the condition is nested too deep');
    const condition: Condition = this.#take('not') ? { op: 'not', of: this.#not() } : this.#primary();
    this.#depth--;
    return condition;
  }

  #primary(): Condition {
    if (this.#take('(')) {
      const inner = this.#or();
      if (!this.#take(')')) throw new ConditionError('a bracket in the condition does not close');
      return inner;
    }
    const quantifier = this.#quantifier();
    if (quantifier !== null) return this.#quantified(quantifier);
    const name = this.#next();
    const selection = this.#selections.get(name);
    if (selection === undefined)
      throw new ConditionError(`the condition names “${name}”, which the rule does not define`);
    return this.#counted(selection);
  }

  /** The same, if there is room for it. */
  #counted(condition: Condition): Condition {
    if (--this.#left < 0) throw new ConditionError('the condition comes back to its selections too often');
    if (condition.op === 'item') this.#left -= condition.item.tests.length;
    else if (condition.op === 'not') this.#counted(condition.of);
    else if (condition.op !== 'constant') condition.of.forEach((part) => this.#counted(part));
    return condition;
  }

  /** `1 of`, `any of`, `all of`, and as an extension `N of`; `null` if none of them stands here. */
  #quantifier(): string | null {
    const word = this.#peek().toLowerCase();
    const isQuantifier = /^(?:\d{1,3}|any|all)$/.test(word) && this.#tokens[this.#at + 1]?.toLowerCase() === 'of';
    if (!isQuantifier) return null;
    this.#at += 2;
    return word;
  }

  #quantified(word: string): Condition {
    const pattern = this.#next();
    const chosen = this.#matching(pattern);
    if (chosen.length === 0) throw new ConditionError(`“${word} of ${pattern}” names no selection of this rule`);
    if (word === 'all') return this.#counted(join('and', chosen));
    if (word === 'any' || word === '1') return this.#counted(join('or', chosen));
    return this.#counted(atLeast(Number(word), chosen));
  }

  /** Selections whose name starts with `_` are left out of `them` and of every pattern. */
  #matching(pattern: string): Condition[] {
    const everything = pattern.toLowerCase() === 'them';
    const matches = compilePattern(readPattern(pattern));
    const found: Condition[] = [];
    for (const [name, selection] of this.#selections) {
      if (!name.startsWith('_') && (everything || matches(name))) found.push(selection);
    }
    return found;
  }

  #peek(): string {
    return this.#tokens[this.#at] ?? '';
  }

  #next(): string {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new ConditionError('the condition ends too early');
    return token;
  }

  #take(word: string): boolean {
    if (this.#peek().toLowerCase() !== word) return false;
    this.#at++;
    return true;
  }
}

export function join(op: 'and' | 'or', of: readonly Condition[]): Condition {
  const [only] = of;
  return of.length === 1 && only !== undefined ? only : { op, of };
}

/** At least `count` of the conditions, written with `and` and `or` by choosing whether the first is among them. */
function atLeast(count: number, of: readonly Condition[]): Condition {
  if (count <= 0) return { op: 'constant', value: true };
  if (count > of.length) return { op: 'constant', value: false };
  if (of.length > 12) throw new ConditionError(`“${count} of” over more than twelve selections is not supported`);
  const [first, ...rest] = of;
  if (first === undefined) return { op: 'constant', value: false };
  if (count === of.length) return join('and', of);
  return join('or', [join('and', [first, atLeast(count - 1, rest)]), atLeast(count, rest)]);
}
