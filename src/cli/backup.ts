import { readFileSync } from 'node:fs';
import { Refusal } from '../core/refusal.ts';
import { writeBackup } from '../store/backup/backup.ts';
import { openEscrow, writeEscrow } from '../store/backup/escrow.ts';
import { restoreBackup } from '../store/backup/restore.ts';
import { statePlace } from '../store/state.ts';
import { EXIT } from './exit.ts';
import { helpText, type OptionTable, readOptions } from './options.ts';
import { print, say } from './output.ts';
import { foldersOf, keysInUse } from './serve.ts';
import { withState } from './sources.ts';
import { ourVersion } from './version.ts';

const COMMON: OptionTable = {
  'passphrase-file': {
    type: 'string',
    value: 'FILE',
    help: 'its first line is the passphrase, at least 16 characters',
  },
  data: { type: 'string', value: 'DIR', help: 'the data folder (default ~/wardwatch/data)' },
  keys: { type: 'string', value: 'DIR', help: 'the folder of keys (default: where the service last had them)' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
};

const BACKUP_OPTIONS: OptionTable = {
  to: { type: 'string', value: 'FILE', help: 'the backup to write' },
  'key-escrow': { type: 'string', value: 'FILE', help: 'write the keys, apart, to this file' },
  ...COMMON,
};

const BACKUP_HELP = helpText({
  usage: 'backup --to FILE --passphrase-file FILE [options]',
  what: 'Writes everything that a service keeps into one encrypted file, while it runs or not. No key is in it: --key-escrow\nwrites the keys apart. Without them no pseudonym can be made again, so keep that file elsewhere, and prove it by a\nrestore. The form is age: any age program opens it (age -d FILE | zstd -d | tar t). Ends with 1 if something was damaged\nalready: it is named, and all the rest is in the backup.',
  options: BACKUP_OPTIONS,
  examples: [
    ['wardwatch backup --to /mnt/backup/ward-1.age --passphrase-file /root/pass', 'nightly'],
    [
      'wardwatch backup --key-escrow /media/stick/keys.age --passphrase-file /root/keypass',
      'once, and after a rotation',
    ],
  ],
});

const RESTORE_OPTIONS: OptionTable = {
  from: { type: 'string', value: 'FILE', help: 'the backup' },
  'key-escrow': { type: 'string', value: 'FILE', help: 'the file of keys, into --keys' },
  'accept-damage': { type: 'boolean', help: 'restore also what was damaged already when it was backed up' },
  ...COMMON,
};

const RESTORE_HELP = helpText({
  usage: 'restore --from FILE --passphrase-file FILE --data DIR [--key-escrow FILE --keys DIR]',
  what: 'Puts a backup into a data folder that is not there yet, once all of it has been checked; and the keys of an escrow\ninto a folder that is not there yet. For an escrow it prints a proof: give it to “wardwatch doctor” of the first\nmachine, which alarms until an escrow has been proved.',
  options: RESTORE_OPTIONS,
  examples: [
    ['wardwatch restore --from ward-1.age --passphrase-file pass --data /tmp/drill/data', 'a drill'],
    [
      'wardwatch restore --key-escrow keys.age --passphrase-file keypass --keys /tmp/drill/keys',
      'does the escrow open?',
    ],
  ],
});

/** @returns the exit code */
export async function runBackup(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const given = readOptions('backup', BACKUP_OPTIONS, args);
  if (given.flag('help')) {
    print(BACKUP_HELP);
    return EXIT.done;
  }
  const [to, escrow] = [given.text('to'), given.text('key-escrow')];
  if (given.paths.length > 0 || (to === null && escrow === null))
    throw new Refusal('usage/bad-option', 'wardwatch backup: say --to FILE, or --key-escrow FILE, or both');
  const passphrase = readPassphrase(given.text('passphrase-file'));
  const { data } = foldersOf(given.text('data'), null);
  if (escrow !== null) {
    await writeEscrow(keysInUse(given.text('data'), given.text('keys')), escrow, passphrase);
    say('The keys are sealed. Keep that file apart from the backups, and prove it with “wardwatch restore”.\n');
  }
  if (to === null) return EXIT.done;
  const state = statePlace(env['WARDWATCH_STATE'] ?? null, data).kind;
  const manifest = await writeBackup({ data, to, passphrase, state, version: ourVersion(), now: Date.now() });
  if (state === 'postgres')
    say('The state lies in PostgreSQL and is NOT in this backup: back it up with pg_dump, before this.\n');
  await withState(given.text('data'), env, async ({ db }) => {
    const value = JSON.stringify({ at: manifest.at });
    await db
      .insertInto('settings')
      .values({ name: 'backup', value, changed_at: Date.now(), changed_by: null })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value, changed_at: Date.now() }))
      .execute();
  });
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  print(`Backed up ${manifest.files.length} files, ${(bytes / 1e6).toFixed(1)} MB, to ${to}.\n`);
  for (const what of manifest.damaged) print(`NOT WHOLE before it was backed up: ${what}\n`);
  if (manifest.damaged.length === 0) return EXIT.done;
  say('All the rest is in the backup. Keep the older ones, and see “wardwatch verify”.\n');
  return EXIT.findings;
}

/** @returns the exit code */
export async function runRestore(args: readonly string[]): Promise<number> {
  const given = readOptions('restore', RESTORE_OPTIONS, args);
  if (given.flag('help')) {
    print(RESTORE_HELP);
    return EXIT.done;
  }
  const [from, escrow, data, keys] = ['from', 'key-escrow', 'data', 'keys'].map((name) => given.text(name));
  if (given.paths.length > 0 || (from == null && escrow == null))
    throw new Refusal('usage/bad-option', 'wardwatch restore: say --from FILE, or --key-escrow FILE, or both');
  if ((from != null && data == null) || (escrow != null && keys == null))
    throw new Refusal(
      'usage/bad-option',
      'wardwatch restore: name the folder, which must not be there yet, with --data or --keys',
    );
  const passphrase = readPassphrase(given.text('passphrase-file'));
  let isWhole = true;
  if (from != null && data != null) {
    const { manifest, report } = await restoreBackup(from, passphrase, data, {
      isDamageAccepted: given.flag('accept-damage'),
    });
    for (const { kind, what, detail } of report.problems) print(`NOT WHOLE  ${kind}: ${what}: ${detail}\n`);
    isWhole = report.ok;
    const ending = report.ok ? ', all as they were sealed' : ', but for what is named above';
    print(
      `Restored the backup of ${manifest.at} to ${data}: ${report.rows} sealed events in ${report.segments} segments and ${report.journalEntries} batches in the journal${ending}.\n`,
    );
    if (manifest.state === 'postgres') say('The state lies in PostgreSQL: restore it from its dump of that time.\n');
  }
  if (escrow != null && keys != null) {
    const proof = await openEscrow(escrow, passphrase, keys, data ?? `${keys}.none`);
    print(`The keys are in ${keys}. Proof for the first machine: wardwatch doctor --escrow-proof ${proof}\n`);
  }
  return isWhole ? EXIT.done : EXIT.findings;
}

const MIN_PASSPHRASE = 16;

function readPassphrase(file: string | null): string {
  if (file === null) throw new Refusal('usage/bad-option', 'say --passphrase-file FILE');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new Refusal('input/not-readable', `cannot read the passphrase file ${file}`);
  }
  const [passphrase = ''] = text.split(/\r?\n/);
  if (passphrase.length < MIN_PASSPHRASE)
    throw new Refusal('usage/bad-option', `the passphrase has fewer than ${MIN_PASSPHRASE} characters`);
  return passphrase;
}
