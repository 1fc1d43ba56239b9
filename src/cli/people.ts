import { Refusal } from '../core/refusal.ts';
import { type Role, rolesIn, ROLES } from '../core/role.ts';
import { People } from '../people/people.ts';
import { readServiceNote } from '../ops/service-note.ts';
import { EXIT } from './exit.ts';
import { helpText, type OptionTable, readOptions, wholeNumber } from './options.ts';
import { print } from './output.ts';
import { foldersOf } from './serve.ts';
import { withState } from './sources.ts';

const OPTIONS: OptionTable = {
  role: {
    type: 'string',
    multiple: true,
    value: 'ROLE',
    help: 'admin, analyst, partner, privacy, board or staff; may be given again',
  },
  days: { type: 'string', value: 'N', help: 'ends after so many days (default: never; partner: 90)' },
  data: { type: 'string', value: 'DIR', help: 'the data folder (default ~/wardwatch/data)' },
  json: { type: 'boolean', help: 'print JSON' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
};

const HELP = helpText({
  usage: 'people add|list|link|end [NAME] [options]',
  what: 'Who may use the page. “add” and “link” print a link with which the person sets a password; it is shown once and\ngood for 72 hours. “link” is for somebody who forgot theirs or lost the second factor: the old ones end. No role\nimplies another. Works while the service runs; people with the role admin can do the same on the page.',
  options: OPTIONS,
  examples: [
    ['wardwatch people add "M Okafor" --role admin --role analyst', 'a second administrator'],
    ['wardwatch people link "M Okafor"', 'a new link, when nobody else can make one'],
  ],
});

const DAY_MS = 86_400_000;
const PARTNER_DAYS = 90;

/** @returns the exit code */
export async function runPeople(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const given = readOptions('people', OPTIONS, args);
  if (given.flag('help')) {
    print(HELP);
    return EXIT.done;
  }
  const [verb, name, ...more] = given.paths;
  const isList = verb === 'list';
  if (!['add', 'list', 'link', 'end'].includes(verb ?? '') || more.length > 0 || isList !== (name === undefined))
    throw new Refusal('usage/bad-option', 'wardwatch people: say “add NAME”, “list”, “link NAME” or “end NAME”');
  return withState(given.text('data'), env, async (state) => {
    const people = new People(state, Date.now);
    if (name === undefined) {
      const all = await people.list();
      const line = (person: (typeof all)[number]) =>
        `${person.name}  ${person.roles.join(', ')}  ${person.state}${person.hasSecondFactor ? '' : '  no second factor'}\n`;
      print(given.flag('json') ? `${JSON.stringify(all)}\n` : all.map(line).join(''));
      return EXIT.done;
    }
    if (verb === 'end') {
      await people.end((await people.byName(name)).id);
      print(`${name} can no longer sign in.\n`);
      return EXIT.done;
    }
    const { id, token } =
      verb === 'add'
        ? await people.invite(name, readRoles(given.texts('role')), endOf(given.text('days'), given.texts('role')))
        : await resetOf(people, name);
    const link = `/welcome#${token}`;
    const page = readServiceNote(foldersOf(given.text('data'), null).data)?.page ?? null;
    const where = page === null ? ' Put it behind the address of your page:' : '';
    print(
      given.flag('json')
        ? `${JSON.stringify({ id, link, page })}\n`
        : `For ${name}, shown only now and good for 72 hours.${where}\n${page ?? ''}${link}\n`,
    );
    return EXIT.done;
  });
}

async function resetOf(people: People, name: string): Promise<{ id: string; token: string }> {
  const { id } = await people.byName(name);
  return { id, token: await people.reset(id) };
}

/** @throws Refusal `usage/bad-option` for one that is not known */
function readRoles(names: readonly string[]): readonly Role[] {
  for (const name of names)
    if (!ROLES.some((role) => role === name))
      throw new Refusal('usage/bad-option', `wardwatch people: “${name}” is no role: ${ROLES.join(', ')}`);
  return rolesIn(names);
}

function endOf(days: string | null, roles: readonly string[]): number | null {
  const count = wholeNumber('--days', days, 1, 3650, roles.includes('partner') ? PARTNER_DAYS : 0);
  return count === 0 ? null : Date.now() + count * DAY_MS;
}
