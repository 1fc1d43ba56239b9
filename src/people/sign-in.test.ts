import { deepEqual, equal, notEqual, ok, rejects } from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { Secret, TOTP } from 'otpauth';
import type { RefusalCode } from '../core/refusal.ts';
import type { Role } from '../core/role.ts';
import { Trail } from '../ops/trail.ts';
import { openKeyring } from '../store/seal.ts';
import { openState, statePlace } from '../store/state.ts';
import { hashPassword, isPassword } from './passwords.ts';
import { People } from './people.ts';
import { Sessions } from './sessions.ts';
import { SignIn } from './sign-in.ts';

const PASSWORD = 'kettle mountain violet';
const OTHER = 'another three unlike words';
const MINUTE = 60_000;

async function house(t: TestContext) {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-people-'));
  const data = path.join(folder, 'data');
  const clock = { at: Date.UTC(2026, 10, 25, 9) };
  const now = () => clock.at;
  const keys = await openKeyring(path.join(folder, 'keys'), 'seal', data);
  const state = await openState(statePlace(null, data));
  t.after(() => state.close());
  const people = new People(state, now);
  const signIn = new SignIn(state, keys, new Trail(state, now), now);
  const sessions = new Sessions(state, now);
  const accept = async (name = 'Ann') => people.accept((await people.firstInvitation()) ?? '', name, PASSWORD);
  const trail = async () => (await state.db.selectFrom('audit').selectAll().orderBy('at').execute()).map((row) => row);
  return { clock, state, people, signIn, sessions, accept, trail };
}

/** From an address, in a browser that is known by this or, with `null`, is not. */
const from = (address: string, browser: string | null = null) => ({ address, browser });

const refuses = (work: Promise<unknown>, code: RefusalCode) =>
  rejects(work, (error: { code?: string }) => error.code === code);

test('the first link makes one administrator who is an analyst too, once, and within a day', async (t) => {
  const { people, clock, accept } = await house(t);
  const old = (await people.firstInvitation()) ?? '';
  const second = (await people.firstInvitation()) ?? '';
  await refuses(people.accept(old, 'Ann', PASSWORD), 'people/bad-link');
  clock.at += 24 * 60 * MINUTE;
  await refuses(people.accept(second, 'Ann', PASSWORD), 'people/bad-link');
  const ann = await accept('  Ann   Example ');
  deepEqual([ann.name, ann.roles], ['Ann Example', ['admin', 'analyst']]);
  equal(await people.firstInvitation(), null);
  await refuses(people.accept(second, 'Eve', PASSWORD), 'people/bad-link');
});

