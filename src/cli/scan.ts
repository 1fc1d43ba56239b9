import { closeSync, openSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Declaration } from '../core/fields-view.ts';
import { LEVELS, levelRank } from '../core/level.ts';
import { Refusal } from '../core/refusal.ts';
import { channelOfService, isCategory } from '../detect/sigma/index.ts';
import { byTime, CSV_HEADER, csvLine, ndjsonLine } from '../report/delimited.ts';
import { removeUnpacked } from '../intake/archives/unpacked.ts';
import { htmlReport } from '../report/html.ts';
import { story } from '../report/story.ts';
import { plural } from '../report/wording.ts';
import { scan, type ScanProgress, type ScanResult } from '../scan/scan.ts';
import { EXIT } from './exit.ts';
import { helpText, oneOf, type OptionTable, readOptions, wholeNumber } from './options.ts';
import { print, say, withoutControls, writeAll } from './output.ts';
import { cacheFolder, OWN_RULES, readMapping, readPlaceholders } from './site.ts';

const FORMATS = ['story', 'ndjson', 'csv', 'timeline', 'html'] as const;

export const OPTIONS: OptionTable = {
  format: { type: 'string', value: 'FORMAT', help: 'story (default), ndjson, csv, timeline or html' },
  output: { type: 'string', short: 'o', value: 'FILE', help: 'write there instead of to standard output' },
  rules: {
    type: 'string',
    multiple: true,
    value: 'DIR',
    help: 'Sigma rules to use besides our own; may be given again',
  },
  'no-own-rules': { type: 'boolean', help: 'only the rules of --rules' },
  'min-level': {
    type: 'string',
    value: 'LEVEL',
    help: 'leave out what is below: informational, low, medium, high, critical (default low in a story or page)',
  },
  'fail-on': { type: 'string', value: 'LEVEL', help: 'exit 1 if there is a finding of this level or above' },
  as: { type: 'string', value: 'PRODUCT[/X]', help: 'what the input is where it does not say: windows/sysmon' },
  mapping: {
    type: 'string',
    multiple: true,
    value: 'FILE',
    help: 'how to read a CSV (docs/formats.md); may be given again',
  },
  timezone: { type: 'string', value: 'ZONE', help: 'zone of times that name none (default Europe/London)' },
  site: { type: 'string', value: 'FILE', help: 'your own placeholder values (%approved_remote_tools% …)' },
  'include-deprecated': { type: 'boolean', help: 'also run rules that their authors retired' },
  'show-set-aside': { type: 'boolean', help: 'list what could not be read, on standard error' },
  threads: { type: 'string', value: 'N', help: 'threads to use (default: all cores; 1: no worker)' },
  'no-cache': { type: 'boolean', help: 'read the rules afresh and keep nothing' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
};

export const HELP = helpText({
  usage: 'scan PATH… [options]',
  what: 'Reads logs of any known format (folders are walked, archives opened), judges them, and says in plain\nEnglish what happened. Exit codes: 0 done, 1 findings at or above --fail-on, 2 wrong use, 3 some input was\nset aside, 4 internal error, 130 interrupted.',
  options: OPTIONS,
  examples: [
    ['wardwatch scan /mnt/usb/logs', 'read everything in a folder and tell the story'],
    [
      'wardwatch scan dc1.zip --rules sigma/rules --format html -o report.html',
      'one page to send on, with SigmaHQ’s rules too',
    ],
    ['wardwatch scan events.json --as windows/sysmon --format ndjson', 'all findings, one JSON object a line'],
  ],
});

/** @returns the exit code */
export async function runScan(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const given = readOptions('scan', OPTIONS, args);
  if (given.flag('help')) {
    print(HELP);
    return EXIT.done;
  }
  if (given.paths.length === 0) throw new Refusal('usage/no-path', 'wardwatch scan: no file or folder was named');
  const format = oneOf('--format', given.text('format'), FORMATS, 'story');
  const minLevel = oneOf(
    '--min-level',
    given.text('min-level'),
    LEVELS,
    format === 'story' || format === 'html' ? 'low' : 'informational',
  );
  const failOn = given.text('fail-on') === null ? null : oneOf('--fail-on', given.text('fail-on'), LEVELS, 'high');
  const timeZone = readTimeZone(given.text('timezone') ?? 'Europe/London');
  const threads = wholeNumber('--threads', given.text('threads'), 1, 64, Math.min(64, availableParallelism()));
  const ruleFolders = [...(given.flag('no-own-rules') ? [] : [OWN_RULES]), ...given.texts('rules')];
  if (ruleFolders.length === 0)
    throw new Refusal('rules/not-found', '--no-own-rules leaves no rules: name some with --rules');

  process.once('exit', removeUnpacked);
  const progress = progressLine();
  const result = await scan({
    paths: given.paths,
    ruleFolders,
    placeholders: readPlaceholders(given.text('site')),
    includeDeprecated: given.flag('include-deprecated'),
    cacheFolder: given.flag('no-cache') ? null : cacheFolder(env),
    timeZone,
    declared: readDeclaration(given.text('as')),
    mappings: given.texts('mapping').map(readMapping),
    threads,
    onProgress: progress.show,
  });
  progress.clear();
  // The story and the page say so themselves.
  warn(result, given.flag('show-set-aside') || format === 'story' || format === 'html');
  for (const folder of emptyRuleFolders(result, given.texts('rules')))
    say(`wardwatch: --rules ${folder} holds no rules: it changed nothing\n`);
  if (given.flag('show-set-aside')) listSetAside(result);

  const output = given.text('output');
  const write = output === null ? print : null;
  if (write !== null) writeResult(result, format, minLevel, timeZone, write);
  else if (output !== null) toFile(output, (text) => writeResult(result, format, minLevel, timeZone, text));

  if (failOn !== null && result.findings.some(({ level }) => levelRank(level) >= levelRank(failOn)))
    return EXIT.findings;
  return result.setAsideInAll > 0 ? EXIT.setAside : EXIT.done;
}

function writeResult(
  result: ScanResult,
  format: (typeof FORMATS)[number],
  minLevel: (typeof LEVELS)[number],
  timeZone: string,
  write: (text: string) => void,
): void {
  if (format === 'story') return write(story(result, minLevel, timeZone));
  if (format === 'html') return write(htmlReport(result, minLevel, timeZone));
  const shown = result.findings.filter(({ level }) => levelRank(level) >= levelRank(minLevel));
  const ordered = format === 'timeline' ? byTime(shown) : shown;
  const line = format === 'ndjson' ? ndjsonLine : csvLine;
  if (format !== 'ndjson') write(CSV_HEADER);
  // In pieces: a million findings do not fit into one string.
  for (let at = 0; at < ordered.length; at += 1000)
    write(
      ordered
        .slice(at, at + 1000)
        .map(line)
        .join(''),
    );
}

/** Written beside and renamed: an interrupt leaves the old file or none, never half of one. */
function toFile(file: string, writeResultTo: (write: (text: string) => void) => void): void {
  const whole = (target: string) => {
    const handle = openSync(target, 'w', 0o600);
    try {
      writeResultTo((text) => writeAll(handle, text));
    } finally {
      closeSync(handle);
    }
  };
  let beside: string | null = null;
  try {
    const stat = statSync(file, { throwIfNoEntry: false });
    // A device or a pipe is written to; a file in its place would be there instead of it (/dev/null, for one).
    if (stat !== undefined && !stat.isFile()) return whole(file);
    // A link stays one.
    const target = stat === undefined ? file : realpathSync(file);
    beside = `${target}.${process.pid}.tmp`;
    whole(beside);
    renameSync(beside, target);
  } catch (error) {
    if (beside !== null) rmSync(beside, { force: true });
    const reason = error instanceof Error ? error.message : '';
    throw new Refusal('output/not-writable', `cannot write ${file}: ${reason}`);
  }
}

export function readTimeZone(zone: string): string {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    throw new Refusal('usage/bad-option', `--timezone is a zone such as Europe/London or UTC, not “${zone}”`);
  }
}

