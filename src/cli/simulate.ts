import { mkdirSync } from 'node:fs';
import { Refusal } from '../core/refusal.ts';
import { simulateHospital } from '../records/simulate/hospital.ts';
import { FAMILIES } from '../records/simulate/parameters.ts';
import { EXIT } from './exit.ts';
import { helpText, type OptionTable, readOptions, wholeNumber } from './options.ts';
import { print, say } from './output.ts';

const OPTIONS: OptionTable = {
  seed: { type: 'string', value: 'N', help: 'the same seed writes the same bytes (default 1)' },
  days: { type: 'string', value: 'D', help: 'days of accesses (default 56)' },
  staff: { type: 'string', value: 'S', help: 'members of staff (default 1000)' },
  patients: { type: 'string', value: 'P', help: 'patients (default 40 for each member of staff)' },
  family: { type: 'string', value: 'NAME', help: `rates: ${Object.keys(FAMILIES).join(', ')} (default D)` },
  adt: { type: 'boolean', help: 'the relationships as HL7 v2 too: messages.hl7, a message a line' },
  'audit-events': { type: 'boolean', help: 'the accesses as FHIR AuditEvents too: audit-events.ndjson' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
};

export const HELP = helpText({
  usage: 'simulate hospital DIR',
  what: 'Writes the record accesses, relationships and rota of a made-up hospital as CSV, with misuse in it.\nlabels.csv says which accesses those are; the review never reads it. Every rate has a name in\nsrc/records/simulate/parameters.ts. No person in it exists.',
  options: OPTIONS,
  examples: [
    ['wardwatch simulate hospital --seed 7 --days 56 --staff 1000 --patients 40000 hospital', 'eight weeks'],
    ['wardwatch records review hospital', 'then judge them'],
  ],
});

/** @returns the exit code */
export async function runSimulate(args: readonly string[]): Promise<number> {
  const given = readOptions('simulate', OPTIONS, args);
  const [what, folder, ...more] = given.paths;
  if (given.flag('help') || what === undefined) {
    print(HELP);
    return what === undefined && !given.flag('help') ? EXIT.wrongUse : EXIT.done;
  }
  if (what !== 'hospital') throw new Refusal('usage/unknown-verb', `wardwatch simulate: “${what}” is not hospital`);
  if (folder === undefined) throw new Refusal('usage/no-path', 'wardwatch simulate hospital: no folder was named');
  if (more.length > 0) throw new Refusal('usage/bad-option', 'wardwatch simulate hospital: one folder at a time');
  const family = given.text('family') ?? 'D';
  const parameters = Object.hasOwn(FAMILIES, family) ? FAMILIES[family] : undefined;
  if (parameters === undefined)
    throw new Refusal('usage/bad-option', `--family is one of ${Object.keys(FAMILIES).join(', ')}, not “${family}”`);
  const seed = wholeNumber('--seed', given.text('seed'), 0, 2_147_483_647, 1);
  const days = wholeNumber('--days', given.text('days'), 1, 3650, 56);
  const staff = wholeNumber('--staff', given.text('staff'), 20, 60_000, 1000);
  const patients = wholeNumber('--patients', given.text('patients'), 100, 10_000_000, staff * 40);
  if (patients < staff)
    throw new Refusal('usage/bad-option', 'every member of staff is a patient too: --patients is at least --staff');
  try {
    mkdirSync(folder, { recursive: true });
  } catch {
    throw new Refusal('output/not-writable', `cannot make the folder ${folder}`);
  }
  const also = { adt: given.flag('adt'), auditEvents: given.flag('audit-events') };
  const written = simulateHospital({ seed, days, staff, patients, folder, parameters, ...also });
  say(`${written.accesses} accesses and ${written.incidents} incidents written to ${folder}\n`);
  return EXIT.done;
}
