import { Refusal } from '../core/refusal.ts';
import { careOf, folderOf, type RecordsInput } from './accesses.ts';
import { type Hospital, postOn, readHospital } from './hospital.ts';
import type { LiveCare } from './live-care.ts';
import { patientKeyOf, type PseudonymKey } from './pseudonym.ts';
import { judgeAll } from './model/engine.ts';
import type { JudgedDay } from './model/judge.ts';
import { BREAK_GLASS, EXPORTED, type LookBook, PRINTED, readLooks, useKey } from './model/looks.ts';
import { COLLEAGUE, HOUSEHOLD, NEIGHBOUR, OWN, STAFF, SURNAME } from './model/motives.ts';
import { newReport, type ReadReport } from './table.ts';
import { dayText, Zone } from './zone.ts';
import { listed, missingText, plural, reasonText } from './words.ts';

export interface WhoLookedOptions {
  readonly patient: string;
  readonly zone: string;
  readonly pseudonymKey: PseudonymKey | null;
}

const NOT_KNOWN = 'not known';

/** One person's look at the record on one day, in words for the patient. */
export interface LookLine {
  readonly schema: 'wardwatch.look/1';
  readonly day: string;
  readonly from: string;
  readonly to: string;
  readonly user: string;
  readonly role: string;
  readonly department: string;
  /** Raw accesses that showed the record, and those that the system refused. */
  readonly accesses: number;
  readonly refused: number;
  readonly printed: boolean;
  readonly exported: boolean;
  readonly explained: 'yes' | 'no' | 'own-record';
  readonly why: string;
  /**
   * What the patient and this person have in common, '' if nothing is known or care explains the look. For the privacy
   * officer alone: to the patient it would tell where a member of staff lives.
   */
  readonly inCommon: string;
}

export interface WhoLooked {
  readonly lines: readonly LookLine[];
  readonly text: string;
  readonly report: ReadReport;
}

/** Reads the accesses and what is known beside them, then as `lookedAt`. */
export function whoLooked(input: RecordsInput, options: WhoLookedOptions): WhoLooked {
  const { zone, pseudonymKey } = options;
  const hospital = readHospital(folderOf(input), new Zone(zone), newReport(), pseudonymKey, careOf(input));
  return lookedAt(hospital, readLooks(input, hospital), careOf(input), options);
}

/** Everybody who opened this patient's record, day by day, and whether care explains it. @throws Refusal if nobody did and the key is unknown */
export function lookedAt(
  hospital: Hospital,
  book: LookBook,
  care: LiveCare | null,
  { patient, pseudonymKey }: Omit<WhoLookedOptions, 'zone'>,
): WhoLooked {
  const { report } = hospital;
  const asked = patientKeyOf(patient, pseudonymKey) ?? patient;
  const key = care?.nameOf(asked) ?? asked;
  const id = hospital.patients.find(key);
  if (id < 0) throw new Refusal('records/not-found', 'nothing that was received names this patient');
  const lines: LookLine[] = [];
  judgeAll(hospital, book, (judged) => {
    const { day } = judged;
    for (let look = 0; look < day.count; look++) {
      if (day.patient.at(look) !== id) continue;
      const user = day.user.at(look);
      const post = postOn(user, day.first.at(look), hospital);
      const flags = day.flags.at(look);
      const ties = judged.ties[look] ?? 0;
      // A relationship with the person’s own department is a reason, however the odds stand.
      const explained = (judged.direct[look] ?? -1) >= 0 || (judged.explained[look] ?? 0) >= 0;
      lines.push({
        schema: 'wardwatch.look/1',
        day: dayText(day.day),
        from: hospital.zone.clockText(day.first.at(look)),
        to: hospital.zone.clockText(day.last.at(look)),
        user: hospital.users.textOf(user),
        role: post === undefined ? NOT_KNOWN : hospital.roles.textOf(post.role),
        department: post === undefined ? NOT_KNOWN : hospital.departments.textOf(post.department),
        accesses: day.times.at(look) - day.failed.at(look),
        refused: day.failed.at(look),
        printed: (flags & PRINTED) !== 0,
        exported: (flags & EXPORTED) !== 0,
        explained: (ties & OWN) !== 0 ? 'own-record' : explained ? 'yes' : 'no',
        why: why(hospital, book, judged, look, explained),
        inCommon: explained ? '' : tiesText(ties),
      });
    }
  });
  lines.sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : a.user < b.user ? -1 : 1));
  return { lines, text: pageOf(lines, key, book.nameless.get(id) ?? 0, book, report), report };
}

