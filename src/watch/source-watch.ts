import { type BehaviourFinding, findingId, isoTime } from '../core/finding.ts';
import { fillIn } from '../findings/words.ts';
import { loadSourceWords, type SourceWords } from '../findings/source-words.ts';
import type { State } from '../store/state.ts';
import type { StoredEvent } from '../store/archive/stored-event.ts';
import type { Filed } from './findings-store.ts';
import { endSlot, hear, hourOfWeekIn, isSilent, newRhythm, SLOT_MS, type SourceRhythm } from './source-rhythm.ts';

/** What can be wrong with a source. */
export type SourceTrouble = keyof SourceWords;

/** All that is known of one source, or of one host that care depends on. Plain data. */
interface Watched {
  readonly rhythm: SourceRhythm;
  /** Milliseconds that its events are behind our clock, as learned; `null`: not yet. */
  lagMs: number | null;
  lagSlots: number;
  /** Slots in a row whose lag was not the usual. */
  oddLagSlots: number;
  /** The share of what it sends that could not be read, as learned. */
  unreadable: number;
  /** What it sends, by kind: on how many days, and on which last (days since 1970, local). */
  readonly kinds: Record<string, { days: number; last: number }>;
  days: number;
  day: number;
}

/** What a source is watched by. */
export type HeardEvent = Pick<StoredEvent, 'at' | 'host' | 'product' | 'category' | 'service' | 'channel' | 'eventId'>;

/** One slot of one source, being counted. */
interface Slot {
  events: number;
  aside: number;
  leastLagMs: number;
  mostLagMs: number;
  readonly kinds: Set<string>;
}

export interface SourceWatchParts {
  readonly state: State;
  /** By id. */
  readonly names: ReadonlyMap<string, string>;
  /** Sources that were switched off. */
  readonly ended: () => Promise<ReadonlySet<string>>;
  readonly doesCareDepend: (host: string) => boolean;
  readonly timeZone: string;
  readonly now: () => number;
  readonly file: (found: readonly Filed[]) => Promise<void>;
  readonly onBug: (error: unknown) => void;
}

const TICK_MS = 60_000;
const SAVE_MS = 3_600_000;
const MAX_KINDS = 300;
/** Windows' longest channel names have 100 characters. */
const MAX_KIND = 120;
const MAX_HOSTS = 2000;
/** An hour's lag is odd if it differs from the usual by more than this and by more than the usual itself. */
const MIN_LAG_CHANGE_MS = 10 * 60_000;
const MIN_LAG_SLOTS = 12;
const ODD_LAG_SLOTS = 3;
const MIN_UNREADABLE = 20;
/** A kind that came on so many of the days watched, and has not for two whole days while its source was heard. */
const MIN_KIND_DAYS = 5;
const MISSING_DAYS = 2;
const DAY_MS = 24 * 3_600_000;

/**
 * Watches over the sources themselves: silence, a clock that is wrong, a form that can no longer be read, a kind of event
 * that no longer comes. A quiet source looks like a quiet day, so each is told.
 */
export class SourceWatch {
  readonly #parts: SourceWatchParts;
  readonly #words = loadSourceWords();
  readonly #hourOfWeek: (at: number) => number;
  readonly #watched = new Map<string, Watched>();
  readonly #slots = new Map<string, Slot>();
  readonly #startedAt: number;
  #slot: number;
  /** Found, and not filed yet. */
  #found: Filed[] = [];
  #timer: NodeJS.Timeout | null = null;
  #savedAt = 0;
  #ticking: Promise<void> = Promise.resolve();

  constructor(parts: SourceWatchParts) {
    this.#parts = parts;
    this.#hourOfWeek = hourOfWeekIn(parts.timeZone);
    this.#startedAt = parts.now();
    this.#slot = Math.floor(this.#startedAt / SLOT_MS);
  }

