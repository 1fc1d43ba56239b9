const SHAPE = /^\d{3}[ -]?\d{3}[ -]?\d{4}$/;

/**
 * Whether the text is a valid NHS number (or H&C or CHI number: they share the check digit), written with or without
 * gaps. Numbers from the 999 test range count: what may pass for a real number has no place in a folder of keys.
 *
 * Source: NHS Data Dictionary, “NHS number”: weights 10 to 2, modulus 11.
 */
export function isNhsNumber(text: string): boolean {
  if (text.length < 10 || text.length > 12 || !SHAPE.test(text)) return false;
  const digits = text.replaceAll(/[ -]/g, '');
  let sum = 0;
  for (let i = 0; i < 9; i++) sum += (10 - i) * Number(digits[i]);
  const check = (11 - (sum % 11)) % 11;
  return check !== 10 && check === Number(digits[9]);
}
