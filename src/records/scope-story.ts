import type { ScopeAnswer, ScopeGap, ScopeQuestion } from './scope-answer.ts';
import { listed, plural } from './words.ts';

const SHOWN = 40;

/** The scope as a page. */
export function scopeStory({ patients, total, failed, unseen }: ScopeAnswer, question: ScopeQuestion): string {
  const { exact, atLeast, upTo } = total.patients;
  const asked = [
    ...question.accounts.map((account) => `account ${account}`),
    ...question.hosts.map((host) => `host ${host}`),
    ...question.addresses.map((address) => `address ${address}`),
  ];
  const lines = [
    `Whose records were touched by ${listed(asked)}`,
    `from ${new Date(question.from).toISOString()} to before ${new Date(question.to).toISOString()}`,
    '',
    exact === null
      ? `At least ${plural(atLeast, 'patient')}, up to ${plural(upTo, 'patient')}; the logs do not allow an exact number.`
      : `Exactly ${plural(exact, 'patient')}.`,
    `${plural(total.accesses, 'access', 'accesses')} in all.`,
  ];
  if (unseen.length > 0) lines.push(unseenText(unseen));
  if (failed > 0) lines.push(`${plural(failed, 'access', 'accesses')} failed and showed nothing: not counted.`);
  for (const certainty of ['certain', 'likely', 'possible'] as const) {
    const count = patients.filter((patient) => patient.certainty === certainty).length;
    if (count > 0) lines.push(`  ${certainty.padEnd(10)}${count.toLocaleString('en-GB')}`);
  }
  const printed = patients.filter((patient) => patient.printed).length;
  const exported = patients.filter((patient) => patient.exported).length;
  if (printed + exported > 0)
    lines.push(`Printed: ${plural(printed, 'patient')}; exported: ${plural(exported, 'patient')}.`);
  if (total.gaps.length > 0)
    lines.push('', 'What the logs cannot show:', ...total.gaps.slice(0, SHOWN).map((gap) => `  - ${gapText(gap)}`));
  if (total.gaps.length > SHOWN) lines.push(`  - and ${total.gaps.length - SHOWN} more`);
  if (patients.length > 0) lines.push('', 'Patients');
  for (const { patient, certainty, accesses, reasons } of patients.slice(0, SHOWN))
    lines.push(`  ${patient}  ${certainty}, ${plural(accesses, 'access', 'accesses')}: ${reasons.join('; ')}`);
  if (patients.length > SHOWN) lines.push(`  and ${patients.length - SHOWN} more (--format ndjson lists all)`);
  lines.push('', `Hash of this answer: ${total.hash}`);
  return `${lines.join('\n')}\n`;
}

/** Said on the page and on standard error: a mistyped name gives no patients either. */
export function unseenText(unseen: readonly string[]): string {
  return `No access to a record names ${listed(unseen)}: check the spelling, and whether that system sends its log.`;
}

const COLUMN_WORDS: Readonly<Record<string, string>> = {
  session:
    'the log of accesses does not say which belong to one session: what else somebody opened in it cannot be followed',
  host: 'the log of accesses does not say from which machine',
  address: 'the log of accesses does not say from which network address',
  sequence: 'the log of accesses has no running numbers: rows that were taken out would not be missed',
};

/** In plain words, without a full stop. */
export function gapText(gap: ScopeGap): string {
  switch (gap.kind) {
    case 'sequence':
      return `${plural(gap.missing, 'row is', 'rows are')} missing between numbers ${gap.after} and ${gap.before} (${gap.from} to ${gap.to})`;
    case 'silent-days':
      return gap.from === gap.to
        ? `nothing at all was recorded on ${gap.from}`
        : `nothing at all was recorded from ${gap.from} to ${gap.to}`;
    case 'unreadable-rows':
      return `${plural(gap.count, 'row')} could not be read`;
    case 'missing-column':
      return COLUMN_WORDS[gap.column] ?? `the log of accesses does not say the ${gap.column}`;
    case 'deleted':
      return `accesses from ${gap.from} to ${gap.to} were kept once and are deleted by now`;
    case 'damaged':
      return `a part of the archive is missing or damaged: ${gap.what}`;
    case 'set-aside':
      return `${plural(gap.count, 'thing')} that “${gap.source}” sent could not be read`;
    case 'blank-cells':
      if (gap.column === 'patient')
        return `${plural(gap.count, 'access does', 'accesses do')} not say whose record it was`;
      if (gap.column === 'user') return `${plural(gap.count, 'access does', 'accesses do')} not say by whom`;
      return `${plural(gap.count, 'row does', 'rows do')} not say from which ${gap.column}`;
    case 'unreadable-numbers':
      return `${plural(gap.count, 'row has', 'rows have')} something else where the others have a number: holes there cannot be seen`;
  }
}
