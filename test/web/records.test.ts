/** What the privacy officer does, on what a simulated hospital’s records tell. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { auditEvent } from '../../src/records/simulate/audit-events.ts';
import { sendAudit } from '../audit-events.ts';
import { recentHospital } from '../recent-hospital.ts';
import { eventually, upService } from '../service.ts';
import { barriers, becomeFirst, HAS_BROWSER, openBrowser, openReader, PASSWORD } from './browser.ts';

test('a case is read, its patient revealed for a reason or by two, and decided; who looked is told without leaving a trace', {
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
  const invite = async (name: string) => {
    await ann.page.goto('/people');
    await ann.page.getByLabel('Name').fill(name);
    await ann.page
      .getByRole('region', { name: 'Add somebody' })
      .getByLabel(/^Privacy officer/)
      .check();
    await ann.page.getByRole('button', { name: 'Make a link' }).click();
    const link = (await ann.page.locator('.ww-raw').textContent()) ?? '';
    const reader = await openReader(browser, service.ready.http);
    await reader.page.goto(link);
    await reader.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await reader.page.getByLabel('Password again').fill(PASSWORD);
    await reader.page.getByRole('button', { name: 'Go on' }).click();
    return reader;
  };
  const { page, complaints } = await invite('Priya');
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

  // From here on a second person has to agree.
  const policy = ann.page.getByRole('region', { name: 'Showing who patients are' });
  const demand = async () => {
    await policy.getByLabel('Why?').fill('two pairs of eyes see more');
    await policy.getByRole('button', { name: 'Ask for a second person' }).click();
  };
  await demand();
  await policy.getByText('Give a second person the privacy role first').waitFor();
  const otto = await invite('Otto');
  await ann.page.reload();
  await demand();
  await policy.getByText('A second privacy officer has to agree each time.').waitFor();
  deepEqual(await barriers(ann.page), [], 'who agrees');
  await page.reload();
  const case2 = page.getByRole('article').filter({ hasText: 'The ward confirms a handover' }).first();
  await case2.locator('summary').click();
  await case2.getByLabel('Why do you have to know who it is?').fill('the ward asks once more');
  await case2.getByRole('button', { name: /^Ask to be shown who/ }).click();
  await case2.getByText('Asked, and recorded.').waitFor();
  await otto.page.getByRole('link', { name: 'Go to Records' }).click();
  const asked = otto.page.getByRole('region', { name: 'Asked to be shown who patients are' });
  await asked.getByText('the ward asks once more').waitFor();
  deepEqual(await barriers(otto.page), [], 'asked for');
  await asked.getByRole('button', { name: 'Answer' }).click();
  await asked.getByText('Choose an answer.').waitFor();
  await asked.getByLabel('I agree: they may look for an hour').check();
  await asked.getByRole('button', { name: 'Answer' }).click();
  await asked.getByText('Nothing waits.').waitFor();
  await page.reload();
  const mine = page.getByRole('region', { name: 'Asked to be shown who patients are' });
  await mine.getByText('Otto agreed').waitFor();
  await mine.getByRole('button', { name: 'Show it' }).click();
  await mine.getByText(shown, { exact: true }).waitFor();
  deepEqual(await barriers(page), [], 'agreed');
  await mine.getByRole('button', { name: 'Hide' }).click();

  // So it is with what was set aside, which may name patients too.
  const { token: old } = await service.addSource('old scanner', 'http');
  const unread = { headers: { authorization: `ApiKey ${old}` }, body: `{"create":{}}\nno json of 999 000 0018\n` };
  equal((await service.fetch('/_bulk', unread)).status, 200);
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('main').getByRole('link', { name: 'Set aside' }).click();
  await page.getByRole('link', { name: /^Look at asd_/ }).click();
  match(await page.evaluate<string>('document.activeElement.textContent'), /^The message asd_/);
  await page.getByRole('button', { name: 'Ask to be shown what it says' }).click();
  await page.getByText('Say why you have to know').waitFor();
  await page.getByLabel('Why do you have to know what it says?').fill('to tell the maker of the scanner');
  await page.getByRole('button', { name: 'Ask to be shown what it says' }).click();
  await page.getByText('Asked, and recorded.').waitFor();
  deepEqual(await barriers(page), [], 'set aside, asked for');
  await otto.page.reload();
  await asked.getByText(/what a message that was set aside says/).waitFor();
  await asked.getByLabel('I agree: they may look for an hour').check();
  await asked.getByRole('button', { name: 'Answer' }).click();
  await asked.getByText('Nothing waits.').waitFor();
  await page.getByRole('link', { name: 'Records', exact: true }).first().click();
  await mine.getByRole('button', { name: 'Show it' }).first().click();
  await mine.getByText('no json of 999 000 0018').waitFor();
  await mine.getByRole('button', { name: 'Hide' }).click();

  // Nobody tells this role of what is new as it comes: that nothing reaches the page is said all the same.
  await page.context().setOffline(true);
  await page.getByText('The connection is lost.').waitFor();
  await page.context().setOffline(false);
  await page.getByText('The connection is lost.').waitFor({ state: 'hidden' });

  // Of a role that was taken away nothing stays on the screen.
  const { people } = JSON.parse(
    await ann.page.evaluate<string>(`fetch('api/v1/people').then((answer) => answer.text())`),
  ) as { people: { id: string; name: string }[] };
  const other = people.find(({ name }) => name === 'Otto')?.id ?? '';
  const send = { method: 'POST', headers: { 'x-wardwatch': 'page', 'content-type': 'application/json' } };
  const taken = JSON.stringify({ ...send, body: JSON.stringify({ roles: ['staff'] }) });
  equal(await ann.page.evaluate(`fetch('api/v1/people/${other}/roles', ${taken}).then(({ status }) => status)`), 200);
  await otto.page.evaluate(`dispatchEvent(new Event('online'))`);
  await otto.page.getByText('You may not see').first().waitFor();
  equal(await otto.page.getByText('subject access').or(otto.page.getByText('The ward confirms')).count(), 0);

  await page.getByRole('link', { name: 'Who looked?' }).click();
  await page.getByLabel('The patient').fill(shown);
  await page.getByLabel('Why do you ask?').fill('subject access request 14');
  await page.getByRole('button', { name: 'Look it up' }).click();
  await page.getByRole('heading', { name: 'The page for the patient' }).waitFor();
  deepEqual(await barriers(page), [], 'who looked');
  ok(!page.url().includes(shown));
  equal(await page.evaluate('localStorage.length + sessionStorage.length'), 0);

  // One’s own new password: whoever makes the link is signed out by it, and is led to it at once.
  await ann.page.goto('/people');
  const self = ann.page.getByRole('article').filter({ hasText: 'Ann Example' });
  await self.locator('summary').click();
  equal(await self.getByRole('button', { name: 'Make a new link' }).count(), 0);
  await self.getByRole('button', { name: 'Choose a new password' }).click();
  await ann.page.getByText('This link is for Ann Example.').waitFor();
  await ann.page.getByLabel('Password', { exact: true }).fill(`${PASSWORD} anew`);
  await ann.page.getByLabel('Password again').fill(`${PASSWORD} anew`);
  await ann.page.getByRole('button', { name: 'Go on' }).click();
  await ann.page.getByRole('heading', { name: 'Welcome, Ann Example' }).waitFor();
  deepEqual([...complaints, ...ann.complaints, ...otto.complaints], []);
});
