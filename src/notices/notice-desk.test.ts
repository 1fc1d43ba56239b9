import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { openKeyring } from '../store/seal.ts';
import { openState, statePlace } from '../store/state.ts';
import { keptNotices, NoticeDesk, type NoticeDeskParts } from './notice-desk.ts';
import { Outbox } from './outbox.ts';
import type { NoticeSettings } from './settings.ts';

const ZONE = 'Europe/London';
const SMTP = { host: 'mail.example', port: 587, user: 'w', from: 'w@rx1.example' };
const PEOPLE = [{ name: 'IT', mail: 'it@rx1.example', step: 1 }];
const HOOK = { url: 'https://hooks.example/a-secret-path', form: 'generic', secret: 'sixteen letters!!' } as const;

async function desk(t: TestContext, isFixed: NoticeDeskParts['isFixed'] = null) {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-desk-'));
  const state = await openState(statePlace(null, folder));
  t.after(() => state.close());
  const seals = await openKeyring(path.join(`${folder}-keys`), 'seal', folder);
  let settings: NoticeSettings | null = null;
  const parts: NoticeDeskParts = {
    state,
    seals,
    timeZone: ZONE,
    isFixed,
    noticing: {
      get settings() {
        return settings;
      },
      change: async (next) => {
        settings = next;
      },
      test: () => Promise.resolve([]),
      outbox: new Outbox(state, () => 0),
    },
    now: () => 0,
  };
  const raw = async () => JSON.stringify(await state.db.selectFrom('settings').selectAll().execute());
  return { desk: new NoticeDesk(parts), kept: () => keptNotices(state, seals, ZONE), raw };
}

test('what the page sets holds at once and after a restart, and its secrets lie sealed', async (t) => {
  const { desk: it, kept, raw } = await desk(t);
  equal(await kept(), null);
  await it.change({ smtp: { ...SMTP, password: 'open sesame' }, people: PEOPLE, webhooks: [HOOK] }, 'per_1');
  equal(it.settings?.smtp?.password, 'open sesame');
  deepEqual(await kept(), it.settings);
  for (const secret of ['open sesame', 'a-secret-path', 'sixteen']) ok(!(await raw()).includes(secret), secret);
});

test('a password stays for the account it was given for, and goes to no other server', async (t) => {
  const { desk: it } = await desk(t);
  await it.change({ smtp: { ...SMTP, password: 'open sesame' }, people: PEOPLE, webhooks: [] }, 'per_1');
  await it.change({ smtp: { ...SMTP, from: 'other@rx1.example' }, people: PEOPLE, webhooks: [] }, 'per_1');
  deepEqual([it.settings?.smtp?.password, it.settings?.smtp?.from], ['open sesame', 'other@rx1.example']);
  for (const other of [{ host: 'evil.example' }, { port: 465 }, { user: 'x' }])
    await rejects(it.change({ smtp: { ...SMTP, ...other }, people: PEOPLE, webhooks: [] }, 'per_1'), {
      code: 'notices/password-needed',
    });
  equal(it.settings?.smtp?.host, 'mail.example');
});

test('a webhook is kept by its number, with the address and secret that nobody is shown', async (t) => {
  const { desk: it } = await desk(t);
  const second = { url: 'https://hooks.example/b', form: 'slack' } as const;
  await it.change({ people: [], webhooks: [HOOK, second] }, 'per_1');
  await it.change({ people: [], webhooks: [{ keep: 1 }, { keep: 0 }] }, 'per_1');
  deepEqual(it.settings?.webhooks, [{ ...second, secret: null }, HOOK]);
  await rejects(it.change({ people: [], webhooks: [{ keep: 2 }] }, 'per_1'), { code: 'notices/invalid' });
});

const refused: readonly [what: string, given: Parameters<NoticeDesk['change']>[0]][] = [
  ['a time that is none', { people: [], webhooks: [], digest: '25:00' }],
  ['a mail server and nobody to tell', { smtp: SMTP, people: [], webhooks: [] }],
  ['an address that is none', { smtp: SMTP, people: [{ name: 'IT', mail: 'a\r\nBcc: x@y.z' }], webhooks: [] }],
  ['a webhook in the clear', { people: [], webhooks: [{ url: 'http://hooks.example/x' }] }],
  ['a webhook that is a file', { people: [], webhooks: [{ url: 'file:///etc/passwd' }] }],
];
for (const [what, given] of refused)
  test(`refuses ${what}, and changes nothing`, async (t) => {
    const { desk: it, kept } = await desk(t);
    await rejects(it.change(given, 'per_1'), { code: 'notices/invalid' });
    deepEqual([it.settings, await kept()], [null, null]);
  });

test('what a file says, the page does not change', async (t) => {
  const { desk: it, kept } = await desk(t, 'file');
  await rejects(it.change({ people: [], webhooks: [] }, 'per_1'), { code: 'notices/fixed' });
  equal(await kept(), null);
});
