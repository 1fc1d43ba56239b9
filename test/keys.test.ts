/** New keys, and lost ones, through the real service. */
import { deepEqual, equal, match, notEqual } from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { readChain } from '../src/store/archive/chain.ts';
import { openKeyring } from '../src/store/seal.ts';
import { placesIn } from '../src/store/places.ts';
import { eventually, type TestService, upService } from './service.ts';

/** Numbers that no patient has. */
const [KIM, ALEX] = ['9990000018', '9990000026'];

async function desk(t: TestContext) {
  const service = await upService(t, '--plain-http');
  const { token } = await service.addSource('epr', 'http');
  const [analyst, privacy] = [await service.addToken('analyst'), await service.addToken('privacy')];
  /** @returns the pseudonyms in it, as the archive has them */
  const send = async (mark: string, patient: string): Promise<string[]> => {
    const line = JSON.stringify({ '@timestamp': new Date().toISOString(), message: `${mark} of ${patient} opened` });
    const body = `{"create":{}}\n${line}\n`;
    equal((await service.fetch('/_bulk', { headers: { authorization: `ApiKey ${token}` }, body })).status, 200);
    const events = await eventually(
      async () =>
        (await service.fetch('/api/v1/events', { headers: { authorization: `Bearer ${analyst}` } })).text
          .split('\n')
          .filter((text) => text.includes(mark)),
      (found) => found.length > 0,
    );
    return [...new Set(events.flatMap((event) => event.match(/p[ti]_[0-9a-f]{20}/g) ?? []))];
  };
  const reveal = (pseudonyms: readonly string[]) =>
    service.fetch('/api/v1/reveal', {
      headers: { authorization: `Bearer ${privacy}`, 'content-type': 'application/json' },
      body: JSON.stringify({ pseudonyms, reason: 'The patient has asked who looked.' }),
    });
  const rotate = () => service.run('keys', 'rotate', '--keys', service.keys, '--json');
  return { service, send, reveal, rotate };
}

/** True if a file of the data folder holds one of the numbers, written or in base64. */
function isAnywhere(service: TestService, numbers: readonly string[]): boolean {
  const forms = numbers.flatMap((number) => [number, Buffer.from(number).toString('base64').slice(0, 12)]);
  return readdirSync(service.data, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(service.data, name))
    .filter((file) => statSync(file).isFile())
    .some((file) => {
      const held = readFileSync(file).toString('latin1');
      return forms.some((form) => held.includes(form));
    });
}

test('after a rotation a patient keeps the pseudonym, new ones get one of the new key, and the chain says so', async (t) => {
  const { service, send, reveal, rotate } = await desk(t);
  const [before = ''] = await send('first', KIM);
  match(before, /^pt_/);
  const beside = rotate();
  equal(beside.status, 2);
  match(beside.err, /in use by a running service.*\n.*Stop the service first/);
  equal(await service.stop(), 0);
  const rotated = rotate();
  equal(rotated.status, 0, rotated.err);
  const { pseudonym, seal, sealedAnew } = JSON.parse(rotated.out) as Record<
    'pseudonym' | 'seal',
    { from: string; to: string }
  > & {
    sealedAnew: number;
  };
  equal(sealedAnew, 1);
  deepEqual(
    readChain(placesIn(service.data).archive)
      .lines.filter(({ kind }) => kind === 'keys-rotated')
      .map((line) => 'to' in line && [line.from, line.to]),
    [
      [pseudonym.from, pseudonym.to],
      [seal.from, seal.to],
    ],
  );
  await service.start();
  deepEqual(await send('second', KIM), [before]);
  const [newcomer = ''] = await send('third', ALEX);
  deepEqual(JSON.parse((await reveal([before, newcomer])).text), {
    items: [
      { pseudonym: before, value: KIM },
      { pseudonym: newcomer, value: ALEX },
    ],
  });
  equal(await service.stop(), 0);
  equal(service.run('verify').status, 0);

  // A second time: each keeps what each has, also where a restored folder lacks the list of what was given.
  equal(rotate().status, 0);
  rmSync(placesIn(service.data).given);
  await service.start();
  deepEqual(await send('fourth', KIM), [before]);
  deepEqual(await send('fifth', ALEX), [newcomer]);
  equal(await service.stop(), 0);
  equal(service.run('verify').status, 0);
  equal(isAnywhere(service, [KIM, ALEX]), false);
});

test('a rotation that was killed behind the first new key is entered in the chain when the service starts', async (t) => {
  const { service, send } = await desk(t);
  const [before = ''] = await send('first', KIM);
  equal(await service.stop(), 0);
  const { from, to } = await (await openKeyring(service.keys, 'pseudonym', service.data)).rotate();
  await service.start();
  deepEqual(await send('second', KIM), [before]);
  equal(await service.stop(), 0);
  const rotations = readChain(placesIn(service.data).archive).lines.filter(({ kind }) => kind === 'keys-rotated');
  deepEqual(
    rotations.map((line) => 'to' in line && [line.from, line.to]),
    [[from, to]],
  );
  equal(service.run('verify').status, 0);
});

test('without the keys nobody can tell who a pseudonym is, nor make it again', async (t) => {
  const { service, send, reveal } = await desk(t);
  const [before = ''] = await send('first', KIM);
  equal(await service.stop(), 0);
  for (const name of readdirSync(service.keys)) if (name.endsWith('.key')) rmSync(path.join(service.keys, name));
  equal(isAnywhere(service, [KIM]), false);
  await service.start();
  const shown = await reveal([before]);
  notEqual(shown.status, 200);
  equal(shown.text.includes(KIM), false);
  notEqual((await send('second', KIM))[0], before);
});

test('keys are not made where there are none, nor in a folder that is no service’s', async (t) => {
  const { service, rotate } = await desk(t);
  equal(await service.stop(), 0);
  rmSync(service.keys, { recursive: true });
  equal(rotate().status, 2);
  deepEqual(readdirSync(service.folder).includes('keys'), false);
});
