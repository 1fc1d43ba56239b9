import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { CARE_EVENT, type CareNote } from '../core/care.ts';
import type { LogEvent } from '../core/event.ts';
import { FieldsView } from '../core/fields-view.ts';
import { Refusal } from '../core/refusal.ts';
import { entitiesOf } from '../detect/entities.ts';
import type { DoorServices, Messages, Source, Unread } from '../intake/doors/door.ts';
import type { Verdict } from '../intake/hl7/acknowledge.ts';
import { careOf, type CareProblem } from '../intake/hl7/care.ts';
import { type Hl7Message, readHl7 } from '../intake/hl7/message.ts';
import type { Pseudonymiser } from '../intake/identifiers/pseudonyms.ts';
import { type Message, MessageReader } from '../intake/message-reader.ts';
import { keptAccessesOf } from '../records/kept-access.ts';
import { PayloadWriter } from '../store/archive/payload.ts';
import type { StoredEvent } from '../store/archive/stored-event.ts';
import type { Journal } from '../store/journal.ts';
import { careFields } from './care-fields.ts';
import type { Counters } from './counters.ts';
import { FairShare } from './fair-share.ts';
import { paceMs } from './pace.ts';
import type { GlassReason } from './record-items.ts';
import type { SetAsides } from './set-aside-store.ts';
import type { HeardEvent } from './source-watch.ts';
import type { Sources } from './sources.ts';

export interface PipelineParts {
  readonly sources: Sources;
  readonly pseudonymiser: Pseudonymiser;
  readonly journal: Journal;
  readonly setAsides: SetAsides;
  /** Keeps why somebody broke the glass, for the privacy role alone. */
  readonly keepReasons: (reasons: readonly GlassReason[]) => Promise<void>;
  /** Keeps who the pseudonyms are that were just made. */
  readonly keepIdentities: () => Promise<void>;
  readonly counters: Counters;
  readonly timeZone: string;
  readonly now: () => number;
  /** Why nothing more can be taken now; `null`: it can. */
  readonly pressure: () => string | null;
  /** Bytes of the journal that wait to be judged. */
  readonly waitingBytes: () => number;
  /** More comes than can be judged: those who send most wait first. */
  readonly isCrowded: () => boolean;
  /** Something was kept: judge it. */
  readonly onKept: () => void;
  /** Something came from this source. */
  readonly onSource: (source: Source) => void;
  /** So much of it was kept, and so many messages set aside. */
  readonly onHeard: (source: Source, events: readonly HeardEvent[], aside: number, receivedAt: number) => void;
  readonly onBug: (error: unknown) => void;
}

/**
 * The journey of what a source sends: read, made safe, kept. Whoever sent it is told so only then. Judging follows the
 * journal by itself (see judging.ts): a rule that crashes must not cost us the evidence.
 */
