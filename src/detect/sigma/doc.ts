import type { EventRule } from './rule.ts';

/** A YAML mapping, as the parser gives it: nothing in it is believed yet. */
export type Doc = { readonly [key: string]: unknown };

/** What all kinds of rules share. */
export type RuleHead = Omit<EventRule, 'kind' | 'logSource' | 'condition'>;

export function isDoc(value: unknown): value is Doc {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** A scalar as text; `null` for anything else. */
export function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value instanceof Date ? value.toISOString().slice(0, 10) : null;
}

/** A scalar or a list of scalars as a list of texts. */
export function textsOf(value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map(textOf).filter((text) => text !== null);
}
