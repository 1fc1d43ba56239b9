/** What a log, another site or a broken network could do to somebody who reads the page. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { createServer, request as ask } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { upService } from '../service.ts';
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

test('a page that is text from hostile logs runs none of it, on any page', { skip: !HAS_BROWSER }, async (t) => {
  const { service, send } = await pagedService(t);
  const browser = await openBrowser(t);
  const { page, complaints } = await openReader(browser, service.ready.http);
  await becomeFirst(service, page);
  const name = '"><svg onload=window.taken=1>{{7*7}}';
  await send([
    started(
      `<b>${name}`,
      `javascript:window.taken=1//${name}`,
      `vssadmin delete shadows /all /quiet invoice\u202Efdp.exe ${HOSTILE}`,
    ),
    started('ward\u202E7', 'j\u2066smith', `vssadmin delete shadows /all /quiet`),
    { '@timestamp': new Date().toISOString(), message: HOSTILE, [HOSTILE]: HOSTILE, host: { name: HOSTILE } },
  ]);
  const { status } = await service.fetch('/_bulk', {
    headers: { authorization: `ApiKey ${(await service.addSource('odd', 'http')).token}` },
    body: `{"create":{}}\n${HOSTILE}\n`,
  });
  equal(status, 200);
  await page.goto('/incidents');
  await page.getByText('vssadmin').or(page.locator('.ww-list a')).first().waitFor();
  const incident = (await page.locator('.ww-list a').first().getAttribute('href')) ?? '';
  const places = ['/today', '/incidents', `/${incident}`, '/set-aside', '/sources', '/exceptions', '/people'];
  const searches = [
    '/hunt?query=last%201d',
    `/hunt?query=${encodeURIComponent(`command:"${HOSTILE.split('"')[0] ?? ''}" ${HOSTILE}`)}`,
  ];
  const entities = [`<b>${name}`, 'ward\u202E7'].map(
    (value) => `/observations?kind=host&value=${encodeURIComponent(value)}`,
  );
  let seen = '';
  for (const place of [...places, ...searches, ...entities]) {
    await page.goto(place);
    await page.getByRole('heading').first().waitFor();
    await page
      .getByText(/^Loading/)
      .first()
      .waitFor({ state: 'hidden' });
    for (const summary of await page.locator('main details > summary').all()) await summary.click();
    await page
      .getByText(/^Loading/)
      .first()
      .waitFor({ state: 'hidden' });
    const shown = `${await page.locator('main').innerText()} ${await page.title()} ${(await page.locator('main title').allTextContents()).join(' ')}`;
    // Marks that turn the order of text would show “invoiceexe.pdf”.
    ok(!/[\u202a-\u202e\u2066-\u2069]/.test(shown), `${place}: what cannot be seen is written out`);
    seen += shown;
    equal(await page.evaluate('window.taken'), undefined, place);
    equal(
      await page.locator('main img, main b, main script, main a[href^="javascript"], main a[href^="data"]').count(),
      0,
      place,
    );
    deepEqual(await barriers(page), [], place);
  }
  ok(seen.includes('<script>window.taken=1</script>'), 'it is shown, as text');
  ok(seen.includes('invoice[U+202E]fdp.exe'), 'and what it does is seen');
  deepEqual(complaints, []);
});

test('the page travels with a policy that nothing gets around, and no name leads out of its files', async (t) => {
  const service = await upService(t, '--plain-http');
  const html = { accept: 'text/html', 'accept-encoding': 'gzip' };
  const index = await service.fetch('/', { headers: { accept: 'text/html' } });
  match(index.text, /<div id="page">/);
  ok(!/<script(?![^>]* src="\.\/assets\/)|<style|\son\w+=/.test(index.text), 'nothing inline');
  const headers = (answer: { headers: Readonly<Record<string, unknown>> }, name: string) =>
    String(answer.headers[name]);
  for (const part of [
    "default-src 'none'",
    "script-src 'self';",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    'require-trusted-types-for',
  ])
    ok(headers(index, 'content-security-policy').includes(part), part);
  ok(!headers(index, 'content-security-policy').includes('unsafe'));
  deepEqual(
    [
      'x-content-type-options',
      'referrer-policy',
      'cross-origin-opener-policy',
      'cross-origin-resource-policy',
      'cache-control',
    ].map((name) => headers(index, name)),
    ['nosniff', 'no-referrer', 'same-origin', 'same-origin', 'no-store'],
  );
  const script = /src="\.\/(assets\/[^"]+)"/.exec(index.text)?.[1] ?? '';
  const asset = await service.fetch(`/${script}`, { headers: html });
  deepEqual([asset.status, headers(asset, 'content-encoding')], [200, 'gzip']);
  match(headers(asset, 'cache-control'), /immutable/);
  for (const path of ['/assets/..%2Findex.html', '/assets/constructor'])
    equal((await service.fetch(path)).status, 404, path);
  // Whoever ships logs asks for the same address, with a token, and is answered as before.
  const { token } = await service.addSource('dc1', 'windows');
  const shipper = await service.fetch('/', { headers: { accept: '*/*', authorization: `ApiKey ${token}` } });
  match(shipper.text, /"tagline"/);
  equal((await service.fetch('/today/')).status, 308);
});

