/** Each number of findings opens the findings that it counts, however many they are. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { eventually } from '../service.ts';
import { barriers, becomeFirst, HAS_BROWSER, openBrowser, openReader, pagedService, started } from './browser.ts';

/** More than an incident shows at first, and than it adds at a time. */
const MANY = 1203;

test('an incident shows its findings page by page, those with the most points first, and says how many of how many', {
  skip: !HAS_BROWSER,
}, async (t) => {
  const { service, send } = await pagedService(t);
  const begun = Date.now() - MANY * 1000;
  const events = Array.from({ length: MANY }, (_, at) =>
    started('dc1', 'j.smith', `vssadmin delete shadows /all /quiet /n:${at}`, new Date(begun + at * 1000)),
  );
  await send(events);
  const { page, complaints } = await openReader(await openBrowser(t), service.ready.http);
  await becomeFirst(service, page);
  const ask = async (url: string) => (await (await page.request.get(`/api/v1/${url}`)).json()) as Listed;
  const [incident] = await eventually(
    async () => (await ask('incidents')).items,
    ([first]) => first !== undefined && first.findings >= MANY,
    60_000,
  );
  const { id = '', findings = 0 } = incident ?? {};

  // By the API: each once, and none is left out.
  const seen: { id: string; points: number }[] = [];
  for (let next: string | null = ''; next !== null; ) {
    const answer: Listed = await ask(`incidents/${id}/findings?limit=400&cursor=${next}`);
    seen.push(...answer.items);
    next = answer.next;
  }
  deepEqual([seen.length, new Set(seen.map(({ id: own }) => own)).size], [findings, findings]);
  deepEqual(
    seen.map(({ points }) => points),
    seen.map(({ points }) => points).toSorted((a, b) => b - a),
  );

  await page.goto(`/incident?id=${id}`);
  const count = new Intl.NumberFormat('en-GB').format(findings);
  await page.getByText(`500 of ${count} findings, those with the most points.`).waitFor();
  await page.getByRole('link', { name: `${count} findings in all` }).click();
  equal(await focused(page), 'What happened, in order');
  const more = page.getByRole('button', { name: `Show the other ${findings - 500}` });
  await more.focus();
  await page.keyboard.press('Enter');
  await page.getByText(`All ${count} findings.`).waitFor();
  equal(await more.count(), 0);
  equal(await focused(page), 'What happened, in order', 'the button is gone, and the reader is not');
  deepEqual(await barriers(page), [], 'all of them');

  // From Today's number to all that was found, held still while somebody reads on.
  await page.goto('/today');
  await page.getByRole('link', { name: /^[\d,]+ findings$/ }).click();
  await page.getByText('The newest 200.').waitFor();
  deepEqual(await barriers(page), [], 'what was found');
  await page.getByRole('button', { name: 'Show 5,000 older ones' }).click();
  await page.getByText(`All ${count} findings.`).waitFor();
  await send([started('dc2', 'a.patel', 'vssadmin delete shadows /all /quiet')]);
  await page.getByText('New ones have come.').waitFor();
  await page.getByText(`All ${count} findings.`).waitFor();
  await page.getByRole('button', { name: 'Show them' }).click();
  await page.locator('main summary').first().getByText('dc2').waitFor();
  deepEqual(complaints, []);
});

test('more incidents come beneath those that are shown, and nothing on the way is taken away', {
  skip: !HAS_BROWSER,
}, async (t) => {
  const { service, send } = await pagedService(t);
  // Each on a day of its own: what comes together is one incident.
  const day = (at: number) => new Date(Date.now() - at * 86_400_000 * 1.1);
  await send(
    Array.from({ length: 52 }, (_, at) => started(`ward-${at}`, `nurse-${at}`, 'wevtutil cl Security', day(52 - at))),
  );
  const { page, complaints } = await openReader(await openBrowser(t), service.ready.http);
  await becomeFirst(service, page);
  await eventually(
    async () => ((await (await page.request.get('/api/v1/incidents')).json()) as Listed).items.length,
    (count) => count === 52,
    60_000,
  );
  await page.goto('/incidents');
  const links = page.locator('main .ww-list a');
  await page.getByText('The newest 50 are shown.').waitFor();
  // Whoever opens one and comes back is where they were in the list.
  await links.nth(40).scrollIntoViewIfNeeded();
  const scrolled = () => page.evaluate<number>('scrollY');
  const down = await scrolled();
  ok(down > 1000);
  await links.nth(40).click();
  await page.getByRole('heading', { name: 'How it stands' }).waitFor();
  equal(await scrolled(), 0);
  await page.goBack();
  await eventually(scrolled, (now) => now === down);
  const first = await links.first().elementHandle();
  await page.getByRole('button', { name: 'Show more' }).focus();
  await page.keyboard.press('Enter');
  await eventually(
    () => links.count(),
    (count) => count === 52,
  );
  ok(await first?.evaluate((link) => link.isConnected), 'the first is the same as before');
  equal(await focused(page), 'Incidents');
  deepEqual(complaints, []);
});

interface Listed {
  readonly items: readonly { readonly id: string; readonly points: number; readonly findings: number }[];
  readonly next: string | null;
}

function focused(page: Page): Promise<string> {
  return page.evaluate<string>('document.activeElement?.textContent ?? ""');
}
