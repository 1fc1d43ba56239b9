import { hash } from 'node:crypto';
import type { Fields, LogEvent, UtcMs } from '../core/event.ts';
import { FieldsView } from '../core/fields-view.ts';
import { type Entities, findingId } from '../core/finding.ts';
import type { Level } from '../core/level.ts';
import { type Rarity, rounded, strengthOf } from '../core/rarity.ts';
import { Behaviour, type SavedBehaviour, type Unusual } from '../detect/behaviour/behaviour.ts';
import { firstPrecursor, type Precursor, precursorOf } from '../detect/behaviour/precursors.ts';
import type { Canaries } from '../detect/canaries.ts';
import type { Indicators } from '../detect/indicators.ts';
import { recordIdOf, subjectsOf } from '../detect/entities.ts';
import { type DeclaredDomains, KnownNames, type SavedNames } from '../detect/known-names.ts';
import { Correlator, type EventRule, type LoadedRules, SigmaEngine } from '../detect/sigma/index.ts';
import { correlationFinding, type PlacedHit, ruleFinding } from '../findings/make.ts';
import { canaryFinding, indicatorFinding } from '../findings/listed.ts';
import { couldFire } from '../findings/rule-states.ts';
import { silentRules } from '../findings/silent-rules.ts';
import { loadBehaviourWords, unusualFinding } from '../findings/unusual.ts';
import { fieldsToTell, loadTechniqueWords, techniquesOf, toldOf } from '../findings/words.ts';
import { sourceOf } from '../intake/formats/shape.ts';
import { lookAt, matchedBy, type Matcher, matcherOf, valueOf } from '../store/archive/predicate-match.ts';
import type { StoredEvent } from '../store/archive/stored-event.ts';
import type { Filed } from './findings-store.ts';
import type { LiveLocalRule } from './local-rules.ts';

/** A hit with the source it came from. */
interface LiveHit extends PlacedHit {
  /** As its event names them: what is usual is learned by these, for they stay the same while names become known. */
  readonly named: Entities;
  readonly sourceId: string;
  /** Of the event's source, time and content: the same if a source sends it again. */
  readonly contentId: string;
}

/** What judging learns of a site: what is usual there, and which names stand for the same thing. */
export interface LearnedParts {
  readonly behaviour: SavedBehaviour;
  readonly names?: SavedNames;
}

/** What an event, or what it completed, is among the steps before ransomware. */
interface Step {
  readonly kind: Precursor;
  /** How unusual that is there. */
  readonly surprise: number;
  readonly entities: Entities;
}

/** A rule that was made here, as it looks at events. */
interface LocalLook extends LiveLocalRule {
  readonly isWanted: Matcher;
  /** Fields that its sentences name. */
  readonly told: readonly string[] | undefined;
}

/** What the site has named. `null`: nothing. */
export interface Lists {
  readonly canaries: Canaries | null;
  readonly indicators: Indicators | null;
  readonly domains: DeclaredDomains;
}

const NO_LISTS: Lists = { canaries: null, indicators: null, domains: {} };

/** Clocks of sources differ: windows that are over are answered so much later. */
const TOLERANCE_MS = 60_000;
/** A year of logs may be read in at once. What is older comes from a clock that stands at the beginning of its time. */
const OLDEST_MS = 400 * 86_400_000;

/** Judges stored events by Sigma rules, correlations and behaviour, in the order of the journal. */
export class LiveJudge {
  readonly rules: LoadedRules;
  readonly #engine: SigmaEngine;
  readonly #correlator: Correlator<LiveHit>;
  readonly #needs: ReadonlyMap<string, readonly string[]>;
  readonly #told: ReadonlyMap<string, readonly string[]>;
  readonly #words = loadTechniqueWords();
  readonly #behaviourWords = loadBehaviourWords();
  readonly #behaviour: Behaviour;
  readonly #names: KnownNames;
  readonly #canaries: Canaries | null;
  readonly #indicators: Indicators | null;
  readonly #silent: ReadonlySet<string>;
  /** Rules, by id, that see a step before ransomware. */
  readonly #precursors: ReadonlyMap<string, Precursor>;
  readonly #view = new FieldsView();
  #local: readonly LocalLook[] = [];
  #found: Filed[] = [];
  /** Of the event itself, and of the correlation that it completed. */
  #step: Step | null = null;
  #completed: Step | null = null;
  /** Of the event that is judged; `null`: behaviour learns nothing from it. */
  #learning: UtcMs | null = null;
  #latest = Number.NEGATIVE_INFINITY;

