import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import { Refusal } from '../core/refusal.ts';
import { MICROSOFT_SETTINGS } from '../intake/doors/microsoft-poll.ts';
import { openKeyringInUse } from '../store/seal.ts';
import { openState, type State, statePlace } from '../store/state.ts';
import { SOURCE_KINDS, type SourceKind, Sources } from '../watch/sources.ts';
import { EXIT } from './exit.ts';
import { type Given, helpText, oneOf, type OptionTable, readOptions } from './options.ts';
import { print } from './output.ts';
import { foldersOf, keysInUse } from './serve.ts';

const OPTIONS: OptionTable = {
  kind: {
    type: 'string',
    value: 'KIND',
    help: 'windows, syslog, http, fhir or hl7: what it sends; files: a folder; m365: it is asked',
  },
  from: {
    type: 'string',
    value: 'NETWORKS',
    help: 'where its syslog or HL7 comes from, as 10.1.0.0/16 (default: this machine)',
  },
  folder: { type: 'string', value: 'DIR', help: 'with --kind files: the folder whose files are its logs' },
  settings: { type: 'string', value: 'FILE', help: 'with --kind m365: tenant, clientId and clientSecret, as YAML' },
  keys: { type: 'string', value: 'DIR', help: 'with --kind m365: the folder of keys, which seal the secret' },
  certificate: {
    type: 'string',
    value: 'FILE',
    help: 'the certificate (PEM) that it shows over TLS; it may then come from anywhere',
  },
  data: { type: 'string', value: 'DIR', help: 'the data folder (default ~/wardwatch/data)' },
  json: { type: 'boolean', help: 'print JSON' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
};

const HELP = helpText({
  usage: 'sources add NAME --kind KIND [options]  ·  sources list|end|token [NAME] [options]',
  what: 'Registers a source of logs, lists them, switches one off (end; what it sent stays), or gives it a new token. The token is shown once and kept only as a hash: sources over HTTP show it\n(Authorization: ApiKey, Basic, Splunk or Bearer); syslog and HL7 sources are known by their address. Works while the\nservice runs.',
  options: OPTIONS,
  examples: [
    ['wardwatch sources add dc1 --kind windows', 'a domain controller that sends by Winlogbeat'],
    ['wardwatch sources add proxy --kind files --folder /var/log/squid', 'a folder of logs, followed as they grow'],
    ['wardwatch sources add tenant --kind m365 --settings m365.yml', 'Microsoft 365: its audit log and sign-ins'],
    ['wardwatch sources token dc1', 'a new token, when the one before was seen by others'],
    ['wardwatch sources add firewall --kind syslog --from 10.1.0.1', 'a firewall that sends syslog'],
  ],
});

const VERBS = ['add', 'list', 'end', 'token'];

/** @returns the exit code */
export async function runSources(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const given = readOptions('sources', OPTIONS, args);
  if (given.flag('help')) {
    print(HELP);
    return EXIT.done;
  }
  const [verb, name, ...more] = given.paths;
  if (!VERBS.some((each) => each === verb) || more.length > 0 || (verb === 'list') !== (name === undefined))
    throw new Refusal(
      'usage/bad-option',
      'wardwatch sources: say “sources add NAME --kind KIND”, “sources list”, “sources end NAME” or “sources token NAME”',
    );
  return withState(given.text('data'), env, async (state) => {
    const sources = new Sources(state, Date.now);
    if (verb === 'list') {
      const rows = await sources.list();
      print(
        given.flag('json')
          ? `${JSON.stringify(rows.map((row) => ({ ...row, token_hash: undefined, polled: undefined })))}\n`
          : rows
              .map(
                ({ id, kind, name: own, address_range: from }) =>
                  `${id}  ${kind.padEnd(8)} ${own}${from === null ? '' : `  (from ${from})`}\n`,
              )
              .join(''),
      );
      return EXIT.done;
    }
    if (verb === 'end' || verb === 'token') {
      const id = await sources.idOf(name ?? '');
      const token = verb === 'token' ? await sources.renewToken(id) : null;
      if (verb === 'end') await sources.end(id);
      const said =
        token === null ? `Switched off: ${name}. What it sent stays.\n` : `Its new token, shown only now: ${token}\n`;
      print(given.flag('json') ? `${JSON.stringify(token === null ? { id } : { id, token })}\n` : said);
      return EXIT.done;
    }
    if (given.text('kind') === null)
      throw new Refusal('usage/bad-option', `wardwatch sources add: say --kind: ${SOURCE_KINDS.join(', ')}`);
    const kind = oneOf('--kind', given.text('kind'), SOURCE_KINDS, 'syslog');
    const added = await sources.add(name ?? '', kind, given.text('from'), {
      certificate: readCertificate(given.text('certificate')),
      folder: readFolder(kind, given.text('folder')),
      polled: await sealedSettings(kind, name ?? '', given),
    });
    print(
      given.flag('json')
        ? `${JSON.stringify(added)}\n`
        : `Registered ${name ?? ''} as ${added.id}.\n${nextStep(kind, added.token)}\n`,
    );
    return EXIT.done;
  });
}

/** How a source is asked, sealed. @throws Refusal `sources/bad-settings` */
async function sealedSettings(kind: string, name: string, given: Given): Promise<Buffer | null> {
  const file = given.text('settings');
  if ((kind === 'm365') !== (file !== null))
    throw new Refusal('usage/bad-option', 'wardwatch sources add: --settings goes with --kind m365');
  if (file === null) return null;
  let doc: unknown;
  try {
    doc = load(readFileSync(file, 'utf8'));
  } catch {
    // What the parser says repeats the line, which may hold the secret.
    throw new Refusal('sources/bad-settings', `${file} cannot be read, or is no YAML`);
  }
  const settings = MICROSOFT_SETTINGS.safeParse(doc);
  if (!settings.success)
    throw new Refusal(
      'sources/bad-settings',
      `${file}: ${settings.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ')}`,
    );
  for (const url of [settings.data.loginUrl, settings.data.manageUrl, settings.data.graphUrl])
    if (!url.startsWith('https://') && !/^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])[:/]/.test(`${url}/`))
      throw new Refusal('sources/bad-settings', `${file}: addresses are https, but for this machine`);
  const { data } = foldersOf(given.text('data'), null);
  const keys = keysInUse(given.text('data'), given.text('keys'));
  const keyring = await openKeyringInUse(keys, 'seal', data);
  return keyring.seal(Buffer.from(JSON.stringify(settings.data)), `source/${name}`);
}

