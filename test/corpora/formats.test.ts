/** The text and structured formats against vectors that nobody here wrote. Each suite prints what it reached. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parseSyslog } from '../../src/intake/formats/syslog.ts';
import { corpusDir } from '../corpus.ts';
import { type Failure, filesOf, readAll, report } from './suites.ts';

test('fail2ban’s lines have the times that fail2ban reads in them', (t) => {
  const base = corpusDir('fail2ban-logs');
  if (base === null) return t.skip();
  let all = 0;
  const failures: Failure[] = [];
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
      if (wall !== stated) failures.push({ of: `${path.basename(file)}:${i + 2}`, said: `${stated} read as ${wall}` });
    });
  }
  report('fail2ban times', all, failures, { 'fail2ban’s own time lacks a nought there': ['postfix:46'] });
});

test('go-libaudit’s logs become one event for each serial number', (t) => {
  const base = corpusDir('go-libaudit');
  if (base === null) return t.skip();
  const failures: Failure[] = [];
  const files = filesOf(base).filter((file) => file.endsWith('.log'));
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    const serials = new Set(
      [...text.matchAll(/^(?:node=\S+ )?type=(?!EOE)\S+ msg=(audit\([\d.]+:\d+\))/gm)].map((match) => match[1]),
    );
    const { events, format } = readAll(text);
    if (serials.size > 0 && (format !== 'auditd' || events.length !== serials.size))
      failures.push({
        of: path.basename(file),
        said: `${events.length} events for ${serials.size} serial numbers (${format ?? 'unknown format'})`,
      });
  }
  report('go-libaudit', files.length, failures, {});
});

test('BALP’s audit events are accesses that say who, what and when', (t) => {
  const base = corpusDir('ihe-balp-auditevents');
  if (base === null) return t.skip();
  const failures: Failure[] = [];
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
    if (!isWhole) failures.push({ of: path.basename(file), said: 'not an access with a time' });
  }
  report('BALP', files.length, failures, {});
});

test('IPF’s audit messages are accesses', (t) => {
  const base = corpusDir('ipf-atna');
  if (base === null) return t.skip();
  const failures: Failure[] = [];
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
      failures.push({ of: path.basename(file), said: 'not an access with a time' });
  }
  report('IPF', files.length, failures, {});
});

test('Zeek’s tab-separated logs are read row by row', (t) => {
  const base = corpusDir('zat');
  if (base === null) return t.skip();
  const failures: Failure[] = [];
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
      failures.push({
        of: path.relative(base, file),
        said: `${events.length} events, ${aside.length} set aside of ${rows}`,
      });
  }
  report('Zeek logs (zat)', files.length, failures, {});
});

test('OCSF’s samples are read as OCSF', (t) => {
  const base = corpusDir('ocsf-examples');
  if (base === null) return t.skip();
  const failures: Failure[] = [];
  const files = filesOf(base).filter(
    (file) =>
      /\.(?:json|ocsf)$/.test(file) &&
      /"class_uid"/.test(readFileSync(file, 'utf8')) &&
      isJson(readFileSync(file, 'utf8')),
  );
  for (const file of files) {
    const { events } = readAll(readFileSync(file, 'utf8'));
    if (events.length === 0) failures.push({ of: path.relative(base, file), said: 'no events' });
  }
  report('OCSF samples', files.length, failures, {});
});

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
  'GCP.AuditLog': 'gcp/',
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
  const failures: Failure[] = [];
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
    if (!got.startsWith(wanted)) failures.push({ of: name, said: `${logTypes?.[0] ?? ''} read as ${got}` });
  }
  report('Panther cloud events', all, failures, {
    'a stub of one field, which nothing could tell the product of': [
      'Not GitHub Dependabot Vulnerability Dismissed',
      'compute.non-update.firewall.method-should-not-alert',
      'appengine.compute.non-update.firewall.method-should-not-alert',
      'triggers',
      'ignore',
    ],
  });
});

test('Splunk Connect for Syslog’s messages are read', (t) => {
  const base = corpusDir('sc4s-messages');
  if (base === null) return t.skip();
  let all = 0;
  const failures: Failure[] = [];
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
      failures.push({ of: name, said: `${read === null ? 'nothing' : read.reason}: ${first.slice(0, 90)}` });
  }
  report('sc4s messages', all, failures, {
    'the time or host is a placeholder that was never filled in': [
      'testdata',
      'flow_logs',
      'authentication_logs',
      'event_logs',
      'test_linux_vmware',
      'test_linux_vmware_nix',
      'test_linux_vmware_nsx_ietf',
      'test_linux_vmware_vcenter_ietf',
      'test_linux_vmware_horizon_ietf',
    ],
    'a search of Splunk’s, not a message': ['test_metrics', 'test_splunk_diode_metric'],
    'bare JSON, which the JSON format reads': ['test_zscaler_lss_zpa_connector_metrics', 'test_zscaler_lss_audit'],
  });
});
