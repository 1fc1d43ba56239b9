import { deepEqual, equal } from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { eventually, type TestService } from '../service.ts';

const BATCH = 20;
/** “The Security log was wiped”, one of ours: it fires on each of the events below. */
const RULE_ID = '9200a15f-69ff-4a7b-aebd-c582c1ca746a';

/**
 * Sends to a real service at full speed, kills it with SIGKILL at random moments, and starts it again. Afterwards
 * every event that was acknowledged is kept, and each was found once; the archive verifies, and exports the same.
 *
 * @param random from 0 to 1
 */
export async function crashService(
  service: TestService,
  kills: number,
  random: () => number,
): Promise<{ acknowledged: number; kept: number; findings: number }> {
  await service.start();
  const { token } = await service.addSource('shipper', 'windows');
  await service.addSource('device', 'syslog');
  const analyst = await service.addToken('analyst');
  const acknowledged: string[] = [];
  const over = new AbortController();
  const isOver = () => over.signal.aborted;

  const ship = async () => {
    for (let batch = 0; !isOver(); batch++) {
      const markers = Array.from({ length: BATCH }, (_, i) => `m${batch}x${i}z`);
      const body = markers.map((marker) => `{"create":{}}\n${JSON.stringify(eventOf(marker))}\n`).join('');
      // A shipper sends a batch again until it is acknowledged.
      for (let isKept = false; !isKept && !isOver(); ) {
        isKept = await service
          .fetch('/_bulk', { headers: { authorization: `ApiKey ${token}` }, body })
          .then(({ status }) => status === 200)
          .catch(() => false);
        if (isKept) acknowledged.push(...markers);
        else await wait(20);
      }
    }
  };
  // Plain syslog has no acknowledgement to hold us to: it is there for the load.
  const disturb = async () => {
    for (let number = 0; !isOver(); ) {
      const socket = await opened(service.ready.syslogTcp ?? '');
      const isUsable = () => socket !== null && !socket.destroyed && !isOver();
      while (isUsable()) {
        socket?.write(`<34>1 2026-11-25T09:00:00Z h app - - - noise ${number++}\n`);
        if (number % 50 === 0) await wait(5);
      }
      await wait(50);
    }
  };
  const work = [ship(), disturb()];
  for (let kill = 0; kill < kills; kill++) {
    await wait(200 + random() * 1500);
    await service.stop('SIGKILL');
    await service.start();
  }
  await wait(300);
  over.abort();
  await Promise.all(work);

  const { text } = await service.fetch('/api/v1/events?query=channel:security', {
    headers: { authorization: `Bearer ${analyst}` },
  });
  const kept = new Set(text.match(/m\d+x\d+z/g));
  const lost = acknowledged.filter((marker) => !kept.has(marker));
  deepEqual(lost, [], `${lost.length} of ${acknowledged.length} acknowledged events are lost`);

  const findings = await eventually(
    async () => (await service.list('/api/v1/findings', analyst)).filter(({ ruleId }) => ruleId === RULE_ID),
    (found) => new Set(found.map(markerOf)).size >= kept.size,
  );
  equal(findings.length, kept.size, 'each event is found once');
  equal(await service.stop(), 0);
  const verified = service.run('verify', '--json');
  equal(verified.status, 0, verified.out);
  const exported = service.run('export', 'events', '--format', 'ndjson');
  equal(new Set(exported.out.match(/m\d+x\d+z/g)).size, kept.size, 'the export holds what the service held');
  return { acknowledged: acknowledged.length, kept: kept.size, findings: findings.length };
}

function eventOf(marker: string): object {
  return {
    Channel: 'Security',
    EventID: 1102,
    Provider_Name: 'Microsoft-Windows-Eventlog',
    Computer: 'dc1',
    EventTime: '2026-11-25T09:00:00Z',
    SubjectUserName: marker,
  };
}

function markerOf(finding: Readonly<Record<string, unknown>>): string {
  return /m\d+x\d+z/.exec(JSON.stringify(finding['entities']))?.[0] ?? '';
}

async function opened(address: string): Promise<Socket | null> {
  const [host = '', port = ''] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect(Number(port), host, () => resolve(socket));
    socket.on('error', () => resolve(null));
  });
}