/** `windows/sysmon`, `linux/auditd`, `windows/process_creation`, `webserver`. */
export function readDeclaration(text: string | null): Declaration | null {
  if (text === null) return null;
  const [product = '', word = '', ...more] = text.toLowerCase().split('/');
  if (product === '' || more.length > 0 || text.endsWith('/'))
    throw new Refusal('usage/bad-option', `--as is PRODUCT or PRODUCT/SERVICE-OR-CATEGORY, not “${text}”`);
  if (word === '') return { channel: '', logSource: isCategory(product) ? { category: product } : { product } };
  const channel = product === 'windows' ? (channelOfService(word) ?? '') : '';
  return { channel, logSource: isCategory(word) ? { product, category: word } : { product, service: word } };
}

/** Folders of `--rules` that no rule came from, nor what was meant as one. */
function emptyRuleFolders({ rules }: ScanResult, folders: readonly string[]): string[] {
  const paths = [...rules.rules, ...rules.correlations, ...rules.problems].map(({ path: file }) => path.resolve(file));
  return folders.filter((folder) => {
    const inside = path.resolve(folder);
    return !paths.some((file) => file === inside || file.startsWith(inside + path.sep));
  });
}

/** What a person should know who looks at the result alone. */
function warn(result: ScanResult, isTold: boolean): void {
  // It repeats what rules say, and file names: what a terminal would obey is left out.
  for (const warning of result.rules.warnings) say(`wardwatch: ${withoutControls(warning)}\n`);
  const refused = result.rules.problems.filter(({ reason }) => reason !== 'deprecated').length;
  if (refused > 0 && !isTold) say(`wardwatch: ${plural(refused, 'rule')} cannot run: see wardwatch rules check\n`);
  if (result.setAsideInAll > 0 && !isTold)
    say(`wardwatch: ${plural(result.setAsideInAll, 'item')} could not be read: list with --show-set-aside\n`);
}