  async start(): Promise<void> {
    // Written by `#save`.
    for (const { subject, body } of await this.#parts.state.db.selectFrom('source_rhythms').selectAll().execute())
      this.#watched.set(subject, JSON.parse(body) as Watched);
    this.#timer = setInterval(() => this.#tickSoon(), TICK_MS).unref();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#ticking;
    await this.#save();
  }

  /** Something came from a source. Called for all that comes: it must be cheap. */
  heard(sourceId: string, events: readonly HeardEvent[], aside: number, receivedAt: number): void {
    this.#endSlots(receivedAt);
    const slot = this.#slotOf(sourceId);
    hear(this.#of(sourceId).rhythm, receivedAt);
    slot.events += events.length;
    slot.aside += aside;
    for (const { at, host, product, category, service, channel, eventId } of events) {
      if (at !== null) {
        const lag = receivedAt - at;
        if (lag < slot.leastLagMs) slot.leastLagMs = lag;
        if (lag > slot.mostLagMs) slot.mostLagMs = lag;
      }
      if (slot.kinds.size < MAX_KINDS)
        slot.kinds.add(
          channel === null
            ? [product, category, service]
                .filter((word) => word !== null)
                .join(' ')
                .slice(0, MAX_KIND)
            : `${channel.slice(0, MAX_KIND)}${eventId === null ? '' : ` ${eventId}`}`,
        );
      if (host === null) continue;
      const name = host.toLowerCase();
      if (!this.#parts.doesCareDepend(name)) continue;
      const key = `host:${name}`;
      if (!this.#watched.has(key) && this.#watched.size >= MAX_HOSTS) continue;
      hear(this.#of(key).rhythm, receivedAt);
      this.#slotOf(key).events++;
    }
  }

  /** Since when each silent source has been silent, by id. */
  get silentSince(): ReadonlyMap<string, number> {
    const silent = new Map<string, number>();
    for (const [subject, { rhythm }] of this.#watched)
      if (rhythm.toldAt !== null && rhythm.lastHeardAt !== null) silent.set(subject, rhythm.lastHeardAt);
    return silent;
  }

  #tickSoon(): void {
    this.#ticking = this.#ticking.then(() => this.tick()).catch((error: unknown) => this.#parts.onBug(error));
  }

  /** Looks at what the last slots held. */
  async tick(): Promise<void> {
    const now = this.#parts.now();
    await this.#forgetEnded();
    this.#endSlots(now);
    for (const [subject, watched] of this.#watched) {
      const { rhythm } = watched;
      if (rhythm.toldAt !== null || rhythm.lastHeardAt === null || this.#isGone(subject)) continue;
      const from = Math.max(rhythm.lastHeardAt, this.#startedAt);
      if (!isSilent(rhythm, from, now, this.#hourOfWeek)) continue;
      rhythm.toldAt = now;
      this.#found.push(
        this.#finding('source-silent', subject, rhythm.lastHeardAt, now, { since: isoTime(rhythm.lastHeardAt) ?? '' }),
      );
    }
    const found = this.#found;
    this.#found = [];
    if (found.length > 0) await this.#parts.file(found);
    if (found.length > 0 || now - this.#savedAt >= SAVE_MS) await this.#save();
  }

  /** What was switched off is silent by intent. */
  async #forgetEnded(): Promise<void> {
    for (const id of await this.#parts.ended()) {
      if (!this.#watched.delete(id)) continue;
      this.#slots.delete(id);
      await this.#parts.state.db.deleteFrom('source_rhythms').where('subject', '=', id).execute();
    }
  }

  /** What is over is learned from. */
  #endSlots(now: number): void {
    const slot = Math.floor(now / SLOT_MS);
    if (slot === this.#slot) return;
    // A clock that was set, or a machine that slept: what lies between was not watched.
    if (slot === this.#slot + 1)
      for (const [subject, watched] of this.#watched)
        this.#found.push(...this.#endSlot(subject, watched, this.#slot * SLOT_MS));
    this.#slots.clear();
    this.#slot = slot;
  }

  /** A source that was removed is silent by intent. */
  #isGone(subject: string): boolean {
    return !subject.startsWith('host:') && !this.#parts.names.has(subject);
  }

  #endSlot(subject: string, watched: Watched, at: number): Filed[] {
    const slot = this.#slots.get(subject);
    endSlot(watched.rhythm, this.#hourOfWeek(at), slot !== undefined);
    if (slot === undefined || subject.startsWith('host:')) return [];
    const found: Filed[] = [];
    if (this.#isClockOdd(watched, slot)) {
      const minutes = Math.round(Math.abs(lagOf(slot)) / 60_000);
      const direction = lagOf(slot) < 0 ? 'ahead of' : 'behind';
      found.push(this.#finding('source-clock', subject, dayOf(at), at, { minutes: String(minutes), direction }));
    }
    const all = slot.events + slot.aside;
    const share = slot.aside / all;
    if (slot.aside >= MIN_UNREADABLE && share > 0.5 && watched.unreadable < 0.1)
      found.push(
        this.#finding('source-unreadable', subject, dayOf(at), at, { count: String(slot.aside), of: String(all) }),
      );
    else if (all > 0) watched.unreadable += (share - watched.unreadable) * 0.05;
    found.push(...this.#missingKinds(subject, watched, slot, at));
    return found;
  }

  #isClockOdd(watched: Watched, slot: Slot): boolean {
    if (slot.leastLagMs === Number.POSITIVE_INFINITY) return false;
    const lag = lagOf(slot);
    if (watched.lagMs === null) watched.lagMs = lag;
    const isOdd =
      watched.lagSlots >= MIN_LAG_SLOTS &&
      Math.abs(lag - watched.lagMs) > Math.max(MIN_LAG_CHANGE_MS, Math.abs(watched.lagMs));
    watched.oddLagSlots = isOdd ? watched.oddLagSlots + 1 : 0;
    if (!isOdd) {
      watched.lagMs += (lag - watched.lagMs) * 0.1;
      watched.lagSlots++;
    }
    return watched.oddLagSlots === ODD_LAG_SLOTS;
  }

  #missingKinds(subject: string, watched: Watched, slot: Slot, at: number): Filed[] {
    const day = dayOf(at);
    for (const kind of slot.kinds) {
      const known = watched.kinds[kind];
      if (known === undefined) {
        if (Object.keys(watched.kinds).length < MAX_KINDS) watched.kinds[kind] = { days: 1, last: day };
      } else if (known.last < day) {
        known.days++;
        known.last = day;
      }
    }
    if (day === watched.day) return [];
    watched.day = day;
    watched.days++;
    const missing = Object.entries(watched.kinds).filter(
      ([, { days, last }]) => days >= MIN_KIND_DAYS && days >= watched.days * 0.7 && day - last === MISSING_DAYS + 1,
    );
    if (missing.length === 0) return [];
    const named = missing
      .slice(0, 5)
      .map(([kind]) => kind)
      .join(', ');
    const more = missing.length > 5 ? ` and ${missing.length - 5} more` : '';
    return [this.#finding('source-lacks', subject, day, at, { kinds: `${named}${more}` })];
  }

  #finding(trouble: SourceTrouble, subject: string, group: number, at: number, facts: Record<string, string>): Filed {
    const isHost = subject.startsWith('host:');
    const name = isHost ? subject.slice(5) : (this.#parts.names.get(subject) ?? subject);
    const words = this.#words[trouble];
    const ruleId = `behaviour/${trouble}`;
    const place = { path: name, record: 1 };
    const entities = { host: name };
    const all = { ...facts, source: isHost ? `the machine ${name}` : `the source “${name}”` };
    const finding: BehaviourFinding = {
      schema: 'wardwatch.finding/1',
      id: findingId(ruleId, { path: subject, record: 1 }, String(group)),
      kind: 'behaviour',
      ruleId,
      title: words.title,
      level: 'medium',
      techniques: [],
      at: isoTime(at),
      source: place,
      entities,
      matched: {},
      plain: fillIn(words.plain, entities, all),
      innocent: fillIn(words.innocent, entities, all),
      next: words.next.map((step) => fillIn(step, entities, all)),
      evidence: [{ ...place, at: isoTime(at), ruleId }],
      author: 'Wardwatch',
      observation: { parameter: 'defences', points: words.points },
      // By its making, such a silence comes by chance once in 1,000; how often it comes is not learned.
      rarity: { surprise: 3, perDay: 0.2 },
      facts: all,
    };
    return { finding, sourceId: isHost ? null : subject };
  }

  #of(subject: string): Watched {
    let watched = this.#watched.get(subject);
    if (watched === undefined) {
      watched = {
        rhythm: newRhythm(),
        lagMs: null,
        lagSlots: 0,
        oddLagSlots: 0,
        unreadable: 0,
        kinds: {},
        days: 0,
        day: 0,
      };
      this.#watched.set(subject, watched);
    }
    return watched;
  }

  #slotOf(subject: string): Slot {
    let slot = this.#slots.get(subject);
    if (slot === undefined) {
      slot = {
        events: 0,
        aside: 0,
        leastLagMs: Number.POSITIVE_INFINITY,
        mostLagMs: Number.NEGATIVE_INFINITY,
        kinds: new Set(),
      };
      this.#slots.set(subject, slot);
    }
    return slot;
  }

  async #save(): Promise<void> {
    this.#savedAt = this.#parts.now();
    await this.#parts.state.transaction(async (within) => {
      for (const [subject, watched] of this.#watched) {
        const body = JSON.stringify(watched);
        await within
          .insertInto('source_rhythms')
          .values({ subject, body })
          .onConflict((conflict) => conflict.column('subject').doUpdateSet({ body }))
          .execute();
      }
    });
  }
}

/** Behind by the freshest event, ahead by the oldest: a batch of old events is no wrong clock. */
function lagOf({ leastLagMs, mostLagMs }: Slot): number {
  return mostLagMs < 0 ? mostLagMs : leastLagMs;
}

function dayOf(at: number): number {
  return Math.floor(at / DAY_MS);
}
