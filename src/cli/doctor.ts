import { existsSync } from 'node:fs';
import { setAsideGone } from '../watch/set-aside-store.ts';
import { Refusal, REFUSALS } from '../core/refusal.ts';
import { loadRules, type Placeholders } from '../detect/sigma/index.ts';
import { statesOf } from '../findings/rule-states.ts';
import {
  backupCheck,
  type Check,
  escrowCheck,
  fileChecks,
  noticesCheck,
  rulesCheck,
  setAsideCheck,
} from '../ops/checks.ts';
import { readServiceNote } from '../ops/service-note.ts';
import { sourcesCheck } from '../ops/source-check.ts';
import { placesIn } from '../store/places.ts';
import { type State, statePlace } from '../store/state.ts';
import { EXIT } from './exit.ts';
import { helpText, type OptionTable, readOptions } from './options.ts';
import { print } from './output.ts';
import { foldersOf, keysInUse } from './serve.ts';
import { OWN_RULES, readPlaceholders } from './site.ts';
import { withState } from './sources.ts';

const OPTIONS: OptionTable = {
  data: { type: 'string', value: 'DIR', help: 'the data folder (default ~/wardwatch/data)' },
  keys: { type: 'string', value: 'DIR', help: 'the folder of keys (default: where the service last had them)' },
  rules: {
    type: 'string',
    multiple: true,
    value: 'DIR',
    help: 'Sigma rules besides our own (default: those of the service)',
  },
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
  const { data } = foldersOf(given.text('data'), null);
  if (!existsSync(placesIn(data).archive)) throw new Refusal('store/not-found', `${data} holds no archive`);
  const note = readServiceNote(data);
  const keys = keysInUse(given.text('data'), given.text('keys'));
  const now = Date.now();
  const checks = [
    ...fileChecks(data, keys, now),
    rulesOf(
      given.texts('rules').length > 0 ? [OWN_RULES, ...given.texts('rules')] : (note?.ruleFolders ?? [OWN_RULES]),
      note?.placeholders ?? readPlaceholders(null),
    ),
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

/** As the service counts them: a rule for logs that no format gives does not run. */
function rulesOf(folders: readonly string[], placeholders: Placeholders): Check {
  const [gone] = folders.filter((folder) => !existsSync(folder));
  if (gone !== undefined)
    return {
      what: 'rules',
      state: 'bad',
      detail: `the folder ${gone} is gone`,
      mend: 'Put it back, or start the service without it.',
    };
  const rules = statesOf(loadRules(folders, { placeholders, includeDeprecated: false, cacheFolder: null }));
  const cannot = rules.filter(({ state }) => state === 'cannot-run').length;
  return rulesCheck(rules.length - cannot, cannot);
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
  state: State,
  data: string,
  keys: string,
  givenProof: string | null,
  now: number,
): Promise<Check[]> {
  const { db } = state;
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
  const gone = (await setAsideGone(state)).filter(({ lastAt }) => now - lastAt < DAY_MS);
  return [
    sourcesCheck(sources, now),
    setAsideCheck(
      aside,
      gone.reduce((sum, { messages }) => sum + messages, 0),
    ),
    noticesCheck(waiting),
    backupCheck(await setting('backup'), now),
    await escrowOf(db, await setting('escrow-proof'), givenProof, keys, data, now),
  ];
}

/** Keeps a proof that is right. */
async function escrowOf(
  db: State['db'],
  kept: string | undefined,
  given: string | null,
  keys: string,
  data: string,
  now: number,
): Promise<Check> {
  const { check, proved } = await escrowCheck(kept, given, keys, data);
  if (proved === null) return check;
  const value = JSON.stringify({ proof: proved });
  await db
    .insertInto('settings')
    .values({ name: 'escrow-proof', value, changed_at: now, changed_by: null })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value, changed_at: now }))
    .execute();
  return check;
}
