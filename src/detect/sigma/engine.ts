import { hash } from 'node:crypto';
import type { EventView, LogSource } from '../../core/event.ts';
import { covers, mapLogSource, type MappedSource, type Way } from './log-source.ts';
import { type OnHit, RouteMatcher, type RouteRule } from './matcher.ts';
import { conditionOnRoute, join, type RouteCondition, type RouteKey } from './route.ts';
import type { EventRule } from './rule.ts';

export interface Hit {
  readonly rule: EventRule;
  /** The values that made it fire, by the rule's field names. Call it before the next event is judged. */
  readonly matched: () => Record<string, string>;
  /** Any field of the event by the rule's name for it, as text; `null` if it has none. As `matched`, now or never. */
  readonly value: (field: string) => string | null;
  /** `channel/id` of events that say the same better; `null` if these are they. See `Way.standsInFor`. */
  readonly standsInFor: string | null;
}

/** A matcher for the events of one channel and event id, or of one declared log source; `null`: no rule is for them. */
interface Route {
  readonly matcher: RouteMatcher | null;
  events: number;
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
  #byChannel = new Map<string, Map<number, Route>>();
  #bySource = new Map<string, Route>();
  #bySourceObject = new WeakMap<LogSource, Route>();
  #seen = new Map<string, Route>();
  /** Rules that events of forgotten routes could have fired. */
  readonly #couldFire = new Set<number>();
  #matchers = new Map<string, RouteMatcher>();
  #routes = 0;
  #onHit: (hit: Hit) => void = () => undefined;

  constructor(rules: readonly EventRule[]) {
    this.rules = rules;
    this.#sources = rules.map((rule) => mapLogSource(rule.logSource));
  }

  /** Calls `onHit` for each rule that fires on the event, each once. */
  judge(event: EventView, onHit: (hit: Hit) => void): void {
    const route = event.channel === '' ? this.#declaredRoute(event) : this.#channelRoute(event);
    route.events++;
    if (route.matcher === null) return;
    this.#onHit = onHit;
    route.matcher.judge(event, this.#report);
  }

  readonly #report: OnHit = (ruleIndex, matched, value, standsInFor) => {
    const rule = this.rules[ruleIndex];
    if (rule !== undefined) this.#onHit({ rule, matched, value, standsInFor });
  };

  /** The rules that something which arrived could have fired, and how many events arrived by each route (of the last 20,000). */
  coverage(): { couldFire: number[]; arrived: Record<string, number> } {
    const couldFire = new Set(this.#couldFire);
    const arrived: Record<string, number> = Object.create(null) as Record<string, number>;
    for (const [route, { matcher, events }] of this.#seen) {
      arrived[route] = (arrived[route] ?? 0) + events;
      for (const index of matcher?.ruleIndices() ?? []) couldFire.add(index);
    }
    return { couldFire: [...couldFire].sort((a, b) => a - b), arrived };
  }

  #channelRoute(event: EventView): Route {
    let ids = this.#byChannel.get(event.channel);
    if (ids === undefined) {
      ids = new Map();
      this.#byChannel.set(event.channel, ids);
    }
    let route = ids.get(event.eventId);
    if (route === undefined) {
      route = this.#build(event, `${event.channel}/${event.eventId}`);
      ids.set(event.eventId, route);
    }
    return route;
  }

  #declaredRoute(event: EventView): Route {
    const known = this.#bySourceObject.get(event.logSource);
    if (known !== undefined) return known;
    const { product = '', category = '', service = '' } = event.logSource;
    const key = `${product}/${category}/${service}`;
    let route = this.#bySource.get(key);
    if (route === undefined) {
      route = this.#build({ channel: '', eventId: -1, logSource: event.logSource }, key);
      this.#bySource.set(key, route);
    }
    this.#bySourceObject.set(event.logSource, route);
    return route;
  }

  #build(key: RouteKey, name: string): Route {
    if (++this.#routes > MAX_ROUTES) {
      for (const matcher of this.#matchers.values())
        for (const index of matcher.ruleIndices()) this.#couldFire.add(index);
      this.#byChannel = new Map();
      this.#bySource = new Map();
      this.#bySourceObject = new WeakMap();
      this.#seen = new Map();
      this.#matchers = new Map();
      this.#routes = 0;
    }
    const onRoute: RouteRule[] = [];
    this.rules.forEach((rule, index) => {
      const condition = this.#conditionFor(rule, index, key);
      if (condition === null) return;
      const [way] = this.#waysOn(index, key);
      const { fields = {}, split = null, standsInFor = null } = way ?? {};
      onRoute.push({ index, condition, fields, split, standsInFor });
    });
    const route: Route = { matcher: this.#matcherFor(onRoute), events: 0 };
    this.#seen.set(name, route);
    return route;
  }

  /** Most event ids of a channel are left with the same rules, and share what was built for them. */
  #matcherFor(onRoute: readonly RouteRule[]): RouteMatcher | null {
    if (onRoute.length === 0) return null;
    const described = JSON.stringify(onRoute, (_, value: unknown) =>
      typeof value === 'function' ? value.name : value,
    );
    const key = hash('sha256', described, 'base64');
    let matcher = this.#matchers.get(key);
    if (matcher === undefined) {
      matcher = new RouteMatcher(onRoute);
      this.#matchers.set(key, matcher);
    }
    return matcher;
  }

  /** By which of the rule's ways events of this route arrive, and so how they carry its fields. */
  #waysOn(index: number, key: RouteKey): readonly Way[] {
    if (key.channel === '') return [];
    return (this.#sources[index]?.ways ?? []).filter(
      (way) =>
        (way.channels === null || way.channels.includes(key.channel)) &&
        (way.eventIds === null || way.eventIds.includes(key.eventId)),
    );
  }

  #conditionFor(rule: EventRule, index: number, key: RouteKey): RouteCondition | null {
    if (key.channel === '') return covers(rule.logSource, key.logSource) ? conditionOnRoute(rule, null, key) : null;
    const conditions: RouteCondition[] = [];
    for (const way of this.#waysOn(index, key)) {
      const condition = conditionOnRoute(rule, way, key);
      if (condition !== null) conditions.push(condition);
    }
    return conditions.length === 0 ? null : join('or', conditions);
  }
}