/** A reverse proxy that shows the service under `/watch/`. */
async function proxied(t: TestContext, target: string): Promise<string> {
  const proxy = createServer((request, response) => {
    const url = request.url ?? '';
    if (!url.startsWith('/watch/')) return void response.writeHead(404).end();
    const onward = ask(
      new URL(url.slice('/watch'.length), target),
      { method: request.method, headers: request.headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
        answer.on('close', () => response.destroy());
      },
    );
    onward.on('error', () => response.destroy());
    return void request.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/watch/`;
}

test('under a path of a reverse proxy all works, and what is lost is never shown as new', {
  skip: !HAS_BROWSER,
}, async (t) => {
  const { service, send } = await pagedService(t);
  await send([started('dc1', 'jsmith', 'vssadmin delete shadows /all /quiet')]);
  const browser = await openBrowser(t);
  const base = await proxied(t, service.ready.http);
  const { page, complaints } = await openReader(browser, base);
  const link = /\/welcome#ww_[\w-]+/.exec(service.log)?.[0] ?? '';
  await page.goto(`${base}${link.slice(1)}`);
  await page.getByLabel('Your name').fill('Ann');
  await page.getByLabel('Password', { exact: true }).fill('kettle mountain violet');
  await page.getByLabel('Password again').fill('kettle mountain violet');
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('link', { name: 'Go to Today' }).click();
  await page.getByText(/^Not quiet: 1 incident/).waitFor();
  ok(page.url().startsWith(`${base}today`), page.url());
  await page.getByRole('link', { name: /^Look at: / }).click();
  await page.getByRole('heading', { name: 'How it stands' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'How it stands' }).waitFor();
  await page.goto(`${base}no-such-page`);
  await page.goto(`${base}today`);
  await page.getByText(/^Not quiet: 1 incident/).waitFor();
  deepEqual(complaints, []);

  // The service goes away under an open page.
  await service.stop('SIGKILL');
  await page.getByText('The connection is lost.').waitFor();
  deepEqual(await barriers(page), [], 'connection lost');
  equal(await page.getByText(/^Not quiet: 1 incident/).count(), 1, 'what was known is still there, and marked');
  await page.getByRole('link', { name: 'Incidents' }).click();
  await page.getByText('We could not load the incidents, so this page cannot tell you how things are.').waitFor();
  deepEqual(await barriers(page), [], 'failed');
  equal(await page.getByText('No incident yet').count(), 0, 'a failure is no all-clear');
  equal(await page.getByRole('button', { name: 'Try again' }).count(), 1);
});

test('by keyboard alone, 320 pixels wide, and in the dark', { skip: !HAS_BROWSER }, async (t) => {
  const { service, send } = await pagedService(t);
  await send([started('dc1', 'jsmith', 'vssadmin delete shadows /all /quiet')]);
  const browser = await openBrowser(t);
  const { page, complaints } = await openReader(browser, service.ready.http, {
    viewport: { width: 320, height: 640 },
    colorScheme: 'dark',
    reducedMotion: 'reduce',
  });
  await becomeFirst(service, page);
  await page.goto('/today');
  await page.getByText(/^Not quiet: 1 incident/).waitFor();
  const incident = (await page.getByRole('link', { name: /^Look at: / }).getAttribute('href')) ?? '';
  for (const place of [
    'today',
    incident,
    'hunt?query=last%201d',
    'observations?kind=host&value=dc1',
    'sources',
    'people',
    'account',
  ]) {
    await page.goto(`/${place}`);
    await page.getByRole('heading').first().waitFor();
    await page
      .getByText(/^Loading/)
      .first()
      .waitFor({ state: 'hidden' });
    deepEqual(await barriers(page), [], place);
    const sideways = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    equal(sideways, 0, `${place} scrolls sideways`);
  }
  await page.goto(`/${incident}`);
  await page.getByRole('heading', { name: 'How it stands' }).waitFor();
  await page.keyboard.press('Tab');
  equal(await page.evaluate('document.activeElement.textContent'), 'Skip to main content');
  await page.keyboard.press('Enter');
  const radio = page.getByLabel('Take it');
  for (
    let presses = 0;
    presses < 40 && !(await radio.evaluate((it) => it === it.ownerDocument.activeElement));
    presses += 1
  )
    await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText('Being looked into, by Ann Example').waitFor();
  deepEqual(complaints, []);
});
