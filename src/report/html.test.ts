import { equal, match, ok } from 'node:assert/strict';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { scan } from '../scan/scan.ts';
import { htmlReport } from './html.ts';

const BROWSER = '/usr/bin/chromium';
const OWN_RULES = path.join(import.meta.dirname, '..', '..', 'rules');
const placeholders = Object.fromEntries(
  [
    'approved_remote_tools',
    'supplier_accounts',
    'leavers',
    'watched_patients',
    'known_dicom_systems',
    'known_hl7_systems',
  ].map((name) => [name, ['none']]),
);

/** A log whose texts try to become part of the page. */
function hostileLog(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-html-'));
  const event = (host: string, user: string, second: number) => ({
    Channel: 'Microsoft-Windows-Sysmon/Operational',
    EventID: 1,
    Computer: host,
    User: user,
    UtcTime: `2026-11-02 02:14:${String(second).padStart(2, '0')}.000`,
    Image: 'C:\\Windows\\System32\\vssadmin.exe',
    CommandLine: 'vssadmin delete shadows </script><script>window.taken=1</script><img src=x onerror="window.taken=1">',
  });
  const lines = [
    event('<img src=x onerror="window.taken=1">', '"><svg onload=window.taken=1>', 1),
    event('ward7-pc', 'RX1\\jsmith', 9),
  ];
  // A name as long as attackers give, that no line can be broken in.
  const file = path.join(folder, `<b>${'x'.repeat(200)}.json`);
  writeFileSync(
    file,
    lines
      .map((line) => JSON.stringify(line))
      .join('\n')
      .replaceAll('</', '<\\/'),
  );
  return folder;
}

test('the page runs nothing from a log, asks nobody for anything, filters, and has a picture with words', {
  skip: !existsSync(BROWSER),
}, async () => {
  const folder = hostileLog();
  const result = await scan({
    paths: [folder],
    ruleFolders: [OWN_RULES],
    placeholders,
    includeDeprecated: false,
    cacheFolder: null,
    timeZone: 'Europe/London',
    declared: null,
    mappings: [],
    threads: 1,
    onProgress: () => undefined,
  });
  ok(result.findings.length >= 2);
  const page = path.join(folder, 'report.html');
  writeFileSync(page, htmlReport(result, 'low', 'Europe/London'));

  const browser = await chromium.launch({
    executablePath: BROWSER,
    args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  try {
    const tab = await browser.newPage();
    const requests: string[] = [];
    const complaints: string[] = [];
    tab.on('request', (request) => requests.push(request.url()));
    tab.on('console', (message) => complaints.push(message.text()));
    await tab.goto(pathToFileURL(page).href);
    equal(await tab.evaluate('window.taken'), undefined);
    equal(requests.length, 1);
    equal(complaints.join('\n'), '');
    match((await tab.textContent('.verdict')) ?? '', /SIGNS OF AN ATTACK/);
    match((await tab.getByRole('img').getAttribute('aria-label')) ?? '', /findings on 2 machines/);
    const rows = tab.locator('tbody tr:visible');
    const before = await rows.count();
    await tab.getByLabel('Containing').fill('ward7-pc');
    ok((await rows.count()) < before && (await rows.count()) > 0);
    await tab.getByLabel('Containing').fill('');
    await tab.getByLabel('Level').selectOption('low');
    equal(await rows.count(), 0);
    match((await tab.getByRole('status').textContent()) ?? '', /^0 shown/);
    await tab.getByLabel('Level').selectOption('');
    await tab.emulateMedia({ media: 'print' });
    equal(await tab.getByRole('table').isVisible(), false, 'paper has the story, not a row for each event');
    await tab.getByText('is in the file, not on paper').waitFor();
    await tab.emulateMedia({ media: 'screen' });
    for (const width of [1280, 375]) {
      await tab.setViewportSize({ width, height: 800 });
      equal(await tab.evaluate('document.documentElement.scrollWidth'), width, `wider than a screen of ${width}`);
    }
  } finally {
    await browser.close();
  }
});
