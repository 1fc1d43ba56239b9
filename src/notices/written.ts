import { z } from 'zod';
import { Refusal } from '../core/refusal.ts';
import { isThisMachine } from './channels.ts';
import type { NoticeSettings } from './settings.ts';

const CLOCK = z
  .string()
  .regex(/^(?:[01]?\d|2[0-3]):[0-5]\d$/, 'is a time of day such as 07:30')
  .transform((text) => Number(text.split(':')[0]) * 60 + Number(text.split(':')[1]));

const SETTINGS = z.strictObject({
  smtp: z
    .strictObject({
      host: z.string().min(1),
      port: z.int().min(1).max(65_535).default(587),
      user: z.string().optional(),
      password: z.string().optional(),
      from: z.email(),
    })
    .optional(),
  people: z
    .array(
      z.strictObject({ name: z.string().min(1).max(100), mail: z.email(), step: z.int().min(0).max(9).default(1) }),
    )
    .default([]),
  webhooks: z
    .array(
      z.strictObject({
        url: z.url(),
        form: z.enum(['generic', 'teams', 'slack']).default('generic'),
        secret: z.string().min(16, 'has at least 16 characters').optional(),
      }),
    )
    .default([]),
  quiet_hours: z.strictObject({ from: CLOCK, to: CLOCK }).optional(),
  digest: CLOCK.optional(),
  url: z.url().optional(),
});

/** As a person writes it: in the file of `--notices`, or on the page. */
export type NoticesWritten = z.input<typeof SETTINGS>;

/**
 * Who is told, and how, as it is written (docs/notices.md).
 *
 * @param where that stands: for what is said of it
 * @throws Refusal `notices/invalid`, which says all that is wrong with it
 */
export function noticeSettingsOf(written: unknown, where: string, timeZone: string): NoticeSettings {
  const parsed = SETTINGS.safeParse(written ?? {});
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
    throw new Refusal('notices/invalid', `${where}: ${wrong.join('; ')}`);
  }
  const { smtp, people, webhooks, quiet_hours: quiet, digest, url } = parsed.data;
  for (const webhook of webhooks) {
    const { protocol, hostname } = new URL(webhook.url);
    if (protocol !== 'https:' && !(protocol === 'http:' && isThisMachine(hostname)))
      throw new Refusal('notices/invalid', `${where}: webhooks are https, but for this machine`);
  }
  if (smtp !== undefined && !people.some(({ step }) => step > 0))
    throw new Refusal('notices/invalid', `${where}: a mail server, and nobody under people who is told of incidents`);
  return {
    smtp:
      smtp === undefined
        ? null
        : {
            host: smtp.host,
            port: smtp.port,
            isTlsFromStart: smtp.port === 465,
            user: smtp.user ?? null,
            password: smtp.password ?? null,
            from: smtp.from,
          },
    people: people.toSorted((a, b) => a.step - b.step),
    webhooks: webhooks.map(({ url: to, form, secret }) => ({ url: to, form, secret: secret ?? null })),
    quiet: quiet ?? null,
    digestAt: digest ?? null,
    serviceUrl: url?.replace(/\/$/, '') ?? null,
    timeZone,
  };
}