test('two who open the first link at once do not both become administrators', async (t) => {
  const { people } = await house(t);
  const token = (await people.firstInvitation()) ?? '';
  const ends = await Promise.allSettled([people.accept(token, 'Ann', PASSWORD), people.accept(token, 'Eve', PASSWORD)]);
  deepEqual(ends.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
});

test('a password is kept so that nobody can read it, and weak ones are refused', async () => {
  const kept = await hashPassword(PASSWORD, 'Ann');
  ok(!kept.includes('kettle') && kept.startsWith('$argon2id$v=19$m=19456,t=2,p=1$'));
  notEqual(kept, await hashPassword(PASSWORD, 'Ann'));
  equal(await isPassword(PASSWORD, kept), true);
  equal(await isPassword(`${PASSWORD} `, kept), false);
  equal(await isPassword(PASSWORD, null), false);
  // One letter, typed in two ways.
  equal(await isPassword('cafe\u0301 cafe\u0301 au lait', await hashPassword('caf\u00e9 caf\u00e9 au lait', '')), true);
  for (const weak of [
    'short',
    'aaaaaaaaaaaaaaaa',
    'abababababababab',
    'password1234',
    'ann example 1',
    'x'.repeat(201),
  ])
    await refuses(hashPassword(weak, 'Ann Example'), 'people/weak-password');
});

test('an unknown name is answered as a wrong password is, and five wrong tries lock either for 15 minutes', async (t) => {
  const { signIn, accept, clock, trail } = await house(t);
  await accept();
  for (const name of ['Ann', 'Nobody']) {
    for (let tries = 0; tries < 5; tries++) await refuses(signIn.signIn(name, OTHER, null), 'sign-in/wrong');
    await refuses(signIn.signIn(name, PASSWORD, null), 'sign-in/locked');
    equal(await signIn.isLocked(name), true);
  }
  clock.at += 15 * MINUTE;
  await refuses(signIn.signIn('Nobody', PASSWORD, null), 'sign-in/wrong');
  equal((await signIn.signIn(' ANN ', PASSWORD, null)).name, 'Ann');
  const written = JSON.stringify(await trail());
  ok(written.includes('locked') && !written.includes('kettle') && !written.includes('Nobody'), written);
});

test('who tries one password with many names has to wait as an address; others, and this machine, do not', async (t) => {
  const { signIn, accept, clock } = await house(t);
  await accept();
  for (let tries = 0; tries < 30; tries++) {
    await refuses(signIn.signIn(`Nobody ${tries}`, OTHER, null, from('10.1.1.66')), 'sign-in/wrong');
    await refuses(signIn.signIn(`Nobody ${tries}`, OTHER, null, from('::ffff:127.0.0.1')), 'sign-in/wrong');
  }
  await refuses(signIn.signIn('Ann', PASSWORD, null, from('10.1.1.66')), 'sign-in/too-many');
  equal((await signIn.signIn('Ann', PASSWORD, null, from('10.1.1.67'))).name, 'Ann');
  equal((await signIn.signIn('Ann', PASSWORD, null, from('::ffff:127.0.0.1'))).name, 'Ann');
  clock.at += 15 * MINUTE;
  equal((await signIn.signIn('Ann', PASSWORD, null, from('10.1.1.66'))).name, 'Ann');
});

test('a stranger locks nobody out of a browser in which they have signed in, nor at another address', async (t) => {
  const { signIn, accept, people, clock } = await house(t);
  const ann = await accept();
  const browser = (await signIn.knownBrowser(ann.id, null)) ?? '';
  for (let tries = 0; tries < 5; tries++)
    await refuses(signIn.signIn('Ann', OTHER, null, from('10.1.1.66')), 'sign-in/wrong');
  await refuses(signIn.signIn('Ann', PASSWORD, null, from('10.1.1.66')), 'sign-in/locked');
  equal((await signIn.signIn('Ann', PASSWORD, null, from('10.1.1.67'))).name, 'Ann', 'another address');
  equal((await signIn.signIn('Ann', PASSWORD, null, from('10.1.1.66', browser))).name, 'Ann', 'a known browser');
  // Many addresses together have a hundred tries, whatever each of them has; a whole IPv6 network is one of them.
  for (let network = 0; network < 20; network++)
    for (let tries = 0; tries < 5; tries++)
      await signIn.signIn('Ann', OTHER, null, from(`2001:db8:0:${network}::${tries}`)).catch(() => undefined);
  await refuses(signIn.signIn('Ann', PASSWORD, null, from('10.1.1.99')), 'sign-in/locked');
  for (let tries = 0; tries < 30; tries++)
    await signIn.signIn(`Nobody ${tries}`, OTHER, null, from('10.1.1.5')).catch(() => undefined);
  await refuses(signIn.signIn('Ann', PASSWORD, null, from('10.1.1.5')), 'sign-in/too-many');
  equal((await signIn.signIn('Ann', PASSWORD, null, from('10.1.1.5', browser))).name, 'Ann');
  // Whoever has such a browser guesses no more than others do, and it is good for one person, and for one password.
  for (let tries = 0; tries < 5; tries++)
    await refuses(signIn.signIn('Ann', OTHER, null, from('10.1.1.4', browser)), 'sign-in/wrong');
  await refuses(signIn.signIn('Ann', PASSWORD, null, from('10.1.1.4', browser)), 'sign-in/locked');
  await signIn.unlock('Ann');
  equal((await signIn.signIn('Ann', PASSWORD, null, from('10.1.1.66'))).name, 'Ann', 'unlocked everywhere');
  const ben = await people.invite('Ben', ['staff'], null);
  await people.accept(ben.token, '', OTHER);
  const bens = (await signIn.knownBrowser(ben.id, browser)) ?? '';
  for (const [who, known] of [
    ['Ann', bens],
    ['Ben', bens],
  ] as const)
    equal((await signIn.signIn(who, who === 'Ann' ? PASSWORD : OTHER, null, from('10.1.1.8', known))).name, who);
  for (let tries = 0; tries < 5; tries++)
    await refuses(signIn.signIn('Ben', PASSWORD, null, from('10.1.1.7')), 'sign-in/wrong');
  await refuses(signIn.signIn('Ben', OTHER, null, from('10.1.1.7', browser)), 'sign-in/locked');
  await refuses(signIn.signIn('Ben', OTHER, null, from('10.1.1.7', `!${bens.slice(1)}`)), 'sign-in/locked');
  await people.accept(await people.reset(ben.id), '', PASSWORD);
  await refuses(signIn.signIn('Ben', PASSWORD, null, from('10.1.1.7', bens)), 'sign-in/locked');
  clock.at += 15 * MINUTE;
  equal((await signIn.signIn('Ben', PASSWORD, null, from('10.1.1.7', bens))).name, 'Ben');
});

test('whoever goes on guessing waits twice as long each time, four hours at most', async (t) => {
  const { signIn, accept, clock } = await house(t);
  await accept();
  for (let tries = 0; tries < 5; tries++) await refuses(signIn.signIn('Ann', OTHER, null), 'sign-in/wrong');
  for (const minutes of [15, 30, 60, 120, 240, 240]) {
    clock.at += minutes * MINUTE - 1;
    await refuses(signIn.signIn('Ann', PASSWORD, null), 'sign-in/locked');
    clock.at += 1;
    const ends = await Promise.allSettled([1, 2, 3].map(() => signIn.signIn('Ann', OTHER, null)));
    const codes = ends.map((end) => (end.status === 'rejected' ? (end.reason as { code: string }).code : 'in'));
    deepEqual(codes.sort(), ['sign-in/locked', 'sign-in/locked', 'sign-in/wrong'], `after ${minutes} minutes`);
  }
  clock.at += 240 * MINUTE;
  equal((await signIn.signIn('Ann', PASSWORD, null)).name, 'Ann');
});

test('tries under thousands of made-up names do not make room for guessing a real one', async (t) => {
  const { state, signIn, accept } = await house(t);
  await accept();
  const made = Array.from({ length: 10_000 }, (_, i) => `made-up-${i}`);
  for (let i = 0; i < made.length; i += 500)
    await state.db
      .insertInto('sign_in_tries')
      .values(
        made
          .slice(i, i + 500)
          .map((name_mac) => ({ name_mac, tries: 1, last_at: Date.UTC(2026, 10, 25, 9), locked_until: null })),
      )
      .execute();
  const codes: string[] = [];
  for (let tries = 0; tries < 102; tries++)
    await signIn
      .signIn('Ann', OTHER, null, from('127.0.0.1'))
      .catch((error: { code: string }) => codes.push(error.code));
  equal(codes.filter((code) => code === 'sign-in/wrong').length, 100);
  equal(codes.at(-1), 'sign-in/locked');
});

test('who asks again and again while they have to wait does not fill the trail', async (t) => {
  const { signIn, accept, trail, clock } = await house(t);
  await accept();
  for (let tries = 0; tries < 205; tries++) await signIn.signIn('Ann', OTHER, null).catch(() => undefined);
  const refusals = async () => (await trail()).filter(({ action }) => action === 'sign-in refused');
  deepEqual((await refusals()).map(({ detail }) => (JSON.parse(detail) as { why: string }).why).sort(), [
    'locked',
    'password',
    'password',
    'password',
    'password',
    'password',
  ]);
  clock.at += 15 * MINUTE;
  for (let tries = 0; tries < 3; tries++) await signIn.signIn('Ann', OTHER, null).catch(() => undefined);
  equal((await refusals()).length, 8);
});

test('of many guesses at once no more than five are looked at', async (t) => {
  const { signIn, accept } = await house(t);
  await accept();
  const ends = await Promise.allSettled(Array.from({ length: 12 }, () => signIn.signIn('Ann', OTHER, null)));
  const codes = ends.map((end) => (end.status === 'rejected' ? (end.reason as { code: string }).code : 'in'));
  ok(codes.filter((code) => code === 'sign-in/wrong').length <= 5, codes.join());
  equal(codes.includes('in'), false);
});

test('a second factor is asked for, its codes count once, and asking for it does not forgive wrong ones', async (t) => {
  const { signIn, accept, clock } = await house(t);
  const { id } = await accept();
  const { secret, uri } = await signIn.newSecondFactor(id);
  ok(uri.startsWith('otpauth://totp/'));
  const code = () => new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: clock.at });
  // Shown is not confirmed.
  await signIn.signIn('Ann', PASSWORD, null);
  await refuses(signIn.confirmSecondFactor(id, '000000'), 'sign-in/wrong-code');
  await signIn.confirmSecondFactor(id, code());
  await refuses(signIn.signIn('Ann', PASSWORD, null), 'sign-in/code-needed');
  await refuses(signIn.signIn('Ann', PASSWORD, code()), 'sign-in/wrong-code');
  clock.at += 30_000;
  const once = code();
  equal((await signIn.signIn('Ann', PASSWORD, `${once.slice(0, 3)} ${once.slice(3)}`)).hasSecondFactor, true);
  await refuses(signIn.signIn('Ann', PASSWORD, once), 'sign-in/wrong-code');
  for (let tries = 0; tries < 4; tries++) {
    await refuses(signIn.signIn('Ann', PASSWORD, null), 'sign-in/code-needed');
    await refuses(signIn.signIn('Ann', PASSWORD, '000000'), 'sign-in/wrong-code');
  }
  clock.at += 30_000;
  await refuses(signIn.signIn('Ann', PASSWORD, code()), 'sign-in/locked');
});

