import { createHmac } from 'node:crypto';
import { digitsOf } from './nhs-number.ts';

/** A key of its own, or what the running service puts in the place of a number: then both name a patient alike. */
export type PseudonymKey = string | Buffer | ((number: string) => string);

/** The pseudonym of an NHS number: the same for the same key, and nothing can be read from it without the key. */
export function pseudonymOf(number: string, key: PseudonymKey): string {
  if (typeof key === 'function') return key(number);
  return `px-${createHmac('sha256', key).update(digitsOf(number)).digest('hex').slice(0, 24)}`;
}
