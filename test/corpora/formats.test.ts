/** The text and structured formats against vectors that nobody here wrote. Each prints what it reached; floors keep it there. */
import { ok } from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { LogEvent } from '../../src/core/event.ts';
import type { SetAside } from '../../src/intake/formats/format.ts';
import { formatOf } from '../../src/intake/formats/index.ts';
import { parseSyslog } from '../../src/intake/formats/syslog.ts';
import { corpusDir } from '../corpus.ts';

function readAll(
  text: string,
  timeZone = 'UTC',
  referenceTime = Date.parse('2026-11-24'),
): { format: string | null; events: LogEvent[]; aside: SetAside[] } {
  const events: LogEvent[] = [];
  const aside: SetAside[] = [];
  const format = formatOf({ text: text.slice(0, 65_536), lines: text.slice(0, 65_536).split(/\r?\n/).slice(0, 200) });
  const reader = format?.open({
    timeZone,
    referenceTime,
    mappings: [],
    emit: (event) => events.push(event),
    setAside: (item) => aside.push(item),
  });
  reader?.push(text);
  reader?.end();
  return { format: format?.name ?? null, events, aside };
}

function filesOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(dir, name))
    .filter((file) => statSync(file).isFile())
    .sort();
}

function report(suite: string, passed: number, all: number, failures: readonly string[], floor: number): void {
  process.stdout.write(`suite ${suite}: ${passed} of ${all}\n`);
  for (const failure of failures.slice(0, 8)) process.stdout.write(`    not: ${failure}\n`);
  ok(passed >= floor, `${suite}: ${passed} of ${all} is below the ${floor} it had reached`);
}

test('fail2ban’s lines have the times that fail2ban reads in them', (t) => {
  const base = corpusDir('fail2ban-logs');
  if (base === null) return t.skip();
  let passed = 0;
  let all = 0;
  const failures: string[] = [];
  for (const file of filesOf(path.join(base, 'logs')).filter((name) => !name.includes('/bsd/'))) {
    const lines = readFileSync(file, 'latin1').split('\n');
    lines.forEach((line, i) => {
      const stated = /^#\s*failJSON:.*"time":\s*"([^"]+)"/.exec(line)?.[1];
      const next = lines[i + 1];
      // What does not begin as syslog does is another format's, or none's.
      if (stated === undefined || next === undefined || !/^(?:<\d+>)?[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d /.test(next))
        return;
      all++;
      const read = parseSyslog(next, {
        timeZone: 'Europe/Zurich',
        referenceTime: Date.parse('2005-08-14T12:00:00+02:00'),
        mappings: [],
        emit: () => undefined,
        setAside: () => undefined,
      });
      const at = read !== null && 'time' in read ? (read.time?.at ?? null) : null;
      const wall =
        at === null ? '' : new Date(at).toLocaleString('sv-SE', { timeZone: 'Europe/Zurich' }).replace(' ', 'T');
      if (wall === stated) passed++;
      else failures.push(`${path.basename(file)}:${i + 2} ${stated} read as ${wall}`);
    });
  }
  report('fail2ban times', passed, all, failures, Math.floor(all * 0.97));
});

test('go-libaudit’s logs become one event for each serial number', (t) => {
  const base = corpusDir('go-libaudit');
  if (base === null) return t.skip();
  let passed = 0;
  const failures: string[] = [];
  const files = filesOf(base).filter((file) => file.endsWith('.log'));
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    const serials = new Set(
      [...text.matchAll(/^(?:node=\S+ )?type=(?!EOE)\S+ msg=(audit\([\d.]+:\d+\))/gm)].map((match) => match[1]),
    );
    const { events, format } = readAll(text);
    if (serials.size === 0 || (format === 'auditd' && events.length === serials.size)) passed++;
    else
      failures.push(
        `${path.basename(file)}: ${events.length} events for ${serials.size} serial numbers (${format ?? 'unknown format'})`,
      );
  }
  report('go-libaudit', passed, files.length, failures, files.length - 1);
});

test('BALP’s audit events are accesses that say who, what and when', (t) => {
  const base = corpusDir('ihe-balp-auditevents');
  if (base === null) return t.skip();
  const failures: string[] = [];
  const files = filesOf(base).filter(
    (file) => file.endsWith('.json') && /"resourceType": *"AuditEvent"/.test(readFileSync(file, 'utf8')),
  );
  for (const file of files) {
    const { events } = readAll(readFileSync(file, 'utf8'));
    const [event] = events;
    const isWhole =
      event?.logSource.category === 'record_access' &&
      event.at !== null &&
      event.fields['action'] !== undefined &&
      event.fields['user'] !== undefined;
    if (!isWhole) failures.push(path.basename(file));
  }
  report('BALP', files.length - failures.length, files.length, failures, files.length);
});

