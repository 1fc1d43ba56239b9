import { readFileSync, statSync } from 'node:fs';
import { load } from 'js-yaml';
import { z } from 'zod';
import { Refusal } from '../core/refusal.ts';
import { isThisMachine } from '../notices/channels.ts';
import type { NoticeSettings } from '../notices/settings.ts';

const CLOCK = z
  .string()
  .regex(/^(?:[01]?\d|2[0-3]):[0-5]\d$/, 'is a time of day such as 07:30')
  .transform((text) => Number(text.split(':')[0]) * 60 + Number(text.split(':')[1]));

const FILE = z.strictObject({
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
      z.strictObject({ name: z.string().min(1).max(100), mail: z.email(), step: z.int().min(1).max(9).default(1) }),
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

/**
 * Who is told, and how: the file of `--notices` (docs/notices.md).
 *
 * @throws Refusal `notices/invalid`, which says all that is wrong with it; `keys/exposed` if others may read it
 */
export function readNotices(file: string, timeZone: string): NoticeSettings {
  let doc: unknown;
  try {
    // It holds a password.
    if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
      throw new Refusal('keys/exposed', `others may read ${file}, which holds passwords`);
    doc = load(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof Refusal) throw error;
    // What js-yaml says repeats the line, which may hold the password.
    throw new Refusal('notices/invalid', `${file} cannot be read, or is no YAML`);
  }
  const parsed = FILE.safeParse(doc ?? {});
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
    throw new Refusal('notices/invalid', `${file}: ${wrong.join('; ')}`);
  }
  const { smtp, people, webhooks, quiet_hours: quiet, digest, url } = parsed.data;
  for (const webhook of webhooks) {
    const { protocol, hostname } = new URL(webhook.url);
    if (protocol !== 'https:' && !(protocol === 'http:' && isThisMachine(hostname)))
      throw new Refusal('notices/invalid', `${file}: webhooks are https, but for this machine`);
  }
  if (smtp !== undefined && people.length === 0)
    throw new Refusal('notices/invalid', `${file}: a mail server, and nobody under people`);
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