function listSetAside(result: ScanResult): void {
  for (const { path, record, offset, reason, detail } of result.setAside) {
    const where =
      record === null
        ? offset === null
          ? ''
          : `, byte ${offset}`
        : `, record ${record}${offset === null ? '' : ` (byte ${offset})`}`;
    say(withoutControls(`set aside: ${JSON.stringify(path).slice(1, -1)}${where}: ${reason}: ${detail}\n`));
  }
  const unlisted = result.setAsideInAll - result.setAside.length;
  if (unlisted > 0) say(`set aside: and ${unlisted} more that are only counted\n`);
}

const REFRESH_MS = 200;

/** One line on a terminal that renews itself; nothing on a pipe. */
function progressLine(): { show: (progress: ScanProgress) => void; clear: () => void } {
  if (!process.stderr.isTTY) return { show: () => undefined, clear: () => undefined };
  const started = performance.now();
  let last = 0;
  // With all of SigmaHQ’s rules, seconds go by before the first event.
  say('Reading the rules…');
  return {
    show: ({ bytesRead, bytesInAll, events, findings }) => {
      const now = performance.now();
      if (now - last < REFRESH_MS) return;
      last = now;
      const seconds = (now - started) / 1000;
      const share = Math.min(1, bytesRead / Math.max(1, bytesInAll));
      const left = share > 0.02 ? `, about ${Math.ceil((seconds / share) * (1 - share))} s left` : '';
      say(
        `\r\u001b[K${Math.floor(share * 100)} %  ${events.toLocaleString('en-GB')} events (${Math.round(events / seconds).toLocaleString('en-GB')}/s), ${findings.toLocaleString('en-GB')} findings${left}`,
      );
    },
    clear: () => say('\r\u001b[K'),
  };
}
