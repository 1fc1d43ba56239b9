/** Hunting beyond the first page, and searches that are asked again, in a real browser. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
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

const COUNT = 450;
/** Of the range that is made up. */
const NUMBER = '9990000018';

test('older log lines come as they are asked for, each once; a search is saved for everybody who hunts', {
  skip: !HAS_BROWSER,
}, async (t) => {
  const { service, send } = await pagedService(t);
  const now = Date.now();
  // Many at the same moment: a page ends among them.
  await send(
    Array.from({ length: COUNT }, (_, index) =>
      started('dc1', 'jsmith', `whoami ${index}`, new Date(now - Math.floor(index / 90) * 1000)),
    ),
  );
  const browser = await openBrowser(t);
  const { page, complaints } = await openReader(browser, service.ready.http);
  await becomeFirst(service, page);
  await page.goto('/hunt?query=host%3Adc1%20last%201d');
  await page.getByText('The newest 200.').waitFor();
  const lines = page.getByRole('region', { name: 'Log lines, the newest first' });
  await lines.getByRole('button', { name: 'Show 5,000 older ones' }).click();
  await page.getByText(`All ${COUNT} log lines.`).waitFor();
  equal(await lines.getByRole('button', { name: /older ones/ }).count(), 0);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save these as NDJSON' }).click(),
  ]);
  let text = '';
  for await (const piece of await download.createReadStream()) text += String(piece);
  const ids = text
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { id: string }).id);
  equal(new Set(ids).size, COUNT);
  const last = JSON.parse(text.trim().split('\n').at(-1) ?? '') as { fields: { CommandLine: string } };
  // Those near the screen are drawn; what is open stays so wherever the reader is.
  const drawn = () => lines.locator('details').count();
  ok((await drawn()) < COUNT, 'not all are drawn');
  await lines.locator('summary').first().click();
  await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
  const oldest = lines.getByText(last.fields.CommandLine, { exact: true });
  await oldest.waitFor();
  ok((await drawn()) < COUNT, 'nor at the end');
  deepEqual(await barriers(page), [], 'the end of a long list');
  await page.evaluate('scrollTo(0, 0)');
  await oldest.waitFor({ state: 'detached' });
  await lines.locator('details[open]').getByRole('cell').first().waitFor();
  await page.evaluate("dispatchEvent(new Event('beforeprint'))");
  equal(await drawn(), COUNT, 'all are printed');
  await page.evaluate("dispatchEvent(new Event('afterprint'))");

  await page.goto(`/hunt?query=${encodeURIComponent(`host:dc1 ${NUMBER}`)}`);
  await page.getByText('Saved searches', { exact: true }).click();
  await page.getByText('None yet.').waitFor();
  await page.getByLabel(/^Name for /).fill(HOSTILE.slice(0, 90));
  await page.getByRole('button', { name: 'Save it' }).click();
  await page
    .getByRole('link', { name: HOSTILE.slice(0, 20) })
    .first()
    .waitFor();
  deepEqual(await barriers(page), [], 'saved');
  const partner = { authorization: `Bearer ${await service.addToken('partner')}` };
  const saved = await service.fetch('/api/v1/hunts', { headers: partner });
  equal(saved.text.includes(NUMBER), false, 'no number of a patient is kept');
  const bad = await service.fetch('/api/v1/hunts', {
    headers: { ...partner, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'x', query: 'host:"' }),
  });
  equal(bad.status, 400);
  const { id } = (JSON.parse(saved.text) as { items: { id: string; mayRemove: boolean }[] }).items[0] ?? { id: '' };
  match(saved.text, /"mayRemove":false/);
  const remove = (headers: Readonly<Record<string, string>>, which: string) =>
    service.fetch(`/api/v1/hunts/${which}/remove`, {
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{}',
    });
  equal((await remove(partner, id)).status, 403, 'it is somebody else’s');
  equal((await remove(partner, 'hnt_none')).status, 404);
  await page.getByRole('button', { name: /^Take away/ }).click();
  await eventually(
    async () => (await service.fetch('/api/v1/hunts', { headers: partner })).text,
    (list) => list === '{"items":[]}',
  );
  equal(await page.evaluate('window.taken'), undefined);
  deepEqual(complaints, []);
});

test('while log lines are counted the page says how far; counting that breaks off is not taken for all there is', {
  skip: !HAS_BROWSER,
}, async (t) => {
  const { service, send } = await pagedService(t);
  await send([started('dc1', 'jsmith', 'whoami', new Date())]);
  const browser = await openBrowser(t);
  const { page, complaints } = await openReader(browser, service.ready.http);
  await becomeFirst(service, page);
  const [from, middle, to] = ['2026-11-01T00:00:00.000Z', '2026-11-05T12:00:00.000Z', '2026-11-08T00:00:00.000Z'];
  const soFar = { wholeFrom: middle, from, to, total: 12_345, bars: [{ from: middle, count: 12_345 }] };
  // An answer that goes on until it is let go.
  await page.addInitScript(`{
    const real = fetch;
    globalThis.fetch = (url, options) => {
      if (!String(url).includes('counts/so-far')) return real(url, options);
      const body = new ReadableStream({
        start(control) {
          const line = new TextEncoder().encode(${JSON.stringify(`${JSON.stringify(soFar)}
`)});
          control.enqueue(line.slice(0, 40));
          control.enqueue(line.slice(40));
          globalThis.breakOff = () => control.error(new TypeError('gone'));
        },
      });
      return Promise.resolve(new Response(body));
    };
  }`);
  await page.goto('/hunt?query=host%3Adc1');
  const counts = page.getByRole('region', { name: 'How many, over time' });
  await counts.getByText('At least 12,345 log lines from').waitFor();
  await counts
    .getByText(/^Counted back to 5 November 2026, 12:00pm GMT\. Older ones are still being counted\./)
    .waitFor();
  deepEqual(await barriers(page), [], 'while it is counted');
  await page.evaluate('breakOff()');
  await counts.getByText('Counted back to 5 November 2026, 12:00pm GMT only.').waitFor();
  await counts.getByText('At least 12,345 log lines from').waitFor();
  await counts.getByRole('button', { name: 'Count again' }).click();
  await counts.getByText('Older ones are still being counted.').waitFor();
  deepEqual(await barriers(page), [], 'broken off');
  deepEqual(complaints, []);
});
