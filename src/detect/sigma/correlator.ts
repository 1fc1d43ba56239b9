import type { CorrelationInput, CorrelationMatch, CorrelationPart } from './correlation-part.ts';
import { OrderedPart } from './ordered-part.ts';
import { type CorrelationRule, referenceKey } from './rule.ts';
import { WindowPart } from './window-part.ts';

const MAX_CHAIN = 10;

/**
 * Joins what rules found, over windows of event time that slide with each event. Give it inputs in the order of their
 * times, nearly: one that is late is sorted in, unless it is older than the window. An event that fires several of a
 * correlation's rules counts once; events of the same moment are in any order, because their clock does not tell.
 *
 * A condition that more events can only make truer (`gte: 10`, all of these rules) is answered at once, and its group
 * then starts afresh. One that more events could undo (`lt`, `eq`, a range, `not`) is answered when the window that
 * began with the group's first event is over: see `advance` and `end`.
 */
export class Correlator<Reference> {
  readonly #parts: CorrelationPart<Reference>[];
  readonly #byRule = new Map<string, { part: CorrelationPart<Reference>; index: number }[]>();
  readonly #onMatch: (match: CorrelationMatch<Reference>) => void;

  constructor(rules: readonly CorrelationRule[], onMatch: (match: CorrelationMatch<Reference>) => void) {
    this.#onMatch = onMatch;
    this.#parts = rules.map((rule) =>
      rule.type === 'temporal_ordered' ? new OrderedPart(rule) : new WindowPart(rule),
    );
    for (const part of this.#parts) {
      part.rule.rules.forEach((name, index) => {
        const key = referenceKey(name);
        const users = this.#byRule.get(key) ?? [];
        // A rule that is named twice (“this, then this again”) is told of an event once.
        if (users.some((user) => user.part === part)) return;
        users.push({ part, index });
        this.#byRule.set(key, users);
      });
    }
  }

  /** Groups forgotten because there were too many. */
  get forgotten(): number {
    return this.#parts.reduce((sum, part) => sum + part.forgotten, 0);
  }

  /** The fields that correlations want of a rule's events; `null` if none watches it. */
  fieldsNeeded(ruleId: string, ruleName: string | null): readonly string[] | null {
    const users = this.#usersOf(ruleId, ruleName);
    if (users.length === 0) return null;
    return [...new Set(users.flatMap(({ part, index }) => part.fieldsOf(index)))];
  }

  push(input: CorrelationInput<Reference>): void {
    this.#push(input, 0);
  }

  /** Answers the windows that are over at this event time. */
  advance(time: number): void {
    for (const part of this.#parts) part.close(time, (match) => this.#report(part, match, 0));
  }

  /** No more events: answers every window that is still open. */
  end(): void {
    this.advance(Number.POSITIVE_INFINITY);
  }

  #push(input: CorrelationInput<Reference>, depth: number): void {
    for (const { part, index } of this.#usersOf(input.ruleId, input.ruleName)) {
      const match = part.push(input, index);
      if (match !== null) this.#report(part, match, depth);
    }
  }

  /** A correlation's match is an event to the correlations that name it. */
  #report(part: CorrelationPart<Reference>, match: CorrelationMatch<Reference>, depth: number): void {
    this.#onMatch(match);
    const reference = match.evidence.at(-1);
    if (depth >= MAX_CHAIN || reference === undefined) return;
    const { id: ruleId, name: ruleName } = part.rule;
    this.#push({ ruleId, ruleName, at: match.at, event: match, fields: match.groupBy, reference }, depth + 1);
  }

  #usersOf(ruleId: string, ruleName: string | null): readonly { part: CorrelationPart<Reference>; index: number }[] {
    const byId = this.#byRule.get(referenceKey(ruleId)) ?? NOBODY;
    const byName =
      ruleName === null || ruleName === ruleId ? NOBODY : (this.#byRule.get(referenceKey(ruleName)) ?? NOBODY);
    return byName.length === 0 ? byId : byId.length === 0 ? byName : [...byId, ...byName];
  }
}

const NOBODY: never[] = [];
