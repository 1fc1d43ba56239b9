import { Refusal } from '../core/refusal.ts';
import { noticesOf } from '../records/notices.ts';
import { reviewFolder } from '../records/review.ts';
import { itemsText, reviewNotices, storyOf } from '../records/story.ts';
import { whoLooked } from '../records/who-looked.ts';
import { EXIT } from './exit.ts';
import { FOLDER_OPTIONS, numberIn, oneFolder, readFolderOptions } from './folder-options.ts';
import { helpText, oneOf, type OptionTable, readOptions, wholeNumber } from './options.ts';
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
  patient: { type: 'string', value: 'KEY', help: 'who-looked: the patient, as the files have it' },
  ...FOLDER_OPTIONS,
  help: { type: 'boolean', short: 'h', help: 'this text' },
};

export const HELP = helpText({
  usage: 'records review|who-looked DIR',
  what: 'review      accesses that the care given does not explain, ranked, with the reasons\nwho-looked  who opened one patient’s record, and why: for a subject access request\n\nDIR holds accesses.csv and what else there is: staff, departments, patients, stays, appointments, referrals,\norders, rota. The forms are in docs/record-access.md.',
  options: OPTIONS,
  examples: [
    ['wardwatch records review exports/', 'the short list, in plain words'],
    ['wardwatch records review exports/ --budget 1 --format ndjson', 'one JSON object a case, best first'],
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
    const review = reviewFolder(oneFolder(verb, paths), { budget, trainDays, ...readFolderOptions(verb, given) });
    say(`${noticesOf(review.report)}${reviewNotices(review)}`);
    if (format === 'text') print(storyOf(review, budget));
    else printLines(review.cases);
    if (given.flag('items')) {
      if (format === 'text') print(`\n${itemsText(review)}`);
      else printLines(review.items);
    }
    return review.report.setAsideCount > 0 ? EXIT.setAside : EXIT.done;
  }
  if (action === 'who-looked') {
    const patient = given.text('patient');
    if (patient === null) throw new Refusal('usage/bad-option', 'wardwatch records who-looked: --patient is needed');
    const answer = whoLooked(oneFolder(verb, paths), { patient, ...readFolderOptions(verb, given) });
    say(noticesOf(answer.report));
    if (format === 'text') print(answer.text);
    else printLines(answer.lines);
    return answer.report.setAsideCount > 0 ? EXIT.setAside : EXIT.done;
  }
  throw new Refusal('usage/unknown-verb', `wardwatch records: “${action}” is not review or who-looked`);
}
