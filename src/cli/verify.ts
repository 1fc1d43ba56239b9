import { Refusal } from '../core/refusal.ts';
import { verify, type VerifyReport } from '../store/archive/verify.ts';
import { EXIT } from './exit.ts';
import { helpText, type OptionTable, readOptions } from './options.ts';
import { print } from './output.ts';

const OPTIONS: OptionTable = {
  data: { type: 'string', value: 'DIR', help: "the service's data folder" },
  head: { type: 'string', value: 'HASH', help: 'a head that was kept elsewhere: the chain must lead through it' },
  json: { type: 'boolean', help: 'the report as JSON' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
};

export const HELP = helpText({
  usage: 'verify --data DIR',
  what: 'Proves that the kept events are what was sealed: every segment against its hash, every line of the chain\nagainst the one before, the journal against its checksums. Names what was altered, is missing, was added or\nput elsewhere. Ends with 0 if all is whole, with 1 if not. Changes nothing.',
  options: OPTIONS,
  examples: [
    ['wardwatch verify --data /var/lib/wardwatch', 'is everything whole?'],
    ['wardwatch verify --data /var/lib/wardwatch --head 3f9c…', 'and does it lead through the head we printed?'],
  ],
});

/** @returns the exit code */
export async function runVerify(args: readonly string[]): Promise<number> {
  const given = readOptions('verify', OPTIONS, args);
  if (given.flag('help')) {
    print(HELP);
    return EXIT.done;
  }
  const data = given.text('data');
  if (data === null || given.paths.length > 0)
    throw new Refusal('usage/bad-option', 'wardwatch verify: name the data folder with --data, and nothing else');
  const report = await verify(data, given.text('head'));
  print(given.flag('json') ? `${JSON.stringify(report)}\n` : storyOf(report));
  return report.ok ? EXIT.done : EXIT.findings;
}

function storyOf(report: VerifyReport): string {
  const { segments, rows, deleted, journalEntries, head, problems, notes } = report;
  const lines = problems.map(({ kind, what, detail }) => `NOT WHOLE  ${kind}: ${what}: ${detail}`);
  lines.push(...notes.map((note) => `note       ${note}`));
  lines.push(
    `${report.ok ? 'Whole' : `${problems.length} problem${problems.length === 1 ? '' : 's'}`}: ${rows} events in ${segments} segments, ${deleted} deleted with a tombstone, ${journalEntries} ${journalEntries === 1 ? 'batch' : 'batches'} still in the journal.`,
    `The head of the chain is ${head.hash} (line ${head.number}).`,
  );
  return `${lines.join('\n')}\n`;
}
