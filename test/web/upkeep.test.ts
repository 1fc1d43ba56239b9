/** How the service itself is, in a real browser. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../service.ts';
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
