import { Refusal } from '../core/refusal.ts';
import { exportEvents } from '../store/archive/export-events.ts';
import { EXIT } from './exit.ts';
import { helpText, oneOf, type OptionTable, readOptions } from './options.ts';
import { print, say } from './output.ts';

const OPTIONS: OptionTable = {
  data: { type: 'string', value: 'DIR', help: "the service's data folder; the service must be stopped" },
  format: { type: 'string', value: 'FORMAT', help: 'ndjson: one JSON object a line' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
};

export const HELP = helpText({
  usage: 'export events --data DIR --format ndjson',
  what: 'Writes every kept event to standard output, those that are still in the journal last. Patients appear under\ntheir pseudonyms only. What cannot be read is said on standard error, and the exit code is then 3.',
  options: OPTIONS,
  examples: [['wardwatch export events --data /var/lib/wardwatch --format ndjson > events.ndjson', 'all events']],
});

/** @returns the exit code */
export async function runExport(args: readonly string[]): Promise<number> {
  const given = readOptions('export', OPTIONS, args);
  if (given.flag('help')) {
    print(HELP);
    return EXIT.done;
  }
  const data = given.text('data');
  if (given.paths.length !== 1 || given.paths[0] !== 'events')
    throw new Refusal('usage/bad-option', 'wardwatch export: say what: events');
  if (data === null) throw new Refusal('usage/bad-option', 'wardwatch export: name the data folder with --data');
  oneOf('--format', given.text('format'), ['ndjson'], 'ndjson');
  let lost = 0;
  const events = exportEvents(data, (what) => {
    lost++;
    say(`not exported: ${what}\n`);
  });
  for await (const page of events) print(page.map((event) => `${JSON.stringify(event)}\n`).join(''));
  return lost > 0 ? EXIT.setAside : EXIT.done;
}
