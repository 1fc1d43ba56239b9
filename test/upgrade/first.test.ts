/**
 * A data folder that the oldest build wrote whose stores are meant to open: first.tgz, by `serve` of commit e4f33b3 of
 * 25 November 2026 (schema 1, segments without a filter of hosts or words, a hold that names one source or none), with
 * made-up events. Two are sealed, one waits in the journal, one message could not be read.
 */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { eventually, TestService } from '../service.ts';

test('a data folder of the oldest build is taken over whole: events, findings, what was set aside, sources, holds', async (t) => {
  const service = new TestService('--plain-http');
  t.after(() => service.stop('SIGKILL'));
  const unpacked = spawnSync('tar', ['-xzf', path.join(import.meta.dirname, 'first.tgz'), '-C', service.folder]);
  equal(unpacked.status, 0, String(unpacked.stderr));
  equal(service.run('verify', '--json').status, 0, 'before');
  await service.start();
  const tokens = {
    analyst: await service.addToken('analyst'),
    admin: await service.addToken('admin'),
    privacy: await service.addToken('privacy'),
  };
  const ask = async (role: keyof typeof tokens, where: string, body?: object) => {
    const { status, text } = await service.fetch(where, {
      headers: { authorization: `Bearer ${tokens[role]}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    equal(status, 200, `${where}: ${text}`);
    return text;
  };
  const commands = async (query: string) =>
    (await ask('analyst', `/api/v1/events?query=${encodeURIComponent(query)}`))
      .trim()
      .split('\n')
      .flatMap((line) =>
        line === '' ? [] : [(JSON.parse(line) as { fields: { CommandLine: string } }).fields.CommandLine],
      )
      .sort();

  deepEqual(await commands(''), ['notepad.exe letter.txt', 'vssadmin delete shadows /all /quiet', 'whoami /all']);
  deepEqual(await commands('host:ws-1'), ['vssadmin delete shadows /all /quiet', 'whoami /all']);
  deepEqual(await commands('letter'), ['notepad.exe letter.txt']);
  deepEqual(await commands('mimikatz'), []);
  const [pseudonym = ''] = /pt_[0-9a-f]{20}/.exec(await ask('analyst', '/api/v1/events?query=')) ?? [];
  match(await ask('privacy', '/api/v1/reveal', { pseudonyms: [pseudonym], reason: 'Subject access request.' }), /null/);

  const [finding] = await service.list('/api/v1/findings', tokens.analyst);
  match(String(finding?.['title']), /Snapshots For Recovery Were Deleted/);
  deepEqual(
    (await service.list('/api/v1/sources', tokens.admin)).map(({ name }) => name),
    ['dc1', 'wards'],
  );
  const [aside] = await service.list('/api/v1/setaside', tokens.analyst);
  match(
    await ask('privacy', `/api/v1/setaside/${String(aside?.['id'])}/reveal`, { reason: 'It could not be read.' }),
    /nothing that we know/,
  );
  match(await ask('admin', '/api/v1/doctor'), /"reason":"the first one","events":2,"sources":\[\]/);

  // It goes on: what comes now is sealed behind what was, and judged.
  const { token } = await service.addSource('dc2', 'windows');
  const event = { '@timestamp': new Date().toISOString(), message: 'net user', winlog: { event_id: 1 } };
  const body = `{"create":{}}\n${JSON.stringify(event)}\n`;
  equal((await service.fetch('/_bulk', { headers: { authorization: `ApiKey ${token}` }, body })).status, 200);
  await eventually(
    () => ask('analyst', '/api/v1/events?query='),
    (text) => text.trim().split('\n').length === 4,
  );
  equal(await service.stop(), 0);
  const verified = service.run('verify', '--json');
  equal(verified.status, 0, verified.out);
  ok(verified.out.includes('"segments":1'));
});