test('a session ends after 30 minutes without a question, after 12 hours, with its account and with its role', async (t) => {
  const { sessions, people, accept, clock } = await house(t);
  const ann = await accept();
  const token = await sessions.begin(ann.id);
  notEqual(token, await sessions.begin(ann.id));
  for (let minutes = 0; minutes < 100; minutes += 25) {
    clock.at += 25 * MINUTE;
    equal((await sessions.holder(token, true))?.name, 'Ann');
  }
  // What the page asks by itself keeps nobody signed in.
  clock.at += 25 * MINUTE;
  notEqual(await sessions.holder(token, false), null);
  clock.at += 5 * MINUTE;
  equal(await sessions.holder(token, false), null);
  await refuses(sessions.mustBeFresh(token), 'sign-in/not-fresh');
  const long = await sessions.begin(ann.id);
  await sessions.mustBeFresh(long);
  await refuses(sessions.mustBeFresh('ww_none'), 'sign-in/not-fresh');
  for (let minutes = 0; minutes < 12 * 60; minutes += 20) {
    notEqual(await sessions.holder(long, true), null);
    clock.at += 20 * MINUTE;
  }
  equal(await sessions.holder(long, true), null);
  const { id, token: link } = await people.invite('Ben', ['board'], clock.at + 60 * MINUTE);
  const ben = await people.accept(link, '', OTHER);
  const bens = await sessions.begin(ben.id);
  await people.setRoles(id, ['staff']);
  deepEqual((await sessions.holder(bens, true))?.roles, ['staff']);
  clock.at += 20 * MINUTE;
  await sessions.holder(bens, true);
  clock.at += 25 * MINUTE;
  await sessions.holder(bens, true);
  clock.at += 20 * MINUTE;
  equal(await sessions.holder(bens, true), null, 'a partner’s account ends by itself');
  const again = await sessions.begin(ann.id);
  await people.reset(ann.id);
  equal(await sessions.holder(again, true), null);
});

