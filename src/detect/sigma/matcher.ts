import type { EventView } from '../../core/event.ts';
import type { Literal } from './automaton.ts';
import { type Cell, Field } from './field.ts';
import { KeywordSearch } from './keywords.ts';
import type { FieldSource } from './log-source.ts';
import { asKeyword, fieldKey, holdsOnAbsent, type RouteCondition, type RouteItem } from './route.ts';
import { shareOf, type SoughtText } from './rarity.ts';
import { type CompiledTest, compileTest } from './tests.ts';
import { Triggers } from './triggers.ts';
import type { Test } from './rule.ts';

/** A rule as it stands on one route. */
export interface RouteRule {
  /** Its index among all the engine's rules. */
  readonly index: number;
  readonly condition: RouteCondition;
  /** How this route's events carry the rule's fields, where not under their own names. */
  readonly fields: Readonly<Record<string, FieldSource>>;
  /** As `RouteItem.split`. */
  readonly split: string | null;
  readonly standsInFor: string | null;
}

export type OnHit = (
  ruleIndex: number,
  matched: () => Record<string, string>,
  value: (field: string) => string | null,
  standsInFor: string | null,
) => void;

/** An item made ready, with its place among the items on its field. */
interface ReadyItem {
  readonly field: Field;
  readonly index: number;
  readonly mode: RouteItem['mode'];
  readonly tests: readonly ReadyTest[];
  readonly onAbsent: boolean;
  /** False if it looks at other fields too, so that a value alone does not settle it. */
  readonly keepable: boolean;
  readonly cost: number;
}

type ReadyTest =
  | ({ readonly kind: 'value' } & CompiledTest)
  | {
      readonly kind: 'fields';
      readonly other: Field;
      readonly relation: (own: string, other: string) => boolean;
      readonly cased: boolean;
    };

interface ReadyRule {
  readonly index: number;
  readonly fields: RouteRule['fields'];
  readonly split: string | null;
  readonly standsInFor: string | null;
  readonly holds: () => boolean;
  /** The items that are not under a `not`, for saying what matched. */
  readonly positives: readonly { readonly name: string; readonly item: ReadyItem }[];
}

const MAX_MATCHED_TEXT = 2000;
const ALWAYS_DEAR = 1e9;

/**
 * Judges the events of one route. A rule is looked at only if an event's values hold one of its triggers: texts of
 * which any event that fires the rule must hold at least one. Rules without such texts are looked at every time.
 */
export class RouteMatcher {
  readonly #fields = new Map<string, Field>();
  readonly #items = new Map<string, ReadyItem>();
  readonly #rules: ReadyRule[] = [];
  /** Fields that have triggers: the only ones read on every event. */
  #triggering: Field[] = [];
  #always = new Int32Array(0);

  #event: EventView | null = null;
  #eventNumber = 0;
  readonly #seenFor: Int32Array;
  readonly #found: Int32Array;
  #foundCount = 0;
  #scanNumber = 0;
  readonly #scannedFor: Int32Array;

