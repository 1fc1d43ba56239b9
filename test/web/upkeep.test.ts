/** How the service itself is, in a real browser. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { fillOldArchive } from '../old-archive.ts';
import { eventually, TestService } from '../service.ts';
import { barriers, becomeFirst, HAS_BROWSER, openBrowser, openReader, pagedService, started } from './browser.ts';

test('health and storage: each line with its mend, and what doctor says is what the page says', {
  skip: !HAS_BROWSER,
}, async (t) => {
  const { service, send } = await pagedService(t);
  await send([started('dc1', 'jsmith', 'whoami')]);
  const browser = await openBrowser(t);
  const { page, complaints } = await openReader(browser, service.ready.http, { viewport: { width: 320, height: 700 } });
  await becomeFirst(service, page);
  await page.goto('/upkeep');
  await page.getByText(/^\d things? of the service must be mended now/).waitFor();
  const mend = page.getByRole('region', { name: 'What to mend' });
  await mend
    .getByText('there is none', { exact: true })
    .or(mend.getByText(/Backup/))
    .first()
    .waitFor();
  await mend.getByText(/npm start -- backup --to FILE/).waitFor();
  await page.getByText('Not known yet: ask again when a day of events is sealed.').waitFor();
  deepEqual(await barriers(page), [], 'health');
  equal(
    await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
    0,
    'sideways',
  );

  const admin = { authorization: `Bearer ${await service.addToken('admin')}` };
  const report = async () =>
    JSON.parse((await service.fetch('/api/v1/doctor', { headers: admin })).text) as {
      checks: readonly { what: string; state: string; detail: string }[];
      flow: { kept: number; notJudgedBytes: number; notArchivedBytes: number };
      room: { freeBytes: number; parts: readonly { bytes: number }[] };
    };
  const { flow, room } = await eventually(report, (now) => now.flow.notJudgedBytes + now.flow.notArchivedBytes === 0);
  equal(flow.kept, 1);
  ok(room.freeBytes > 0 && room.parts.every(({ bytes }) => bytes >= 0));
  // Both look at the same: only the sources are judged by what is usual for them.
  const said = new Map((await report()).checks.map((check) => [check.what, check]));
  const { out } = service.run('doctor', '--keys', service.keys, '--json');
  const byHand = (JSON.parse(out) as { checks: readonly { what: string; state: string }[] }).checks;
  for (const what of ['disk', 'certificate', 'keys', 'archive', 'backup', 'key escrow', 'set aside'])
    equal(said.get(what)?.state, byHand.find((check) => check.what === what)?.state, what);
  deepEqual(complaints, []);

  await page.route('**/api/v1/doctor', (route) => route.abort());
  await page.reload();
  await page.getByText('We could not load how the service is').waitFor();
  deepEqual(await barriers(page), [], 'failed');
});

test('how long things are kept, and legal holds, are set on the page: what goes is shown before', {
  skip: !HAS_BROWSER,
}, async (t) => {
  const service = new TestService('--plain-http');
  t.after(() => service.stop('SIGKILL'));
  const firewall = await service.addSource('firewall', 'syslog');
  await fillOldArchive(service.data, [
    { daysAgo: 20, count: 30, sourceId: firewall.id },
    { daysAgo: 12, count: 20, sourceId: 'src_gone' },
  ]);
  await service.start();
  const browser = await openBrowser(t);
  const { page, complaints } = await openReader(browser, service.ready.http, { viewport: { width: 320, height: 700 } });
  await becomeFirst(service, page);
  await page.goto('/upkeep');
  await page.getByText('There is none: nothing is kept longer than said.').waitFor();

  await page.locator('summary', { hasText: 'Set a legal hold' }).click();
  await page.getByLabel('Only some').check();
  await page.getByLabel('firewall').check();
  await page.getByLabel('Received from, the first day').fill('2020-01-01');
  await page.getByLabel('Why?').fill('Police, reference 123');
  deepEqual(await barriers(page), [], 'a hold');
  await page.getByRole('button', { name: 'Set the hold' }).click();
  await page.getByText(/^firewall, from 1 January 2020.*Police, reference 123\. Keeps 30 sealed events\./).waitFor();

  const change = page.locator('details', { hasText: 'Change how long things are kept' });
  await change.locator('summary').click();
  await change.getByLabel('Network traffic: days').fill('3');
  await change.getByRole('button', { name: 'See what would go' }).click();
  await page.getByText('Network traffic: 7 days at the least.').waitFor();
  await change.getByLabel('Network traffic: days').fill('7');
  await change.getByRole('button', { name: 'See what would go' }).click();
  await change.getByText(/^Network traffic: 20 events/).waitFor();
  deepEqual(await barriers(page), [], 'what would go');
  equal(
    await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
    0,
    'sideways',
  );
  // Another number: it has to be seen anew.
  await change.getByLabel('Network traffic: days').fill('15');
  equal(await change.getByRole('button', { name: 'Keep things for so long' }).count(), 0);
  await change.getByLabel('Network traffic: days').fill('8');
  await change.getByRole('button', { name: 'See what would go' }).click();
  await change.getByRole('button', { name: 'Keep things for so long' }).click();
  await page.getByText('Say why, in at least 10 characters.').waitFor();
  await change.getByLabel('Why?').fill('The disk is small');
  await change.getByRole('button', { name: 'Keep things for so long' }).click();
  await page.getByRole('row', { name: /^Network traffic 8 days, at least 7 30/ }).waitFor();

  const hold = page.locator('li', { hasText: 'Police, reference 123' });
  await hold.locator('summary').click();
  await hold.getByRole('button', { name: 'See what would go' }).click();
  await hold.getByText(/^Network traffic: 30 events/).waitFor();
  await hold.getByLabel('Why?').fill('The case was closed');
  await hold.getByRole('button', { name: 'Release the hold' }).click();
  await page.getByText('There is none: nothing is kept longer than said.').waitFor();
  deepEqual(complaints, []);
});
