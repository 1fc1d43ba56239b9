import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Refusal } from '../core/refusal.ts';
import { simulateHospital } from '../records/simulate/hospital.ts';
import { FAMILIES } from '../records/simulate/parameters.ts';
import { diesFirst } from '../ops/dies-first.ts';
import { Log } from '../ops/log.ts';
import { type Service, startService } from '../serve/service.ts';
import { simulateAttack } from '../simulate/attack.ts';
import { EXIT } from './exit.ts';
import { helpText, type OptionTable, readOptions } from './options.ts';
import { print, say } from './output.ts';
import { asked, readListen } from './serve.ts';
import { cacheFolder, OWN_RULES, readPlaceholders } from './site.ts';
import { ourVersion } from './version.ts';

const OPTIONS: OptionTable = {
  listen: { type: 'string', value: 'ADDRESS', help: 'the page, for this machine only (default: a free port)' },
  json: { type: 'boolean', help: 'print JSON' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
};

const HELP = helpText({
  usage: 'demo [options]',
  what: 'A made-up hospice under attack, to try the page on before you send a single log: its last day, with an intruder in\nit, judged as yours would be. All of it is gone when it ends (Ctrl-C). No person or machine in it exists.',
  options: OPTIONS,
  examples: [['wardwatch demo', 'then open the address that it prints']],
});

const SEED = 1;
const NAME = 'Visitor';
const DAY_MS = 86_400_000;
/** Four weeks to learn from, and a week to judge. */
const CARE_DAYS = 35;
const CARE_STAFF = 60;
const CARE_PATIENTS = 500;
/** A house of sixty would wait a year for a case at the usual budget. */
const DEMO_BUDGET = 5;

/** @returns the exit code, once it has ended */
export async function runDemo(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const given = readOptions('demo', OPTIONS, args);
  if (given.flag('help')) {
    print(HELP);
    return EXIT.done;
  }
  if (given.paths.length > 0)
    throw new Refusal('usage/bad-option', `wardwatch demo takes no “${given.paths[0] ?? ''}”`);
  // Beside a real watch it is what can be spared when memory runs out.
  diesFirst();
  const http = readListen('--listen', given.text('listen') ?? '127.0.0.1:0');
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-demo-'));
  const care = path.join(folder, 'care');
  try {
    const accesses = writeCare(care, Date.now());
    const service = await startService({
      dataFolder: path.join(folder, 'data'),
      keysFolder: path.join(folder, 'keys'),
      http: { ...http, host: '127.0.0.1' },
      isPlainHttp: true,
      isSimulated: true,
      syslogTcp: null,
      syslogTls: null,
      syslogUdp: null,
      mllp: null,
      mllpTls: null,
      rules: { ruleFolders: [OWN_RULES], placeholders: readPlaceholders(null), cacheFolder: cacheFolder(env) },
      domains: {},
      canaries: { accounts: [], hosts: [], shares: [], files: [], patients: [] },
      indicatorFiles: [],
      relationships: care,
      budget: DEMO_BUDGET,
      notices: null,
      oidc: null,
      doesCareDepend: (host) => host.startsWith('sim-dc-') || host.startsWith('sim-files-'),
      timeZone: 'Europe/London',
      state: null,
      version: ourVersion(),
      log: new Log(say, Date.now),
      now: Date.now,
    });
    const stopped = asked();
    // Beside a service that was killed it would stay for ever.
    process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
    // To listen for that must not keep it from ending.
    process.channel?.unref();
    const password = randomBytes(12).toString('base64url');
    const ask = await furnish(service, password);
    print(
      given.flag('json')
        ? `${JSON.stringify({ schema: 'wardwatch.demo/1', http: service.addresses.http, name: NAME, password, folder })}\n`
        : `The simulated hospice is at ${service.addresses.http}/\nSign in as ${NAME} with the password ${password}\nCtrl-C ends it, and leaves nothing.\n`,
    );
    // The attack is there to be looked at: the records come a little later.
    let isOver = false;
    sendAccesses(service, ask, accesses).catch((error: unknown) => {
      if (!isOver) say(`the records are missing: ${String(error)}\n`);
    });
    await stopped;
    isOver = true;
    await service.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return EXIT.done;
}

type Ask = (url: string, body: object) => Promise<Readonly<Record<string, unknown>>>;

/** Somebody who may do everything here, two sources, and a day of theirs. */
async function furnish({ addresses, firstLink }: Service, password: string): Promise<Ask> {
  let cookie = '';
  const ask: Ask = async (url, body) => {
    const answer = await fetch(`${addresses.http}/api/v1${url}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-wardwatch': 'page', cookie },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
    cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
    return (await answer.json()) as Readonly<Record<string, unknown>>;
  };
  const token = firstLink?.split('#')[1] ?? '';
  const { person } = await ask('/invitations/accept', { token, name: NAME, password });
  const { id } = person as { id: string };
  await ask(`/people/${id}/roles`, { roles: ['admin', 'analyst', 'privacy', 'board', 'staff'] });
  const windows = await ask('/sources', { name: 'sim-windows', kind: 'windows' });
  const firewall = await ask('/sources', { name: 'sim-firewall', kind: 'http' });
  for (const hour of simulateAttack({ seed: SEED, end: Date.now() }).hours) {
    const lines = hour.windows.map((doc) => `{"create":{}}\n${JSON.stringify(doc)}\n`);
    if (lines.length > 0) await send(`${addresses.http}/_bulk`, `ApiKey ${String(windows['token'])}`, lines.join(''));
    if (hour.firewall.length > 0)
      await send(
        `${addresses.http}/services/collector/raw`,
        `Splunk ${String(firewall['token'])}`,
        hour.firewall.join('\n'),
      );
  }
  return ask;
}

/**
 * Five weeks of care that end yesterday, as the service is given it: who was where, and apart from that who opened what.
 *
 * @returns the accesses, as FHIR AuditEvents
 */
function writeCare(folder: string, now: number): readonly string[] {
  const parameters = FAMILIES['D'];
  if (parameters === undefined) throw new Error('the family D is gone');
  const firstDay = new Date(now - CARE_DAYS * DAY_MS).toISOString().slice(0, 10);
  const size = { days: CARE_DAYS, staff: CARE_STAFF, patients: CARE_PATIENTS };
  simulateHospital({ seed: SEED, ...size, folder, parameters: { ...parameters, firstDay }, auditEvents: true });
  const events = readFileSync(path.join(folder, 'audit-events.ndjson'), 'utf8').trim().split('\n');
  for (const name of ['accesses.csv', 'labels.csv', 'audit-events.ndjson']) rmSync(path.join(folder, name));
  return events;
}

async function sendAccesses({ addresses }: Service, ask: Ask, events: readonly string[]): Promise<void> {
  const { token } = await ask('/sources', { name: 'sim-records', kind: 'fhir' });
  for (let from = 0; from < events.length; from += 500) {
    const entry = events.slice(from, from + 500).map((line) => ({ resource: JSON.parse(line) as object }));
    const body = JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry });
    await send(`${addresses.http}/fhir`, `Bearer ${String(token)}`, body, 'application/fhir+json');
  }
  await ask('/records/review', {});
}

async function send(url: string, authorization: string, body: string, type = 'application/x-ndjson'): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization, 'content-type': type },
    body,
  });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
}
