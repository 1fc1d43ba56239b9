import { hash } from 'node:crypto';
import type { Fields, LogEvent } from '../core/event.ts';
import { FieldsView } from '../core/fields-view.ts';
import { findingId } from '../core/finding.ts';
import { rounded } from '../core/rarity.ts';
import { Behaviour, type SavedBehaviour } from '../detect/behaviour/behaviour.ts';
import type { Canaries } from '../detect/canaries.ts';
import type { Indicators } from '../detect/indicators.ts';
import { entitiesOf, recordIdOf } from '../detect/entities.ts';
import { Correlator, type LoadedRules, SigmaEngine } from '../detect/sigma/index.ts';
import { correlationFinding, type PlacedHit, ruleFinding } from '../findings/make.ts';
import { canaryFinding, indicatorFinding } from '../findings/listed.ts';
import { silentRules } from '../findings/silent-rules.ts';
import { loadBehaviourWords, unusualFinding } from '../findings/unusual.ts';
import { loadTechniqueWords } from '../findings/words.ts';
import { sourceOf } from '../intake/formats/shape.ts';
import type { StoredEvent } from '../store/archive/stored-event.ts';
import type { Filed } from './findings-store.ts';

/** A hit with the source it came from. */
interface LiveHit extends PlacedHit {
  readonly sourceId: string;
  /** Of the event's source, time and content: the same if a source sends it again. */
  readonly contentId: string;
}

/** What the site has named. `null`: nothing. */
export interface Lists {
  readonly canaries: Canaries | null;
  readonly indicators: Indicators | null;
}

const NO_LISTS: Lists = { canaries: null, indicators: null };

/** Clocks of sources differ: windows that are over are answered so much later. */
const TOLERANCE_MS = 60_000;

/** Judges stored events by Sigma rules, correlations and behaviour, in the order of the journal. */
export class LiveJudge {
  readonly rules: LoadedRules;
  readonly #engine: SigmaEngine;
  readonly #correlator: Correlator<LiveHit>;
  readonly #needs: ReadonlyMap<string, readonly string[]>;
  readonly #words = loadTechniqueWords();
  readonly #behaviourWords = loadBehaviourWords();
  readonly #behaviour: Behaviour;
  readonly #canaries: Canaries | null;
  readonly #indicators: Indicators | null;
  readonly #silent: ReadonlySet<string>;
  readonly #view = new FieldsView();
  #found: Filed[] = [];
  #latest = Number.NEGATIVE_INFINITY;