/** @throws Refusal unless a folder goes with its kind, and is there */
function readFolder(kind: string, folder: string | null): string | null {
  if ((kind === 'files') !== (folder !== null))
    throw new Refusal('usage/bad-option', 'wardwatch sources add: --folder goes with --kind files');
  if (folder === null) return null;
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new Refusal('input/not-found', `there is no folder ${folder}`);
  return path.resolve(folder);
}

/** @returns its SHA-256, hex. @throws Refusal `sources/bad-certificate` */
function readCertificate(file: string | null): string | null {
  if (file === null) return null;
  try {
    return new X509Certificate(readFileSync(file)).fingerprint256.replaceAll(':', '').toLowerCase();
  } catch {
    throw new Refusal('sources/bad-certificate', `${file} cannot be read, or is no certificate`);
  }
}

/** Opens the state beside the service, if one runs. */
export async function withState<T>(
  data: string | null,
  env: Readonly<Record<string, string | undefined>>,
  work: (state: State) => Promise<T>,
): Promise<T> {
  const folder = foldersOf(data, null).data;
  const place = statePlace(env['WARDWATCH_STATE'] ?? null, folder);
  // In a folder that was mistyped, a state would be made of which no service knows.
  if (place.kind === 'sqlite' && !existsSync(place.file))
    throw new Refusal('store/not-found', `${folder} is no data folder of a service: there is no state.db in it`);
  const state = await openState(place);
  try {
    return await work(state);
  } finally {
    await state.close();
  }
}

/** What a source needs from here on: folders and tenants are read by us, and send nothing. */
function nextStep(kind: SourceKind, token: string): string {
  if (kind === 'files')
    return 'A running service looks into the folder within seconds; its account must be allowed to read it.';
  if (kind === 'm365') return 'A running service asks it within seconds, and each minute from then on.';
  return `Its token, shown only now: ${token}`;
}
