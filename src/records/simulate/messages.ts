import { hasCheckDigit } from '../../core/patient-number.ts';
import type { Relation } from './flow.ts';
import { patientName } from './names.ts';
import { kindOf, type World } from './world.ts';

/** What turns the run's hours into instants, UTC ms. */
type ToUtc = (hour: number) => number;

/**
 * The relationships as an engine sends them: ADT, SIU, REF and ORM of HL7 v2.4, a message a line, its segments ended by CR. Only
 * what became known before the run ends.
 */
export function hl7Messages(relations: readonly Relation[], world: World, toUtc: ToUtc, endHour: number): string {
  const messages: { readonly hour: number; readonly type: string; readonly segments: readonly string[] }[] = [];
  const say = (hour: number, type: string, ...segments: readonly string[]) => {
    if (hour < endHour) messages.push({ hour, type, segments });
  };
  const time = (hour: number) => stamp(toUtc(hour));
  const name = (department: number) => world.departments[department]?.name ?? '';
  for (const [index, { kind, patient, department, from, to, booked }] of relations.entries()) {
    const pid = pidOf(patient);
    const code = name(department);
    if (kind === 'appointment')
      say(booked, 'SIU^S12', `SCH|P${index}|F${index}|||||||||^^^${time(from)}`, pid, `AIL|1||${code}`);
    if (kind === 'referral')
      say(from, 'REF^I12', `RF1|A|||||R${index}|${time(from)}|${time(to)}`, `PRD|RT|||${code}`, pid);
    // OBR-36, when it is due: an order holds a week from then on.
    if (kind === 'order') say(from, 'ORM^O01', pid, `ORC|NW|O${index}|||||||${time(from)}`, `OBR|1|O${index}||${code}`);
  }
  for (const visit of visitsOf(relations)) {
    const [first] = visit;
    let before = '';
    for (const { patient, department, from } of visit) {
      const patientClass =
        world.departments[department] !== undefined && kindOf(world.departments[department]) === 'ed' ? 'E' : 'I';
      const event = before === patientClass ? 'A02' : patientClass === 'E' ? 'A04' : 'A01';
      const pv1 = pv1Of(
        patientClass,
        name(department),
        `V${patient}-${first?.from.toFixed(3)}`,
        time(first?.from ?? from),
      );
      say(from, `ADT^${event}`, `EVN||${time(from)}`, pidOf(patient), pv1);
      before = patientClass;
    }
    const last = visit.at(-1);
    if (last === undefined || last.to === Number.POSITIVE_INFINITY) continue;
    const pv1 = pv1Of(
      before,
      name(last.department),
      `V${last.patient}-${first?.from.toFixed(3)}`,
      time(first?.from ?? last.from),
    );
    say(last.to, 'ADT^A03', `EVN||${time(last.to)}`, pidOf(last.patient), `${pv1}|${time(last.to)}`);
  }
  return messages
    .sort((a, b) => a.hour - b.hour)
    .map(({ hour, type, segments }, index) => {
      const msh = `MSH|^~\\&|PAS|SIM|WARDWATCH|SIM|${time(hour)}||${type}|S${index + 1}|P|2.4`;
      return `${[msh, ...segments].join('\r')}\r\n`;
    })
    .join('');
}

/** A patient’s stays that follow one another without a gap are one visit. */
function visitsOf(relations: readonly Relation[]): Relation[][] {
  const visits: Relation[][] = [];
  const open = new Map<number, Relation[]>();
  const stays = relations.filter(({ kind }) => kind === 'stay').toSorted((a, b) => a.from - b.from);
  for (const stay of stays) {
    const visit = open.get(stay.patient);
    if (visit?.at(-1)?.to === stay.from) visit.push(stay);
    else {
      const fresh = [stay];
      visits.push(fresh);
      open.set(stay.patient, fresh);
    }
  }
  return visits;
}

function stamp(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}+0000`;
}

/** Ids alone: whose surnames and addresses are known is said by patients.csv, at the rates of the parameters. */
function pidOf(patient: number): string {
  const number = testNumber(patient);
  const ids = [`${patientName(patient)}^^^SIM^PI`, ...(number === null ? [] : [`${number}^^^NHS^NH`])];
  return `PID|1||${ids.join('~')}`;
}

/** A number of the range 999, which is nobody's; of every eleven, one has no check digit. */
function testNumber(patient: number): string | null {
  const nine = `999${String(patient % 1_000_000).padStart(6, '0')}`;
  const digit = '0123456789'.split('').find((last) => hasCheckDigit(nine + last));
  return digit === undefined ? null : nine + digit;
}

function pv1Of(patientClass: string, department: string, visit: string, admitted: string): string {
  return `PV1|1|${patientClass}|${department}${'|'.repeat(16)}${visit}${'|'.repeat(25)}${admitted}`;
}