  /** @param learned what behaviour learned before; `null`: nothing yet */
  constructor(rules: LoadedRules, learned: SavedBehaviour | null = null, lists: Lists = NO_LISTS) {
    this.rules = rules;
    this.#canaries = lists.canaries;
    this.#indicators = lists.indicators;
    this.#behaviour = learned === null ? new Behaviour() : Behaviour.from(learned);
    this.#engine = new SigmaEngine(rules.rules);
    this.#silent = silentRules(rules);
    this.#correlator = new Correlator<LiveHit>(rules.correlations, (match) => {
      const last = match.evidence.at(-1);
      if (last === undefined || this.#silent.has(match.rule.id)) return;
      const finding = correlationFinding(match, this.#words);
      const group = `${last.contentId}\0${Object.values(match.groupBy).join('\0')}`;
      const id = findingId(match.rule.id, { path: last.sourceId, record: 1 }, group);
      this.#found.push({ finding: { ...finding, id }, sourceId: last.sourceId });
    });
    this.#needs = new Map(
      rules.rules.flatMap((rule) => {
        const fields = this.#correlator.fieldsNeeded(rule.id, rule.name);
        return fields === null ? [] : [[rule.id, fields] as const];
      }),
    );
  }

  /** The longest time that an event can matter to a correlation, milliseconds. */
  get reachMs(): number {
    return this.rules.correlations.reduce((longest, { timespanMs }) => Math.max(longest, timespanMs), 0);
  }

  /** What behaviour has learned, as plain data. */
  saveBehaviour(): SavedBehaviour {
    return this.#behaviour.save();
  }

  /**
   * What the event leads to, by itself and with those before it.
   *
   * @param isLearned true if behaviour has learned from it before: the event is only read again
   * @param fieldsJson its fields as `JSON.stringify` writes them, where that is at hand
   */
  judge(
    event: StoredEvent,
    sourceName: string,
    isLearned = false,
    fieldsJson = JSON.stringify(event.fields),
  ): readonly Filed[] {
    this.#found = [];
    const view = this.#view.show(logEventOf(event, fieldsJson));
    // A clock that is ahead must not carry what is learned into the future.
    const happened = Math.min(event.at ?? event.receivedAt, event.receivedAt + TOLERANCE_MS);
    let contentId: string | null = null;
    this.#engine.judge(view, ({ rule, matched, value }) => {
      contentId ??= contentIdOf(event, fieldsJson);
      const hit: LiveHit = {
        ruleId: rule.id,
        path: `${sourceName}/${event.id}`,
        record: 1,
        eventRecordId: recordIdOf(view),
        at: event.at,
        entities: entitiesOf(view),
        matched: matched(),
        sourceId: event.sourceId,
        contentId,
      };
      if (!this.#silent.has(rule.id)) {
        const id = findingId(rule.id, { path: event.sourceId, record: 1 }, contentId);
        const rarity = isLearned ? null : this.#behaviour.rarityOf(rule.id, hit.entities, happened);
        this.#found.push({
          finding: {
            ...ruleFinding(rule, hit, this.#words),
            id,
            ...(rarity === null ? {} : { rarity: rounded(rarity) }),
          },
          sourceId: event.sourceId,
        });
      }
      const needs = this.#needs.get(rule.id);
      if (needs === undefined) return;
      const fields: Record<string, string> = {};
      for (const name of needs) {
        const text = value(name);
        if (text !== null) fields[name] = text;
      }
      this.#correlator.push({
        ruleId: rule.id,
        ruleName: rule.name,
        at: event.at ?? event.receivedAt,
        fields,
        reference: hit,
      });
    });
    const touch = this.#canaries?.touchedBy(view) ?? null;
    const indicator = this.#indicators?.foundIn(view) ?? null;
    if (touch !== null || indicator !== null) {
      contentId ??= contentIdOf(event, fieldsJson);
      const place = { path: `${sourceName}/${event.id}`, record: 1 };
      const where = { contentId, place, at: event.at, entities: entitiesOf(view) };
      if (touch !== null) this.#found.push({ finding: canaryFinding(touch, where), sourceId: event.sourceId });
      if (indicator !== null)
        this.#found.push({ finding: indicatorFinding(indicator, where), sourceId: event.sourceId });
    }
    if (!isLearned)
      for (const unusual of this.#behaviour.see(view, happened)) {
        const place = { path: `${sourceName}/${event.id}`, record: 1 };
        const finding = unusualFinding(unusual, place, happened, this.#behaviourWords, this.#words);
        this.#found.push({ finding, sourceId: event.sourceId });
      }
    const time = event.at ?? event.receivedAt;
    if (time > this.#latest && time <= event.receivedAt + TOLERANCE_MS) {
      this.#latest = time;
      this.#correlator.advance(time - TOLERANCE_MS);
    }
    return this.#found;
  }

  /** Answers the windows that are over by the clock, when no event comes to say so. */
  pass(now: number): readonly Filed[] {
    this.#found = [];
    this.#correlator.advance(now - TOLERANCE_MS);
    return this.#found;
  }
}

function contentIdOf({ sourceId, at, text }: StoredEvent, fieldsJson: string): string {
  return hash('sha256', `${sourceId}\0${at ?? ''}\0${text ?? fieldsJson}`, 'hex').slice(0, 32);
}

function logEventOf({ at, product, category, service, fields, text }: StoredEvent, fieldsJson: string): LogEvent {
  return {
    record: 1,
    at,
    atText: null,
    zoneAssumed: false,
    // One object for like events: the engine finds its rules by it.
    logSource: sourceOf(product, category, service),
    // Parsed from what the service itself has written.
    fields: fields as Fields,
    text,
    json: text === null ? fieldsJson : null,
  };
}
