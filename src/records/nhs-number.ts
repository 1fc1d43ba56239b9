import { hasCheckDigit, isPatientNumber } from '../core/patient-number.ts';

const SHAPE = /^\d{3}[ \u00a0.-]?\d{3}[ \u00a0.-]?\d{4}$/;
/** Nearly every key holds nothing like it, and is let go by this. */
const ANYWHERE = /\d{3}[ \u00a0.-]?\d{3}[ \u00a0.-]?\d{4}/;
/** A number among other words. Within a longer word it is part of a key. */
const WITHIN = /(?<![A-Za-z0-9])\d{3}[ \u00a0.-]?\d{3}[ \u00a0.-]?\d{4}(?![A-Za-z0-9])/g;
/** `="9990000018"`, `'9990000018`, `9990000018.0`: how spreadsheets keep a number as text, or text as a number. */
const WRAPPED = /^(?:="?|'|")?(.*?)(?:\.0+)?"?$/;

/**
 * The ten digits of the valid NHS number (or H&C or CHI number: they share the check digit) that the text is or holds,
 * written with or without gaps, as spreadsheets write it, or among other words; `null`: it holds none. Numbers from the 999
 * test range count: what may pass for a real number has no place in a folder of keys.
 *
 * Source: NHS Data Dictionary, “NHS number”: weights 10 to 2, modulus 11.
 */
export function nhsNumberIn(text: string): string | null {
  if (text.length < 10 || !ANYWHERE.test(text)) return null;
  const bare = (WRAPPED.exec(text.trim())?.[1] ?? '').trim();
  if (bare.length <= 12 && SHAPE.test(bare)) return hasCheckDigit(digitsOf(bare)) ? digitsOf(bare) : null;
  return (bare.match(WITHIN) ?? []).map(digitsOf).find(isPatientNumber) ?? null;
}

/** Whether the text is or holds one, as `nhsNumberIn` finds it. */
export function isNhsNumber(text: string): boolean {
  return nhsNumberIn(text) !== null;
}

function digitsOf(number: string): string {
  return number.replaceAll(/\D/g, '');
}

/** `9.99E+09`: what a spreadsheet makes of a long number. Many patients become one, and none can be told from it. */
export function isRounded(text: string): boolean {
  return /^\s*-?\d(?:[.,]\d+)?E\+\d\d\s*$/i.test(text);
}
