/** How long things are kept, and legal holds: set by administrators through the API of the real service. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { fillOldArchive } from './old-archive.ts';
import { openState, statePlace } from '../src/store/state.ts';
import { TestService } from './service.ts';

interface Room {
  readonly kinds: readonly { kind: string; keepDays: number; events: number }[];
  readonly holds: readonly { id: string; sources: string[]; from: string | null; reason: string; events: number }[];
}

test('what a change would delete is said first, is deleted only if that was accepted, and holds keep what they name', async (t) => {
  const service = new TestService('--plain-http');
  t.after(() => service.stop('SIGKILL'));
  const firewall = await service.addSource('firewall', 'syslog');
  await fillOldArchive(service.data, [
    { daysAgo: 20, count: 30, sourceId: firewall.id },
    { daysAgo: 12, count: 20, sourceId: 'src_gone' },
    { daysAgo: 2, count: 10, sourceId: firewall.id },
  ]);
  await service.start();
  const admin = { authorization: `Bearer ${await service.addToken('admin')}`, 'content-type': 'application/json' };
  const post = async (path: string, body: object) => {
    const { status, text } = await service.fetch(path, { headers: admin, body: JSON.stringify(body) });
    return { status, ...(JSON.parse(text) as { code?: string; message?: string; id?: string }) };
  };
  const room = async () =>
    (JSON.parse((await service.fetch('/api/v1/doctor', { headers: admin })).text) as { room: Room }).room;
  const network = async () => (await room()).kinds.find(({ kind }) => kind === 'network');
  const preview = async (query: string) =>
    (
      JSON.parse((await service.fetch(`/api/v1/retention/preview?${query}`, { headers: admin })).text) as {
        leaving: { kind: string; events: number }[];
      }
    ).leaving;
  const days = { network: 7, security: 400, clinical: 2928 };
  const reason = 'the disk is small';

  deepEqual(
    (await preview('network=7')).map(({ kind, events }) => [kind, events]),
    [['network', 50]],
  );
  deepEqual(await preview('network=21'), []);
  equal((await service.fetch('/api/v1/retention/preview?network=6', { headers: admin })).status, 400, 'a minimum');

  const refused = await post('/api/v1/retention', { days, reason });
  deepEqual([refused.status, refused.code], [409, 'retention/would-delete']);
  match(refused.message ?? '', /delete 50 events/);
  for (const [what, body, status] of [
    ['below the minimum of security logs', { days: { ...days, security: 183 }, reason, acceptDeleting: 999 }, 400],
    ['below the minimum of record accesses', { days: { ...days, clinical: 400 }, reason, acceptDeleting: 999 }, 400],
    ['without a reason', { days, acceptDeleting: 50 }, 400],
    ['of a kind that there is not', { days: { ...days, mail: 3 }, reason }, 400],
    ['fewer than would go', { days, reason, acceptDeleting: 49 }, 409],
  ] as const)
    equal((await post('/api/v1/retention', body)).status, status, what);
  deepEqual([(await network())?.keepDays, (await network())?.events], [28, 60], 'nothing was changed');

  const hold = await post('/api/v1/holds', {
    sources: [firewall.id],
    to: new Date().toISOString(),
    reason: 'police 123',
  });
  equal(hold.status, 200);
  equal((await post('/api/v1/holds', { sources: ['src_none'], reason: 'police 123' })).status, 404);
  const backwards = { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z', reason: 'police 123' };
  equal((await post('/api/v1/holds', backwards)).code, 'holds/no-time');
  const [held] = (await room()).holds;
  deepEqual([held?.sources, held?.reason, held?.events], [['firewall'], 'police 123', 40]);
  deepEqual(
    (await preview('network=7')).map(({ events }) => events),
    [20],
    'not what is held',
  );
  equal((await post('/api/v1/retention', { days, reason, acceptDeleting: 20 })).status, 200);
  deepEqual([(await network())?.keepDays, (await network())?.events], [7, 40]);

  // It holds after a restart, too.
  equal(await service.stop(), 0);
  await service.start();
  deepEqual([(await network())?.keepDays, (await network())?.events, (await room()).holds.length], [7, 40, 1]);

  const url = `/api/v1/holds/${hold.id ?? ''}/release`;
  deepEqual(
    (await preview(`release=${hold.id ?? ''}`)).map(({ events }) => events),
    [30],
  );
  equal((await post(url, { reason: 'the case was closed' })).code, 'retention/would-delete');
  equal((await post('/api/v1/holds/hold_none/release', { reason: 'the case was closed' })).status, 404);
  equal((await post(url, { reason: 'the case was closed', acceptDeleting: 30 })).status, 200);
  deepEqual([(await network())?.events, (await room()).holds], [10, []]);

  // What staff are told is what holds.
  const notice = (await service.fetch('/api/v1/monitoring-notice', { headers: admin })).text;
  match(notice, /What goes through the network: "[^}]*\},\{"text":"7"/);
  equal(await service.stop(), 0);

  // Who did it and why is on record.
  const state = await openState(statePlace(null, service.data));
  const trail = await state.db.selectFrom('audit').select(['action', 'actor', 'detail']).orderBy('at').execute();
  await state.close();
  for (const [action, why] of [
    ['POST /api/v1/retention', reason],
    ['POST /api/v1/holds', 'police 123'],
    ['POST /api/v1/holds/:id/release', 'the case was closed'],
  ] as const)
    ok(
      trail.some((line) => line.action === action && line.actor.startsWith('tok_') && line.detail.includes(why)),
      action,
    );
  const verified = service.run('verify', '--json');
  equal(verified.status, 0, verified.out);
});

test('a time that is made longer deletes nothing and needs no leave', async (t) => {
  const service = new TestService('--plain-http');
  t.after(() => service.stop('SIGKILL'));
  await fillOldArchive(service.data, [{ daysAgo: 27, count: 5, sourceId: 'src_a' }]);
  await service.start();
  const admin = { authorization: `Bearer ${await service.addToken('admin')}`, 'content-type': 'application/json' };
  const body = { days: { network: 90, security: 800, clinical: 4000 }, reason: 'the insurer wants it' };
  equal((await service.fetch('/api/v1/retention', { headers: admin, body: JSON.stringify(body) })).status, 200);
  const { text } = await service.fetch('/api/v1/doctor', { headers: admin });
  const { room } = JSON.parse(text) as { room: Room };
  deepEqual(
    room.kinds.map(({ kind, keepDays }) => [kind, keepDays]),
    Object.entries(body.days),
  );
});
