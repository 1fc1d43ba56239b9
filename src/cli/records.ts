import { mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { Refusal } from '../core/refusal.ts';
import { convertExports } from '../records/exports/convert.ts';
import { parseExportMapping } from '../records/exports/mapping.ts';
import { proposeMapping } from '../records/exports/propose.ts';
import { type Hospital, readHospital } from '../records/hospital.ts';
import type { LiveCare } from '../records/live-care.ts';
import { type LookBook, readLooks } from '../records/model/looks.ts';
import { NOT_UTF8 } from '../records/csv.ts';
import { newReport, SET_ASIDE_FILE } from '../records/table.ts';
import { noticesOf } from '../records/notices.ts';
import { reviewLooks } from '../records/review.ts';
import type { PseudonymKey } from '../records/pseudonym.ts';
import { gapText } from '../records/scope-story.ts';
import { itemsText, reviewNotices, storyOf } from '../records/story.ts';
import { lookedAt } from '../records/who-looked.ts';
import { Zone } from '../records/zone.ts';
import { EXIT } from './exit.ts';
import { FOLDER_OPTIONS, numberIn, oneFolder, readFolderOptions } from './folder-options.ts';
import { readKeptLooks, servicePseudonyms } from '../watch/kept-records.ts';
import { type Given, helpText, oneOf, type OptionTable, readOptions, wholeNumber } from './options.ts';
import { print, printLines, say } from './output.ts';

const OPTIONS: OptionTable = {
  budget: { type: 'string', value: 'N', help: 'review: false alerts a day per 1,000 staff (default 0.2)' },
  'train-days': {
    type: 'string',
    value: 'N',
    help: 'review: first days that are learned from, not judged (default 28)',
  },
  format: { type: 'string', value: 'FORMAT', help: 'text or ndjson (default text)' },
  items: { type: 'boolean', help: 'review: list break-glass uses and sealed records too' },
  mapping: {
    type: 'string',
    value: 'FILE',
    help: 'import: how the export becomes accesses.csv, as “records mapping” proposes it',
  },
  to: { type: 'string', value: 'DIR', help: 'import: the folder in which accesses.csv is written' },
  patient: { type: 'string', value: 'KEY', help: 'who-looked: the patient, as the files have it' },
  data: {
    type: 'string',
    value: 'DIR',
    help: 'judge what a service keeps in this data folder; DIR then holds what is known beside it',
  },
  keys: {
    type: 'string',
    value: 'DIR',
    help: 'with --data: the keys of the service, so that NHS numbers meet their pseudonyms',
  },
  ...FOLDER_OPTIONS,
  help: { type: 'boolean', short: 'h', help: 'this text' },
};

export const HELP = helpText({
  usage:
    'records review|who-looked DIR | [DIR] --data DATA  ·  records mapping FILE  ·  records import FILE… --mapping FILE --to DIR',
  what: 'review      accesses that the care given does not explain, ranked, with the reasons\nwho-looked  who opened one patient’s record, and why: for a subject access request\nmapping     proposes, from a sample of your system’s own export (CSV), how it becomes accesses.csv\nimport      writes accesses.csv of such exports\n\nDIR holds accesses.csv and what else there is: staff, departments, patients, stays, appointments, referrals,\norders, rota. The forms are in docs/record-access.md.',
  options: OPTIONS,
  examples: [
    ['wardwatch records review exports/', 'the short list, in plain words'],
    ['wardwatch records review exports/ --budget 1 --format ndjson', 'one JSON object a case, best first'],
    ['wardwatch records mapping audit.csv > ours.yml', 'then look at ours.yml, and put right what is wrong'],
    ['wardwatch records import audit*.csv --mapping ours.yml --to exports/', 'one accesses.csv of all of them'],
    ['wardwatch records who-looked --patient 4f2c1e exports/', 'the list for one patient'],
  ],
});

/** @returns the exit code */
export async function runRecords(args: readonly string[]): Promise<number> {
  const given = readOptions('records', OPTIONS, args);
  const [action, ...paths] = given.paths;
  if (given.flag('help') || action === undefined) {
    print(HELP);
    return action === undefined && !given.flag('help') ? EXIT.wrongUse : EXIT.done;
  }
  const verb = `records ${action}`;
  const format = oneOf('--format', given.text('format'), ['text', 'ndjson'] as const, 'text');
  if (action === 'review') {
    const budget = numberIn('--budget', given.text('budget'), 0.001, 1000, 0.2);
    const trainDays = wholeNumber('--train-days', given.text('train-days'), 0, 3650, 28);
    const { hospital, book } = await readInput(verb, paths, given);
    const review = reviewLooks(hospital, book, { budget, trainDays });
    say(`${noticesOf(review.report)}${reviewNotices(review)}`);
    if (format === 'text') print(storyOf(review, budget));
    else printLines(review.cases);
    if (given.flag('items')) {
      if (format === 'text') print(`\n${itemsText(review)}`);
      else printLines(review.items);
    }
    return review.report.setAsideCount > 0 ? EXIT.setAside : EXIT.done;
  }
  if (action === 'mapping') return propose(verb, paths);
  if (action === 'import') return importExports(verb, paths, given);
  if (action === 'who-looked') {
    const patient = given.text('patient');
    if (patient === null) throw new Refusal('usage/bad-option', 'wardwatch records who-looked: --patient is needed');
    const { hospital, book, care, pseudonymKey } = await readInput(verb, paths, given);
    const answer = lookedAt(hospital, book, care, { patient, pseudonymKey });
    say(noticesOf(answer.report));
    if (format === 'text') print(answer.text);
    else printLines(answer.lines);
    return answer.report.setAsideCount > 0 ? EXIT.setAside : EXIT.done;
  }
  throw new Refusal(
    'usage/unknown-verb',
    `wardwatch records: “${action}” is not review, who-looked, mapping or import`,
  );
}

/** Prints a mapping that a person corrects; what is not sure goes to standard error. */
function propose(verb: string, paths: readonly string[]): number {
  const [file, ...more] = paths;
  if (file === undefined || more.length > 0) throw new Refusal('usage/bad-option', `wardwatch ${verb}: name one file`);
  const { yaml, doubts } = proposeMapping(existing(file));
  print(yaml);
  for (const doubt of doubts) say(`To check: ${doubt}.\n`);
  return EXIT.done;
}

function importExports(verb: string, paths: readonly string[], given: Given): number {
  const [mapping, to] = [given.text('mapping'), given.text('to')];
  if (paths.length === 0 || mapping === null || to === null)
    throw new Refusal('usage/bad-option', `wardwatch ${verb}: say which files, --mapping and --to`);
  const how = parseExportMapping(readFileSync(existing(mapping), 'utf8'), mapping);
  const files = paths.map(existing);
  mkdirSync(to, { recursive: true });
  const report = newReport();
  const count = convertExports(files, path.join(to, 'accesses.csv'), how, report);
  say(noticesOf(report));
  say(`${count} accesses are in ${path.join(to, 'accesses.csv')}.\n`);
  if (report.setAsideCount > 0)
    say(
      `What was set aside is in ${path.join(to, SET_ASIDE_FILE)} and counts as missing in every answer. Delete the lines there that are no accesses, such as a total at the end.\n`,
    );
  if (report.setAside.some(({ reason }) => reason === NOT_UTF8))
    say('Not UTF-8: if the file is Windows-1252, as Excel saves “CSV”, say “encoding: windows-1252” in the mapping.\n');
  return report.setAsideCount > 0 ? EXIT.setAside : EXIT.done;
}

/** @throws Refusal `input/not-found` */
function existing(file: string): string {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true)
    throw new Refusal('input/not-found', `there is no file ${file}`);
  return file;
}

