import { Refusal } from '../core/refusal.ts';
import { noticesOf } from '../records/notices.ts';
import { scopeOf } from '../records/scope.ts';
import { scopeStory, unseenText } from '../records/scope-story.ts';
import { Zone } from '../records/zone.ts';
import { EXIT } from './exit.ts';
import { FOLDER_OPTIONS, oneFolder, readFolderOptions } from './folder-options.ts';
import { helpText, oneOf, type OptionTable, readOptions } from './options.ts';
import { print, printLines, say } from './output.ts';

const OPTIONS: OptionTable = {
  account: { type: 'string', multiple: true, value: 'A', help: 'a log-in; may be given several times' },
  host: { type: 'string', multiple: true, value: 'H', help: 'a machine; may be given several times' },
  address: { type: 'string', multiple: true, value: 'IP', help: 'an address; may be given several times' },
  from: { type: 'string', value: 'T', help: 'the first instant, ISO 8601: 2026-03-02T08:00:00Z' },
  to: { type: 'string', value: 'T', help: 'the first instant that no longer counts' },
  data: { type: 'string', value: 'DIR', help: 'the folder, instead of naming it last' },
  format: { type: 'string', value: 'FORMAT', help: 'text or ndjson (default text)' },
  ...FOLDER_OPTIONS,
  help: { type: 'boolean', short: 'h', help: 'this text' },
};

export const HELP = helpText({
  usage: 'scope DIR [--account A]… [--host H]… [--address IP]… --from T --to T',
  what: 'Whose records were touched: by these log-ins, from these machines or addresses, by sessions that began there\nand by accounts that those sessions used. Each patient is certain, likely or possible, with every reason;\nwhat the logs cannot show is named.',
  options: OPTIONS,
  examples: [
    [
      'wardwatch scope exports/ --account u00042 --from 2026-03-02T00:00:00Z --to 2026-03-05T00:00:00Z',
      'one log-in, three days',
    ],
    [
      'wardwatch scope exports/ --host ward7-pc3 --host ward7-pc4 --from … --to … --format ndjson',
      'one JSON object a patient, then the totals',
    ],
  ],
});

/** @returns the exit code */
export async function runScope(args: readonly string[]): Promise<number> {
  const given = readOptions('scope', OPTIONS, args);
  if (given.flag('help')) {
    print(HELP);
    return EXIT.done;
  }
  const data = given.text('data');
  const folder = oneFolder('scope', data === null ? given.paths : [data, ...given.paths]);
  const format = oneOf('--format', given.text('format'), ['text', 'ndjson'] as const, 'text');
  const options = readFolderOptions('scope', given);
  for (const kind of ['account', 'host', 'address'])
    if (given.texts(kind).includes(''))
      throw new Refusal('usage/bad-option', `wardwatch scope: --${kind} is empty: is a variable not set?`);
  const question = {
    accounts: unique(given.texts('account')),
    hosts: unique(given.texts('host')),
    addresses: unique(given.texts('address')),
    from: instant('--from', given.text('from'), options.zone),
    to: instant('--to', given.text('to'), options.zone),
  };
  if (question.accounts.length + question.hosts.length + question.addresses.length === 0)
    throw new Refusal('usage/bad-option', 'wardwatch scope: name at least one --account, --host or --address');
  if (question.to <= question.from) throw new Refusal('usage/bad-option', 'wardwatch scope: --to lies after --from');
  const answer = scopeOf(folder, question, options);
  say(noticesOf(answer.report));
  if (answer.unseen.length > 0) say(`${unseenText(answer.unseen)}\n`);
  if (format === 'text') print(scopeStory(answer, question));
  else {
    printLines(answer.patients);
    printLines([answer.total]);
  }
  return answer.report.setAsideCount > 0 ? EXIT.setAside : EXIT.done;
}

/** Each once, in one order: the same question has the same hash. */
function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}

function instant(option: string, text: string | null, zone: string): number {
  if (text === null) throw new Refusal('usage/bad-option', `wardwatch scope: ${option} is needed`);
  const moment = new Zone(zone).read(text);
  if (moment === null)
    throw new Refusal('usage/bad-option', `${option} is an ISO 8601 time such as 2026-03-02T08:00:00Z, not “${text}”`);
  return moment.at;
}
