import { Refusal } from '../core/refusal.ts';
import { ROLES } from '../core/role.ts';
import { Tokens } from '../people/tokens.ts';
import { EXIT } from './exit.ts';
import { helpText, oneOf, type OptionTable, readOptions, wholeNumber } from './options.ts';
import { print } from './output.ts';
import { withState } from './sources.ts';

const OPTIONS: OptionTable = {
  role: { type: 'string', value: 'ROLE', help: 'admin, analyst, partner, privacy, board or staff' },
  name: { type: 'string', value: 'NAME', help: 'whom it is for: shown with what they do' },
  days: { type: 'string', value: 'N', help: 'ends after so many days (default: never; partner: 90)' },
  data: { type: 'string', value: 'DIR', help: 'the data folder (default ~/wardwatch/data)' },
  json: { type: 'boolean', help: 'print JSON' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
};

const HELP = helpText({
  usage: 'tokens add --role ROLE [options]',
  what: 'Makes a token for the API. It is shown once and kept only as a hash. No role implies another: admin runs the\nservice and sees no finding; privacy alone sees record cases. Works while the service runs.',
  options: OPTIONS,
  examples: [['wardwatch tokens add --role analyst --name "Night desk"', 'for somebody who looks at findings']],
});

const DAY_MS = 86_400_000;
const PARTNER_DAYS = 90;

/** @returns the exit code */
export async function runTokens(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const given = readOptions('tokens', OPTIONS, args);
  if (given.flag('help')) {
    print(HELP);
    return EXIT.done;
  }
  if (given.paths.length !== 1 || given.paths[0] !== 'add' || given.text('role') === null)
    throw new Refusal('usage/bad-option', `wardwatch tokens: say “tokens add --role ROLE”: ${ROLES.join(', ')}`);
  const role = oneOf('--role', given.text('role'), ROLES, 'staff');
  const days = wholeNumber('--days', given.text('days'), 1, 3650, role === 'partner' ? PARTNER_DAYS : 0);
  const name = given.text('name');
  if (name !== null && !/^[\p{L}\p{N}][\p{L}\p{N} .’'_-]{0,99}$/u.test(name))
    throw new Refusal(
      'usage/bad-option',
      'wardwatch tokens: a name has letters, digits, spaces, dots and dashes, at most 100',
    );
  return withState(given.text('data'), env, async (state) => {
    const added = await new Tokens(state, Date.now).add(role, days === 0 ? null : Date.now() + days * DAY_MS, name);
    print(
      given.flag('json')
        ? `${JSON.stringify(added)}\n`
        : `Made ${added.id} for ${role}.\nThe token, shown only now: ${added.token}\n`,
    );
    return EXIT.done;
  });
}
