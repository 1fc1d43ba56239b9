/** The guided start of a first administrator, in a real browser. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { upService } from '../service.ts';
import { barriers, becomeFirst, HAS_BROWSER, openBrowser, openReader, started } from './browser.ts';

test('a first administrator is walked through setting up, goes on where they were, and is left alone when it is done', {
  skip: !HAS_BROWSER,
}, async (t) => {
  const service = await upService(t, '--plain-http');
  const browser = await openBrowser(t);
  const { page, complaints } = await openReader(browser, service.ready.http, { viewport: { width: 320, height: 700 } });
  await becomeFirst(service, page);
  await page.getByText('Set up: 0 of 4.').waitFor();
  deepEqual(await barriers(page), [], 'narrow banner');
  await page.getByRole('link', { name: 'Go on with setting up' }).click();
  const step = (name: RegExp) => page.getByRole('region', { name });
  for (const which of [/^1\. /, /^2\. /, /^3\. /, /^4\. /])
    await step(which).getByText('To do', { exact: true }).waitFor();
  deepEqual(await barriers(page), [], 'start');
  equal(
    await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
    0,
    'sideways',
  );
  await step(/^1\. /).getByRole('button', { name: 'Put it off' }).click();
  await step(/^1\. /).getByText('Put off', { exact: true }).waitFor();

  // A source: added, then heard, while the page is looked at.
  const { token } = await service.addSource('dc1', 'windows');
  await step(/^2\. /).getByText('Waits', { exact: true }).waitFor();
  await service.fetch('/_bulk', {
    headers: { authorization: `ApiKey ${token}` },
    body: `{"create":{}}\n${JSON.stringify(started('dc1', 'kim', 'whoami'))}\n`,
  });
  await step(/^2\. /).getByText('Done', { exact: true }).waitFor();

  // It is gone on with after a restart.
  equal(await service.stop(), 0);
  await service.start();
  const admin = { authorization: `Bearer ${await service.addToken('admin')}` };
  const states = async () =>
    (
      JSON.parse((await service.fetch('/api/v1/first-run', { headers: admin })).text) as {
        steps: readonly { state: string }[];
        isOver: boolean;
      }
    ).steps.map(({ state }) => state);
  // To a program its own safety is no step.
  deepEqual(await states(), ['done', 'done', 'to-do', 'to-do']);
  const again = await openReader(browser, service.ready.http);
  await again.page.goto('/');
  await again.page.getByLabel('Name').fill('Ann Example');
  await again.page.getByLabel('Password').fill('kettle mountain violet');
  await again.page.getByRole('button', { name: 'Sign in' }).click();
  await again.page.getByText('Set up: 2 of 4.').waitFor();
  deepEqual(await barriers(again.page), [], 'banner');
  await again.page.getByRole('button', { name: 'Do not show this again' }).click();
  await again.page.getByText('Set up: 2 of 4.').waitFor({ state: 'hidden' });
  await again.page.reload();
  await again.page.getByRole('heading', { name: 'Today' }).waitFor();
  equal(await again.page.getByText('Set up:').count(), 0);
  deepEqual([...complaints, ...again.complaints], []);
});
