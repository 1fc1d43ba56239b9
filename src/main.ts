import { runConvert } from './cli/convert.ts';
import { EXIT } from './cli/exit.ts';
import { IN_A_CLONE } from './cli/options.ts';
import { OutputClosed, print, say, withoutControls } from './cli/output.ts';
import { runRules } from './cli/rules.ts';
import { runScan } from './cli/scan.ts';
import { refusalOf } from './cli/system-errors.ts';
import { ourVersion } from './cli/version.ts';
import { Refusal, REFUSALS } from './core/refusal.ts';

type Verb = (args: readonly string[], env: Readonly<Record<string, string | undefined>>) => Promise<number>;

const VERBS: Readonly<Record<string, Verb>> = {
  scan: runScan,
  convert: runConvert,
  rules: runRules,
  // Loaded when they are asked for: a scan does not wait for a database.
  records: async (args) => (await import('./cli/records.ts')).runRecords(args),
  scope: async (args, env) => (await import('./cli/scope.ts')).runScope(args, env),
  simulate: async (args) => (await import('./cli/simulate.ts')).runSimulate(args),
  serve: async (args, env) => (await import('./cli/serve.ts')).runServe(args, env),
  sources: async (args, env) => (await import('./cli/sources.ts')).runSources(args, env),
  keys: async (args, env) => (await import('./cli/keys.ts')).runKeys(args, env),
  tokens: async (args, env) => (await import('./cli/tokens.ts')).runTokens(args, env),
  demo: async (args, env) => (await import('./cli/demo.ts')).runDemo(args, env),
  people: async (args, env) => (await import('./cli/people.ts')).runPeople(args, env),
  verify: async (args) => (await import('./cli/verify.ts')).runVerify(args),
  backup: async (args, env) => (await import('./cli/backup.ts')).runBackup(args, env),
  restore: async (args) => (await import('./cli/backup.ts')).runRestore(args),
  pack: async (args, env) => (await import('./cli/pack.ts')).runPack(args, env),
  doctor: async (args, env) => (await import('./cli/doctor.ts')).runDoctor(args, env),
  export: async (args) => (await import('./cli/export.ts')).runExport(args),
};

const HELP = `Wardwatch reads logs and says in plain English what happened, and what to do now.

Usage: wardwatch VERB …

  scan PATH…             read and judge files or folders, tell the story
  convert FILE…          event logs as JSON, one record a line
  rules check|list|explain|update
                         which rules load, which can run, and why the others cannot
  serve                  the live service: takes logs, keeps them, judges them
  demo                   a made-up hospice under attack, to try the page on
  sources add|list|end|token
                         who may send logs
  people add|list|link|end
                         who may use the page
  tokens add             which programs may ask the API
  keys rotate            new keys for pseudonyms and for what is sealed
  verify                 proves that the kept events are what was sealed
  export events          every kept event, as JSON
  pack                   drafts of what has to be told after a breach
  backup, restore        everything in one encrypted file; the keys apart
  doctor                 what is wrong with a service, and its mend
  records review|who-looked|mapping|import
                         who opened whose record, and does care explain it
  scope DIR              whose records an account, a machine or an address touched
  simulate hospital DIR  a made-up hospital to try these on

  wardwatch VERB --help  options and examples
  wardwatch --version    the version

Examples
  wardwatch scan /mnt/usb/logs
  wardwatch scan dc1.zip --format html -o report.html

${IN_A_CLONE}
`;

async function run(args: readonly string[]): Promise<number> {
  const [verb, ...rest] = args;
  if (verb === undefined || verb === '--help' || verb === '-h' || verb === 'help') {
    print(HELP);
    return verb === undefined ? EXIT.wrongUse : EXIT.done;
  }
  if (verb === '--version') {
    print(`${ourVersion()}\n`);
    return EXIT.done;
  }
  const known = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (known === undefined) throw new Refusal('usage/unknown-verb', `“${verb}” is not a verb of wardwatch`);
  return known(rest, process.env);
}

process.on('SIGINT', () => process.exit(EXIT.interrupted));

// Work that was left before its end must not look done.
process.exitCode = EXIT.internal;
run(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const refusal = error instanceof Refusal ? error : refusalOf(error);
    if (error instanceof OutputClosed) process.exitCode = EXIT.done;
    else if (refusal !== null) {
      // It may repeat a name that somebody else chose.
      say(`${withoutControls(refusal.message)}\n${REFUSALS[refusal.code].hint}\n`);
      process.exitCode = REFUSALS[refusal.code].exit;
    } else {
      say(
        `wardwatch: something broke on our side: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
      process.exitCode = EXIT.internal;
    }
  },
);
