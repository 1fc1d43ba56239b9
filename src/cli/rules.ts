import { loadRules, needsOf } from '../detect/sigma/index.ts';
import { plural } from '../report/wording.ts';
import { type RuleState, statesOf } from '../findings/rule-states.ts';
import { loadTechniqueWords, wordsFor } from '../findings/words.ts';
import { Refusal } from '../core/refusal.ts';
import { existsSync } from 'node:fs';
import { EXIT } from './exit.ts';
import { helpText, type OptionTable, readOptions } from './options.ts';
import { print, withoutControls } from './output.ts';
import { cacheFolder, OWN_RULES, readPlaceholders } from './site.ts';
import { updateRules } from './rules-update.ts';

const OPTIONS: OptionTable = {
  json: { type: 'boolean', help: 'the same as JSON' },
  from: { type: 'string', value: 'ZIP|URL', help: 'update: where the release of rules is' },
  to: { type: 'string', value: 'DIR', help: 'update: the folder to put them in (default ./sigma-rules)' },
  site: { type: 'string', value: 'FILE', help: 'your own placeholder values' },
  'include-deprecated': { type: 'boolean', help: 'count retired rules as usable' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
};

export const HELP = helpText({
  usage: 'rules check|list|explain|update [DIR…|ID]',
  what: 'check     every rule’s state: runs, or cannot run and why\nlist      the rules, one a line\nexplain   what one rule looks for, in plain words\nupdate    takes rules from a release archive; author names and licence stay with them\n\nWithout DIR: our own rules.',
  options: OPTIONS,
  examples: [
    ['wardwatch rules check sigma/rules', 'how many run, and why the others cannot'],
    ['wardwatch rules explain 6e2a4a3c-…', 'the rule in plain words'],
    ['wardwatch rules update --from sigma_all_rules.zip --to sigma', 'unpack a release of SigmaHQ'],
  ],
});

/** @returns the exit code */
export async function runRules(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const given = readOptions('rules', OPTIONS, args);
  const [action, ...rest] = given.paths;
  if (given.flag('help') || action === undefined) {
    print(HELP);
    return action === undefined && !given.flag('help') ? EXIT.wrongUse : EXIT.done;
  }
  if (action === 'update') return updateRules(given.text('from'), given.text('to') ?? 'sigma-rules');
  const folders = action === 'explain' ? rest.slice(1) : rest;
  for (const folder of folders)
    if (!existsSync(folder)) throw new Refusal('rules/not-found', `there is no folder or file ${folder}`);
  const loaded = loadRules(folders.length === 0 ? [OWN_RULES] : folders, {
    placeholders: readPlaceholders(given.text('site')),
    includeDeprecated: given.flag('include-deprecated'),
    cacheFolder: cacheFolder(env),
  });
  if (action === 'check')
    print(
      given.flag('json')
        ? `${JSON.stringify({ rules: statesOf(loaded), warnings: loaded.warnings })}\n`
        : withoutControls(checkText(loaded)),
    );
  else if (action === 'list')
    print(given.flag('json') ? `${JSON.stringify(statesOf(loaded))}\n` : withoutControls(listText(loaded)));
  else if (action === 'explain') print(withoutControls(explainText(loaded, rest[0] ?? '')));
  else throw new Refusal('usage/unknown-verb', `wardwatch rules: “${action}” is not check, list, explain or update`);
  return EXIT.done;
}

type Loaded = ReturnType<typeof loadRules>;

function checkText(loaded: Loaded): string {
  const { warnings } = loaded;
  const rules = statesOf(loaded);
  const runs = rules.filter(({ state }) => state === 'runs').length;
  const lines = [`${plural(rules.length, 'rule')}: ${runs} can run, ${rules.length - runs} cannot.`];
  const byReason = new Map<string, RuleState[]>();
  for (const rule of rules)
    if (rule.reason !== null) byReason.set(rule.reason, [...(byReason.get(rule.reason) ?? []), rule]);
  for (const [reason, list] of [...byReason].sort((a, b) => b[1].length - a[1].length)) {
    lines.push('', `${reason}: ${plural(list.length, 'rule')}`);
    for (const { title, path, detail } of list)
      lines.push(`  ${title ?? path}`, `      ${detail ?? ''}`, `      ${path}`);
  }
  const needs = new Map<string, number>();
  for (const rule of rules) if (rule.needs !== null) needs.set(rule.needs, (needs.get(rule.needs) ?? 0) + 1);
  lines.push('', 'Those that can run need these logs (a scan says which of them arrived):');
  for (const [need, count] of [...needs].sort((a, b) => b[1] - a[1]))
    lines.push(`  ${String(count).padStart(5)}  ${need}`);
  for (const warning of warnings) lines.push('', `Note: ${warning}`);
  return `${lines.join('\n')}\n`;
}

function listText(loaded: Loaded): string {
  return statesOf(loaded)
    .map(
      ({ id, level, state, title }) =>
        `${(id ?? '-').padEnd(38)}${(level ?? '-').padEnd(15)}${state.padEnd(12)}${title ?? ''}\n`,
    )
    .join('');
}

function explainText(loaded: Loaded, id: string): string {
  const rule = [...loaded.rules, ...loaded.correlations].find(
    (candidate) => candidate.id === id || candidate.name === id,
  );
  if (rule === undefined) throw new Refusal('rules/not-found', `no loaded rule has the id or name “${id}”`);
  const words = wordsFor(rule, loadTechniqueWords());
  const titleOf = (joined: string) =>
    [...loaded.rules, ...loaded.correlations].find((candidate) => candidate.id === joined)?.title ?? joined;
  return `${[
    rule.title,
    `  level ${rule.level}${rule.author === '' ? '' : `, by ${rule.author}`}`,
    `  ${rule.description.trim()}`,
    '',
    `What it means: ${words.plain}`,
    `Could be innocent: ${words.innocent}`,
    'What to do:',
    ...words.next.map((step, i) => `  ${i + 1}. ${step}`),
    '',
    rule.kind === 'rule' ? `It needs: ${needsOf(rule)}` : `It joins: ${rule.rules.map(titleOf).join('; ')}`,
    `From: ${rule.path}`,
  ].join('\n')}\n`;
}