function why(hospital: Hospital, book: LookBook, judged: JudgedDay, look: number, explained: boolean): string {
  const { day } = judged;
  const { departments } = hospital;
  const ties = judged.ties[look] ?? 0;
  const user = day.user.at(look);
  const parts: string[] = [];
  const flags = day.flags.at(look);
  if (day.isRefused(look)) parts.push('the system did not let them in, so nothing was seen');
  if ((ties & OWN) !== 0) parts.push('it is this person’s own record');
  const direct = judged.direct[look] ?? -1;
  const cause = direct >= 0 ? direct : (judged.cause[look] ?? -1);
  const count = Math.max(1, departments.size);
  const others = judged.others[look] ?? 0;
  const team = judged.team[look] ?? 0;
  if ((ties & OWN) === 0) {
    if (cause >= 0 && explained)
      parts.push(reasonText(Math.floor(cause / count), departments.textOf(cause % count) || 'a department'));
    else if (explained && team > 0)
      parts.push(`${plural(team, 'colleague')} of the same department used the record in the same days`);
    else if (explained && others > 0)
      parts.push('the record was in use in those days by departments that work with this one');
    else if (explained) parts.push('this role opens such records in the course of its work');
    else if (cause >= 0)
      parts.push(
        `${reasonText(Math.floor(cause / count), departments.textOf(cause % count) || 'a department')}, but no reason was found that ties it to this person’s department`,
      );
    else parts.push('no stay, appointment, referral or order was found that explains it');
  }
  if ((flags & BREAK_GLASS) !== 0) {
    const typed = (book.uses.get(useKey(day.day, user, day.patient.at(look))) ?? []).flatMap(({ reason }) =>
      reason === null ? [] : [`“${reason}”`],
    );
    parts.push(
      `emergency access was used${typed.length === 0 ? '' : `, with the ${typed.length === 1 ? 'reason' : 'reasons'} ${listed(typed)}`}`,
    );
  }
  return parts.join('; ');
}

/** Equality only: what the two have in common, said as a fact. */
function tiesText(ties: number): string {
  const found: string[] = [];
  if ((ties & HOUSEHOLD) !== 0) found.push('the same address');
  else if ((ties & NEIGHBOUR) !== 0) found.push('the same postcode');
  if ((ties & SURNAME) !== 0) found.push('the same surname');
  if ((ties & COLLEAGUE) !== 0) found.push('the same department as staff');
  else if ((ties & STAFF) !== 0) found.push('working for the same organisation');
  return listed(found);
}

function postText({ role, department }: LookLine): string {
  return role === NOT_KNOWN && department === NOT_KNOWN ? 'role and department not known' : `${role}, ${department}`;
}

function countText({ accesses, refused }: LookLine): string {
  const times = (count: number) => (count === 1 ? 'once' : plural(count, 'time'));
  if (accesses === 0) return `tried to open it ${times(refused)}`;
  return `opened ${times(accesses)}${refused === 0 ? '' : `, and tried to ${times(refused)} more in vain`}`;
}

function pageOf(
  lines: readonly LookLine[],
  patient: string,
  nameless: number,
  book: LookBook,
  report: ReadReport,
): string {
  const first = book.days[0]?.day;
  const last = book.days.at(-1)?.day;
  const span =
    first === undefined || last === undefined
      ? 'the days given'
      : `${dayInWords(dayText(first))} to ${dayInWords(dayText(last))}`;
  const opened = lines.filter(({ accesses }) => accesses > 0);
  const people = new Set(opened.map(({ user }) => user)).size;
  const open = opened.filter(({ explained }) => explained === 'no');
  const refused = lines.length - opened.length;
  const page = [
    `Who looked at the record of patient ${patient}, ${span}`,
    '',
    opened.length === 0 && nameless > 0
      ? 'Nobody whom the log names opened this record in that time.'
      : opened.length === 0
        ? 'Nobody opened this record in that time, as far as the log shows.'
        : `${plural(people, 'person', 'people')} opened it on ${plural(new Set(opened.map(({ day }) => day)).size, 'day')}. ${open.length === 0 ? 'Care that was given explains every look.' : `For ${plural(open.length, 'look')} of ${opened.length} we found no reason in the data we hold; that does not mean there was none.`}`,
  ];
  if (refused > 0)
    page.push(
      `${plural(refused, 'time')} somebody tried to open it and the system did not let them in; these are listed too.`,
    );
  if (nameless > 0)
    page.push(`${nameless === 1 ? 'Once' : plural(nameless, 'time')} it was opened and the log does not say by whom.`);
  for (const line of lines) {
    const did = [line.printed ? 'printed' : '', line.exported ? 'exported' : ''].filter((word) => word !== '');
    const [from, to] = [clockInWords(line.from), clockInWords(line.to)];
    page.push(
      '',
      `${dayInWords(line.day)}, ${from === to ? from : `${from} to ${to}`}  ${postText(line)} (${line.user})`,
      `  ${countText(line)}${did.length === 0 ? '' : `, ${listed(did)}`}`,
      `  ${line.explained === 'no' ? 'No reason found' : line.explained === 'yes' ? 'Explained' : 'Own record'}: ${line.why}.`,
    );
  }
  // Which columns a file lacks says something to us, nothing to a patient.
  const missing = missingText(report.missing.filter((each) => each.endsWith('.csv')));
  if (missing !== '') page.push('', `Not received, so it could not be looked at: ${missing}.`);
  if (report.setAsideCount > 0) page.push('', `${plural(report.setAsideCount, 'row')} could not be read.`);
  return `${page.join('\n')}\n`;
}

const DAY = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'long', year: 'numeric' });

/** `2 November 2026`, of `2026-11-02`: a patient reads it. */
function dayInWords(day: string): string {
  return DAY.format(Date.parse(`${day}T00:00:00Z`));
}

/** `1:05pm`, of `2026-11-02 13:05`. */
function clockInWords(clock: string): string {
  const [hour = '', minute = ''] = clock.slice(11).split(':');
  return `${Number(hour) % 12 === 0 ? 12 : Number(hour) % 12}:${minute}${Number(hour) < 12 ? 'am' : 'pm'}`;
}
