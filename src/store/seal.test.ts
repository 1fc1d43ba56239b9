import { deepEqual, equal, notDeepEqual, ok, rejects, throws } from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { Refusal } from '../core/refusal.ts';
import { openKeyring } from './seal.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'wardwatch-keys-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const data = path.join(dir, 'data');
mkdirSync(data);
let folders = 0;
const folder = () => path.join(dir, `keys${++folders}`);
const refusal = (code: string) => (error: unknown) => error instanceof Refusal && error.code === code;
const secret = Buffer.from('Ward 7, bed 3: NHS number 943 476 5919', 'utf8');

test('gives back what was sealed, also after it was opened again, and shows nothing of it', async () => {
  const keys = folder();
  const sealed = (await openKeyring(keys, 'seal', data)).seal(secret, 'set-aside/1');
  equal(sealed.length, secret.length + 40);
  ok(!sealed.includes('NHS'));
  const again = await openKeyring(keys, 'seal', data);
  deepEqual(again.open(sealed, 'set-aside/1'), secret);
  notDeepEqual(again.seal(secret, 'set-aside/1'), sealed, 'the same twice does not show as the same');
  deepEqual(again.open(again.seal(Buffer.of(), 'empty'), 'empty'), Buffer.of());
});

test('any bit that flips is found out, and so is another context', async () => {
  const keyring = await openKeyring(folder(), 'seal', data);
  const sealed = keyring.seal(secret, 'set-aside/1');
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const flipped = Buffer.from(sealed);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    throws(() => keyring.open(flipped, 'set-aside/1'), Refusal, `bit ${bit}`);
  }
  for (let size = 0; size < sealed.length; size++)
    throws(() => keyring.open(sealed.subarray(0, size), 'set-aside/1'), Refusal, `${size} bytes`);
  throws(() => keyring.open(sealed, 'set-aside/2'), refusal('keys/broken'));
});

test('another folder’s keys do not open it, nor another purpose’s', async () => {
  const keys = folder();
  const sealed = (await openKeyring(keys, 'seal', data)).seal(secret, 'x');
  const other = await openKeyring(folder(), 'seal', data);
  throws(() => other.open(sealed, 'x'), refusal('keys/unknown'));
  const purpose = await openKeyring(keys, 'pseudonym', data);
  throws(() => purpose.open(sealed, 'x'), refusal('keys/unknown'));
});

test('after a rotation the new key seals, and what is old still opens', async () => {
  const keys = folder();
  const keyring = await openKeyring(keys, 'seal', data);
  const old = keyring.seal(secret, 'x');
  const before = keyring.keyId;
  const { from, to } = await keyring.rotate();
  deepEqual([from, to], [before, keyring.keyId]);
  notDeepEqual(from, to);
  deepEqual(keyring.open(old, 'x'), secret);
  const again = await openKeyring(keys, 'seal', data);
  equal(again.keyId, to);
  deepEqual(again.open(old, 'x'), secret);
  deepEqual(again.open(keyring.seal(secret, 'x'), 'x'), secret);
});

test('a keyed hash is the same for the same text, context and key, and for nothing else', async () => {
  const keyring = await openKeyring(folder(), 'pseudonym', data);
  const first = keyring.mac('9434765919', 'patient');
  deepEqual(keyring.mac('9434765919', 'patient'), first);
  notDeepEqual(keyring.mac('9434765919', 'name'), first);
  const { from } = await keyring.rotate();
  notDeepEqual(keyring.mac('9434765919', 'patient'), first);
  deepEqual(keyring.mac('9434765919', 'patient', from), first);
  throws(() => keyring.mac('x', 'patient', '0000000000000000'), refusal('keys/unknown'));
});

test('two who start at once use one key', async () => {
  const keys = folder();
  const rings = await Promise.all([1, 2, 3, 4].map(() => openKeyring(keys, 'seal', data)));
  equal(new Set(rings.map(({ keyId }) => keyId)).size, 1);
  deepEqual(readdirSync(keys), ['seal-1.key']);
});

test('keys are for their owner only, and never in the data folder', async () => {
  const keys = folder();
  await openKeyring(keys, 'seal', data);
  equal(statSync(keys).mode & 0o777, 0o700);
  equal(statSync(path.join(keys, 'seal-1.key')).mode & 0o777, 0o600);
  chmodSync(path.join(keys, 'seal-1.key'), 0o640);
  await rejects(openKeyring(keys, 'seal', data), refusal('keys/exposed'));
  await rejects(openKeyring(path.join(data, 'keys'), 'seal', data), refusal('keys/inside-data'));
  await rejects(openKeyring(data, 'seal', data), refusal('keys/inside-data'));
});
