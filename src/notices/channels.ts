import { createHmac } from 'node:crypto';
import { createTransport, type Transporter } from 'nodemailer';
import type { OutboxRow } from '../store/tables.ts';
import type { NoticeSettings, Webhook } from './settings.ts';

const TIMEOUT_MS = 20_000;

/** Sends letters by mail and to webhooks. */
export class Channels {
  readonly #settings: NoticeSettings;
  readonly #mail: Transporter | null;

  constructor(settings: NoticeSettings) {
    this.#settings = settings;
    const { smtp } = settings;
    this.#mail =
      smtp === null
        ? null
        : createTransport({
            host: smtp.host,
            port: smtp.port,
            secure: smtp.isTlsFromStart,
            // A password, and what is wrong at a hospital, do not cross a network in the clear.
            requireTLS: !smtp.isTlsFromStart && !isThisMachine(smtp.host),
            ...(smtp.user === null ? {} : { auth: { user: smtp.user, pass: smtp.password ?? '' } }),
            connectionTimeout: TIMEOUT_MS,
            greetingTimeout: TIMEOUT_MS,
            socketTimeout: TIMEOUT_MS,
            disableFileAccess: true,
            disableUrlAccess: true,
          });
  }

  /** @throws if it was not taken, whatever the reason */
  async send(
    { channel, subject, body, id }: Pick<OutboxRow, 'id' | 'channel' | 'subject' | 'body'>,
    now: number,
  ): Promise<void> {
    const [kind, target] = splitAt(channel, ':');
    if (kind === 'mail') {
      const { smtp } = this.#settings;
      if (this.#mail === null || smtp === null) throw new Error('no mail server is set');
      // The same id whenever it is tried again: a server that took it and could not say so sends it once.
      const messageId = `<${id}@wardwatch>`;
      await this.#mail.sendMail({ from: smtp.from, to: target, subject, text: body, messageId });
      return;
    }
    const webhook = this.#settings.webhooks[Number(target)];
    if (webhook === undefined) throw new Error('the webhook is not set any more');
    await post(webhook, body, now);
  }

  close(): void {
    this.#mail?.close();
  }
}

async function post({ url, secret }: Webhook, body: string, now: number): Promise<void> {
  const time = String(Math.floor(now / 1000));
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(secret === null
        ? {}
        : {
            'wardwatch-signature': `t=${time},v1=${createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')}`,
          }),
    },
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`the webhook answered ${answer.status}`);
}

export function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function splitAt(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
