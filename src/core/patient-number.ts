/**
 * The numbers that name a patient in the United Kingdom: the NHS number (England, Wales, Isle of Man), the CHI number
 * (Scotland) and the Health and Care number (Northern Ireland). All have ten digits, the last of them a check digit.
 *
 * Source: NHS Data Dictionary, “NHS NUMBER” (Modulus 11); Public Health Scotland, “CHI Number” (the first six digits
 * are the birth date, DDMMYY); the ranges 320 to 399 (H&C), 400 to 499 and 600 to 799 (NHS), 999 (tests) are those
 * that are issued.
 */
export function isPatientNumber(digits: string): boolean {
  return /^\d{10}$/.test(digits) && isIssued(digits) && hasCheckDigit(digits);
}

/** Of ten digits: whether the last is the check digit of the others, weighted 10 to 2, modulus 11. */
export function hasCheckDigit(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < 9; i++) sum += (digits.charCodeAt(i) - 0x30) * (10 - i);
  const check = (11 - (sum % 11)) % 11;
  return check !== 10 && check === digits.charCodeAt(9) - 0x30;
}

function isIssued(digits: string): boolean {
  const range = Number(digits.slice(0, 3));
  if (range >= 320 && range <= 499) return true;
  if ((range >= 600 && range <= 799) || range === 999) return true;
  const day = Number(digits.slice(0, 2));
  const month = Number(digits.slice(2, 4));
  return day >= 1 && day <= 31 && month >= 1 && month <= 12;
}
