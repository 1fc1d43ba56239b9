import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import path from 'node:path';
import { Refusal, REFUSALS } from '../core/refusal.ts';
import { loadRules } from '../detect/sigma/index.ts';
import { segmentsFolder } from '../store/archive/archive.ts';
import { Catalog } from '../store/archive/catalog.ts';
import { readChain } from '../store/archive/chain.ts';
import { PART } from '../store/archive/write-segments.ts';
import { proofOf } from '../store/backup/escrow.ts';
import { placesIn } from '../store/places.ts';
import { type State, statePlace } from '../store/state.ts';
import { EXIT } from './exit.ts';
import { helpText, type OptionTable, readOptions } from './options.ts';
import { print } from './output.ts';
import { foldersOf } from './serve.ts';
import { OWN_RULES, readPlaceholders } from './site.ts';
import { type Check, sourcesCheck } from './source-check.ts';
import { withState } from './sources.ts';

const OPTIONS: OptionTable = {
  data: { type: 'string', value: 'DIR', help: 'the data folder (default ~/wardwatch/data)' },
  keys: { type: 'string', value: 'DIR', help: 'the folder of keys (default ~/wardwatch/keys)' },
  rules: { type: 'string', multiple: true, value: 'DIR', help: 'Sigma rules besides our own, as given to serve' },
  'escrow-proof': { type: 'string', value: 'PROOF', help: 'what “wardwatch restore --key-escrow” printed' },
  json: { type: 'boolean', help: 'print JSON' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
};

const HELP = helpText({
  usage: 'doctor [options]',
  what: 'Looks at what a service needs and says what is wrong, with its mend: disk, clock, certificate, data folder, keys, state,\nsources, rules, archive, backups, notices. Works while the service runs. Ends with 0 if all is well, with 1 if something has to be\ndone.',
  options: OPTIONS,
  examples: [['wardwatch doctor', 'is everything as it should be?']],
});

const DAY_MS = 24 * 3_600_000;
const GIB = 1 << 30;

/** @returns the exit code */
export async function runDoctor(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const given = readOptions('doctor', OPTIONS, args);
  if (given.flag('help')) {
    print(HELP);
    return EXIT.done;
  }
  if (given.paths.length > 0) throw new Refusal('usage/bad-option', 'wardwatch doctor takes options only');
  const { data, keys } = foldersOf(given.text('data'), given.text('keys'));
  if (!existsSync(placesIn(data).archive)) throw new Refusal('store/not-found', `${data} holds no archive`);
  const now = Date.now();
  const checks = [
    diskCheck(data),
    clockCheck(data, now),
    certificateCheck(keys, now),
    dataFolderCheck(data),
    keysCheck(keys),
    archiveCheck(data),
    rulesCheck([OWN_RULES, ...given.texts('rules')]),
    ...(await stateChecks(data, env, (state) => checksOf(state, data, keys, given.text('escrow-proof'), now))),
  ];
  print(
    given.flag('json') ? `${JSON.stringify({ schema: 'wardwatch.doctor/1', checks })}\n` : checks.map(lineOf).join(''),
  );
  return checks.some(({ state }) => state === 'bad') ? EXIT.findings : EXIT.done;
}

function lineOf({ what, state, detail, mend }: Check): string {
  const mark = { well: 'well ', watch: 'watch', bad: 'BAD  ' }[state];
  return `${mark}  ${what.padEnd(12)} ${detail}${mend === '' ? '' : `\n       → ${mend}`}\n`;
}

function diskCheck(data: string): Check {
  const { bavail, bsize } = statfsSync(data);
  const free = bavail * bsize;
  const detail = `${(free / 1e9).toFixed(1)} GB are free on the disk of ${data}`;
  const mend = 'Free space, or move the data folder to a larger disk: with less than 1 GiB nothing more is taken in.';
  return {
    what: 'disk',
    state: free < 2 * GIB ? 'bad' : free < 10 * GIB ? 'watch' : 'well',
    detail,
    mend: free < 10 * GIB ? mend : '',
  };
}

/** What was written later than now says that the clock goes wrong, or went. */
function clockCheck(data: string, now: number): Check {
  const { journal } = placesIn(data);
  const newest = existsSync(journal)
    ? Math.max(
        0,
        ...readdirSync(journal).map(
          // The service may forget one meanwhile.
          (name) => statSync(path.join(journal, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
        ),
      )
    : 0;
  const ahead = newest - now;
  return ahead > 60_000
    ? {
        what: 'clock',
        state: 'bad',
        detail: `the journal was written ${Math.round(ahead / 60_000)} minutes in the future`,
        mend: 'Set the clock and switch time synchronisation on (timedatectl set-ntp true).',
      }
    : { what: 'clock', state: 'well', detail: `it is ${new Date(now).toISOString()}`, mend: '' };
}

function certificateCheck(keys: string, now: number): Check {
  const file = path.join(keys, 'tls.crt');
  if (!existsSync(file))
    return {
      what: 'certificate',
      state: 'watch',
      detail: `there is no ${file}`,
      mend: 'It is made when the service starts; put your own in its place.',
    };
  const until = new X509Certificate(readFileSync(file)).validToDate.getTime();
  const days = Math.floor((until - now) / DAY_MS);
  const mend = `Put a new certificate and key in ${keys} (tls.crt, tls.key), or remove both and start the service.`;
  return {
    what: 'certificate',
    state: days < 7 ? 'bad' : days < 30 ? 'watch' : 'well',
    detail: days < 0 ? `it ended ${-days} days ago` : `it is good for ${days} days`,
    mend: days < 30 ? mend : '',
  };
}

function dataFolderCheck(data: string): Check {
  return process.platform !== 'win32' && (statSync(data).mode & 0o007) !== 0
    ? { what: 'data folder', state: 'bad', detail: `everybody may look into ${data}`, mend: `chmod o-rwx ${data}` }
    : { what: 'data folder', state: 'well', detail: 'only its owner and group may look into it', mend: '' };
}

function keysCheck(keys: string): Check {
  if (!existsSync(keys))
    return {
      what: 'keys',
      state: 'bad',
      detail: `there is no folder ${keys}`,
      mend: 'Name it with --keys, or restore it from its escrow.',
    };
  const isExposed = (file: string) => process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0;
  const open = readdirSync(keys).filter((name) => name.endsWith('.key') && isExposed(path.join(keys, name)));
  if (isExposed(keys)) open.push(keys);
  return open.length > 0
    ? {
        what: 'keys',
        state: 'bad',
        detail: `others may look into ${open.join(', ')}`,
        mend: `chmod 700 ${keys}; chmod 600 ${keys}/*.key`,
      }
    : { what: 'keys', state: 'well', detail: 'only their owner may read them', mend: '' };
}

const ARCHIVE_MEND = 'Keep the folder as it is, run “wardwatch verify”, and compare with a backup.';

/** Quick: each link of the chain, and that each segment is there in its length. `verify` reads all of them. */
function archiveCheck(data: string): Check {
  const { archive } = placesIn(data);
  const { problems, lines, head } = readChain(archive);
  const [problem] = problems;
  if (problem !== undefined)
    return {
      what: 'archive',
      state: 'bad',
      detail: `line ${problem.line} of its chain: ${problem.detail}`,
      mend: ARCHIVE_MEND,
    };
  const { live } = new Catalog(lines);
  const wrong = [...live.values()].filter(
    ({ name, bytes }) => sizeOf(path.join(segmentsFolder(archive), name)) !== bytes,
  );
  // Those that a running service deleted since we read the chain are right to be gone.
  const { deleted } = new Catalog(wrong.length > 0 ? readChain(archive).lines : []);
  const names = wrong.map(({ name }) => name).filter((name) => !deleted.has(name));
  return names.length > 0
    ? {
        what: 'archive',
        state: 'bad',
        detail: `${names.length} of ${live.size} segments are gone or cut: ${names.slice(0, 3).join(', ')}`,
        mend: ARCHIVE_MEND,
      }
    : {
        what: 'archive',
        state: 'well',
        detail: `its chain has ${lines.length} lines; the head is ${head.hash.slice(0, 16)}…`,
        mend: '',
      };
}

/** `null` if it is not there. Right after its sealing a segment has not got its name yet. */
function sizeOf(segment: string): number | null {
  for (const file of [segment, segment + PART, segment]) {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found !== undefined) return found.size;
  }
  return null;
}

function rulesCheck(folders: readonly string[]): Check {
  const { rules, problems } = loadRules(folders, {
    placeholders: readPlaceholders(null),
    includeDeprecated: false,
    cacheFolder: null,
  });
  return rules.length === 0
    ? { what: 'rules', state: 'bad', detail: 'none loads', mend: 'Run “wardwatch rules check”.' }
    : {
        what: 'rules',
        state: problems.length > rules.length / 10 ? 'watch' : 'well',
        detail: `${rules.length} run, ${problems.length} cannot`,
        mend: problems.length > rules.length / 10 ? 'Run “wardwatch rules check” to see why.' : '',
      };
}

/** A state that is lost or cannot be opened is one thing that is wrong; it is not made anew to be looked at. */
async function stateChecks(
  data: string,
  env: Readonly<Record<string, string | undefined>>,
  look: (state: State) => Promise<Check[]>,
): Promise<Check[]> {
  const bad = (detail: string, mend: string): Check[] => [{ what: 'state', state: 'bad', detail, mend }];
  const place = statePlace(env['WARDWATCH_STATE'] ?? null, data);
  if (place.kind === 'sqlite' && !existsSync(place.file))
    return bad(`${place.file} is gone`, 'Stop the service, and restore the data folder from a backup.');
  try {
    return await withState(data, env, async (state) => [
      { what: 'state', state: 'well', detail: 'it opens, and its schema is ours', mend: '' },
      ...(await look(state)),
    ]);
  } catch (error) {
    if (error instanceof Refusal) return bad(error.message, REFUSALS[error.code].hint);
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!code.startsWith('SQLITE_')) throw error;
    return bad(`it cannot be read: ${code}`, 'Stop the service, keep the folder, and restore it from a backup.');
  }
}

async function checksOf(
  { db }: State,
  data: string,
  keys: string,
  givenProof: string | null,
  now: number,
): Promise<Check[]> {
  const setting = async (name: string) =>
    (await db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst())?.value;
  const sources = await db
    .selectFrom('sources')
    .select(['name', 'created_at', 'last_heard_at'])
    .where('state', '=', 'active')
    .execute();
  const { aside } = await db
    .selectFrom('set_aside')
    .select(({ fn }) => fn.countAll<number>().as('aside'))
    .where('received_at', '>', now - DAY_MS)
    .executeTakeFirstOrThrow();
  const { waiting } = await db
    .selectFrom('outbox')
    .select(({ fn }) => fn.countAll<number>().as('waiting'))
    .where('sent_at', 'is', null)
    .where('tries', '>', 0)
    .executeTakeFirstOrThrow();
  const backup = await setting('backup');
  // Written by `backup`.
  const backedUpAt = backup === undefined ? null : Date.parse((JSON.parse(backup) as { at: string }).at);
  const age = backedUpAt === null ? null : Math.floor((now - backedUpAt) / DAY_MS);
  return [
    sourcesCheck(sources, now),
    aside > 0
      ? {
          what: 'set aside',
          state: 'watch',
          detail: `${aside} ${aside === 1 ? 'thing' : 'things'} of the last day could not be read`,
          mend: 'See “Set aside” on the page for the reasons.',
        }
      : { what: 'set aside', state: 'well', detail: 'everything of the last day could be read', mend: '' },
    waiting > 0
      ? {
          what: 'notices',
          state: 'bad',
          detail: `${waiting} could not be delivered`,
          mend: 'Check the mail server and webhooks of --notices.',
        }
      : { what: 'notices', state: 'well', detail: 'none waits to be delivered', mend: '' },
    age === null || age > 7
      ? {
          what: 'backup',
          state: 'bad',
          detail: age === null ? 'there is none' : `the last is ${age} days old`,
          mend: 'wardwatch backup --to FILE --passphrase-file FILE, every night',
        }
      : { what: 'backup', state: 'well', detail: `the last is ${age} days old`, mend: '' },
    await escrowCheck(db, await setting('escrow-proof'), givenProof, keys, data, now),
  ];
}

/** Believed only if it was made with the keys that are in use now. */
async function escrowCheck(
  db: State['db'],
  kept: string | undefined,
  given: string | null,
  keys: string,
  data: string,
  now: number,
): Promise<Check> {
  const mend =
    'wardwatch backup --key-escrow FILE; then, elsewhere, wardwatch restore --key-escrow FILE, and its proof here with --escrow-proof';
  if (!existsSync(keys)) return { what: 'key escrow', state: 'bad', detail: 'there are no keys', mend };
  let proof: string;
  try {
    proof = await proofOf(keys, data);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { what: 'key escrow', state: 'bad', detail: error.message, mend: 'Mend the keys first.' };
  }
  if (given === proof) {
    const value = JSON.stringify({ proof });
    await db
      .insertInto('settings')
      .values({ name: 'escrow-proof', value, changed_at: now, changed_by: null })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value, changed_at: now }))
      .execute();
    return { what: 'key escrow', state: 'well', detail: 'proved just now', mend: '' };
  }
  if (given !== null) return { what: 'key escrow', state: 'bad', detail: 'that proof is not of these keys', mend };
  const isProved = kept !== undefined && (JSON.parse(kept) as { proof: string }).proof === proof;
  return isProved
    ? { what: 'key escrow', state: 'well', detail: 'proved by a restore', mend: '' }
    : {
        what: 'key escrow',
        state: 'bad',
        detail: 'no escrow of these keys has been proved: if they are lost, so is what they protect',
        mend,
      };
}
