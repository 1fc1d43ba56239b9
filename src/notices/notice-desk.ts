import { Refusal } from '../core/refusal.ts';
import type { Keyring } from '../store/seal.ts';
import type { State } from '../store/state.ts';
import type { Noticing } from './noticing.ts';
import type { NoticeSettings, Smtp, Webhook } from './settings.ts';
import { type NoticesWritten, noticeSettingsOf } from './written.ts';

/** A webhook that stays as it is, by its number, or a new one. Their addresses are secrets: they are shown to nobody. */
export type WebhookWritten = { readonly keep: number } | NonNullable<NoticesWritten['webhooks']>[number];

/** As the page gives it. */
export interface NoticesGiven extends Omit<NoticesWritten, 'webhooks'> {
  readonly webhooks: readonly WebhookWritten[];
}

export interface NoticeDeskParts {
  readonly state: State;
  readonly seals: Keyring;
  readonly timeZone: string;
  /** `file`: `--notices` says it. `simulated`: the made-up hospice tells nobody. */
  readonly isFixed: 'file' | 'simulated' | null;
  readonly noticing: Pick<Noticing, 'settings' | 'change' | 'test' | 'outbox'>;
  readonly now: () => number;
}

const KEPT = 'notices';
const CONTEXT = 'setting/notices';
const WHERE = 'what was given';

/** Settings that were made on the page, sealed: they hold passwords. `null`: there are none. */
export async function keptNotices(state: State, seals: Keyring, timeZone: string): Promise<NoticeSettings | null> {
  const row = await state.db.selectFrom('settings').select('value').where('name', '=', KEPT).executeTakeFirst();
  if (row === undefined) return null;
  const { sealed } = JSON.parse(row.value) as { sealed: string };
  const written: unknown = JSON.parse(seals.open(Buffer.from(sealed, 'base64'), CONTEXT).toString('utf8'));
  return noticeSettingsOf(written, 'what the page kept', timeZone);
}

/** Who is told, as people see it and change it. The only writer of the setting `notices`. */
export class NoticeDesk {
  readonly #parts: NoticeDeskParts;

  constructor(parts: NoticeDeskParts) {
    this.#parts = parts;
  }

  get isFixed(): NoticeDeskParts['isFixed'] {
    return this.#parts.isFixed;
  }

  get settings(): NoticeSettings | null {
    return this.#parts.noticing.settings;
  }

  latest(limit: number): ReturnType<Noticing['outbox']['latest']> {
    return this.#parts.noticing.outbox.latest(limit);
  }

  undelivered(): Promise<number> {
    return this.#parts.noticing.outbox.undelivered();
  }

  test(): ReturnType<Noticing['test']> {
    return this.#parts.noticing.test();
  }

  /**
   * Holds from the next notice on.
   *
   * @throws Refusal `notices/invalid`, `notices/fixed`, `notices/password-needed`
   */
  async change(given: NoticesGiven, by: string): Promise<void> {
    const { state, seals, timeZone, isFixed, noticing, now } = this.#parts;
    if (isFixed !== null)
      throw new Refusal('notices/fixed', isFixed === 'file' ? 'the file of --notices says it' : 'this is made up');
    const before = noticing.settings;
    const smtp = given.smtp === undefined ? undefined : withPassword(given.smtp, before?.smtp ?? null);
    const webhooks = given.webhooks.map((webhook) => ('keep' in webhook ? kept(webhook.keep, before) : webhook));
    const written = { ...given, smtp, webhooks };
    const settings = noticeSettingsOf(JSON.parse(JSON.stringify(written)), WHERE, timeZone);
    const sealed = seals.seal(Buffer.from(JSON.stringify(written)), CONTEXT).toString('base64');
    const value = JSON.stringify({ sealed });
    const changed = { value, changed_at: now(), changed_by: by };
    await state.db
      .insertInto('settings')
      .values({ name: KEPT, ...changed })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(changed))
      .execute();
    await noticing.change(settings);
  }
}

type SmtpWritten = NonNullable<NoticesWritten['smtp']>;

/** A password that is left out stays, for the same account at the same server: to another, nobody may send it on. */
function withPassword(given: SmtpWritten, before: Smtp | null): SmtpWritten {
  if (given.password !== undefined || given.user === undefined || before?.password == null) return given;
  if (given.host !== before.host || (given.port ?? 587) !== before.port || given.user !== before.user)
    throw new Refusal('notices/password-needed', 'the mail server or its account is another than before');
  return { ...given, password: before.password };
}

function kept(index: number, before: NoticeSettings | null): Omit<Webhook, 'secret'> & { secret?: string } {
  const webhook = before?.webhooks[index];
  if (webhook === undefined) throw new Refusal('notices/invalid', `${WHERE}: there is no webhook ${index + 1}`);
  const { secret, ...rest } = webhook;
  return secret === null ? rest : { ...rest, secret };
}
