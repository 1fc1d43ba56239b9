import { randomBytes } from 'node:crypto';
import type { Transaction } from 'kysely';
import type { Band } from '../core/observation.ts';
import { type ClockKind, loadClockKinds, stateOf, wallText } from '../incidents/clocks.ts';
import { type IncidentId, record } from '../incidents/join.ts';
import { OPEN_STATES } from '../incidents/life.ts';
import type { Incident, Incidents } from '../incidents/store.ts';
import type { State } from '../store/state.ts';
import type { ClockRow, IncidentRow, OutboxRow, Tables } from '../store/tables.ts';
import { Channels } from './channels.ts';
import { afterQuiet, localOf } from './local-time.ts';
import { Outbox } from './outbox.ts';
import { BAND_RANK, LOOK_WITHIN_MS, type NoticeSettings } from './settings.ts';
import {
  digestOf,
  noticeOf,
  type Occasion,
  type PrivacyMatter,
  privacyMatterOf,
  reportOf,
  type Told,
  webhookBody,
} from './texts.ts';

export interface NoticingParts {
  readonly state: State;
  readonly incidents: Incidents;
  /** To begin with. `null`: nobody is told of anything. */
  readonly settings: NoticeSettings | null;
  readonly now: () => number;
  /** Names of the sources that are silent now. */
  readonly silent: () => readonly string[];
  /** A notice could not be delivered, or is given up. Never holds its text. */
  readonly onTrouble: (trouble: { channel: 'mail' | 'webhook'; reason: string; isGivenUp: boolean }) => void;
  readonly onBug: (error: unknown) => void;
}

const TICK_MS = 15_000;
/** Findings come in bursts. */
const SOON_MS = 1000;
const BATCH = 50;
const DAY_MS = 24 * 3_600_000;
const DIGEST = 'digest';
/** The same rule on the same host on so many days, and nobody has looked. */
const REPEAT_DAYS = 3;

/**
 * Sees to it that nobody ignores an incident in silence: it tells the first person, then the next, then the named
 * executive; it tells when an incident becomes more serious and when a deadline is near; and each morning it says how
 * things stand. What it has said stands in the state, so a restart says nothing twice and forgets nothing.
 */
export class Noticing {
  readonly #parts: NoticingParts;
  readonly #outbox: Outbox;
  #settings: NoticeSettings | null;
  #channels: Channels | null;
  readonly #clockKinds = loadClockKinds();
  #timer: NodeJS.Timeout | null = null;
  #soon: NodeJS.Timeout | null = null;
  #ticking: Promise<void> = Promise.resolve();

  constructor(parts: NoticingParts) {
    this.#parts = parts;
    this.#outbox = new Outbox(parts.state, parts.now);
    this.#settings = parts.settings;
    this.#channels = parts.settings === null ? null : new Channels(parts.settings);
  }

  start(): void {
    this.#timer = setInterval(() => this.#tickNow(), TICK_MS).unref();
  }

