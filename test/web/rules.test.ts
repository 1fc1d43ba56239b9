/** Which rules see anything here, in a real browser. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { eventually } from '../service.ts';
import {
  barriers,
  becomeFirst,
  HAS_BROWSER,
  HOSTILE,
  openBrowser,
  openReader,
  pagedService,
  started,
} from './browser.ts';

/** A folder as from SigmaHQ: one rule that never sees anything, one that cannot run; both of a hostile author. */
function addedRules(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-rules-'));
  mkdirSync(path.join(folder, 'web'));
  const text = JSON.stringify(HOSTILE);
  writeFileSync(
    path.join(folder, 'web', 'blind.yml'),
    `title: ${text}\nid: 7d6d30b8-5b91-4b90-a891-46cccaf29598\nauthor: ${text}\ndescription: ${text}\nlevel: low\nlogsource: {category: webserver}\ndetection: {s: {cs-uri: x}, condition: s}\n`,
  );
  writeFileSync(path.join(folder, 'broken.yml'), `title: ${text}\nlogsource: {product: ${text}}\n`);
  return folder;
}

test('the rules page says what sees nothing and what to switch on, filters at once, and what fired opens to its log line', {
  skip: !HAS_BROWSER,
}, async (t) => {
  const { service, send } = await pagedService(t, '--rules', addedRules());
  const browser = await openBrowser(t);
  const { page, complaints } = await openReader(browser, service.ready.http, { viewport: { width: 320, height: 700 } });
  await becomeFirst(service, page);
  await page.getByRole('link', { name: 'Settings' }).click();
  deepEqual(await barriers(page), [], 'settings');
  await page.getByRole('main').getByRole('link', { name: 'Rules' }).click();
  await page.getByRole('button', { name: /^Can fire: 0$/ }).waitFor();
  await send([started('dc1', 'jsmith', 'vssadmin delete shadows /all /quiet')]);
  const admin = { authorization: `Bearer ${await service.addToken('admin')}` };
  const rulesNow = async () => (await service.fetch('/api/v1/rules', { headers: admin })).text;
  await eventually(rulesNow, (text) => /"fired":1/.test(text));
  await page.reload();
  await page.getByRole('button', { name: /^Can fire: [1-9]/ }).waitFor();
  deepEqual(await barriers(page), [], 'rules');
  equal(
    await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
    0,
    'sideways',
  );

  // The list is what tells one rule from another; the rest of a rule comes when it is opened.
  const { rules } = JSON.parse(await rulesNow()) as { rules: object[] };
  deepEqual([...new Set(rules.flatMap((rule) => Object.keys(rule)))].toSorted(), [
    'fired',
    'from',
    'key',
    'level',
    'needs',
    'state',
    'title',
  ]);

  // What fired stands first; the keyboard opens it, down to the log line.
  const first = page.locator('main details').first();
  await first.locator('summary').first().focus();
  await page.keyboard.press('Enter');
  await first.getByText(/^It fired once, the last/).waitFor();
  await first.locator('details summary').first().click();
  match(
    (await first.getByRole('link', { name: 'The log line', exact: true }).getAttribute('href')) ?? '',
    /^hunt\?query=/,
  );
  deepEqual(await barriers(page), [], 'opened');

  // Long lists are drawn as they are scrolled to.
  const drawn = () => page.locator('main details').count();
  const before = await drawn();
  await page.locator('main details').last().scrollIntoViewIfNeeded();
  await eventually(drawn, (count) => count > before);
  await page.getByLabel('Words').fill('blind.yml');
  await page.getByText(/^1 rule$/).waitFor();
  await page.locator('main details').last().locator('summary').click();
  await page.getByText('To let it see, switch on or send').waitFor();
  await page.getByText('the access log of the web server (IIS, Apache, nginx)', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Show all rules' }).click();
  await page.getByRole('button', { name: /^Cannot run: 1$/ }).click();
  await page.locator('main details').first().locator('summary').click();
  await page.getByText('Why it cannot run').waitFor();
  equal(await page.evaluate('window.taken'), undefined);
  equal(await page.locator('main img, main script').count(), 0);
  // A technical word says what it means, by keyboard too.
  await page.goto('/rules');
  await page.getByRole('button', { name: 'Sysmon (what is this?)' }).first().focus();
  await page.keyboard.press('Enter');
  await page
    .getByText(/A free tool of Microsoft/)
    .first()
    .waitFor();
  deepEqual(await barriers(page), [], 'a word explained');
  await page.keyboard.press('Escape');
  await page
    .getByText(/A free tool of Microsoft/)
    .first()
    .waitFor({ state: 'hidden' });
  await page.getByLabel('Words').fill('nothing is like this');
  await page.getByText('No rule is like that. Try fewer words.').waitFor();
  deepEqual(await barriers(page), [], 'empty');
  deepEqual(complaints, []);
});
