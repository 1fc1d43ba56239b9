import type { AccessCase, CrowdCase, Points, ReviewCase, SharedLogIn } from './case.ts';
import type { Review } from './review.ts';
import { listed, missingText, plural } from './words.ts';

const SHOWN_PATIENTS = 5;
const SHOWN_USERS = 12;

/** The review as a page for a privacy officer. */
export function storyOf(review: Review, budget: number): string {
  const { accesses, looks, firstDay, lastDay, trainDays, staff, cases, report } = review;
  const lines: string[] = [];
  if (firstDay === null || lastDay === null) return 'There are no accesses in the folder.\n';
  if (review.judgedDays === 0) {
    lines.push(unjudgedText(review), '', ...itemLines(review));
    return `${lines.join('\n').trimEnd()}\n`;
  }
  const alerts = cases.filter(({ alert }) => alert);
  lines.push(
    `Record accesses ${firstDay} to ${lastDay}: ${plural(accesses, 'access', 'accesses')}, ${plural(looks, 'look')} (one person, one patient, one day), ${plural(staff, 'member')} of staff.`,
    `The first ${plural(trainDays, 'day')} taught us what is usual; the others were judged.`,
    '',
    alerts.length === 0
      ? 'Nothing stood out enough to ask about.'
      : `${plural(alerts.length, 'case')} to ask about, the least explained first. The budget is ${budget} false alerts a day for 1,000 staff.`,
    'A case is a question, not an accusation: some have a reason that no feed shows.',
  );
  alerts.forEach((one, i) => lines.push('', ...caseLines(one, i + 1)));
  const joined = cases.filter((one) => 'joins' in one).length;
  const below = cases.length - alerts.length - joined;
  if (joined > 0) lines.push('', `${plural(joined, 'further day')} belong to these cases and cost no alert.`);
  if (below > 0) lines.push(`${plural(below, 'weaker case')} lie below the budget (--format ndjson gives them).`);
  lines.push('', ...itemLines(review));
  const missing = missingText(report.missing);
  if (missing !== '') lines.push('', `Not received, so it could not be looked at: ${missing}.`);
  if (review.strayDays.length > 0) lines.push('', strayText(review));
  const strange = strangersText(review);
  if (strange !== '') lines.push('', strange);
  return `${lines.join('\n')}\n`;
}

/** A directory that names accounts otherwise than the log does explains nothing, and makes everybody look without a reason. */
const MANY_STRANGE_LOOKS = 0.1;

function strangersText({ strangers, looks }: Review): string {
  if (strangers === null || strangers.looks < MANY_STRANGE_LOOKS * looks) return '';
  const { accounts, ofAccounts } = strangers;
  return `Not in the staff directory: ${plural(accounts, 'account')} of ${ofAccounts.toLocaleString('en-GB')} in the log, with ${Math.round((100 * strangers.looks) / looks)} of 100 looks. What is said of these says little: see whether log and directory write log-ins alike.`;
}

/** What a list of cases cannot show, for standard error: an empty one must not pass for an all-clear. */
export function reviewNotices(review: Review): string {
  const lines: string[] = [];
  if (review.firstDay !== null && review.judgedDays === 0) lines.push(unjudgedText(review));
  if (review.strayDays.length > 0) lines.push(strayText(review));
  const strange = strangersText(review);
  if (strange !== '') lines.push(strange);
  return lines.map((line) => `${line}\n`).join('');
}

function unjudgedText({ firstDay, lastDay, trainDays }: Review): string {
  return `No day was judged: the log goes from ${firstDay} to ${lastDay}, and its first ${plural(trainDays, 'day')} are learned from (--train-days).`;
}

function strayText({ strayDays, firstDay, lastDay }: Review): string {
  const [one = '', ...more] = strayDays;
  const which = more.length === 0 ? one : `${plural(strayDays.length, 'day')} such as ${one}`;
  return `Not judged: ${which}. The log goes from ${firstDay} to ${lastDay}; rows weeks away from all others usually have a wrong clock.`;
}

function caseLines(one: ReviewCase, number: number): string[] {
  return one.schema === 'wardwatch.access-case/1' ? accessLines(one, number) : crowdLines(one, number);
}

function accessLines(one: AccessCase, number: number): string[] {
  const lines = [`${number}. ${one.day}  ${one.user}  (${one.kinds.join(', ')})`, `   ${one.plain}`];
  if (one.shared !== undefined) lines.push(`   ${sharedText(one.shared)}`);
  for (const { patient, times, points, because } of one.patients.slice(0, SHOWN_PATIENTS))
    lines.push(`   - ${patient}, ${plural(times, 'time')}, ${pointsText(points)}. ${because}`);
  if (one.patients.length > SHOWN_PATIENTS) lines.push(`   - and ${one.patients.length - SHOWN_PATIENTS} more`);
  lines.push(`   It would be innocent if: ${one.innocentIf.join('; ')}.`);
  return lines;
}

function sharedText({ shift, devices, onRota }: SharedLogIn): string {
  return `This is a shared log-in: the question goes to the shift, not to a person. ${shift}; machines: ${listed(devices) || 'not known'}; on the rota: ${listed(onRota) || 'not known'}.`;
}

function crowdLines(one: CrowdCase, number: number): string[] {
  const lines = [`${number}. ${one.from} to ${one.to}  patient ${one.patient}  (many people)`, `   ${one.plain}`];
  for (const { user, day, because, shared } of one.users.slice(0, SHOWN_USERS))
    lines.push(`   - ${user}, ${day}. ${because}${shared === undefined ? '' : ` ${sharedText(shared)}`}`);
  if (one.users.length > SHOWN_USERS) lines.push(`   - and ${one.users.length - SHOWN_USERS} more`);
  return lines;
}

const POINT_WORDS: readonly (readonly [keyof Points, string])[] = [
  ['relationship', 'relationship'],
  ['noWorkReason', 'no work reason'],
  ['repeat', 'repeat'],
  ['volume', 'volume'],
  ['time', 'time'],
  ['device', 'device'],
];

function pointsText(points: Points): string {
  const total = POINT_WORDS.reduce((sum, [name]) => sum + points[name], 0);
  const parts = POINT_WORDS.filter(([name]) => points[name] > 0).map(([name, word]) => `${word} ${points[name]}`);
  return `${plural(total, 'point')}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`;
}

/** Break-glass uses and sealed records, one a line. */
export function itemsText({ items }: Review): string {
  return items
    .map(
      ({ kind, at, user, patient, reason, times, outcome, explained }) =>
        `${at}  ${kind.padEnd(12)}${user}  ${patient}  ${plural(times, 'time')}${outcome === 'failure' ? ', not let in' : ''}  ${explained ? 'care explains it' : 'no care found that explains it'}${reason === null ? '' : `  “${reason}”`}\n`,
    )
    .join('');
}

function itemLines({ items }: Review): string[] {
  const glass = items.filter(({ kind }) => kind === 'break-glass');
  const sealed = items.filter(({ kind }) => kind === 'sealed');
  const lines: string[] = [];
  if (glass.length > 0) {
    const without = glass.filter(({ explained }) => !explained).length;
    lines.push(
      `Break-glass was used ${plural(glass.length, 'time')}; for ${without} of them no care was found that explains it (--items lists them).`,
    );
  }
  if (sealed.length > 0)
    lines.push(
      `Sealed records were opened ${plural(sealed.length, 'time')} without a direct relationship (--items lists them).`,
    );
  return lines;
}
