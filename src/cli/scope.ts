import { readFileSync } from 'node:fs';
import { Refusal } from '../core/refusal.ts';
import { noticesOf } from '../records/notices.ts';
import { type ScopeAnswer, type ScopePatient, type ScopeQuestion } from '../records/scope-answer.ts';
import { scopeOf } from '../records/scope.ts';
import { changesSince, changesText, parsePrevious } from '../records/scope-changes.ts';
import { scopeStory, unseenText } from '../records/scope-story.ts';
import { Zone } from '../records/zone.ts';
import { EXIT } from './exit.ts';
import { FOLDER_OPTIONS, type FolderOptions, oneFolder, readFolderOptions } from './folder-options.ts';
import { helpText, oneOf, type OptionTable, readOptions } from './options.ts';
import { isDataFolder, questionOf, scopeOfKept, setAsideGaps } from '../watch/kept-records.ts';
import { print, printLines, say } from './output.ts';
import { withState } from './sources.ts';

const OPTIONS: OptionTable = {
  account: { type: 'string', multiple: true, value: 'A', help: 'a log-in; may be given several times' },
  host: { type: 'string', multiple: true, value: 'H', help: 'a machine; may be given several times' },
  address: { type: 'string', multiple: true, value: 'IP', help: 'an address; may be given several times' },
  from: { type: 'string', value: 'T', help: 'the first instant, ISO 8601: 2026-03-02T08:00:00Z' },
  to: { type: 'string', value: 'T', help: 'the first instant that no longer counts' },
  data: {
    type: 'string',
    value: 'DIR',
    help: 'the data folder of a service, running or not, instead of a folder of CSV files',
  },
  incident: { type: 'string', value: 'INC', help: 'with --data: ask about what this incident is about' },
  previous: { type: 'string', value: 'FILE', help: 'an earlier answer (ndjson): print what has changed since' },
  format: { type: 'string', value: 'FORMAT', help: 'text or ndjson (default text)' },
  ...FOLDER_OPTIONS,
  help: { type: 'boolean', short: 'h', help: 'this text' },
};

export const HELP = helpText({
  usage: 'scope DIR|--data DIR [--account A]… [--host H]… [--address IP]… --from T --to T',
  what: 'Whose records were touched: by these log-ins, from these machines or addresses, by sessions that began there\nand by accounts that those sessions used. Each patient is certain, likely or possible, with every reason;\nwhat the logs cannot show is named. With --data, accounts and machines are compared as people write them:\nwith or without a domain, in any case.',
  options: OPTIONS,
  examples: [
    [
      'wardwatch scope exports/ --account u00042 --from 2026-03-02T00:00:00Z --to 2026-03-05T00:00:00Z',
      'one log-in, three days',
    ],
    [
      'wardwatch scope --data /var/lib/wardwatch --incident inc_1f… --format ndjson',
      'what the service keeps, about everything that an incident is about',
    ],
    [
      'wardwatch scope exports/ --host ward7-pc3 --host ward7-pc4 --from … --to … --format ndjson',
      'one JSON object a patient, then the totals',
    ],
  ],
});

/** @returns the exit code */
export async function runScope(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const given = readOptions('scope', OPTIONS, args);
  if (given.flag('help')) {
    print(HELP);
    return EXIT.done;
  }
  const data = given.text('data');
  const folder = oneFolder('scope', data === null ? given.paths : [data, ...given.paths]);
  const format = oneOf('--format', given.text('format'), ['text', 'ndjson'] as const, 'text');
  const options = readFolderOptions('scope', given);
  const isKept = isDataFolder(folder);
  const incident = given.text('incident');
  if (incident !== null && !isKept)
    throw new Refusal('usage/bad-option', 'wardwatch scope: --incident needs the data folder of a service');
  for (const kind of ['account', 'host', 'address'])
    if (given.texts(kind).includes(''))
      throw new Refusal('usage/bad-option', `wardwatch scope: --${kind} is empty: is a variable not set?`);
  const asked =
    incident === null ? null : await withState(folder, env, (state) => questionOf(state, incident, Date.now()));
  const about = asked?.question;
  const question = {
    accounts: unique([...given.texts('account'), ...(about?.accounts ?? [])]),
    hosts: unique([...given.texts('host'), ...(about?.hosts ?? [])]),
    addresses: unique([...given.texts('address'), ...(about?.addresses ?? [])]),
    from: instant('--from', given.text('from'), options.zone, about?.from),
    to: instant('--to', given.text('to'), options.zone, about?.to),
  };
  if (question.accounts.length + question.hosts.length + question.addresses.length === 0)
    throw new Refusal('usage/bad-option', 'wardwatch scope: name at least one --account, --host or --address');
  if (question.to <= question.from) throw new Refusal('usage/bad-option', 'wardwatch scope: --to lies after --from');
  const previous = readPrevious(given.text('previous'));
  const answer = isKept ? await ofKept(folder, question, options, env) : scopeOf(folder, question, options);
  say(noticesOf(answer.report));
  if (answer.unseen.length > 0) say(`${unseenText(answer.unseen)}\n`);
  if (previous !== null) {
    const changes = changesSince(previous, answer);
    if (format === 'text') print(changesText(changes));
    else {
      printLines(changes);
      printLines([answer.total]);
    }
  } else if (format === 'text') print(scopeStory(answer, question));
  else {
    printLines(answer.patients);
    printLines([answer.total]);
  }
  return answer.report.setAsideCount > 0 ? EXIT.setAside : EXIT.done;
}

async function ofKept(
  data: string,
  question: ScopeQuestion,
  { zone }: FolderOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ScopeAnswer> {
  const gaps = await withState(data, env, (state) => setAsideGaps(state, question.from, question.to));
  const { days, ...answer } = await scopeOfKept(data, question, { zone, gaps });
  if (days.fromSegments > SLOW_DAYS) say(`${days.fromSegments} days are not in columns yet: asking them took longer\n`);
  return answer;
}

/** Today, and yesterday's in the first hours of the day, never are. */
const SLOW_DAYS = 2;

/** @throws Refusal `scope/bad-previous` */
function readPrevious(file: string | null): readonly ScopePatient[] | null {
  if (file === null) return null;
  const wrong = (why: string) => new Refusal('scope/bad-previous', `${file} is no earlier answer: ${why}`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw wrong('it cannot be read');
  }
  const answer = parsePrevious(text);
  if (answer === null) throw wrong('a line of it is not as scope prints it');
  return answer;
}

/** Each once, in one order: the same question has the same hash. */
function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}

function instant(option: string, text: string | null, zone: string, otherwise?: number): number {
  if (text === null && otherwise !== undefined) return otherwise;
  if (text === null) throw new Refusal('usage/bad-option', `wardwatch scope: ${option} is needed`);
  const moment = new Zone(zone).read(text);
  if (moment === null)
    throw new Refusal('usage/bad-option', `${option} is an ISO 8601 time such as 2026-03-02T08:00:00Z, not “${text}”`);
  return moment.at;
}
