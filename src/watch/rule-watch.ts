import { hash } from 'node:crypto';
import path from 'node:path';
import { Refusal } from '../core/refusal.ts';
import { inGeneral, type RuleState } from '../findings/rule-states.ts';
import type { State } from '../store/state.ts';
import type { Findings } from './findings-store.ts';
import type { Judging } from './judging.ts';
import type { KeptLocalRule } from './local-rules.ts';

export interface RuleWatchParts {
  readonly state: State;
  readonly judging: Pick<Judging, 'rules' | 'couldFire'>;
  readonly findings: Pick<Findings, 'countByRule'>;
  readonly localRules: () => Promise<readonly KeptLocalRule[]>;
  /** The first holds our own. */
  readonly ruleFolders: readonly string[];
  readonly now: () => number;
  readonly onBug: (error: unknown) => void;
}

/** A rule, and what it can see here. */
export interface WatchedRule extends Omit<RuleState, 'state' | 'path'> {
  /** Its id; a hash for one without an id, or with that of another. */
  readonly key: string;
  /** `blind`: it could run, and nothing that came could have fired it. */
  readonly state: 'runs' | 'blind' | 'cannot-run';
  readonly isOwn: boolean;
  /** The file, within its folder of rules. */
  readonly file: string;
  /** Findings of the last 30 days. */
  readonly fired: number;
  readonly lastAt: number | null;
  /** Of one that was made here; `null`: it is of a file. */
  readonly made: Pick<KeptLocalRule, 'query' | 'createdAt' | 'createdBy'> | null;
}

/** How far back “nothing that came” looks, and findings are counted. */
export const WATCHED_DAYS = 30;
const DAY_MS = 86_400_000;
const NOTE_EVERY_MS = 10 * 60_000;
const KEPT = 'rules-could-fire';

/** Of each rule the day, counted from 1970, on which something came that could have fired it. */
interface Kept {
  readonly since: number;
  readonly days: Readonly<Record<string, number>>;
}

/**
 * Which rules see anything here. What could have fired a rule is noted by day, so that a restart does not blind the
 * page: the engine itself only knows what came since its thread began. The only writer of the setting
 * `rules-could-fire`.
 */
export class RuleWatch {
  readonly #parts: RuleWatchParts;
  #timer: NodeJS.Timeout | null = null;
  #noting: Promise<Kept> | null = null;

  constructor(parts: RuleWatchParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#note().catch((error: unknown) => {
        // The thread is down; that is told of elsewhere.
        if (!(error instanceof Refusal)) this.#parts.onBug(error);
      });
    }, NOTE_EVERY_MS).unref();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    // Whoever began it hears how it ended.
    await this.#noting?.catch(() => undefined);
  }

  /** @throws Refusal `service/failing` while judging is down */
  async list(): Promise<{ readonly since: number; readonly rules: readonly WatchedRule[] }> {
    const { judging, findings, ruleFolders, now } = this.#parts;
    const { since, days } = await this.#note();
    const counts = await findings.countByRule(now() - WATCHED_DAYS * DAY_MS);
    const keyOf = keys();
    const rules = judging.rules.map(({ path: place, state, ...rule }): WatchedRule => {
      const folder = ruleFolders.find((each) => isWithin(each, place));
      const counted = rule.id === null ? undefined : counts.get(rule.id);
      const isSeen = rule.id !== null && (Object.hasOwn(days, rule.id) || counted !== undefined);
      return {
        ...rule,
        key: keyOf(rule.id, [place, rule.title, rule.detail]),
        state: state === 'runs' && !isSeen ? 'blind' : state,
        isOwn: folder !== undefined && folder === ruleFolders[0],
        file: folder === undefined ? path.basename(place) : path.relative(folder, place) || path.basename(place),
        fired: counted?.count ?? 0,
        lastAt: counted?.lastAt ?? null,
        made: null,
      };
    });
    const local = (await this.#parts.localRules()).map((rule) => watchedLocal(rule, counts.get(rule.id)));
    return { since: Math.max(since, now() - WATCHED_DAYS * DAY_MS), rules: [...rules, ...local] };
  }

  /** `null`: there is none. @throws Refusal `service/failing` while judging is down */
  async find(key: string): Promise<WatchedRule | null> {
    return (await this.list()).rules.find((rule) => rule.key === key) ?? null;
  }

  /** False if nothing that came in 30 days could have fired any rule; `null`: not known, judging is down. */
  async seesAnything(): Promise<boolean | null> {
    // Asked with every look at Today: judging is not asked where the answer is known.
    const today = Math.floor(this.#parts.now() / DAY_MS);
    const known = await this.#kept();
    if (known !== null && Object.values(known.days).some((day) => day > today - WATCHED_DAYS)) return true;
    try {
      return Object.keys((await this.#note()).days).length > 0;
    } catch (error) {
      if (error instanceof Refusal) return null;
      throw error;
    }
  }

  /** Two at once would write over each other. */
  #note(): Promise<Kept> {
    this.#noting ??= this.#noteNow().finally(() => {
      this.#noting = null;
    });
    return this.#noting;
  }

  /** `null`: nothing was noted yet. */
  async #kept(): Promise<Kept | null> {
    const row = await this.#parts.state.db
      .selectFrom('settings')
      .select('value')
      .where('name', '=', KEPT)
      .executeTakeFirst();
    // Written below.
    return row === undefined ? null : (JSON.parse(row.value) as Kept);
  }

  async #noteNow(): Promise<Kept> {
    const { state, judging, now } = this.#parts;
    const seen = await judging.couldFire();
    const kept = await this.#kept();
    const before = kept ?? { since: now(), days: {} };
    const today = Math.floor(now() / DAY_MS);
    const days = Object.fromEntries(
      [...Object.entries(before.days), ...[...seen].map((id) => [id, today] as const)].filter(
        ([, day]) => day > today - WATCHED_DAYS,
      ),
    );
    const value = JSON.stringify({ since: before.since, days });
    if (kept === null || JSON.stringify(kept) !== value)
      await state.db
        .insertInto('settings')
        .values({ name: KEPT, value, changed_at: now(), changed_by: null })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value, changed_at: now() }))
        .execute();
    return { since: before.since, days };
  }
}

/** One that was made here looks at whatever comes: it is blind to nothing. */
function watchedLocal(
  { id, title, level, plain, where, createdBy, createdAt, query }: KeptLocalRule,
  counted: { readonly count: number; readonly lastAt: number | null } | undefined,
): WatchedRule {
  return {
    key: id,
    id,
    title,
    level,
    author: createdBy,
    state: where === null ? 'cannot-run' : 'runs',
    reason: where === null ? 'bad-query' : null,
    detail: where === null ? 'its search can no longer be read: make it anew' : null,
    needs: null,
    plain: inGeneral(plain),
    isSilent: false,
    isOwn: false,
    file: '',
    fired: counted?.count ?? 0,
    lastAt: counted?.lastAt ?? null,
    made: { query, createdAt, createdBy },
  };
}

/** Gives each rule of a list a name of its own. */
function keys(): (id: string | null, about: readonly (string | null)[]) => string {
  const taken = new Set<string>();
  return (id, about) => {
    const key = id === null || taken.has(id) ? hash('sha256', JSON.stringify([id, ...about])).slice(0, 24) : id;
    taken.add(key);
    return key;
  };
}

function isWithin(folder: string, file: string): boolean {
  const way = path.relative(folder, file);
  return !way.startsWith('..') && !path.isAbsolute(way);
}
