import { z } from 'zod';
import type { NoticeSettings } from '../../notices/settings.ts';
import type { OutboxRow } from '../../store/tables.ts';
import { endpoint } from '../endpoint.ts';
import { typed } from '../typed.ts';

const TIME = z.string().max(5).describe('of the day, such as 07:30');
const NAME = typed().max(300);
const FORM = z.enum(['generic', 'teams', 'slack']);
const QUIET = z.object({ from: TIME, to: TIME });
const PERSON = z.object({ name: NAME, mail: NAME, step: z.int() });

const LETTER = z.object({
  id: z.string(),
  to: z.string(),
  madeAt: z.iso.datetime(),
  state: z.enum(['sent', 'waits', 'failing', 'given-up']).describe('failing: it is tried again'),
  at: z.iso.datetime().describe('when it was sent, will be tried, or was given up'),
  tries: z.int(),
});

const SETTINGS = z.object({
  smtp: z
    .object({
      host: z.string(),
      port: z.int(),
      user: z.string().nullable(),
      hasPassword: z.boolean(),
      from: z.string(),
    })
    .nullable(),
  people: z.array(PERSON),
  webhooks: z.array(z.object({ host: z.string(), form: FORM, isSigned: z.boolean() })),
  quiet: QUIET.nullable(),
  digest: TIME.nullable(),
  serviceUrl: z.string().nullable(),
});

const LATEST = 50;

const show = endpoint({
  audience: ['admin'],
  method: 'GET',
  path: '/api/v1/notices',
  summary: 'Who is told of incidents, how, and what became of the last notices. Never what they said, nor a password.',
  input: z.object({}),
  answer: z.object({
    isFixed: z.enum(['file', 'simulated']).nullable().describe('null: it may be changed here'),
    settings: SETTINGS.nullable().describe('null: nobody is told'),
    undelivered: z.int(),
    letters: z.array(LETTER),
  }),
  isRecorded: false,
  handle: async (_input, { notices: desk }) => {
    const { settings } = desk;
    return {
      isFixed: desk.isFixed,
      settings: settings === null ? null : shown(settings),
      undelivered: await desk.undelivered(),
      letters: (await desk.latest(LATEST)).map((row) => letterOf(row, settings)),
    };
  },
});

const change = endpoint({
  audience: ['admin'],
  method: 'POST',
  path: '/api/v1/notices',
  summary: 'Changes who is told, and how, from the next notice on. What is left out is switched off.',
  input: z.object({
    smtp: z
      .object({
        host: NAME,
        port: z.int().optional(),
        user: NAME.optional(),
        password: z.string().max(1000).optional().describe('left out: as before, for the same account and server'),
        from: NAME,
      })
      .optional(),
    people: z.array(PERSON).max(50),
    webhooks: z
      .array(
        z.union([
          z.strictObject({ keep: z.int().min(0).describe('the one with this number stays as it is') }),
          z.strictObject({ url: z.string().max(2000), form: FORM, secret: z.string().max(200).optional() }),
        ]),
      )
      .max(20),
    quiet_hours: QUIET.optional(),
    digest: TIME.optional(),
    url: z.string().max(2000).optional().describe('where people reach the page'),
  }),
  answer: z.object({ settings: SETTINGS.nullable() }),
  isRecorded: true,
  handle: async (given, { notices: desk }, _signal, caller) => {
    await desk.change(given, caller?.id ?? '');
    return { settings: desk.settings === null ? null : shown(desk.settings) };
  },
});

const tryOut = endpoint({
  audience: ['admin'],
  method: 'POST',
  path: '/api/v1/notices/test',
  summary: 'Sends everybody, and every webhook, a letter that says it is a test.',
  input: z.object({}),
  answer: z.object({
    results: z.array(z.object({ to: z.string(), problem: z.string().nullable().describe('null: it was taken') })),
  }),
  isRecorded: true,
  handle: async (_input, { notices: desk }) => ({
    results: (await desk.test()).map(({ channel, problem }) => ({ to: toOf(channel, desk.settings), problem })),
  }),
});

export const notices = [show, change, tryOut];

function shown({ smtp, people, webhooks, quiet, digestAt, serviceUrl }: NoticeSettings): z.infer<typeof SETTINGS> {
  return {
    smtp:
      smtp === null
        ? null
        : { host: smtp.host, port: smtp.port, user: smtp.user, hasPassword: smtp.password !== null, from: smtp.from },
    people: people.map(({ name, mail, step }) => ({ name, mail, step })),
    webhooks: webhooks.map(({ url, form, secret }) => ({ host: hostOf(url), form, isSigned: secret !== null })),
    quiet: quiet === null ? null : { from: clock(quiet.from), to: clock(quiet.to) },
    digest: digestAt === null ? null : clock(digestAt),
    serviceUrl,
  };
}

/** The path of a webhook is its secret. */
function hostOf(url: string): string {
  return new URL(url).host;
}

/** Minutes of the day → `07:30` */
function clock(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}

function toOf(channel: string, settings: NoticeSettings | null): string {
  const [, number] = /^webhook:(\d+)$/.exec(channel) ?? [];
  if (number === undefined) return channel.replace(/^mail:/, '');
  const webhook = settings?.webhooks[Number(number)];
  return webhook === undefined ? 'a webhook that is no more' : `webhook at ${hostOf(webhook.url)}`;
}

function letterOf(row: Omit<OutboxRow, 'subject' | 'body'>, settings: NoticeSettings | null): z.infer<typeof LETTER> {
  const { id, channel, created_at: madeAt, next_at: nextAt, tries, sent_at: sentAt, failed_at: failedAt } = row;
  const state = sentAt !== null ? 'sent' : failedAt !== null ? 'given-up' : tries > 0 ? 'failing' : 'waits';
  return {
    id,
    to: toOf(channel, settings),
    madeAt: new Date(madeAt).toISOString(),
    state,
    at: new Date(sentAt ?? failedAt ?? nextAt).toISOString(),
    tries,
  };
}
