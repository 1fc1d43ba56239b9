import { join } from './condition.ts';
import type { LogSource } from '../../core/event.ts';
import { type Condition, type EventRule, type FilterRule, referenceKey } from './rule.ts';

/**
 * ANDs each filter's condition, as written, to the rules it names on its log source (house decision 1: so do pySigma
 * and rsigma; authors write `not selection`). The specification's example reads the other way round, so a filter
 * without `not` is warned of.
 */
export function applyFilters(
  rules: readonly EventRule[],
  filters: readonly FilterRule[],
  warnings: string[],
): readonly EventRule[] {
  if (filters.length === 0) return rules;
  for (const filter of filters) {
    if (!holdsNot(filter.condition)) {
      warnings.push(
        `${filter.path}: the condition of the filter “${filter.title}” has no “not”: its rules now fire only where it ` +
          'holds. To silence what it describes, write “condition: not selection”.',
      );
    }
  }
  const known = new Set(rules.flatMap(({ id, name }) => [id, name ?? id].map(referenceKey)));
  for (const filter of filters) {
    const unknown = (filter.rules ?? []).filter((name) => !known.has(referenceKey(name)));
    if (unknown.length > 0)
      warnings.push(
        `${filter.path}: the filter “${filter.title}” names “${unknown[0]}”, which is no rule that can run`,
      );
  }
  return rules.map((rule) => {
    const own = filters.filter((filter) => appliesTo(filter, rule));
    return own.length === 0
      ? rule
      : { ...rule, condition: join('and', [rule.condition, ...own.map((filter) => filter.condition)]) };
  });
}

function appliesTo(filter: FilterRule, rule: EventRule): boolean {
  const own = [rule.id, rule.name ?? rule.id].map(referenceKey);
  const isNamed = filter.rules === null || filter.rules.some((name) => own.includes(referenceKey(name)));
  return isNamed && agree(filter.logSource, rule.logSource);
}

/** Two log sources can be the same events: no word that both name differs. */
function agree(a: LogSource, b: LogSource): boolean {
  const same = (x: string | undefined, y: string | undefined) => x === undefined || y === undefined || x === y;
  return same(a.product, b.product) && same(a.category, b.category) && same(a.service, b.service);
}

function holdsNot(condition: Condition): boolean {
  if (condition.op === 'not') return true;
  if (condition.op === 'and' || condition.op === 'or') return condition.of.some(holdsNot);
  return condition.op === 'item' && condition.item.mode === 'none';
}
