import { createHmac } from 'node:crypto';
import { digitsOf } from './nhs-number.ts';

/** The pseudonym of an NHS number: the same for the same key, and nothing can be read from it without the key. */
export function pseudonymOf(number: string, key: string | Buffer): string {
  return `px-${createHmac('sha256', key).update(digitsOf(number)).digest('hex').slice(0, 24)}`;
}