  /** @param learned what was learned before; `null`: nothing yet */
  constructor(rules: LoadedRules, learned: LearnedParts | null = null, lists: Lists = NO_LISTS) {
    this.rules = rules;
    this.#canaries = lists.canaries;
    this.#indicators = lists.indicators;
    this.#behaviour = learned === null ? new Behaviour() : Behaviour.from(learned.behaviour);
    this.#names = new KnownNames(learned?.names, lists.domains);
    this.#engine = new SigmaEngine(rules.rules);
    this.#silent = silentRules(rules);
    this.#precursors = new Map(
      [...rules.rules, ...rules.correlations].flatMap(({ id, tags }) => {
        const kind = this.#silent.has(id) ? null : precursorOf(techniquesOf(tags));
        return kind === null ? [] : [[id, kind] as const];
      }),
    );
    this.#correlator = new Correlator<LiveHit>(rules.correlations, (match) => {
      const last = match.evidence.at(-1);
      if (last === undefined || this.#silent.has(match.rule.id)) return;
      const finding = correlationFinding(match, this.#words);
      const group = `${last.contentId}\0${Object.values(match.groupBy).join('\0')}`;
      const id = findingId(match.rule.id, { path: last.sourceId, record: 1 }, group);
      this.#found.push({ finding: { ...finding, id }, sourceId: last.sourceId });
      if (this.#learning === null || !this.#precursors.has(match.rule.id)) return;
      const rarity = this.#behaviour.rarityOf(match.rule.id, last.named, this.#learning);
      this.#completed = this.#stepped(this.#completed, match.rule, rarity, last.entities);
    });
    this.#needs = new Map(
      rules.rules.flatMap((rule) => {
        const fields = this.#correlator.fieldsNeeded(rule.id, rule.name);
        return fields === null ? [] : [[rule.id, fields] as const];
      }),
    );
    this.#told = fieldsToTell(rules.rules, rules.correlations, (id) => this.#needs.has(id));
  }

  /** Rules that were made here of searches. */
  set localRules(rules: readonly LiveLocalRule[]) {
    const told = fieldsToTell(
      rules.map(({ rule }) => rule),
      [],
      () => false,
    );
    this.#local = rules.map(({ rule, where }) => ({
      rule,
      where,
      isWanted: matcherOf(where),
      told: told.get(rule.id),
    }));
  }

  /** The longest time that an event can matter to a correlation, milliseconds. */
  get reachMs(): number {
    return this.rules.correlations.reduce((longest, { timespanMs }) => Math.max(longest, timespanMs), 0);
  }

  /** Ids of the rules that something which came since this was made could have fired. */
  get couldFire(): ReadonlySet<string> {
    return couldFire(this.rules, this.#engine.coverage().couldFire);
  }

  /** What was learned, as plain data. */
  saveLearned(): LearnedParts {
    return { behaviour: this.#behaviour.save(), names: this.#names.save() };
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
    this.#step = null;
    this.#completed = null;
    const view = this.#view.show(logEventOf(event, fieldsJson));
    // A clock that is ahead must not carry what is learned into the future.
    const said = event.at === null || event.at < event.receivedAt - OLDEST_MS ? event.receivedAt : event.at;
    const happened = Math.min(said, event.receivedAt + TOLERANCE_MS);
    if (!isLearned) this.#behaviour.receivedAt(event.receivedAt);
    this.#names.learn(view, happened);
    this.#learning = isLearned ? null : happened;
    let contentId: string | null = null;
    let named: Entities | null = null;
    const hitOf = (rule: EventRule, matched: LiveHit['matched'], told: LiveHit['told']): LiveHit => {
      contentId ??= contentIdOf(event, fieldsJson);
      named ??= subjectsOf(view);
      return {
        ruleId: rule.id,
        path: `${sourceName}/${event.id}`,
        record: 1,
        eventRecordId: recordIdOf(view),
        at: event.at,
        entities: this.#names.resolve(named, happened),
        named,
        matched,
        told,
        sourceId: event.sourceId,
        contentId,
      };
    };
    this.#engine.judge(view, ({ rule, matched, value }) => {
      const hit = hitOf(rule, matched(), toldOf(this.#told.get(rule.id), value));
      if (!this.#silent.has(rule.id)) {
        const rarity = this.#fire(rule, hit, happened);
        if (!isLearned) this.#step = this.#stepped(this.#step, rule, rarity, hit.entities);
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
        // A time in the future would end all windows of its group: what comes after would be too old for them.
        at: happened,
        event: event.id,
        fields,
        reference: hit,
      });
    });
    if (this.#local.length > 0) {
      const looked = lookAt(event, fieldsJson);
      for (const { rule, where, isWanted, told } of this.#local) {
        if (!isWanted(looked)) continue;
        const hit = hitOf(
          rule,
          matchedBy(where, looked),
          toldOf(told, (name) => valueOf(event, name)),
        );
        this.#fire(rule, hit, happened);
      }
    }
    const touch = this.#canaries?.touchedBy(view) ?? null;
    const indicator = this.#indicators?.foundIn(view) ?? null;
    if (touch !== null || indicator !== null) {
      contentId ??= contentIdOf(event, fieldsJson);
      const place = { path: `${sourceName}/${event.id}`, record: 1 };
      const where = { contentId, place, at: event.at, entities: this.#names.resolve(subjectsOf(view), happened) };
      if (touch !== null) this.#found.push({ finding: canaryFinding(touch, where), sourceId: event.sourceId });
      if (indicator !== null)
        this.#found.push({ finding: indicatorFinding(indicator, where), sourceId: event.sourceId });
    }
    if (!isLearned)
      for (const { entities, ...unusual } of this.#unusual(view, happened)) {
        const place = { path: `${sourceName}/${event.id}`, record: 1 };
        const finding = unusualFinding(
          { ...unusual, entities: this.#names.resolve(entities, happened) },
          place,
          happened,
          this.#behaviourWords,
          this.#words,
        );
        this.#found.push({ finding, sourceId: event.sourceId });
      }
    const time = event.at ?? event.receivedAt;
    if (time > this.#latest && time <= event.receivedAt + TOLERANCE_MS) {
      this.#latest = time;
      this.#correlator.advance(time - TOLERANCE_MS);
    }
    return this.#found;
  }

  /** @returns how rare that is there; `null`: not known, or nothing is learned from the event */
  #fire(rule: EventRule, hit: LiveHit, happened: UtcMs): Rarity | null {
    const id = findingId(rule.id, { path: hit.sourceId, record: 1 }, hit.contentId);
    const rarity = this.#learning === null ? null : this.#behaviour.rarityOf(rule.id, hit.named, happened);
    this.#found.push({
      finding: {
        ...ruleFinding(rule, hit, this.#words),
        id,
        ...(rarity === null ? {} : { rarity: rounded(rarity) }),
      },
      sourceId: hit.sourceId,
    });
    return rarity;
  }

  #unusual(view: FieldsView, happened: UtcMs): Unusual[] {
    const found = this.#behaviour.see(view, happened);
    // What a correlation says of several events, its own events have said already if they are steps themselves.
    const step = this.#step ?? this.#completed;
    if (step === null) return found;
    return [...found, ...this.#behaviour.precursor(step.kind, step.surprise, step.entities, happened)];
  }

  /** One event is one step, however many rules see it: that which only ransomware does goes first. */
  #stepped(
    before: Step | null,
    { id, level }: { readonly id: string; readonly level: Level },
    rarity: Rarity | null,
    entities: Entities,
  ): Step | null {
    const kind = this.#precursors.get(id);
    if (kind === undefined) return before;
    // Until it is known how often the rule fires there, its level says what it is worth.
    const surprise = rarity?.surprise ?? strengthOf({ level });
    if (
      before !== null &&
      (before.kind === kind ? surprise <= before.surprise : firstPrecursor(before.kind, kind) !== kind)
    )
      return before;
    return { kind, surprise, entities };
  }

  /** Answers the windows that are over by the clock, when no event comes to say so. */
  pass(now: number): readonly Filed[] {
    this.#found = [];
    this.#learning = null;
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
