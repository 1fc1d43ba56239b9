import { createHmac } from 'node:crypto';
import { nhsNumberIn } from './nhs-number.ts';

/** What the running service puts in the place of whatever names a patient, and of what two people may have in common. */
export type ServicePseudonym = (text: string, of?: 'patient' | 'surname' | 'household' | 'postcode') => string;

/**
 * A key of its own, for numbers in a folder of keys; or what the running service does: then both name a patient alike, by
 * number or by a local id.
 */
export type PseudonymKey = string | Buffer | ServicePseudonym;

/**
 * What a patient is called: numbers are replaced, other keys stay as they are; with the service's pseudonyms both are
 * replaced. `null`: it is a number, and there is no key to replace it with.
 */
export function patientKeyOf(text: string, key: PseudonymKey | null): string | null {
  if (typeof key === 'function') return text === '' ? text : key(text);
  const number = nhsNumberIn(text);
  if (number === null) return text;
  return key === null ? null : `px-${createHmac('sha256', key).update(number).digest('hex').slice(0, 24)}`;
}
