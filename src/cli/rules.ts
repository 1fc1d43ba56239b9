import { type CorrelationRule, type EventRule, loadRules, needsOf } from '../detect/sigma/index.ts';
import { plural } from '../report/wording.ts';
import { inGeneral, type RuleState, statesOf } from '../findings/rule-states.ts';
import { fillStep, loadTechniqueWords, wordsFor } from '../findings/words.ts';
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
  usage: 'rules check|list [DIR…] | explain ID [DIR…] | update --from ZIP|URL',
  what: 'check     every rule’s state: runs, or cannot run, why, and how to mend it\nlist      the rules, one a line\nexplain   what one rule looks for, in plain words; ID is its id, the beginning of it, or its title\nupdate    takes rules from a release archive; author names and licence stay with them\n\nDIR is a folder of Sigma rules, or one file. Without it: our own rules.',
  options: OPTIONS,
  examples: [
    ['wardwatch rules check sigma/rules', 'how many run, and why the others cannot'],
    ['wardwatch rules explain f26dd23d', 'the rule in plain words'],
    ['wardwatch rules explain "Whoami.EXE Execution Anomaly" sigma/rules', 'the same of a rule that is not ours'],
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
  if (loaded.rules.length + loaded.correlations.length + loaded.problems.length === 0)
    throw new Refusal('rules/not-found', `${folders.join(', ')}: no rule in it`);
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

/** How a rule is mended, by the reason for which it cannot run. */
const MENDS: Readonly<Record<string, string>> = {
  'not-yaml':
    'The file is not YAML. Indent by spaces, like things equally far, and put in quotes what begins with %, *, & or @ or holds “: ” or “ #”.',
  'not-a-rule': 'A rule begins with title, logsource and detection, each at the start of a line: see rules/README.md.',
  'no-detection': 'Say under “detection” what to look for, and its “condition”: see rules/README.md.',
  'no-condition': 'Say under “detection” when the rule fires, as in “condition: selection”.',
  'no-logsource':
    'Say under “logsource” where the events come from, as in “product: windows” and “category: process_creation”.',
  'bad-detection': 'Look at what is named: a condition joins the names under “detection” by and, or, not and brackets.',
  'bad-modifier':
    'A modifier stands after the field, as in “CommandLine|contains”. See Sigma’s list: contains, startswith, endswith, all, re, cidr …',
  'bad-correlation':
    'A correlation has type, rules, timespan (as in 5m) and, where it counts, a condition (as in gte: 10).',
  'bad-filter': 'A filter has rules and a selection, as Sigma 2.1 describes it.',
  'missing-rule': 'Give the folder that holds the rule it names as well, or mend the name.',
  'regex-refused': 'Mend the expression. Without “re” a “*” stands for any characters.',
  'placeholder-unknown': 'Give its values in a site file and name that with --site (rules/site-defaults.yml is one).',
  'duplicate-id': 'Give one of the two an id of its own.',
  'logsource-not-mapped': 'Check the spelling: products, categories and services are Sigma’s.',
  deprecated: 'Its author retired it; --include-deprecated runs it all the same.',
};

function checkText(loaded: Loaded): string {
  const { warnings } = loaded;
  const rules = statesOf(loaded);
  const runs = rules.filter(({ state }) => state === 'runs').length;
  const lines = [`${plural(rules.length, 'rule')}: ${runs} can run, ${rules.length - runs} cannot.`];
  for (const [reason, list] of largestFirst(rules, (rule) => rule.reason)) {
    lines.push('', `${reason}: ${plural(list.length, 'rule')}`);
    if (MENDS[reason] !== undefined) lines.push(`  ${MENDS[reason]}`);
    for (const [detail, same] of largestFirst(list, (rule) => rule.detail))
      lines.push(
        `  · ${detail.replace(/ \((\d+):(\d+)\)$/, ', line $1, column $2')}`,
        ...same.map(({ title, path }) => `      ${path}${title === null ? '' : ` “${title}”`}`),
      );
  }
  lines.push('', 'Those that can run need these logs (a scan says which of them arrived):');
  for (const [need, list] of largestFirst(rules, (rule) => rule.needs))
    lines.push(`  ${String(list.length).padStart(5)}  ${need}`);
  for (const warning of warnings) lines.push('', `Note: ${warning}`);
  return `${lines.join('\n')}\n`;
}

/** Rules by what they have in common, the largest group first; those for which it is `null` are left out. */
function largestFirst(
  rules: readonly RuleState[],
  common: (rule: RuleState) => string | null,
): [string, RuleState[]][] {
  const groups = new Map<string, RuleState[]>();
  for (const rule of rules) {
    const key = common(rule);
    if (key === null) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [rule]);
    else group.push(rule);
  }
  return [...groups].sort((a, b) => b[1].length - a[1].length);
}

function listText(loaded: Loaded): string {
  return statesOf(loaded)
    .map(
      ({ id, level, state, title }) =>
        `${(id ?? '-').padEnd(38)}${(level ?? '-').padEnd(15)}${state.padEnd(12)}${title ?? ''}\n`,
    )
    .join('');
}

/** Of no machine and nobody in particular. */
const ANYBODY = { host: 'the machine', account: 'the person', address: 'the address' };

function explainText(loaded: Loaded, id: string): string {
  const rule = ruleNamed(loaded, id);
  const words = wordsFor(rule, loadTechniqueWords());
  const titleOf = (joined: string) =>
    [...loaded.rules, ...loaded.correlations].find((candidate) => candidate.id === joined)?.title ?? joined;
  return `${[
    rule.title,
    `  ${rule.id}`,
    `  level ${rule.level}${rule.author === '' ? '' : `, by ${rule.author}`}`,
    `  ${rule.description.trim()}`,
    '',
    `What it means: ${inGeneral(words.plain)}`,
    `Could be innocent: ${inGeneral(words.innocent)}`,
    'What to do:',
    ...words.next.map((step, i) => `  ${i + 1}. ${fillStep(step, ANYBODY, {})}`),
    '',
    rule.kind === 'rule' ? `It needs: ${needsOf(rule)}` : `It joins: ${rule.rules.map(titleOf).join('; ')}`,
    `From: ${rule.path}`,
  ].join('\n')}\n`;
}

/** The rule of that id, name or title, or the only one whose id begins so. */
function ruleNamed(loaded: Loaded, text: string): EventRule | CorrelationRule {
  if (text === '') throw new Refusal('rules/unknown', 'rules explain: say which rule, by its id or title');
  const all = [...loaded.rules, ...loaded.correlations];
  const title = text.toLowerCase();
  const exact = all.find((rule) => rule.id === text || rule.name === text || rule.title.toLowerCase() === title);
  if (exact !== undefined) return exact;
  const likely = all.filter(({ id }) => id.startsWith(text.toLowerCase()));
  const [only] = likely;
  if (only !== undefined && likely.length === 1) return only;
  if (likely.length > 1)
    throw new Refusal('rules/unknown', `the ids of ${plural(likely.length, 'rule')} begin with “${text}”`);
  throw new Refusal('rules/unknown', `no rule that can run has the id, name or title “${text}”`);
}
