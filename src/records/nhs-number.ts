import { hasCheckDigit } from '../core/patient-number.ts';

const SHAPE = /^\d{3}[ -]?\d{3}[ -]?\d{4}$/;

/**
 * Whether the text is a valid NHS number (or H&C or CHI number: they share the check digit), written with or without
 * gaps. Numbers from the 999 test range count: what may pass for a real number has no place in a folder of keys.
 *
 * Source: NHS Data Dictionary, “NHS number”: weights 10 to 2, modulus 11.
 */
export function isNhsNumber(text: string): boolean {
  if (text.length < 10 || text.length > 12 || !SHAPE.test(text)) return false;
  return hasCheckDigit(text.replaceAll(/[ -]/g, ''));
}