test('IPF’s audit messages are accesses', (t) => {
  const base = corpusDir('ipf-atna');
  if (base === null) return t.skip();
  const failures: string[] = [];
  const files = filesOf(base).filter(
    (file) => file.endsWith('.xml') && readFileSync(file, 'utf8').includes('<AuditMessage'),
  );
  for (const file of files) {
    const { events } = readAll(readFileSync(file, 'utf8'));
    if (
      !events.some(
        (event) =>
          event.logSource.category === 'record_access' && event.at !== null && event.fields['outcome'] !== undefined,
      )
    )
      failures.push(path.basename(file));
  }
  report('IPF', files.length - failures.length, files.length, failures, files.length);
});

test('Zeek’s tab-separated logs are read row by row', (t) => {
  const base = corpusDir('zat');
  if (base === null) return t.skip();
  const failures: string[] = [];
  const files = filesOf(base)
    .filter(
      (file) =>
        file.endsWith('.log') &&
        readFileSync(file, 'utf8').startsWith('#separator') &&
        readFileSync(file, 'utf8').includes('\n#types'),
    )
    .slice(0, 300);
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    const rows = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
    const { events, aside } = readAll(text);
    if (events.length + aside.length !== rows || aside.length > rows * 0.05)
      failures.push(`${path.relative(base, file)}: ${events.length} events, ${aside.length} set aside of ${rows}`);
  }
  report('Zeek logs (zat)', files.length - failures.length, files.length, failures, Math.floor(files.length * 0.95));
});

test('OCSF’s samples are read as OCSF', (t) => {
  const base = corpusDir('ocsf-examples');
  if (base === null) return t.skip();
  const failures: string[] = [];
  const files = filesOf(base).filter(
    (file) =>
      /\.(?:json|ocsf)$/.test(file) &&
      /"class_uid"/.test(readFileSync(file, 'utf8')) &&
      isJson(readFileSync(file, 'utf8')),
  );
  for (const file of files) {
    const { events } = readAll(readFileSync(file, 'utf8'));
    if (events.length === 0) failures.push(path.relative(base, file));
  }
  report('OCSF samples', files.length - failures.length, files.length, failures, files.length);
});

const PANTHER_FLOOR = 560;
const SC4S_FLOOR = 432;

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Panther's name of a log type → the product and service that our formats give it. */
const PANTHER: Readonly<Record<string, string>> = {
  'AWS.CloudTrail': 'aws/cloudtrail',
  'GCP.AuditLog': 'gcp/gcp.audit',
  'Okta.SystemLog': 'okta/okta',
  'GitHub.Audit': 'github/audit',
  'Amazon.EKS.Audit': 'kubernetes/audit',
  'Azure.Audit': 'azure/',
  'Azure.MonitorActivity': 'azure/',
  'Microsoft365.Audit.Exchange': 'm365/',
};

test('Panther’s cloud events are recognised for what they are', (t) => {
  const base = corpusDir('panther-events');
  if (base === null) return t.skip();
  let all = 0;
  const failures: string[] = [];
  for (const line of readFileSync(path.join(base, 'dev.jsonl'), 'utf8')
    .split('\n')
    .filter((text) => text !== '')) {
    const {
      logTypes,
      event,
      test: name,
    } = JSON.parse(line) as { logTypes: string[] | null; event: object; test: string };
    const wanted = PANTHER[logTypes?.length === 1 ? (logTypes[0] ?? '') : ''];
    if (wanted === undefined) continue;
    all++;
    const source = readAll(JSON.stringify(event)).events[0]?.logSource ?? {};
    const got = `${source.product ?? ''}/${source.service ?? ''}`;
    if (!got.startsWith(wanted)) failures.push(`${logTypes?.[0] ?? ''} “${name}” read as ${got}`);
  }
  report('Panther cloud events', all - failures.length, all, failures, PANTHER_FLOOR);
});

test('Splunk Connect for Syslog’s messages are read', (t) => {
  const base = corpusDir('sc4s-messages');
  if (base === null) return t.skip();
  let all = 0;
  const failures: string[] = [];
  for (const line of readFileSync(path.join(base, 'dev.jsonl'), 'utf8')
    .split('\n')
    .filter((text) => text !== '')) {
    const { message, test: name } = JSON.parse(line) as { message?: string; test: string };
    // Some entries are templates that were never filled in.
    if (message === undefined) continue;
    const [first = ''] = message.split('\n');
    all++;
    const read = parseSyslog(first.replace(/^(<\d+>) (?=CEF)/, '$1'), {
      timeZone: 'UTC',
      referenceTime: Date.parse('2026-11-24'),
      mappings: [],
      emit: () => undefined,
      setAside: () => undefined,
    });
    if (read === null || 'reason' in read)
      failures.push(`${name}: ${read === null ? 'nothing' : read.reason}: ${first.slice(0, 90)}`);
  }
  report('sc4s messages', all - failures.length, all, failures, SC4S_FLOOR);
});
