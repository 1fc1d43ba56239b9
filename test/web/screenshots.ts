/**
 * `npm run screenshots`: takes the pictures of docs/screenshots anew, from real services under a made-up attack; in `states/`
 * each page in each of its states.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { eventually, TestService } from '../service.ts';
import { becomeFirst, openReader, started } from './browser.ts';
import { emptyHouse, fullHouse } from './houses.ts';
import { CASES, showing } from './page-states.ts';

const FOLDER = path.join(import.meta.dirname, '..', '..', 'docs', 'screenshots');
const STATES = path.join(FOLDER, 'states');
const HOUR_MS = 3_600_000;
/** What goes on for ever is cut off here, or beneath the words that tell the state. */
const MAX_HEIGHT = 900;
const BENEATH = 80;
const LOWEST = 1600;

/** A page has few colours: with these it looks the same, and 140 pictures take 4 MB in the place of 14. */
const COLOURS = '64';

mkdirSync(FOLDER, { recursive: true });
const service = new TestService('--plain-http');
await service.start();
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  const { token } = await service.addSource('dc1', 'windows');
  await service.addSource('ward firewall', 'syslog');
  const light = await openReader(browser, service.ready.http, { viewport: { width: 1100, height: 800 } });
  await becomeFirst(service, light.page);
  await picture(light.page, 'today-nothing-yet', '/today', 'As of');
  const hours = (count: number) => new Date(Date.now() - count * HOUR_MS);
  const events = [
    started('dc1', 'j.smith', 'net group "domain admins" /domain', hours(30)),
    started('ws-12', 'a.patel', 'ntdsutil "ac i ntds" ifm "create full c:\\temp" q q', hours(3)),
    started('dc1', 'j.smith', 'wevtutil cl Security', hours(2)),
    started('dc1', 'j.smith', 'vssadmin delete shadows /all /quiet', hours(1)),
  ];
  const body = events.map((event) => `{"create":{}}\n${JSON.stringify(event)}\n`).join('');
  await service.fetch('/_bulk', { headers: { authorization: `ApiKey ${token}` }, body });
  await eventually(
    async () => {
      await light.page.goto('/incidents');
      await light.page
        .getByText(/^No incident yet|findings?, the last/)
        .first()
        .waitFor();
      return light.page.locator('.ww-list a').count();
    },
    (count) => count > 1,
  );
  const incident = (await light.page.locator('.ww-list a').first().getAttribute('href')) ?? '';
  const cookies = await light.page.context().storageState();
  await picture(light.page, 'today', '/today', 'As of');
  await picture(light.page, 'incident', `/${incident}`, 'How it stands');
  await light.page.setViewportSize({ width: 1100, height: 1080 });
  await picture(light.page, 'observations', '/observations?kind=host&value=dc1', 'Over time');
  const dark = await openReader(browser, service.ready.http, {
    viewport: { width: 1100, height: 800 },
    colorScheme: 'dark',
    storageState: cookies,
  });
  await picture(dark.page, 'hunt-dark', '/hunt?query=host%3Adc1%20last%202d', 'Save these as CSV');
  await light.page.setViewportSize({ width: 1100, height: 800 });
  await picture(light.page, 'rules', '/rules', 'Find a rule');
  await picture(light.page, 'health', '/upkeep', 'Storage');
  await picture(light.page, 'notices', '/notices', 'Set it up');
  await picture(light.page, 'set-up', '/start', '1. Keep others out');
  await picture(light.page, 'drafts', `/${incident.replace('incident?', 'drafts?')}`, 'Note for the board');
  const phone = await openReader(browser, service.ready.http, {
    viewport: { width: 360, height: 740 },
    storageState: cookies,
  });
  await picture(phone.page, 'today-phone', '/today', 'As of');
  await picture(phone.page, 'ask-phone', '/ask', 'Tell us');
  await picture(phone.page, 'about-me-phone', '/about-me', 'Who does this, and why');
  await pictureStates();
  for (const folder of [FOLDER, STATES]) shrink(folder);
} finally {
  await browser.close();
  await service.stop('SIGKILL');
  rmSync(service.folder, { recursive: true, force: true });
}

/** How far down the page words stand. */
async function bottomOf(page: Page, words: string | RegExp): Promise<number> {
  const box = await page.getByText(words).filter({ visible: true }).first().boundingBox();
  const scrolled = await page.evaluate<number>('scrollY');
  return box === null ? 0 : Math.min(LOWEST, scrolled + box.y + box.height + BENEATH);
}

function shrink(folder: string): void {
  const pictures = readdirSync(folder).filter((name) => name.endsWith('.png'));
  const args = ['--speed', '3', '--strip', '--nofs', '--ext', '.png', '--force', COLOURS, ...pictures];
  const { status, stderr } = spawnSync('pngquant', args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0)
    process.stderr.write(`the pictures are as large as they were taken: apt-get install pngquant. ${stderr ?? ''}\n`);
}

async function pictureStates(): Promise<void> {
  rmSync(STATES, { recursive: true, force: true });
  mkdirSync(STATES, { recursive: true });
  const [empty, full] = await Promise.all([emptyHouse(), fullHouse()]);
  try {
    const show = showing(browser, { empty, full }, { width: 1000, height: 600 });
    for (const made of CASES) {
      const { page: tab } = await show(made);
      const height = await tab.evaluate<number>('document.documentElement.scrollHeight');
      const down = await Promise.all(made.says.map((words) => bottomOf(tab, words)));
      await tab.screenshot({
        path: path.join(STATES, `${made.page}-${made.state}.png`),
        fullPage: true,
        clip: { x: 0, y: 0, width: 1000, height: Math.min(height, Math.max(MAX_HEIGHT, ...down)) },
      });
    }
  } finally {
    for (const { service: each } of [empty, full]) await each.stop('SIGKILL');
  }
}

async function picture(page: Page, name: string, place: string, shows: string): Promise<void> {
  await page.goto(place);
  await page.getByText(shows).first().waitFor();
  await page
    .getByText(/^Loading/)
    .first()
    .waitFor({ state: 'hidden' });
  await page.screenshot({ path: path.join(FOLDER, `${name}.png`) });
}