  /** Something was found: whoever has to know is told now, and not at the next turn. */
  wake(): void {
    if (this.#timer === null || this.#soon !== null) return;
    this.#soon = setTimeout(() => {
      this.#soon = null;
      this.#tickNow();
    }, SOON_MS).unref();
  }

  #tickNow(): void {
    this.#ticking = this.#ticking.then(() => this.tick()).catch((error: unknown) => this.#parts.onBug(error));
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#soon !== null) clearTimeout(this.#soon);
    this.#timer = null;
    await this.#ticking;
    this.#channels?.close();
  }

  get settings(): NoticeSettings | null {
    return this.#settings;
  }

  /** From here on others are told, or in another way. What waits for a webhook that is no more is given up. */
  change(settings: NoticeSettings | null): Promise<void> {
    const changed = this.#ticking.then(async () => {
      const before = this.#settings?.webhooks ?? [];
      const gone = before.flatMap(({ url }, index) =>
        settings?.webhooks[index]?.url === url ? [] : [`webhook:${index}`],
      );
      await this.#outbox.giveUp(gone);
      this.#channels?.close();
      this.#settings = settings;
      this.#channels = settings === null ? null : new Channels(settings);
    });
    this.#ticking = changed.catch((error: unknown) => this.#parts.onBug(error));
    return changed;
  }

  /** Sends everybody, and every webhook, a letter that says it is a test; resolves when each was taken or refused. */
  async test(): Promise<readonly { readonly channel: string; readonly problem: string | null }[]> {
    const [settings, channels] = [this.#settings, this.#channels];
    if (settings === null || channels === null) return [];
    const mails = settings.smtp === null ? [] : settings.people.map(({ mail }) => mail);
    const letters = [
      ...[...new Set(mails)].map((mail) => testLetter(`mail:${mail}`, TEST.text)),
      ...settings.webhooks.map((webhook, index) => testLetter(`webhook:${index}`, webhookBody(webhook, TEST, null))),
    ];
    return Promise.all(
      letters.map(async (letter) => {
        try {
          await channels.send(letter, this.#parts.now());
          return { channel: letter.channel, problem: null };
        } catch (error) {
          return { channel: letter.channel, problem: reasonOf(error) };
        }
      }),
    );
  }

  /** Somebody of staff has reported something: the first people are told that, and not what. */
  async tellOfReport(reference: string): Promise<void> {
    const settings = this.#settings;
    if (settings === null) return;
    const { state, now } = this.#parts;
    const first = settings.people.filter(({ step }) => step === 1);
    const at = afterQuiet(now(), settings.quiet, settings.timeZone);
    await state.transaction((within) =>
      this.#put(settings, within, reportOf(reference, settings.serviceUrl), null, at, first),
    );
    this.wake();
  }

  /** Something waits for the privacy officers: those of them who have an address here are told that, by mail alone. */
  async tellPrivacy(matter: PrivacyMatter): Promise<void> {
    const settings = this.#settings;
    const officers = settings?.people.filter(({ step }) => step === 0) ?? [];
    if (settings === null || officers.length === 0) return;
    const { state, now } = this.#parts;
    const at = afterQuiet(now(), settings.quiet, settings.timeZone);
    const told = privacyMatterOf(matter, settings.serviceUrl);
    // A webhook’s channel is read by others.
    await state.transaction((within) => this.#put({ ...settings, webhooks: [] }, within, told, null, at, officers));
    this.wake();
  }

  get outbox(): Outbox {
    return this.#outbox;
  }

  async tick(): Promise<void> {
    const { state } = this.#parts;
    const settings = this.#settings;
    // Nobody would hear it, and it would count as told.
    if (settings === null || (settings.smtp === null && settings.webhooks.length === 0)) return;
    const open = await state.db
      .selectFrom('incidents')
      .selectAll()
      .where('state', 'in', OPEN_STATES)
      // Those who are told may be those whom it is about.
      .where('addressed_to', '=', 'it')
      .execute();
    for (const row of open) {
      await this.#raiseRepeats(row);
      const incident = await this.#parts.incidents.find(row.id, ['it']);
      if (incident !== null) await this.#tell(settings, row, incident);
    }
    await this.#tellClocks(settings);
    await this.#tellDigest(settings);
    await this.#send();
  }

  async #tell(settings: NoticeSettings, row: IncidentRow, incident: Incident): Promise<void> {
    const isRepeated = await this.#isRepeated(row, incident);
    const band = isRepeated ? 'urgent' : incident.score.band;
    const within = LOOK_WITHIN_MS[band];
    if (within === null) return;
    const now = this.#parts.now();
    const toldBand = row.told_band as Band | null;
    if (toldBand === null || BAND_RANK[band] > BAND_RANK[toldBand]) {
      const occasion: Occasion = { kind: isRepeated ? 'repeated' : toldBand === null ? 'new' : 'raised' };
      await this.#letters(settings, row.id, incident, occasion, band, 1, { told_band: band, told_step: 1 });
      return;
    }
    if (row.acknowledged_at !== null || row.told_at === null || now - row.told_at < within) return;
    const next = stepAfter(settings, row.told_step);
    if (next === null) return;
    const minutes = Math.round((now - row.opened_at) / 60_000);
    await this.#letters(settings, row.id, incident, { kind: 'nobody-looked', minutes }, band, next, {
      told_step: next,
    });
  }

  /** Came on three days while nobody looked, and is not called urgent by its score: somebody has to look all the same. */
  async #isRepeated({ id, level }: IncidentRow, { score }: Incident): Promise<boolean> {
    if (BAND_RANK[score.band] >= BAND_RANK.urgent || (level !== 'high' && level !== 'critical')) return false;
    const raised = await this.#parts.state.db
      .selectFrom('incident_history')
      .select('id')
      .where('incident_id', '=', id)
      .where('action', '=', 'raised')
      .executeTakeFirst();
    return raised !== undefined;
  }

  /** What is told, and that it was, are one transaction. */
  async #letters(
    settings: NoticeSettings,
    id: IncidentId,
    incident: Incident,
    occasion: Occasion,
    band: Band,
    step: number,
    marks: Partial<IncidentRow>,
  ): Promise<void> {
    const { state, now } = this.#parts;
    await state.transaction(async (within) => {
      const people = settings.people.filter((person) => person.step === step);
      const told = noticeOf(incident, occasion, settings.serviceUrl);
      const at = this.#when(settings, band, incident.level);
      const names = await this.#put(settings, within, told, incident, at, people);
      // Whoever is told in the morning has their hour from then on.
      await within
        .updateTable('incidents')
        .set({ ...marks, told_at: at })
        .where('id', '=', id)
        .execute();
      await record(within, id, now(), null, 'told', { occasion: occasion.kind, step, to: names });
    });
  }

  /** What is no emergency waits for the quiet to end; what is critical by itself, as backups that are deleted, does not. */
  #when(settings: NoticeSettings, band: Band, level: string): number {
    const { now } = this.#parts;
    return band === 'emergency' || level === 'critical' ? now() : afterQuiet(now(), settings.quiet, settings.timeZone);
  }

  /** Puts a letter for each person and webhook into the outbox. */
  async #put(
    settings: NoticeSettings,
    within: Transaction<Tables>,
    told: Told,
    incident: Incident | null,
    at: number,
    people: NoticeSettings['people'],
  ): Promise<string[]> {
    const incidentId = incident?.id ?? null;
    if (settings.smtp !== null)
      for (const { mail } of people)
        await this.#outbox.put(
          within,
          { channel: `mail:${mail}`, incidentId, subject: told.subject, body: told.text },
          at,
        );
    for (const [index, webhook] of settings.webhooks.entries())
      await this.#outbox.put(
        within,
        { channel: `webhook:${index}`, incidentId, subject: told.subject, body: webhookBody(webhook, told, incident) },
        at,
      );
    return people.map(({ name }) => name);
  }

  /** Forty-four days of ignored antivirus alerts began with one: what comes again and again weighs more. */
  async #raiseRepeats(row: IncidentRow): Promise<void> {
    const { state, now } = this.#parts;
    if (row.acknowledged_at !== null || row.level === 'critical' || row.last_evidence_at - row.opened_at < DAY_MS)
      return;
    const days = await state.db
      .selectFrom('findings')
      .select(['rule_id', 'host', 'at'])
      .where('incident_id', '=', row.id)
      .where('points', '>', 0)
      .where('at', 'is not', null)
      .execute();
    const seen = new Map<string, Set<number>>();
    for (const { rule_id: rule, host, at } of days) {
      const key = `${rule}\0${host ?? ''}`;
      seen.set(key, (seen.get(key) ?? new Set()).add(Math.floor((at ?? 0) / DAY_MS)));
    }
    if (![...seen.values()].some((each) => each.size >= REPEAT_DAYS)) return;
    const level = row.level === 'high' ? 'critical' : 'high';
    await state.transaction(async (within) => {
      const before = await within
        .selectFrom('incident_history')
        .select('id')
        .where('incident_id', '=', row.id)
        .where('action', '=', 'raised')
        .executeTakeFirst();
      if (before !== undefined) return;
      // Told anew, as if it had just come.
      await within
        .updateTable('incidents')
        .set({ level, told_band: null, told_step: 0 })
        .where('id', '=', row.id)
        .execute();
      await record(within, row.id, now(), null, 'raised', {
        level,
        because: 'it came on three days and nobody has looked',
      });
    });
  }

  async #tellClocks(settings: NoticeSettings): Promise<void> {
    const { state, now } = this.#parts;
    const clocks = await state.db.selectFrom('clocks').selectAll().where('ended_at', 'is', null).execute();
    for (const clock of clocks) {
      const kind = this.#clockKinds[clock.kind];
      const is = stateOf(clock, now());
      if (kind !== undefined && (is === 'soon' || is === 'overdue') && clock.told_state !== is)
        await this.#tellClock(settings, clock, kind, is);
    }
  }

  async #tellClock(settings: NoticeSettings, clock: ClockRow, kind: ClockKind, is: 'soon' | 'overdue'): Promise<void> {
    const { state, incidents, now } = this.#parts;
    const incident = await incidents.find(clock.incident_id, ['it']);
    if (incident === null) return;
    const due = wallText(clock.due_at, settings.timeZone);
    const told = noticeOf(
      incident,
      { kind: 'clock', title: kind.title, due, isOver: is === 'overdue' },
      settings.serviceUrl,
    );
    // A deadline that has passed is everybody's; one that is near is that of whoever is called first.
    const people = is === 'overdue' ? settings.people : settings.people.filter(({ step }) => step === 1);
    await state.transaction(async (within) => {
      await this.#put(
        settings,
        within,
        told,
        incident,
        this.#when(settings, is === 'overdue' ? 'emergency' : 'urgent', ''),
        people,
      );
      await within.updateTable('clocks').set({ told_state: is }).where('id', '=', clock.id).execute();
      await record(within, incident.id, now(), null, 'told', { occasion: `clock-${is}`, clock: clock.id });
    });
  }

  async #tellDigest(settings: NoticeSettings): Promise<void> {
    const { state, incidents, now, silent } = this.#parts;
    if (settings.digestAt === null) return;
    const { date, minute } = localOf(now(), settings.timeZone);
    if (minute < settings.digestAt) return;
    const last = await state.db.selectFrom('settings').select('value').where('name', '=', DIGEST).executeTakeFirst();
    const value = JSON.stringify(date);
    if (last?.value === value) return;
    const rows = await state.db
      .selectFrom('incidents')
      .select(['id', 'opened_at'])
      .where('state', 'in', OPEN_STATES)
      .where('addressed_to', '=', 'it')
      .execute();
    const open: Incident[] = [];
    for (const { id } of rows) {
      const incident = await incidents.find(id, ['it']);
      if (incident !== null) open.push(incident);
    }
    const fresh = rows.filter(({ opened_at: at }) => at > now() - DAY_MS).length;
    const told = digestOf(open, fresh, silent(), await this.#outbox.undelivered());
    await state.transaction(async (within) => {
      await this.#put(
        settings,
        within,
        told,
        null,
        now(),
        settings.people.filter(({ step }) => step === 1),
      );
      await within
        .insertInto('settings')
        .values({ name: DIGEST, value, changed_at: now(), changed_by: null })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value, changed_at: now() }))
        .execute();
    });
  }

  async #send(): Promise<void> {
    const { now, onTrouble } = this.#parts;
    for (const letter of await this.#outbox.due(BATCH))
      try {
        await this.#channels?.send(letter, now());
        await this.#outbox.sent(letter.id);
      } catch (error) {
        const isGivenUp = await this.#outbox.notSent(letter);
        onTrouble({
          channel: letter.channel.startsWith('mail:') ? 'mail' : 'webhook',
          reason: reasonOf(error),
          isGivenUp,
        });
      }
  }
}

/** `null`: everybody has been told. */
function stepAfter({ people }: NoticeSettings, step: number): number | null {
  const later = people.map((person) => person.step).filter((each) => each > step);
  return later.length === 0 ? null : Math.min(...later);
}

const TEST: Told = {
  subject: '[TEST] Wardwatch can reach you',
  text: 'This is a test that somebody asked for. Nothing has happened, and there is nothing to do.',
  url: null,
};

function testLetter(channel: string, body: string): Pick<OutboxRow, 'id' | 'channel' | 'subject' | 'body'> {
  return { id: `ntc_${randomBytes(9).toString('hex')}`, channel, subject: TEST.subject, body };
}

/** Without what a server may have repeated of the letter. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^[A-Z_]{3,30}$/.test(code)) return code;
  return error instanceof Error && /^the webhook answered \d{3}$/.test(error.message) ? error.message : 'not taken';
}
