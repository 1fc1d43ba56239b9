/** What the privacy officer does, on what a simulated hospital’s records tell. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { auditEvent } from '../../src/records/simulate/audit-events.ts';
import { sendAudit } from '../audit-events.ts';
import { recentHospital } from '../recent-hospital.ts';
import { eventually, upService } from '../service.ts';
import { barriers, becomeFirst, HAS_BROWSER, openBrowser, openReader, PASSWORD } from './browser.ts';

test('a case is read, its patient revealed for a reason, and decided; who looked is told without leaving a trace', {
  skip: !HAS_BROWSER,
}, async (t) => {
  const { relationships, rows } = recentHospital();
  const service = await upService(t, '--plain-http', '--relationships', relationships, '--budget', '20');
  const { token } = await service.addSource('epr', 'fhir');
  await sendAudit(
    service,
    token,
    rows.map((row) => auditEvent(row)),
  );
  const browser = await openBrowser(t);
  const ann = await openReader(browser, service.ready.http);
  await becomeFirst(service, ann.page);
  await ann.page.goto('/people');
  await ann.page.getByLabel('Name').fill('Priya');
  await ann.page
    .getByRole('region', { name: 'Add somebody' })
    .getByLabel(/^Privacy officer/)
    .check();
  await ann.page.getByRole('button', { name: 'Make a link' }).click();
  const link = (await ann.page.locator('.ww-raw').textContent()) ?? '';

  const { page, complaints } = await openReader(browser, service.ready.http);
  await page.goto(link);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('Password again').fill(PASSWORD);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('link', { name: 'Go to Records' }).click();
  await page
    .getByText('There has been no review yet')
    .or(page.getByText('The first review is running'))
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Review now' }).click();
  await eventually(
    async () => {
      await page.reload();
      await page.getByText('To decide').waitFor();
      return page.getByText(/^Last reviewed/).count();
    },
    (count) => count > 0,
    120_000,
  );
  const first = page
    .getByRole('region', { name: /^To decide/ })
    .getByRole('article')
    .first();
  await first.locator('summary').click();
  deepEqual(await barriers(page), [], 'a case, open');
  ok(!(await page.locator('main').innerText()).includes('p0'), 'patients are pseudonyms');
  await first.getByRole('button', { name: /^Show who/ }).click();
  await first.getByText('Say why you have to know').waitFor();
  await first.getByLabel('Why do you have to know who it is?').fill('to ask the ward about them');
  await first.getByRole('button', { name: /^Show who/ }).click();
  await first.getByText('Shown to you, and recorded.').waitFor();
  const shown = (await first.locator('.ww-note strong').last().textContent()) ?? '';
  match(shown, /^p\d+$/);
  await first.getByRole('button', { name: 'Hide' }).click();
  equal(await page.getByText(shown, { exact: true }).count(), 0);
  await first.getByLabel(/^Explained/).check();
  await first.getByLabel('How do you know?').fill('The ward confirms a handover');
  await first.getByRole('button', { name: 'Decide' }).click();
  await page.getByText('The ward confirms a handover').waitFor();

  await page.getByRole('link', { name: 'Who looked?' }).click();
  await page.getByLabel('The patient').fill(shown);
  await page.getByLabel('Why do you ask?').fill('subject access request 14');
  await page.getByRole('button', { name: 'Look it up' }).click();
  await page.getByRole('heading', { name: 'The page for the patient' }).waitFor();
  deepEqual(await barriers(page), [], 'who looked');
  ok(!page.url().includes(shown));
  equal(await page.evaluate('localStorage.length + sessionStorage.length'), 0);
  deepEqual([...complaints, ...ann.complaints], []);
});
