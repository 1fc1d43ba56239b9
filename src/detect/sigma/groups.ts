import type { CorrelationInput } from './correlation-part.ts';
import type { CorrelationRule } from './rule.ts';

/** Groups kept for each correlation. Beyond, the one that was quiet for longest is forgotten, and counted. */
const MAX_GROUPS = 100_000;

/** The groups of one correlation, by what events say in its group-by fields. */
export class Groups<Group> {
  readonly #groups = new Map<string, Group>();
  readonly #names: readonly string[];
  /** By rule of the list, then by group-by position: the field of that rule's events. */
  readonly #fields: readonly (readonly string[])[];
  readonly #isOver: (group: Group, time: number) => boolean;
  /** Of those whose window was not over. */
  forgotten = 0;

  /** @param isOver that a group has nothing more to say at this time, so that to forget it is no loss */
  constructor(rule: CorrelationRule, isOver: (group: Group, time: number) => boolean) {
    this.#names = rule.groupBy;
    this.#fields = fieldsByRule(rule, rule.groupBy);
    this.#isOver = isOver;
  }

  fieldsOf(index: number): readonly string[] {
    return this.#fields[index] ?? [];
  }

  /** `null`: events that do not say whose they are must not be joined with each other. */
  keyOf(input: CorrelationInput<unknown>, index: number): string | null {
    let key = '';
    for (const name of this.fieldsOf(index)) {
      const value = Object.hasOwn(input.fields, name) ? input.fields[name] : undefined;
      if (value === undefined) return null;
      key += `${value.toLowerCase()}\u0000`;
    }
    return key;
  }

  /** What the event of a new group says of it, by the names of the group-by fields. */
  valuesOf(input: CorrelationInput<unknown>, index: number): Readonly<Record<string, string>> {
    const fields = this.fieldsOf(index);
    const values: Record<string, string> = Object.create(null) as Record<string, string>;
    this.#names.forEach((name, place) => {
      values[name] = input.fields[fields[place] ?? ''] ?? '';
    });
    return values;
  }

  get(key: string): Group | undefined {
    const group = this.#groups.get(key);
    if (group !== undefined && this.#groups.size > MAX_GROUPS / 2) {
      // The quiet ones are to come first, for when room is needed.
      this.#groups.delete(key);
      this.#groups.set(key, group);
    }
    return group;
  }

  add(key: string, group: Group, time: number): void {
    if (this.#groups.size >= MAX_GROUPS) this.#forgetOne(time);
    this.#groups.set(key, group);
  }

  delete(key: string): void {
    this.#groups.delete(key);
  }

  [Symbol.iterator](): IterableIterator<[string, Group]> {
    return this.#groups.entries();
  }

  #forgetOne(time: number): void {
    const [quietest] = this.#groups;
    if (quietest === undefined) return;
    const [key, group] = quietest;
    this.#groups.delete(key);
    if (!this.#isOver(group, time)) this.forgotten++;
  }
}

/** By rule of the list, then by name: the field of that rule's events which an alias stands for. */
export function fieldsByRule(rule: CorrelationRule, names: readonly string[]): readonly (readonly string[])[] {
  const field = (name: string, of: string) =>
    Object.hasOwn(rule.aliases, name) ? (rule.aliases[name]?.[of] ?? name) : name;
  return rule.rules.map((of) => names.map((name) => field(name, of)));
}
