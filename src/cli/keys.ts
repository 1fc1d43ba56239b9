import { Refusal } from '../core/refusal.ts';
import { isDataFolder } from '../watch/kept-records.ts';
import { rotateKeys } from '../watch/key-rotation.ts';
import { EXIT } from './exit.ts';
import { helpText, type OptionTable, readOptions } from './options.ts';
import { print } from './output.ts';
import { foldersOf, keysInUse } from './serve.ts';
import { withState } from './sources.ts';

const OPTIONS: OptionTable = {
  data: { type: 'string', value: 'DIR', help: 'the data folder (default ~/wardwatch/data)' },
  keys: { type: 'string', value: 'DIR', help: 'the folder of keys (default: where the service last had them)' },
  json: { type: 'boolean', help: 'print JSON' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
};

const HELP = helpText({
  usage: 'keys rotate --data DIR --keys DIR',
  what: 'Makes new keys for pseudonyms and for what is sealed, and enters that in the chain. Stop the service first; it uses the\nnew keys when it starts again. Patients who have a pseudonym keep it, so their history stays together; whoever comes\nlater gets one of the new key. Who a pseudonym is, is sealed with the new key; what else was sealed is still opened by the\nolder keys, so none may be deleted. Nothing that is in the archive is rewritten. Write a new key escrow afterwards.',
  options: OPTIONS,
  examples: [
    [
      'wardwatch keys rotate --data /var/lib/wardwatch/data --keys /var/lib/wardwatch-keys',
      'others may have read the keys',
    ],
  ],
});

/** @returns the exit code */
export async function runKeys(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const given = readOptions('keys', OPTIONS, args);
  if (given.flag('help')) {
    print(HELP);
    return EXIT.done;
  }
  if (given.paths.length !== 1 || given.paths[0] !== 'rotate')
    throw new Refusal('usage/bad-option', 'wardwatch keys: say “keys rotate”');
  const { data } = foldersOf(given.text('data'), null);
  if (!isDataFolder(data)) throw new Refusal('store/not-found', `${data} is no data folder of a service`);
  const keys = keysInUse(given.text('data'), given.text('keys'));
  const rotated = await withState(given.text('data'), env, (state) => rotateKeys(data, keys, state, Date.now));
  const { pseudonym, seal, sealedAnew } = rotated;
  print(
    given.flag('json')
      ? `${JSON.stringify(rotated)}\n`
      : `Pseudonyms: key ${pseudonym.from} was followed by ${pseudonym.to}.\nSealing: key ${seal.from} was followed by ${seal.to}; ${sealedAnew} identities are sealed anew.\nThe chain says so. Start the service again, and write a new key escrow: wardwatch backup --key-escrow FILE\n`,
  );
  return EXIT.done;
}
