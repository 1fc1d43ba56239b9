import { deepEqual, throws } from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { readNotices } from './notices-file.ts';

function file(text: string, mode = 0o600): string {
  const name = path.join(mkdtempSync(path.join(tmpdir(), 'wardwatch-notices-')), 'notices.yml');
  writeFileSync(name, text, { mode });
  return name;
}

test('a whole file is read', () => {
  const settings = readNotices(
    file(
      [
        'smtp: {host: mail.example, port: 465, user: w, password: p, from: w@rx1.example}',
        'people:',
        '  - {name: Executive, mail: e@rx1.example, step: 3}',
        '  - {name: IT, mail: it@rx1.example}',
        'webhooks: [{url: "https://hooks.example/x", form: teams}]',
        'quiet_hours: {from: "22:00", to: "07:30"}',
        'digest: "08:00"',
        'url: https://watch.rx1.example:8443/',
      ].join('\n'),
    ),
    'Europe/London',
  );
  deepEqual(settings, {
    smtp: { host: 'mail.example', port: 465, isTlsFromStart: true, user: 'w', password: 'p', from: 'w@rx1.example' },
    people: [
      { name: 'IT', mail: 'it@rx1.example', step: 1 },
      { name: 'Executive', mail: 'e@rx1.example', step: 3 },
    ],
    webhooks: [{ url: 'https://hooks.example/x', form: 'teams', secret: null }],
    quiet: { from: 1320, to: 450 },
    digestAt: 480,
    serviceUrl: 'https://watch.rx1.example:8443',
    timeZone: 'Europe/London',
  });
});

const SMTP = 'smtp: {host: m, from: w@rx1.example, password: hunter2hunter2}\n';
const wrong: readonly (readonly [what: string, text: string, message: RegExp])[] = [
  ['an option that is not known', `${SMTP}people: []\ncolour: red\n`, /colour/],
  ['a mail server and nobody to tell', SMTP, /nobody under people/],
  ['a webhook in the clear', 'webhooks: [{url: "http://hooks.example/x"}]', /https/],
  ['a time that is none', 'digest: "25:00"', /digest is a time of day/],
  ['what is no YAML', `${SMTP}people: [`, /no YAML/],
  ['several at once', 'digest: x\nurl: y\n', /digest .*; url /],
];
for (const [what, text, message] of wrong) {
  test(`refuses ${what}, and repeats no password`, () => {
    throws(
      () => readNotices(file(text), 'Europe/London'),
      (error: unknown) => error instanceof Error && message.test(error.message) && !error.message.includes('hunter2'),
    );
  });
}

test('refuses a file that others may read', { skip: process.platform === 'win32' }, () => {
  throws(() => readNotices(file('digest: "08:00"', 0o644), 'Europe/London'), { code: 'keys/exposed' });
});
