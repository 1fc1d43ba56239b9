import type { NumberOperator } from './rule.ts';

/** What is no number compares with nothing, by `neq` neither. */
export function compare(value: number, operator: NumberOperator, number: number): boolean {
  switch (operator) {
    case 'gt':
      return value > number;
    case 'gte':
      return value >= number;
    case 'lt':
      return value < number;
    case 'lte':
      return value <= number;
    case 'eq':
      return value === number;
    case 'neq':
      return value !== number && !Number.isNaN(value);
  }
}
