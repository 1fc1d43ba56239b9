/** A saved search becomes a rule, and is switched off again, in a real browser. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
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

test('a saved search becomes a rule that says first how often it would have fired, and then opens an incident', {
  skip: !HAS_BROWSER,
}, async (t) => {
  const { service, send } = await pagedService(t);
  await send([started('ws-1', 'kim', 'net use p: pharmacy'), started('ws-2', 'lee', 'net use q: pharmacy')]);
  const browser = await openBrowser(t);
  const { page, complaints } = await openReader(browser, service.ready.http, { viewport: { width: 360, height: 740 } });
  await becomeFirst(service, page);
  await page.goto(`/hunt?query=${encodeURIComponent('command:pharmacy last 7d')}`);
  await page.getByText('Saved searches', { exact: true }).click();
  await page.getByLabel(/^Name for /).fill('Pharmacy share');
  await page.getByRole('button', { name: 'Save it' }).click();
  await page.getByRole('link', { name: 'Make a rule of Pharmacy share' }).click();
  await page.getByText('2 times in the last 30 days.').waitFor();
  deepEqual(await barriers(page), [], 'tried');
  await page.getByRole('button', { name: 'Switch it on' }).click();
  await page.getByText('Say what it means when it fires.').waitFor();
  await page.getByLabel('What does it mean when it fires?').fill(`{account} looked at ${HOSTILE} on {host}.`);
  await page.getByLabel('What could it be instead?').fill('A pharmacist at work.');
  await page.getByLabel('What is to be done?').fill('Ask {account}.\nRing the pharmacy.');
  await page.getByLabel('High').check();
  await page.getByLabel('What is it a sign of?').selectOption('Data taken or gathered');
  await page.getByRole('button', { name: 'Switch it on' }).click();
  await page.getByRole('heading', { name: 'Rules', exact: true }).waitFor();
  await page.getByLabel('Which', { exact: true }).selectOption('Made here of a search');
  await page.getByText(/^1 rule$/).waitFor();
  await page.locator('main summary').filter({ hasText: 'Pharmacy share' }).click();
  await page.getByText('command:pharmacy last 7d').waitFor();
  await page.getByText('Ann Example').filter({ visible: true }).last().waitFor();
  deepEqual(await barriers(page), [], 'listed');

  await send([started('ws-3', 'pat', 'net use r: pharmacy')]);
  await page.goto('/incidents');
  await page.getByRole('link', { name: /^pat looked at .* on ws-3\.$/ }).click();
  await page.getByRole('heading', { name: 'How it stands' }).waitFor();
  await page.locator('summary').filter({ hasText: 'ws-3' }).first().click();
  await page.getByText('Ring the pharmacy.').waitFor();
  deepEqual(await barriers(page), [], 'found');

  await page.goto('/rules');
  await page.getByLabel('Words').fill('Pharmacy share');
  await page.locator('main summary').filter({ hasText: 'fired once' }).click();
  await page.getByRole('button', { name: 'Switch it off' }).click();
  await page.getByText('No rule is like that. Try fewer words.').waitFor();
  equal(await page.evaluate('window.taken'), undefined);
  deepEqual(complaints, []);
});
