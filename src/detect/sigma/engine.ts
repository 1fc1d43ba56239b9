import type { EventView, LogSource } from '../../core/event.ts';
import { covers, mapLogSource, type MappedSource } from './log-source.ts';
import { type OnHit, RouteMatcher, type RouteRule } from './matcher.ts';
import { conditionOnRoute, join, type RouteCondition, type RouteKey } from './route.ts';
import type { EventRule } from './rule.ts';

export interface Hit {
  readonly rule: EventRule;
  /** The values that made it fire, by the rule's field names. Call it before the next event is judged. */
  readonly matched: () => Record<string, string>;
}

/** Hostile input can name any channel and event id: beyond this many routes the engine starts afresh. */
const MAX_ROUTES = 20_000;

/**
 * Judges events by Sigma rules. Rules are sorted into routes (a channel and event id, or a declared log source) when
 * the first event of a route arrives: see `RouteMatcher` for what happens to an event there.
 */
export class SigmaEngine {
  readonly rules: readonly EventRule[];
  readonly #sources: readonly MappedSource[];
  #byChannel = new Map<string, Map<number, RouteMatcher | null>>();
  #bySource = new Map<string, RouteMatcher | null>();
  #bySourceObject = new WeakMap<LogSource, { readonly matcher: RouteMatcher | null }>();
  #routes = 0;
  #onHit: (hit: Hit) => void = () => undefined;

  constructor(rules: readonly EventRule[]) {
    this.rules = rules;
    this.#sources = rules.map((rule) => mapLogSource(rule.logSource));
  }

  /** Calls `onHit` for each rule that fires on the event, each once. */
  judge(event: EventView, onHit: (hit: Hit) => void): void {
    const matcher = event.channel === '' ? this.#declaredRoute(event) : this.#channelRoute(event);
    if (matcher === null) return;
    this.#onHit = onHit;
    matcher.judge(event, this.#report);
  }

  readonly #report: OnHit = (ruleIndex, matched) => {
    const rule = this.rules[ruleIndex];
    if (rule !== undefined) this.#onHit({ rule, matched });
  };

  #channelRoute(event: EventView): RouteMatcher | null {
    let ids = this.#byChannel.get(event.channel);
    if (ids === undefined) {
      ids = new Map();
      this.#byChannel.set(event.channel, ids);
    }
    let matcher = ids.get(event.eventId);
    if (matcher === undefined) {
      matcher = this.#build(event);
      ids.set(event.eventId, matcher);
    }
    return matcher;
  }

  #declaredRoute(event: EventView): RouteMatcher | null {
    const known = this.#bySourceObject.get(event.logSource);
    if (known !== undefined) return known.matcher;
    const { product = '', category = '', service = '' } = event.logSource;
    const key = `${product}/${category}/${service}`;
    let matcher = this.#bySource.get(key);
    if (matcher === undefined) {
      matcher = this.#build({ channel: '', eventId: -1, logSource: event.logSource });
      this.#bySource.set(key, matcher);
    }
    this.#bySourceObject.set(event.logSource, { matcher });
    return matcher;
  }

  #build(key: RouteKey): RouteMatcher | null {
    if (++this.#routes > MAX_ROUTES) {
      this.#byChannel = new Map();
      this.#bySource = new Map();
      this.#bySourceObject = new WeakMap();
      this.#routes = 0;
    }
    const onRoute: RouteRule[] = [];
    this.rules.forEach((rule, index) => {
      const condition = this.#conditionFor(rule, index, key);
      if (condition !== null) onRoute.push({ index, condition });
    });
    return onRoute.length === 0 ? null : new RouteMatcher(onRoute);
  }

  #conditionFor(rule: EventRule, index: number, key: RouteKey): RouteCondition | null {
    if (key.channel === '') return covers(rule.logSource, key.logSource) ? conditionOnRoute(rule, null, key) : null;
    const conditions: RouteCondition[] = [];
    for (const way of this.#sources[index]?.ways ?? []) {
      if (way.channels !== null && !way.channels.includes(key.channel)) continue;
      if (way.eventIds !== null && !way.eventIds.includes(key.eventId)) continue;
      const condition = conditionOnRoute(rule, way, key);
      if (condition !== null) conditions.push(condition);
    }
    return conditions.length === 0 ? null : join('or', conditions);
  }
}