  constructor(rules: readonly RouteRule[]) {
    const popularity = countLiterals(rules, (item) => this.#field(item));
    const literals = new Map<Field, Literal[]>();
    const always: number[] = [];
    rules.forEach((rule, local) => {
      const positives: { name: string; item: ReadyItem }[] = [];
      this.#rules.push({
        index: rule.index,
        fields: rule.fields,
        split: rule.split,
        standsInFor: rule.standsInFor,
        holds: this.#compile(rule.condition, positives, true),
        positives,
      });
      const cover = this.#cover(rule.condition, popularity);
      if (cover === null) always.push(local);
      for (const { field, text, atStart, atEnd } of cover?.triggers ?? []) {
        const list = literals.get(field) ?? [];
        list.push({ text, atStart, atEnd, output: local });
        literals.set(field, list);
      }
    });
    for (const [field, list] of literals) {
      field.triggers = new Triggers(list);
      if (field.item.field === null && field.writtenOnly) field.keywords = KeywordSearch.of(list);
    }
    this.#triggering = [...literals.keys()];
    this.#always = Int32Array.from(always);
    this.#seenFor = new Int32Array(rules.length);
    this.#found = new Int32Array(rules.length);
    this.#scannedFor = new Int32Array(rules.length);
  }

  ruleIndices(): number[] {
    return this.#rules.map((rule) => rule.index);
  }

  judge(event: EventView, onHit: OnHit): void {
    this.#event = event;
    const number = ++this.#eventNumber;
    for (const local of this.#always) this.#judgeRule(this.#rules[local] as ReadyRule, onHit);
    for (const field of this.#triggering) {
      // Most events hold no keyword at all, and their bytes say so before any is decoded.
      if (field.keywords !== null && !event.textsMayHold(field.keywords)) continue;
      field.load(event, number);
      if (field.cell !== null) this.#judgeCandidates(field, field.cell, onHit);
      else if (field.cells !== null) for (const cell of field.cells) this.#judgeCandidates(field, cell, onHit);
    }
  }

  #judgeCandidates(field: Field, cell: Cell, onHit: OnHit): void {
    const candidates = cell.candidates ?? this.#scan(field, cell);
    for (const local of candidates) {
      // Several triggers of a rule may occur in an event; one look is enough.
      if (this.#seenFor[local] === this.#eventNumber) continue;
      this.#seenFor[local] = this.#eventNumber;
      this.#judgeRule(this.#rules[local] as ReadyRule, onHit);
    }
  }

  #judgeRule(rule: ReadyRule, onHit: OnHit): void {
    if (rule.holds())
      onHit(
        rule.index,
        () => this.#matched(rule),
        (field) => this.#valueOf(rule, field),
        rule.standsInFor,
      );
  }

  #valueOf(rule: ReadyRule, name: string): string | null {
    const source = Object.hasOwn(rule.fields, name) ? (rule.fields[name] ?? null) : null;
    const field = this.#field({ field: name, source, split: rule.split, mode: 'any', tests: [] });
    if (field.loadedFor !== this.#eventNumber && this.#event !== null) field.load(this.#event, this.#eventNumber);
    return this.#cellsOf(field).find((cell) => cell.text !== null)?.text ?? null;
  }

  #scan(field: Field, cell: Cell): Int32Array {
    this.#foundCount = 0;
    this.#scanNumber++;
    if (cell.text !== null) field.triggers?.scan(cell.text, this.#collect);
    cell.candidates = this.#foundCount === 0 ? NONE : this.#found.slice(0, this.#foundCount);
    return cell.candidates;
  }

  readonly #collect = (outputs: Int32Array): void => {
    for (const local of outputs) {
      if (this.#scannedFor[local] === this.#scanNumber) continue;
      this.#scannedFor[local] = this.#scanNumber;
      this.#found[this.#foundCount++] = local;
    }
  };

  /** The values that made a rule fire, by the rule's own field names. Only right while its event is in hand. */
  #matched(rule: ReadyRule): Record<string, string> {
    const matched = Object.create(null) as Record<string, string>;
    for (const { name, item } of rule.positives) {
      if (Object.hasOwn(matched, name) || !this.#holds(item)) continue;
      const text = this.#cellsOf(item.field).find(
        (cell) => cell.text !== null && item.tests.some((test) => this.#testHolds(test, cell)),
      )?.text;
      if (text !== undefined && text !== null) matched[name] = text.slice(0, MAX_MATCHED_TEXT);
    }
    return matched;
  }

  // ── Compiling ──────────────────────────────────────────────────────────────────────────────────────────────────

  #field(item: RouteItem): Field {
    const key = fieldKey(item);
    let field = this.#fields.get(key);
    if (field === undefined) {
      field = new Field(item);
      this.#fields.set(key, field);
    }
    return field;
  }

  #compile(
    condition: RouteCondition,
    positives: { name: string; item: ReadyItem }[],
    positive: boolean,
  ): () => boolean {
    switch (condition.op) {
      case 'constant': {
        const { value } = condition;
        return () => value;
      }
      case 'not': {
        const inner = this.#compile(condition.of, positives, !positive);
        return () => !inner();
      }
      case 'item': {
        const item = this.#item(condition.item);
        if (positive) positives.push({ name: condition.item.field ?? 'keyword', item });
        return () => this.#holds(item);
      }
      case 'and':
      case 'or': {
        const parts = [...condition.of]
          .map((part) => ({ cost: this.#costOf(part), holds: this.#compile(part, positives, positive) }))
          // Cheapest first: most candidates fail, and fail early.
          .sort((a, b) => a.cost - b.cost)
          .map((part) => part.holds);
        return condition.op === 'and' ? allOf(parts) : anyOf(parts);
      }
    }
  }

  #costOf(condition: RouteCondition): number {
    switch (condition.op) {
      case 'constant':
        return 0;
      case 'not':
        return this.#costOf(condition.of);
      case 'item':
        return this.#item(condition.item).cost;
      case 'and':
      case 'or':
        return condition.of.reduce((sum, part) => sum + this.#costOf(part), 0);
    }
  }

  /** The same question asked by several rules is one item. */
  #item(item: RouteItem): ReadyItem {
    const others = Object.entries(item.others ?? {}).flatMap(([name, { inputs }]) => [name, ...inputs]);
    const key = `${fieldKey(item)}\u0003${item.mode}\u0003${JSON.stringify([item.tests, others])}`;
    const known = this.#items.get(key);
    if (known !== undefined) return known;
    const field = this.#field(item);
    const tests = item.tests.map((test) => this.#readyTest(item.field === null ? asKeyword(test) : test, item));
    const cost = tests.reduce((sum, test) => sum + (test.kind === 'value' ? test.cost : 4), 0);
    if (item.field === null && !item.tests.every(isWordy)) field.writtenOnly = false;
    const ready: ReadyItem = {
      field,
      index: field.itemCount++,
      mode: item.mode,
      tests,
      onAbsent: holdsOnAbsent(item),
      keepable: tests.every((test) => test.kind === 'value'),
      cost,
    };
    this.#items.set(key, ready);
    return ready;
  }

  #readyTest(test: Test, { split, others = {} }: RouteItem): ReadyTest {
    if (test.kind === 'exists') {
      const { wanted } = test;
      return { kind: 'value', holds: ({ text }) => (text !== null) === wanted, triggers: null, cost: 1 };
    }
    if (test.kind === 'field') {
      const source = Object.hasOwn(others, test.field) ? (others[test.field] ?? null) : null;
      const other = this.#field({ field: test.field, source, split, mode: 'any', tests: [] });
      return { kind: 'fields', other, relation: RELATIONS[test.how], cased: test.cased };
    }
    const compiled = compileTest(test);
    // The rule was checked when it was read: a test that cannot be compiled does not get here.
    if (!compiled.ok) throw new Error(compiled.error);
    return { kind: 'value', ...compiled.value };
  }

  // ── Matching ───────────────────────────────────────────────────────────────────────────────────────────────────

  #holds(item: ReadyItem): boolean {
    const { field } = item;
    if (field.loadedFor !== this.#eventNumber && this.#event !== null) field.load(this.#event, this.#eventNumber);
    if (field.cell !== null)
      return item.keepable ? this.#holdsOnCell(item, field.cell) : this.#judgeCell(item, field.cell);
    return field.cells === null ? item.onAbsent : this.#holdsOnList(item, field.cells);
  }

  #holdsOnCell(item: ReadyItem, cell: Cell): boolean {
    const known = cell.judged(item.index);
    if (known !== null) return known;
    const holds = this.#judgeCell(item, cell);
    cell.keep(item.index, holds);
    return holds;
  }

  #judgeCell(item: ReadyItem, cell: Cell): boolean {
    const { tests } = item;
    switch (item.mode) {
      case 'any':
        for (const test of tests) if (this.#testHolds(test, cell)) return true;
        return false;
      case 'all':
        for (const test of tests) if (!this.#testHolds(test, cell)) return false;
        return true;
      case 'none':
        if (cell.text === null) return false;
        for (const test of tests) if (this.#testHolds(test, cell) || this.#lacksOther(test)) return false;
        return true;
    }
  }

  /** A field that occurs more than once: one of its values is enough, for each thing that is asked. */
  #holdsOnList(item: ReadyItem, cells: readonly Cell[]): boolean {
    if (item.mode === 'all') return item.tests.every((test) => cells.some((cell) => this.#testHolds(test, cell)));
    if (item.mode === 'none') return cells.every((cell) => this.#judgeCell(item, cell));
    return cells.some((cell) => (item.keepable ? this.#holdsOnCell(item, cell) : this.#judgeCell(item, cell)));
  }

  #testHolds(test: ReadyTest, cell: Cell): boolean {
    if (test.kind === 'value') return test.holds(cell);
    const { other, relation, cased } = test;
    if (other.loadedFor !== this.#eventNumber && this.#event !== null) other.load(this.#event, this.#eventNumber);
    const { text } = cell;
    if (text === null) return false;
    const own = cased ? text : cell.lower;
    return this.#cellsOf(other).some((value) => value.text !== null && relation(own, cased ? value.text : value.lower));
  }

  /** A field that is not there does not differ from anything (house decision 2). */
  #lacksOther(test: ReadyTest): boolean {
    if (test.kind !== 'fields') return false;
    const { other } = test;
    if (other.loadedFor !== this.#eventNumber && this.#event !== null) other.load(this.#event, this.#eventNumber);
    return !this.#cellsOf(other).some(({ text }) => text !== null);
  }

  #cellsOf(field: Field): readonly Cell[] {
    return field.cell === null ? (field.cells ?? []) : [field.cell];
  }

  // ── Triggers ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** The cheapest set of texts of which an event must hold one for the condition to hold; `null`: there is none. */
  #cover(condition: RouteCondition, popularity: ReadonlyMap<string, number>): Cover | null {
    switch (condition.op) {
      case 'constant':
      case 'not':
        return null;
      case 'item':
        return this.#itemCover(condition.item, popularity);
      case 'and': {
        let best: Cover | null = null;
        for (const part of condition.of) {
          const cover = this.#cover(part, popularity);
          if (cover !== null && (best === null || cover.cost < best.cost)) best = cover;
        }
        return best;
      }
      case 'or': {
        const triggers: Trigger[] = [];
        let cost = 0;
        for (const part of condition.of) {
          const cover = this.#cover(part, popularity);
          if (cover === null) return null;
          triggers.push(...cover.triggers);
          cost += cover.cost;
        }
        return { triggers, cost };
      }
    }
  }

  #itemCover(item: RouteItem, popularity: ReadonlyMap<string, number>): Cover | null {
    if (item.mode === 'none') return null;
    const field = this.#field(item);
    const covers: Cover[] = [];
    for (const test of this.#item(item).tests) {
      const triggers = test.kind === 'value' ? test.triggers : null;
      if (triggers === null) {
        if (item.mode === 'any') return null;
        continue;
      }
      const cost = triggers.reduce(
        (sum, trigger) => sum + costOfTrigger(trigger, field, popularity.get(literalKey(field, trigger)) ?? 1),
        0,
      );
      covers.push({ triggers: triggers.map((trigger) => ({ field, ...trigger })), cost });
    }
    if (item.mode === 'all')
      return covers.reduce<Cover | null>(
        (best, cover) => (best === null || cover.cost < best.cost ? cover : best),
        null,
      );
    return {
      triggers: covers.flatMap((cover) => cover.triggers),
      cost: covers.reduce((sum, cover) => sum + cover.cost, 0),
    };
  }
}

const NONE = new Int32Array(0);

interface Trigger {
  readonly field: Field;
  readonly text: string;
  readonly atStart: boolean;
  readonly atEnd: boolean;
}

interface Cover {
  readonly triggers: readonly Trigger[];
  /** How often it would make a candidate, in no unit: only compared. */
  readonly cost: number;
}

function costOfTrigger(trigger: SoughtText, field: Field, namedBy: number): number {
  return trigger.text === '' ? ALWAYS_DEAR : shareOf(trigger, field.item.field, namedBy);
}

function literalKey(field: Field, trigger: { text: string; atStart: boolean; atEnd: boolean }): string {
  return `${fieldKey(field.item)}\u0003${trigger.text}`;
}

/** How many rules of the route ask for each text. */
function countLiterals(rules: readonly RouteRule[], fieldOf: (item: RouteItem) => Field): Map<string, number> {
  const counts = new Map<string, number>();
  const visit = (condition: RouteCondition) => {
    if (condition.op === 'and' || condition.op === 'or') condition.of.forEach(visit);
    else if (condition.op === 'item') {
      const field = fieldOf(condition.item);
      for (const test of condition.item.tests) {
        if (test.kind !== 'text') continue;
        const text = test.pattern.find((part) => typeof part === 'string');
        if (text === undefined) continue;
        const key = literalKey(field, { text: text.toLowerCase(), atStart: false, atEnd: false });
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
  };
  for (const rule of rules) visit(rule.condition);
  return counts;
}

/** True if what is searched for holds a letter or sign that no number, time, GUID, SID or truth value is written with. */
function isWordy(test: Test): boolean {
  const odd = /[^\da-fxtzs+{}:.-]/i;
  const isWord = (part: string) => odd.test(part) && !'true false nan infinity'.includes(part.toLowerCase());
  return test.kind === 'text' && test.pattern.some((part) => typeof part === 'string' && isWord(part));
}

const RELATIONS: Readonly<
  Record<'equals' | 'startswith' | 'endswith' | 'contains', (own: string, other: string) => boolean>
> = {
  equals: (own, other) => own === other,
  startswith: (own, other) => own.startsWith(other),
  endswith: (own, other) => own.endsWith(other),
  contains: (own, other) => own.includes(other),
};

function allOf(parts: readonly (() => boolean)[]): () => boolean {
  return () => {
    for (const part of parts) if (!part()) return false;
    return true;
  };
}

function anyOf(parts: readonly (() => boolean)[]): () => boolean {
  return () => {
    for (const part of parts) if (part()) return true;
    return false;
  };
}
