import { type EventRule, type LoadedRules, mapLogSource, needsOf, referenceKey } from '../detect/sigma/index.ts';
import { silentRules } from './silent-rules.ts';
import { loadTechniqueWords, wordsFor } from './words.ts';

/** How a rule stands that was found in a folder. */
export interface RuleState {
  readonly id: string | null;
  readonly title: string | null;
  /** `null`: it could not be read so far. */
  readonly level: string | null;
  readonly author: string;
  readonly path: string;
  readonly state: 'runs' | 'cannot-run';
  readonly reason: string | null;
  readonly detail: string | null;
  /** What has to be switched on or sent for it to see anything. */
  readonly needs: string | null;
  /** What it means when it fires, of no machine in particular; `null`: it cannot run. */
  readonly plain: string | null;
  /** It only serves the correlations that name it. */
  readonly isSilent: boolean;
}

/** Every document of the folders that was meant as a rule, with its state. */
export function statesOf(loaded: LoadedRules): readonly RuleState[] {
  const words = loadTechniqueWords();
  const silent = silentRules(loaded);
  return [
    ...loaded.rules.map((rule): RuleState => {
      const { id, title, level, author, path } = rule;
      const { ways, claimable } = mapLogSource(rule.logSource);
      const known = { id, title, level, author, path, isSilent: silent.has(id) };
      if (ways.length > 0 || claimable)
        return { ...known, ...RUNS, needs: needsOf(rule), plain: inGeneral(wordsFor(rule, words).plain) };
      return {
        ...known,
        state: 'cannot-run',
        reason: 'logsource-not-mapped',
        detail: `no format that is read here is “${logSourceOf(rule)}”; if you have such logs as JSON, declare them with --as`,
        needs: null,
        plain: null,
      };
    }),
    ...loaded.correlations.map((rule): RuleState => {
      const { id, title, level, author, path } = rule;
      const plain = inGeneral(wordsFor(rule, words).plain);
      return { id, title, level, author, path, isSilent: silent.has(id), ...RUNS, needs: null, plain };
    }),
    ...loaded.problems.map(({ id, title, path, reason, detail }): RuleState => {
      const unread = { level: null, author: '', needs: null, plain: null, isSilent: false };
      return { id, title, path, ...unread, state: 'cannot-run', reason, detail };
    }),
  ];
}

const RUNS = { state: 'runs', reason: null, detail: null } as const;

function logSourceOf({ logSource }: EventRule): string {
  return [logSource.product, logSource.category, logSource.service].filter((word) => word !== undefined).join(' / ');
}

const GENERAL: Readonly<Record<string, string>> = {
  host: 'a machine',
  account: 'somebody',
  address: 'an address',
  count: 'many',
};

/** “Somebody on {host} copied …” → “Somebody on a machine copied …” */
export function inGeneral(sentence: string): string {
  const filled = sentence.replace(/\{([\w.-]+)\}/g, (_, name: string) =>
    Object.hasOwn(GENERAL, name) ? (GENERAL[name] ?? '') : 'something',
  );
  return filled.charAt(0).toUpperCase() + filled.slice(1);
}

/**
 * The ids of the rules, correlations too, that could fire if those at `indices` of the event rules had something to
 * judge. One that counts needs any of its rules, one that waits for a sequence needs all.
 */
export function couldFire({ rules, correlations }: LoadedRules, indices: readonly number[]): Set<string> {
  const ids = new Set<string>();
  const names = new Set<string>();
  const add = ({ id, name }: { readonly id: string; readonly name: string | null }) => {
    ids.add(id);
    for (const word of [id, name ?? id]) names.add(referenceKey(word));
  };
  for (const index of indices) {
    const rule = rules[index];
    if (rule !== undefined) add(rule);
  }
  // A correlation may name another: again, until there is nothing new.
  for (let before = -1; before < ids.size; ) {
    before = ids.size;
    for (const rule of correlations) {
      if (ids.has(rule.id)) continue;
      const isThere = (name: string) => names.has(referenceKey(name));
      const isSequence = rule.type === 'temporal' || rule.type === 'temporal_ordered';
      if (isSequence && rule.condition.kind === 'bounds' ? rule.rules.every(isThere) : rule.rules.some(isThere))
        add(rule);
    }
  }
  return ids;
}
