import { isoTime } from '../time.ts';

/** A time as HL7 writes it. `endsAt`: of a date alone, the end of that local day; else the instant itself. */
export interface Hl7Time {
  readonly at: number;
  readonly endsAt: number;
}

const FORM = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.\d{1,10})?)?)?)?([+-]\d{4})?$/;
const DAY_MS = 86_400_000;

/**
 * `20261102093000`, `202611020930+0000`, `20261102`; without a zone, local. A month or a year alone is no time of care.
 *
 * **Source:** HL7 v2.5.1, chapter 2.A.22 (DTM).
 *
 * @returns `null` if it is none
 */
export function hl7Time(text: string, timeZone: string): Hl7Time | null {
  const [, year, month, day, hour, minute = '00', second = '00', zone = ''] = FORM.exec(text.trim()) ?? [];
  if (year === undefined) return null;
  const date = `${year}-${month}-${day}`;
  const read = isoTime(`${date}T${hour ?? '00'}:${minute}:${second}${zone}`, timeZone);
  if (read === null) return null;
  if (hour !== undefined) return { at: read.at, endsAt: read.at };
  const next = new Date(Date.parse(`${date}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
  return { at: read.at, endsAt: isoTime(`${next}T00:00:00`, timeZone)?.at ?? read.at };
}
