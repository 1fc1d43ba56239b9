/** Passkeys against whoever asks, answers twice, elsewhere or late. The device is played by hand. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import { Trail } from '../ops/trail.ts';
import { openKeyring } from '../store/seal.ts';
import { openState, statePlace } from '../store/state.ts';
import { Passkeys } from './passkeys.ts';
import { People } from './people.ts';

const ORIGIN = 'https://watch.rx1.example';

async function house(t: TestContext) {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-passkeys-'));
  const data = path.join(folder, 'data');
  const clock = { at: Date.UTC(2026, 10, 26, 3) };
  const now = () => clock.at;
  const keys = await openKeyring(path.join(folder, 'keys'), 'seal', data);
  const state = await openState(statePlace(null, data));
  t.after(() => state.close());
  const people = new People(state, now);
  const ann = await people.accept((await people.firstInvitation()) ?? '', 'Ann', 'kettle mountain violet');
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  // COSE: EC2, ES256, P-256. Source: RFC 9053, 7.1.1.
  const cose = Buffer.concat([
    Buffer.from('a5010203262001215820', 'hex'),
    Buffer.from(x, 'base64url'),
    Buffer.from('225820', 'hex'),
    Buffer.from(y, 'base64url'),
  ]);
  const id = Buffer.from('a key of the test').toString('base64url');
  await state.db
    .insertInto('passkeys')
    .values({
      id,
      person_id: ann.id,
      site: 'watch.rx1.example',
      public_key: cose,
      counter: 0,
      made_at: clock.at,
      used_at: null,
    })
    .execute();
  let count = 0;
  /** What a device answers after a finger was shown. */
  const answer = (challenge: string, origin = ORIGIN): AuthenticationResponseJSON => {
    const client = Buffer.from(JSON.stringify({ type: 'webauthn.get', challenge, origin, crossOrigin: false }));
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(++count);
    const site = createHash('sha256').update('watch.rx1.example').digest();
    const device = Buffer.concat([site, Buffer.of(0x05), counter]);
    const signature = sign('sha256', Buffer.concat([device, createHash('sha256').update(client).digest()]), privateKey);
    return {
      id,
      rawId: id,
      type: 'public-key',
      clientExtensionResults: {},
      response: {
        clientDataJSON: client.toString('base64url'),
        authenticatorData: device.toString('base64url'),
        signature: signature.toString('base64url'),
      },
    };
  };
  return { passkeys: new Passkeys(state, keys, new Trail(state, now), now), answer, clock, ann };
}

const REFUSED = { code: 'passkeys/refused' };

test('a stranger who asks a thousand times has nobody’s sign-in forgotten', async (t) => {
  const { passkeys, answer } = await house(t);
  const { challenge } = await passkeys.beginSignIn(ORIGIN);
  for (let times = 0; times < 1100; times++) await passkeys.beginSignIn(ORIGIN);
  equal((await passkeys.signIn(ORIGIN, answer(challenge))).name, 'Ann');
});

test('an answer counts once, soon, at the site that it was asked for, and for what it was asked for', async (t) => {
  const { passkeys, answer, clock, ann } = await house(t);
  const { challenge } = await passkeys.beginSignIn(ORIGIN);
  const [one, other] = [answer(challenge), answer(challenge)];
  const ends = await Promise.allSettled([passkeys.signIn(ORIGIN, one), passkeys.signIn(ORIGIN, other)]);
  deepEqual(ends.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  await rejects(passkeys.signIn(ORIGIN, answer(challenge)), REFUSED);
  const late = await passkeys.beginSignIn(ORIGIN);
  clock.at += 5 * 60_000 + 1;
  await rejects(passkeys.signIn(ORIGIN, answer(late.challenge)), REFUSED);
  const elsewhere = await passkeys.beginSignIn('https://watch.rx1.example.evil.example');
  await rejects(passkeys.signIn(ORIGIN, answer(elsewhere.challenge)), REFUSED);
  const making = await passkeys.beginMaking(ann, ORIGIN);
  await rejects(passkeys.signIn(ORIGIN, answer(making.challenge)), REFUSED);
  await rejects(passkeys.signIn(ORIGIN, answer(Buffer.alloc(56, 7).toString('base64url'))), REFUSED);
  const { challenge: right } = await passkeys.beginSignIn(ORIGIN);
  await rejects(passkeys.signIn(ORIGIN, answer(right, 'https://evil.example')), REFUSED);
  equal((await passkeys.signIn(ORIGIN, answer(right))).name, 'Ann', 'a wrong answer does not use it up');
});