test('what a provider says of roles takes the last administrator away as little as a person can', async (t) => {
  const { people, accept } = await house(t);
  const provider = (subject: string, roles: readonly Role[]) => people.vouchedFor({ subject, name: subject, roles });
  const ann = await accept();
  await provider('cleo', ['admin', 'board']);
  await people.end(ann.id);
  deepEqual((await provider('cleo', ['staff'])).roles, ['admin', 'staff']);
  const cleo = await provider('cleo', []);
  deepEqual(cleo.roles, ['admin']);
  deepEqual((await people.byId(cleo.id)).roles, ['admin']);
  await provider('dora', ['admin']);
  deepEqual((await provider('cleo', ['staff'])).roles, ['staff'], 'she is not the last');
});

test('a reset voids password, second factor and sessions; an ended account cannot come back; one administrator stays', async (t) => {
  const { people, signIn, accept } = await house(t);
  const ann = await accept();
  await refuses(people.end(ann.id), 'people/last-admin');
  await refuses(people.setRoles(ann.id, ['analyst']), 'people/last-admin');
  const { id, token } = await people.invite('Ben', ['admin'], null);
  // Invited is not there yet.
  await refuses(people.end(ann.id), 'people/last-admin');
  await refuses(people.invite('BEN', ['staff'], null), 'people/name-taken');
  await people.accept(token, 'Somebody Else', OTHER);
  equal((await signIn.signIn('ben', OTHER, null)).name, 'Ben');
  const link = await people.reset(id);
  await refuses(signIn.signIn('Ben', OTHER, null), 'sign-in/wrong');
  const newer = await people.reset(id);
  await refuses(people.accept(link, '', PASSWORD), 'people/bad-link');
  await people.accept(newer, '', PASSWORD);
  await people.end(ann.id);
  await refuses(signIn.signIn('Ann', PASSWORD, null), 'sign-in/wrong');
  await refuses(people.reset(ann.id), 'people/not-found');
  deepEqual(
    (await people.list()).map(({ name, state }) => [name, state]),
    [
      ['Ann', 'ended'],
      ['Ben', 'active'],
    ],
  );
});