/** The folder of CSV files, or what a service keeps with a folder of relationships beside it. */
async function readInput(
  verb: string,
  paths: readonly string[],
  given: Given,
): Promise<{ hospital: Hospital; book: LookBook; care: LiveCare | null; pseudonymKey: PseudonymKey | null }> {
  const { zone, pseudonymKey } = readFolderOptions(verb, given);
  const data = given.text('data');
  const keys = given.text('keys');
  if (data === null) {
    if (keys !== null) throw new Refusal('usage/bad-option', `wardwatch ${verb}: --keys goes with --data`);
    const folder = oneFolder(verb, paths);
    const hospital = readHospital(folder, new Zone(zone), newReport(), pseudonymKey);
    return { hospital, book: readLooks(folder, hospital), care: null, pseudonymKey };
  }
  const service = oneFolder(verb, [data]);
  const key = keys === null ? pseudonymKey : await servicePseudonyms(keys, service);
  const kept = await readKeptLooks(service, {
    relationships: paths.length === 0 ? null : oneFolder(verb, paths),
    timeZone: zone,
    pseudonymKey: key,
    from: Number.NEGATIVE_INFINITY,
    to: Number.POSITIVE_INFINITY,
  });
  for (const gap of kept.gaps) say(`${gapText(gap)}\n`);
  return { ...kept, pseudonymKey: key };
}
