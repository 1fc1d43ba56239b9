import { newId } from '../core/credentials.ts';
import { isLevel, type Level } from '../core/level.ts';
import { isParameter, type Parameter } from '../core/observation.ts';
import { Refusal } from '../core/refusal.ts';
import type { EventRule } from '../detect/sigma/index.ts';
import type { Predicate } from '../store/archive/predicate.ts';
import { parseQuery } from '../store/query/query.ts';
import type { State } from '../store/state.ts';
import type { LocalRuleRow } from '../store/tables.ts';

/** Each looks at each event as it comes. */
const MAX_ON = 50;
/** Of one rule: fields and values that it asks for. A search may ask for more. */
const MAX_ASKED = 60;
/** What a rule may find on its busiest day of those it is tried over: more than this nobody reads. */
export const MAX_A_DAY = 50;

/** What an analyst says of a rule that they make of a search. */
export interface LocalRule {
  readonly title: string;
  /** As for a search; its time is left out. */
  readonly query: string;
  readonly level: Level;
  readonly parameter: Parameter;
  /** What it means when it fires; `{host}`, `{account}` and fields are filled in. */
  readonly plain: string;
  readonly innocent: string;
  readonly next: readonly string[];
}

export interface KeptLocalRule extends LocalRule {
  readonly id: LocalRuleRow['id'];
  readonly createdAt: number;
  readonly createdBy: string;
  /** What it looks for; `null`: this version cannot read its search, and it is not on. */
  readonly where: Predicate | null;
}

/** A rule as judging takes it. Plain data. */
export interface LiveLocalRule {
  readonly rule: EventRule;
  readonly where: Predicate;
}

/** Rules that were made here of searches: the only writer of the table `local_rules`. */
export class LocalRules {
  readonly #state: State;
  readonly #now: () => number;
  readonly #onChange: () => Promise<void>;

  /** @param onChange one was switched on or off */
  constructor(state: State, now: () => number, onChange: () => Promise<void>) {
    this.#state = state;
    this.#now = now;
    this.#onChange = onChange;
  }

  /** Those that are on, by title. */
  list(): Promise<readonly KeptLocalRule[]> {
    return localRules(this.#state);
  }

  /**
   * @param by their name
   * @throws Refusal `local-rules/too-many`, and as `lookedForBy`
   */
  async add({ next, ...rule }: LocalRule, by: string): Promise<LocalRuleRow['id']> {
    lookedForBy(rule.query);
    const id = newId('lrl');
    await this.#state.transaction(async (within) => {
      const { count } = await within
        .selectFrom('local_rules')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('ended_at', 'is', null)
        .executeTakeFirstOrThrow();
      if (count >= MAX_ON) throw new Refusal('local-rules/too-many', `${count} rules of your own are on`);
      const made = { created_at: this.#now(), created_by: by, ended_at: null, ended_by: null };
      await within
        .insertInto('local_rules')
        .values({ id, ...rule, next: JSON.stringify(next), ...made })
        .execute();
    });
    await this.#onChange();
    return id;
  }

  /** Switches it off. @throws Refusal `local-rules/not-found` */
  async end(id: string, by: string): Promise<void> {
    const { numUpdatedRows: ended } = await this.#state.db
      .updateTable('local_rules')
      .set({ ended_at: this.#now(), ended_by: by })
      .where('id', '=', id as LocalRuleRow['id'])
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    if (ended === 0n) throw new Refusal('local-rules/not-found', `no rule ${id} of your own is on`);
    await this.#onChange();
  }
}

/** Those that are on, by title. */
export async function localRules(state: State): Promise<readonly KeptLocalRule[]> {
  const rows = await state.db
    .selectFrom('local_rules')
    .selectAll()
    .where('ended_at', 'is', null)
    .orderBy('title')
    .orderBy('id')
    .execute();
  return rows.map(readRow);
}

/** For judging; those whose search can no longer be read are left out, and said so among the rules. */
export async function liveLocalRules(state: State): Promise<readonly LiveLocalRule[]> {
  return (await localRules(state)).flatMap((rule) => (rule.where === null ? [] : [liveOf(rule, rule.where)]));
}

/**
 * What a rule made of this search looks for, in each event as it comes.
 *
 * @throws Refusal `search/bad-query`, `local-rules/not-a-rule`, `local-rules/too-large`
 */
export function lookedForBy(query: string): Predicate {
  // A rule looks at events as they come: its search has no time.
  const parsed = parseQuery(query, { now: 0, timeZone: 'UTC' });
  if (!parsed.ok) throw new Refusal('search/bad-query', parsed.error.message);
  const { where } = parsed.value;
  const asked = leavesOf(where);
  if (asked.length === 0) throw new Refusal('local-rules/not-a-rule', 'this search finds every event');
  if (asked.length > MAX_ASKED)
    throw new Refusal('local-rules/too-large', `this search asks for ${asked.length} things; a rule for ${MAX_ASKED}`);
  if (!isPositive(where)) throw new Refusal('local-rules/not-a-rule', 'this search only says what is not looked for');
  const timed = asked.find((leaf) => leaf.kind !== 'anywhere' && ONE_EVENT.has(leaf.field));
  if (timed !== undefined)
    throw new Refusal('local-rules/not-a-rule', 'this search is about one event, or about when it came');
  return where;
}

const ONE_EVENT: ReadonlySet<string> = new Set(['id', 'at', 'receivedAt']);

type Leaf = Exclude<Predicate, { readonly kind: 'and' | 'or' | 'not' }>;

function leavesOf(predicate: Predicate): readonly Leaf[] {
  switch (predicate.kind) {
    case 'and':
    case 'or':
      return predicate.of.flatMap(leavesOf);
    case 'not':
      return leavesOf(predicate.of);
    default:
      return [predicate];
  }
}

/** Whether an event must have something for it to be found. */
function isPositive(predicate: Predicate): boolean {
  switch (predicate.kind) {
    case 'and':
      return predicate.of.some(isPositive);
    case 'or':
      return predicate.of.every(isPositive);
    case 'not':
      return false;
    default:
      return true;
  }
}

function readRow({ next, level, parameter, ...row }: LocalRuleRow): KeptLocalRule {
  const { id, title, query, plain, innocent, created_at: createdAt, created_by: createdBy } = row;
  // Written by `add`.
  const words = { plain, innocent, next: JSON.parse(next) as readonly string[] };
  const made = {
    level: isLevel(level) ? level : 'medium',
    parameter: isParameter(parameter) ? parameter : 'defences',
  } as const;
  return { id, title, query, ...made, ...words, createdAt, createdBy, where: readable(query) };
}

function readable(query: string): Predicate | null {
  try {
    return lookedForBy(query);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

/** What a finding adds to the early warning score, by its level. */
const POINTS: Readonly<Record<Level, number>> = { informational: 0, low: 1, medium: 1, high: 2, critical: 3 };

/** As any other rule, so that its findings are like any other: only what it looks for is not in Sigma's words. */
function liveOf(
  { id, title, level, parameter, plain, innocent, next, createdBy }: KeptLocalRule,
  where: Predicate,
): LiveLocalRule {
  return {
    where,
    rule: {
      kind: 'rule',
      id,
      name: null,
      title,
      status: 'stable',
      level,
      description: '',
      author: createdBy,
      tags: [],
      falsePositives: [],
      words: { plain, innocent, next, parameter, points: POINTS[level] },
      path: '',
      logSource: {},
      condition: { op: 'constant', value: false },
    },
  };
}
