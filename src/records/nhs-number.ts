import { hasCheckDigit } from '../core/patient-number.ts';

const SHAPE = /^\d{3}[ .-]?\d{3}[ .-]?\d{4}$/;

/**
 * Whether the text is a valid NHS number (or H&C or CHI number: they share the check digit), written with or without
 * gaps, blanks around it or not. Numbers from the 999 test range count: what may pass for a real number has no place in a folder of keys.
 *
 * Source: NHS Data Dictionary, “NHS number”: weights 10 to 2, modulus 11.
 */
export function isNhsNumber(text: string): boolean {
  if (text.length < 10) return false;
  const bare = text.trim();
  if (bare.length < 10 || bare.length > 12 || !SHAPE.test(bare)) return false;
  return hasCheckDigit(digitsOf(bare));
}

export function digitsOf(number: string): string {
  return number.replaceAll(/\D/g, '');
}
