import { readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { corpusDir } from '../test/corpus.ts';
import { TestService } from '../test/service.ts';
import { median, report } from './figures.ts';
import { HospitalEvents } from './hospital-events.ts';

/** How long events are sent: `WARDWATCH_BENCH_SECONDS`; the must is for 300. */
const SECONDS = Number(process.env['WARDWATCH_BENCH_SECONDS'] ?? 60);
const BATCH = 1000;
const BODIES = 60;
const SENDERS = 4;

/**
 * What `npm run bench -- live` prints: a hospital's mixture of events sent to the real service over `_bulk` as fast as it
 * takes them, with all of SigmaHQ's Windows rules and every model, everything on this machine; and how long a finding takes
 * meanwhile.
 */
export async function benchLive(): Promise<void> {
  const sigma = corpusDir('sigma-rules');
  if (sigma === null) return;
  const service = new TestService('--plain-http', '--rules', path.join(sigma, 'rules', 'windows'));
  await service.start();
  try {
    await measure(service);
  } finally {
    await service.stop('SIGKILL');
    rmSync(service.folder, { recursive: true, force: true });
  }
}

async function measure(service: TestService): Promise<void> {
  const { token } = await service.addSource('hospital', 'windows');
  const [admin, analyst] = [await service.addToken('admin'), await service.addToken('analyst')];
  const events = new HospitalEvents(11, Date.now());
  const bodies = Array.from({ length: BODIES }, () => bodyOf(events));
  const parse = Array.from({ length: 5 }, () => {
    const started = performance.now();
    for (const line of bodies[0]?.split('\n') ?? []) if (line !== '') JSON.parse(line);
    return (2 * BATCH) / ((performance.now() - started) / 1000);
  });
  const listening = listen(service, analyst);
  let sent = 0;
  let pushedBack = 0;
  const until = Date.now() + SECONDS * 1000;
  const memory: number[] = [];
  const used = { service: processorSeconds(service.pid), sender: processorSeconds(process.pid) };
  const started = performance.now();
  const senders = Array.from({ length: SENDERS }, async (_, sender) => {
    for (let round = sender; Date.now() < until; round += SENDERS) {
      const { status } = await service.fetch('/_bulk', {
        headers: { authorization: `ApiKey ${token}`, 'content-type': 'application/x-ndjson' },
        body: bodies[round % BODIES] ?? '',
      });
      if (status === 200) sent += BATCH;
      else {
        pushedBack++;
        await pause(500);
      }
    }
  });
  const marks = (async () => {
    for (let number = 0; Date.now() < until; number++) {
      listening.expect(`mark${number}`);
      await service.fetch('/_bulk', {
        headers: { authorization: `ApiKey ${token}` },
        body: `{"create":{}}\n${JSON.stringify(markOf(number))}\n`,
      });
      memory.push((await counter(service, admin, 'process_resident_memory_bytes')) / 1e6);
      await pause(1000);
    }
  })();
  await Promise.all([...senders, marks]);
  const sending = (performance.now() - started) / 1000;
  // Sustained is what is also judged: what waits then was only taken in.
  while ((await counter(service, admin, 'judging_backlog_bytes')) > 0) await pause(100);
  const judging = (performance.now() - started) / 1000;
  const each = (pid: number, before: number) => ((processorSeconds(pid) - before) * 1e6) / sent;
  const [serviceTime, senderTime] = [each(service.pid, used.service), each(process.pid, used.sender)];
  await pause(2000);
  const yardstick = { name: 'JSON.parse of the lines, a second', values: parse };
  const figure = (name: string, unit: string, value: number, must: number | null, aim: number | null) =>
    report({ name: `live, ${SECONDS} s: ${name}`, unit, values: [value], yardstick, must, aim });
  figure('events acknowledged', 'events/s', sent / sending, null, null);
  figure('events acknowledged, archived and judged', 'events/s', sent / judging, 20_000, 35_000);
  // Others on the machine take from the rate, and hardly from this: two cores have 2,000,000 a second.
  figure('processor time of the service, an event', 'µs', serviceTime, 100, 57);
  figure('processor time of the sender, an event', 'µs', senderTime, null, null);
  const latencies = listening.latencies.toSorted((a, b) => a - b);
  figure('from arrival to finding, median', 'ms', median(latencies), null, null);
  figure(
    'from arrival to finding, 99 of 100',
    'ms',
    latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
    2000,
    700,
  );
  figure('memory at its highest', 'MB', Math.max(...memory), 1000, 600);
  figure('requests asked to come again', 'requests', pushedBack, null, null);
  listening.stop();
}

function bodyOf(events: HospitalEvents): string {
  let body = '';
  for (let index = 0; index < BATCH; index++) {
    const { event } = events.next(20_000);
    const at = new Date(event.at ?? event.receivedAt).toISOString();
    const object =
      event.text === null ? { '@timestamp': at, ...event.fields } : { '@timestamp': at, message: event.text };
    body += `{"create":{}}\n${JSON.stringify(object)}\n`;
  }
  return body;
}

/** One of our rules fires on it; told from others by its user. */
function markOf(number: number): object {
  return {
    '@timestamp': new Date().toISOString(),
    winlog: {
      channel: 'Security',
      event_id: 4688,
      computer_name: `mark-host-${number}`,
      event_data: {
        SubjectUserName: `mark${number}`,
        NewProcessName: 'C:\\Windows\\System32\\vssadmin.exe',
        CommandLine: 'vssadmin delete shadows /all /quiet',
      },
    },
  };
}

/** Hears findings as they are made. */
function listen(service: TestService, token: string) {
  const sentAt = new Map<string, number>();
  const latencies: number[] = [];
  const asked = request(
    new URL('/api/v1/live', service.ready.http),
    { headers: { authorization: `Bearer ${token}` } },
    (answer) => {
      answer.setEncoding('utf8').on('data', (piece: string) => {
        for (const [mark] of piece.matchAll(/mark\d+/g)) {
          const at = sentAt.get(mark);
          if (at === undefined) continue;
          sentAt.delete(mark);
          latencies.push(performance.now() - at);
        }
      });
    },
  );
  asked.on('error', () => undefined);
  asked.end();
  return {
    latencies,
    expect: (mark: string) => void sentAt.set(mark, performance.now()),
    stop: () => void asked.destroy(),
  };
}

async function counter(service: TestService, token: string, name: string): Promise<number> {
  const { text } = await service.fetch('/metrics', { headers: { authorization: `Bearer ${token}` } });
  return Number(new RegExp(`^wardwatch_${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
}

/** User and system time of a process so far, all its threads. Linux only. Source: proc(5), `stat`, in ticks of 1/100 s. */
function processorSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