export class Pipeline implements DoorServices {
  readonly #parts: PipelineParts;
  readonly #reader: MessageReader;
  readonly #view = new FieldsView();
  /** Unlike that of any other start of the service. */
  readonly #startId = randomBytes(6).toString('hex');
  readonly #share = new FairShare();
  #events = 0;
  /** What an event of the last batch took in the journal, and a little more. */
  #bytesEach = 0;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.#reader = new MessageReader(parts.timeZone);
  }

  get timeZone(): string {
    return this.#parts.timeZone;
  }

  async accept(source: Source, messages: Messages): Promise<void> {
    const receivedAt = this.#admit(source, messages.length);
    const batch = new Batch(messages.length * this.#bytesEach);
    for (const message of messages) {
      const read = this.#reader.read(message, receivedAt);
      for (const event of read.events) this.#take(event, source, receivedAt, batch);
      for (const { reason, detail } of read.setAside) batch.aside.push({ bytes: bytesOf(message), reason, detail });
    }
    await this.#keep(source, batch, receivedAt);
  }

  async acceptRead(source: Source, read: readonly LogEvent[], unread: readonly Unread[]): Promise<void> {
    const receivedAt = this.#admit(source, read.length);
    const batch = new Batch(read.length * this.#bytesEach);
    for (const event of read) this.#take(event, source, receivedAt, batch);
    for (const { reason, detail, record, input } of unread)
      batch.aside.push({ bytes: Buffer.from(input ?? (record === null ? '' : `record ${record}`)), reason, detail });
    await this.#keep(source, batch, receivedAt);
  }

  async acceptCare(source: Source, notes: readonly CareNote[]): Promise<void> {
    const receivedAt = this.#admit(source, notes.length);
    await this.#keep(source, this.#careBatch(source, notes, receivedAt), receivedAt);
  }

  async acceptHl7(source: Source, bytes: Buffer): Promise<{ message: Hl7Message | null; verdict: Verdict }> {
    const receivedAt = this.#admit(source, 1);
    const read = this.#readHl7(bytes, receivedAt);
    if ('notes' in read) {
      await this.#keep(source, this.#careBatch(source, read.notes, receivedAt), receivedAt);
      return { message: read.message, verdict: { kind: 'accepted', code: 0, text: '' } };
    }
    const { message, problem } = read;
    const { isRefused, code, reason, detail } = problem;
    // What no relationship is made of is not ours to keep.
    if (isRefused) this.count('mllp', reason);
    else {
      const batch = new Batch(0);
      batch.aside.push({ bytes, reason, detail });
      await this.#keep(source, batch, receivedAt);
    }
    return { message, verdict: { kind: isRefused ? 'rejected' : 'error', code, text: detail } };
  }

  #readHl7(
    bytes: Buffer,
    receivedAt: number,
  ): { message: Hl7Message; notes: readonly CareNote[] } | { message: Hl7Message | null; problem: CareProblem } {
    const message = readHl7(bytes);
    if (!message.ok) return { message: null, problem: { isRefused: false, code: 102, ...message.error } };
    const notes = careOf(message.value, { timeZone: this.#parts.timeZone, receivedAt });
    return notes.ok ? { message: message.value, notes: notes.value } : { message: message.value, problem: notes.error };
  }

  /** Notes as they are kept: with pseudonyms and keyed hashes, and nothing else of a patient. */
  #careBatch(source: Source, notes: readonly CareNote[], receivedAt: number): Batch {
    const batch = new Batch(notes.length * this.#bytesEach);
    for (const note of notes) {
      const fields = careFields(note, this.#parts.pseudonymiser);
      if (fields === null) continue;
      batch.add({
        id: this.#newId(),
        receivedAt,
        at: note.at,
        sourceId: source.id,
        product: 'clinical',
        category: CARE_EVENT,
        service: source.kind,
        channel: null,
        eventId: null,
        host: null,
        account: null,
        address: null,
        fields,
        text: null,
      });
    }
    return batch;
  }

  #newId(): string {
    return `evt_${this.#startId}${(this.#events++).toString(36).padStart(8, '0')}`;
  }

  /**
   * Reads again something that was set aside. @returns false if it cannot be read now either
   *
   * @throws Refusal as `accept`
   */
  async replay(source: Source, bytes: Buffer): Promise<boolean> {
    if (source.kind === 'hl7') {
      const read = this.#readHl7(bytes, this.#parts.now());
      if ('problem' in read) return false;
      await this.acceptCare(source, read.notes);
      return true;
    }
    const { events, setAside } = this.#reader.read({ kind: 'text', text: bytes.toString('utf8') }, this.#parts.now());
    if (setAside.length > 0 || events.length === 0) return false;
    await this.acceptRead(source, events, []);
    return true;
  }

  /** @returns when it was received. @throws Refusal `store/busy` */
  #admit(source: Source, messages: number): number {
    const { now, counters, onSource } = this.#parts;
    const pressure = this.#parts.pressure();
    if (pressure !== null) throw new Refusal('store/busy', pressure);
    const receivedAt = now();
    if (!this.#share.isFree(source.id, messages, receivedAt, this.#parts.isCrowded())) {
      counters.add('held_back_total', {});
      throw new Refusal('store/busy', 'this source sends far more than its share while others wait');
    }
    onSource(source);
    return receivedAt;
  }

  #take(event: LogEvent, source: Source, receivedAt: number, batch: Batch): void {
    const stored = this.#stored(event, source, receivedAt);
    batch.add(stored);
    if (event.glassReason === undefined) return;
    const reason = this.#parts.pseudonymiser.text(event.glassReason);
    for (const { user, patient, at } of keptAccessesOf(stored))
      if (user !== '' && patient !== '') batch.reasons.push({ user, patient, at, reason });
  }

  async #keep(source: Source, { writer, events, aside, reasons }: Batch, receivedAt: number): Promise<void> {
    const { journal, setAsides, counters, sources, onKept } = this.#parts;
    const payloads = writer.end();
    const bytes = payloads.reduce((sum, { length }) => sum + length, 0);
    if (events.length > 0) this.#bytesEach = (1.1 * bytes) / events.length;
    // Before the first event that holds them: a pseudonym that nobody can tell any more would be a loss.
    await this.#parts.keepIdentities();
    if (reasons.length > 0) await this.#parts.keepReasons(reasons);
    // One after another: all at once, a large request would never find room for itself.
    for (const payload of payloads) await journal.append(payload);
    await setAsides.keep(source.id, receivedAt, aside);
    counters.add('events_kept_total', {}, events.length);
    for (const { reason } of aside) counters.add('set_aside_total', { reason });
    await sources.heard(source.id);
    this.#parts.onHeard(source, events, aside.length, receivedAt);
    onKept();
  }

  #stored(event: LogEvent, source: Source, receivedAt: number): StoredEvent {
    const clean = this.#parts.pseudonymiser.event(event);
    const view = this.#view.show(clean);
    const { host, account, address } = entitiesOf(view);
    const { product, category, service } = clean.logSource;
    const { Channel: channel } = clean.fields;
    return {
      id: this.#newId(),
      receivedAt,
      at: clean.at,
      sourceId: source.id,
      product: product ?? (source.kind === 'windows' ? 'windows' : null),
      category: category ?? null,
      service: service ?? null,
      channel: typeof channel === 'string' ? channel : null,
      eventId: view.eventId < 0 ? null : view.eventId,
      host: host ?? null,
      account: account ?? null,
      address: address ?? null,
      fields: clean.fields,
      text: clean.text,
    };
  }

  async pace(): Promise<void> {
    const wait = paceMs(this.#parts.waitingBytes());
    if (wait > 0) await setTimeout(wait);
  }

  byToken(token: string): Promise<Source | null> {
    return this.#parts.sources.byToken(token);
  }

  byAddress(address: string, door: 'syslog' | 'hl7'): Promise<Source | null> {
    return this.#parts.sources.byAddress(address, door);
  }

  byCertificate(fingerprint: string): Promise<Source | null> {
    return this.#parts.sources.byCertificate(fingerprint);
  }

  async setAside(source: Source, things: readonly Buffer[], reason: string, detail: string): Promise<void> {
    const { setAsides, counters, now } = this.#parts;
    await setAsides.keep(
      source.id,
      now(),
      things.map((bytes) => ({ bytes, reason, detail })),
    );
    counters.add('set_aside_total', { reason }, things.length);
  }

  count(door: string, reason: string, by = 1): void {
    this.#parts.counters.add('door_total', { door, reason }, by);
  }

  report(error: unknown): void {
    this.#parts.onBug(error);
  }
}

interface Aside {
  readonly bytes: Buffer;
  readonly reason: string;
  readonly detail: string;
}

/** What came with one request: written as it will be kept, and of each event what its source is watched by. */
class Batch {
  readonly writer: PayloadWriter;
  readonly events: HeardEvent[] = [];
  readonly aside: Aside[] = [];
  readonly reasons: GlassReason[] = [];

  constructor(expectedBytes: number) {
    this.writer = new PayloadWriter(expectedBytes);
  }

  add(event: StoredEvent): void {
    if (this.writer.add(event)) {
      const { at, host, product, category, service, channel, eventId } = event;
      this.events.push({ at, host, product, category, service, channel, eventId });
    } else
      this.aside.push({
        bytes: Buffer.from(JSON.stringify(event.fields)),
        reason: 'event-too-large',
        detail: 'the event takes more than 16 MiB',
      });
  }
}

function bytesOf(message: Message): Buffer {
  return Buffer.from(message.kind === 'text' ? message.text : JSON.stringify(message.object));
}
