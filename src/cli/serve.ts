import { existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { Refusal } from '../core/refusal.ts';
import type { Listen } from '../intake/doors/door.ts';
import { Log } from '../ops/log.ts';
import { readServiceNote } from '../ops/service-note.ts';
import { type Service, startService } from '../serve/service.ts';
import { EXIT } from './exit.ts';
import { numberIn } from './folder-options.ts';
import { helpText, type OptionTable, readOptions } from './options.ts';
import { readOidc } from './oidc-file.ts';
import { readNotices } from './notices-file.ts';
import { print, say } from './output.ts';
import { readTimeZone } from './scan.ts';
import {
  cacheFolder,
  hostMatcher,
  OWN_RULES,
  readCanaries,
  readCareDependsOn,
  readDomains,
  readPlaceholders,
} from './site.ts';
import { ourVersion } from './version.ts';

const OPTIONS: OptionTable = {
  data: { type: 'string', value: 'DIR', help: 'where everything is kept (default ~/wardwatch/data)' },
  keys: { type: 'string', value: 'DIR', help: 'where keys are kept, apart from the data (default ~/wardwatch/keys)' },
  listen: { type: 'string', value: 'ADDRESS', help: 'web, API and HTTP intake (default 127.0.0.1:8443)' },
  'syslog-tls': { type: 'string', value: 'ADDRESS', help: 'syslog over TLS, such as 0.0.0.0:6514' },
  'syslog-tcp': { type: 'string', value: 'ADDRESS', help: 'syslog over plain TCP' },
  'syslog-udp': { type: 'string', value: 'ADDRESS', help: 'syslog over UDP, which can lose messages' },
  'mllp-tls': { type: 'string', value: 'ADDRESS', help: 'HL7 v2 over MLLP and TLS, such as 0.0.0.0:2576' },
  mllp: { type: 'string', value: 'ADDRESS', help: 'HL7 v2 over plain MLLP, such as 10.1.0.5:2575' },
  'plain-http': { type: 'boolean', help: 'no TLS on --listen: for this machine only' },
  rules: { type: 'string', multiple: true, value: 'DIR', help: 'Sigma rules besides our own; may be given again' },
  indicators: {
    type: 'string',
    multiple: true,
    value: 'FILE',
    help: 'addresses, domains, URLs and hashes known from attacks: one a line, or CSV',
  },
  site: {
    type: 'string',
    value: 'FILE',
    help: 'your own placeholder values, canaries, domains and hosts that care depends on',
  },
  relationships: {
    type: 'string',
    value: 'DIR',
    help: 'stays, appointments, rota, …, for judging record accesses, as they come and each night (docs/record-access.md)',
  },
  budget: { type: 'string', value: 'N', help: 'of that review: false alerts a day per 1,000 staff (default 0.2)' },
  notices: { type: 'string', value: 'FILE', help: 'who is told of incidents, and how (docs/notices.md)' },
  oidc: { type: 'string', value: 'FILE', help: 'your identity provider, to sign people in (docs/running.md)' },
  timezone: { type: 'string', value: 'ZONE', help: 'zone of times that name none (default Europe/London)' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
};

const HELP = helpText({
  usage: 'serve [options]',
  what: 'Runs the watch: takes logs from your sources, keeps them, judges them as they come. Register sources with\n“wardwatch sources add”, users of the API with “wardwatch tokens add”; both work while it runs. When every door is\nopen it prints one line of JSON with their addresses. Ctrl-C or SIGTERM ends it in order.',
  options: OPTIONS,
  examples: [
    ['wardwatch serve', 'the API on 127.0.0.1:8443'],
    ['wardwatch serve --syslog-tls 0.0.0.0:6514', 'take syslog over TLS from the network too'],
  ],
});

/** @returns the exit code, once the service has ended */
export async function runServe(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const given = readOptions('serve', OPTIONS, args);
  if (given.flag('help')) {
    print(HELP);
    return EXIT.done;
  }
  if (given.paths.length > 0)
    throw new Refusal('usage/bad-option', `wardwatch serve takes no “${given.paths[0] ?? ''}”`);
  const http = readListen('--listen', given.text('listen') ?? '127.0.0.1:8443');
  const isPlainHttp = given.flag('plain-http');
  if (isPlainHttp && !isLoopback(http.host))
    throw new Refusal(
      'serve/needs-tls',
      `without TLS only this machine may connect, and ${http.host} is not only this machine`,
    );
  const door = (name: string) => {
    const text = given.text(name);
    return text === null ? null : readListen(`--${name}`, text);
  };
  const rules = {
    ruleFolders: [OWN_RULES, ...given.texts('rules')],
    placeholders: readPlaceholders(given.text('site')),
    cacheFolder: cacheFolder(env),
  };
  for (const folder of rules.ruleFolders)
    if (!existsSync(folder)) throw new Refusal('rules/not-found', `there is no folder ${folder}`);
  const timeZone = readTimeZone(given.text('timezone') ?? 'Europe/London');
  const noticesFile = given.text('notices');
  const oidcFile = given.text('oidc');
  const indicatorFiles = given.texts('indicators');
  for (const file of indicatorFiles)
    if (!existsSync(file)) throw new Refusal('mapping/invalid', `there is no file of indicators ${file}`);
  const relationships = given.text('relationships');
  if (relationships !== null && statSync(relationships, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new Refusal('input/not-found', `there is no folder ${relationships}`);
  const budget = numberIn('--budget', given.text('budget'), 0.001, 1000, 0.2);
  const log = new Log(say, Date.now);
  const { data, keys } = foldersOf(given.text('data'), given.text('keys'));
  const service = await started({
    dataFolder: data,
    keysFolder: keys,
    http,
    isPlainHttp,
    isSimulated: false,
    syslogTcp: door('syslog-tcp'),
    syslogTls: door('syslog-tls'),
    syslogUdp: door('syslog-udp'),
    mllp: door('mllp'),
    mllpTls: door('mllp-tls'),
    rules,
    canaries: readCanaries(given.text('site')),
    domains: readDomains(given.text('site')),
    indicatorFiles,
    relationships,
    budget,
    notices: noticesFile === null ? null : readNotices(noticesFile, timeZone),
    oidc: oidcFile === null ? null : readOidc(oidcFile),
    doesCareDepend: hostMatcher(readCareDependsOn(given.text('site'))),
    timeZone,
    state: env['WARDWATCH_STATE'] ?? null,
    version: ourVersion(),
    log,
    now: Date.now,
  });
  if (service.firstLink !== null)
    say(`Nobody is set up yet. The first administrator opens, within 24 hours: ${service.firstLink}\n`);
  print(`${JSON.stringify({ schema: 'wardwatch.ready/1', ...service.addresses })}\n`);
  if (process.stderr.isTTY) say(hintsFor(service, data));
  const signal = await asked();
  log.say('info', 'stopping', { signal });
  await service.close();
  return EXIT.done;
}

/** @throws Refusal `serve/cannot-listen` if a port is taken or not allowed */
async function started(options: Parameters<typeof startService>[0]): Promise<Service> {
  try {
    return await startService(options);
  } catch (error) {
    const isOfNetwork = error instanceof Error && 'syscall' in error && !('path' in error);
    if (isOfNetwork && ['listen', 'bind', 'getaddrinfo'].includes(String(error.syscall)))
      throw new Refusal('serve/cannot-listen', `cannot listen: ${error instanceof Error ? error.message : ''}`);
    throw error;
  }
}

/** For a person at a terminal: what to do next. */
function hintsFor({ page }: Service, data: string): string {
  return [
    '',
    `The watch is on. Open ${page} in a browser; everything is kept in ${data}.`,
    'Sources and people are added there, or in another terminal:',
    '  npm start -- sources add NAME --kind windows      a source over HTTP (Winlogbeat, NXLog, Fluent Bit, …)',
    '  npm start -- sources add NAME --kind syslog --from 10.1.0.0/16',
    '  npm start -- tokens add --role analyst            to read /api/v1/findings and /api/v1/incidents',
    'How each product is connected: docs/sources.md. Ctrl-C ends it.',
    '',
    '',
  ].join('\n');
}

/** Where data and keys lie unless it is said. */
export function foldersOf(data: string | null, keys: string | null): { data: string; keys: string } {
  const base = path.join(homedir(), 'wardwatch');
  return { data: data ?? path.join(base, 'data'), keys: keys ?? path.join(base, 'keys') };
}

/**
 * Of a service that there is: its keys are where it last had them. Of another data folder than the usual one they are not
 * guessed.
 *
 * @throws Refusal `keys/missing`
 */
export function keysInUse(data: string | null, keys: string | null): string {
  const usual = foldersOf(data, null);
  const found = keys ?? readServiceNote(usual.data)?.keysFolder ?? (data === null ? usual.keys : null);
  if (found === null)
    throw new Refusal(
      'keys/missing',
      `${usual.data} does not say where the keys of its service are (there is no service.json in it)`,
    );
  return found;
}

/** The signal that ends it. */
export function asked(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      // The program's own answer to Ctrl-C is to end at once; a service ends in order.
      process.removeAllListeners(signal);
      process.once(signal, () => resolve(signal));
    }
  });
}

/** `127.0.0.1:8443`, `[::1]:8443`, or a port of this machine alone. */
export function readListen(option: string, text: string): Listen {
  const [, bracketed, plain, portText] = /^(?:\[([\da-fA-F:.]+)\]:|([^:\s]+):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(portText);
  if (portText === undefined || port > 65_535)
    throw new Refusal('serve/bad-address', `${option} is an address with a port, not “${text}”`);
  return { host: bracketed ?? plain ?? '127.0.0.1', port };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
