/** A member of staff reports something odd, and is answered; nobody else’s words are theirs to see. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { type TestService, upService } from '../service.ts';
import { barriers, becomeFirst, HAS_BROWSER, HOSTILE, openBrowser, openReader, PASSWORD, started } from './browser.ts';

/** Of the range that is made up. */
const NUMBER = '999 000 0018';
const WORDS = `A mail with a strange invoice. ${HOSTILE} =cmd|'/c calc'!A1 ${NUMBER}`;

function linkFor(service: TestService, name: string, role: string): string {
  const { out, err, status } = service.run('people', 'add', name, '--json', '--role', role);
  ok(status === 0, err);
  return (JSON.parse(out) as { link: string }).link;
}

async function enter(page: Page, link: string, name: string): Promise<void> {
  await page.goto(link);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('Password again').fill(PASSWORD);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('heading', { name: `Welcome, ${name}` }).waitFor();
}

test('staff report something odd with a file, an analyst answers and has the file read, and only the two of them see it', {
  skip: !HAS_BROWSER,
}, async (t) => {
  const service = await upService(t, '--plain-http');
  const browser = await openBrowser(t);
  const ann = await openReader(browser, service.ready.http);
  await becomeFirst(service, ann.page);
  await ann.page.goto('/reports');
  await ann.page.getByText('To answer: none').waitFor();
  deepEqual(await barriers(ann.page), [], 'none');

  // On a ward’s computer, by keyboard, with a small window.
  const kim = await openReader(browser, service.ready.http, { viewport: { width: 320, height: 640 } });
  await enter(kim.page, linkFor(service, 'Kim', 'staff'), 'Kim');
  await kim.page.getByRole('link', { name: 'Go to Something odd?' }).click();
  deepEqual(await kim.page.locator('nav').getByRole('link').allTextContents(), [
    'Something odd?',
    'What is recorded about you',
  ]);
  await kim.page.getByText('Nothing yet. The answers will stand here').waitFor();
  deepEqual(await barriers(kim.page), [], 'ask');
  equal(
    await kim.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
    0,
    'sideways',
  );
  await kim.page.getByRole('button', { name: 'Send it' }).click();
  await kim.page.getByText('Say in a few words what you saw.').waitFor();
  await kim.page.getByLabel('What did you see?').fill(WORDS);
  const log = path.join(service.folder, `.._${HOSTILE.replaceAll('/', '')}.ndjson`);
  writeFileSync(log, `${JSON.stringify(started('dc1', 'kim', 'vssadmin delete shadows /all /quiet'))}\n`);
  await kim.page.getByLabel('A file, if you have one').setInputFiles(log);
  await kim.page.getByRole('button', { name: 'Send it' }).focus();
  await kim.page.keyboard.press('Enter');
  await kim.page.getByText(/^Thank you\. Your reference is R-[0-9A-F]{6}\.$/).waitFor();
  await kim.page.getByText('Nobody has answered yet').waitFor();
  deepEqual(await barriers(kim.page), [], 'sent');
  equal(
    await kim.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
    0,
    'sideways',
  );

  await ann.page.reload();
  await ann.page.getByText('To answer: 1').waitFor();
  ok((await ann.page.locator('main').innerText()).includes(HOSTILE), 'it is shown, as text');
  for (const summary of await ann.page.locator('main details > summary').all()) await summary.click();
  await ann.page.getByLabel('Which incident?').waitFor();
  deepEqual(await barriers(ann.page), [], 'reports');
  await ann.page.getByLabel(/^Your answer/).fill('It was a test of ours. Thank you for telling us!');
  await ann.page.getByRole('button', { name: 'Send the answer' }).click();
  await ann.page.getByText('To answer: none').waitFor();
  await ann.page.getByText('Look into the file').click();
  await ann.page.getByRole('button', { name: 'Read it as logs' }).click();
  await ann.page.getByRole('heading', { name: 'Read files' }).or(ann.page.getByText('1 event:')).first().waitFor();
  await ann.page.getByText(/^1 event: /).waitFor();

  await kim.page.reload();
  await kim.page.getByText('It was a test of ours. Thank you for telling us!').waitFor();
  await kim.page.getByText('Ann Example answered').waitFor();
  deepEqual(await barriers(kim.page), [], 'answered');
  for (const { page, complaints } of [kim, ann]) {
    equal(await page.evaluate('window.taken'), undefined);
    equal(await page.locator('main img, main script').count(), 0);
    deepEqual(complaints, []);
  }

  // Another member of staff sees and changes nothing of it, by whatever id.
  const analyst = { authorization: `Bearer ${await service.addToken('analyst')}` };
  const staff = { authorization: `Bearer ${await service.addToken('staff')}` };
  const [report] = (
    JSON.parse((await service.fetch('/api/v1/reports', { headers: analyst })).text) as { items: { id: string }[] }
  ).items;
  const id = report?.id ?? '';
  match(id, /^rpt_/);
  equal((await service.fetch('/api/v1/reports/mine', { headers: staff })).text, '{"items":[]}');
  const post = (where: string, body: object, headers = staff) =>
    service.fetch(where, { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) });
  equal((await post(`/api/v1/reports/${id}/more`, { report: 'x' })).status, 404);
  equal((await post(`/api/v1/reports/${id}/answer`, { report: 'x', isClosed: true })).status, 403);
  const file = (headers: Readonly<Record<string, string>>, body: Buffer, of = id) =>
    service.fetch(`/api/v1/reports/${of}/file?fileName=x`, {
      headers: { ...headers, 'content-type': 'application/octet-stream' },
      body,
    });
  equal((await file(staff, Buffer.from('x'))).status, 404, 'a file with somebody else’s report');
  equal((await service.fetch(`/api/v1/reports/${id}/file`, { headers: staff })).status, 403);
  const evidence = await service.fetch(`/api/v1/reports/${id}/file`, { headers: analyst });
  deepEqual(
    [evidence.headers['content-type'], evidence.headers['x-content-type-options'], evidence.text],
    ['application/octet-stream', 'nosniff', readFileSync(log, 'utf8')],
  );

  // One file each, of at most 10 MB, and no more reports than a person has to tell.
  const own = JSON.parse((await post('/api/v1/reports', { report: 'x' })).text) as { id: string };
  equal((await file(staff, Buffer.alloc(10 * 1024 * 1024 + 1), own.id)).status, 413);
  equal((await file(staff, Buffer.alloc(10), own.id)).status, 200);
  equal((await file(staff, Buffer.alloc(10), own.id)).status, 409);
  const answers: number[] = [];
  for (let count = 0; count < 20; count += 1) answers.push((await post('/api/v1/reports', { report: 'x' })).status);
  deepEqual([answers.filter((status) => status === 200).length, answers.at(-1)], [19, 429]);

  // What people write lies sealed, and the trail says that they did, not what.
  equal(await service.stop(), 0);
  const onDisk = ['state.db', 'state.db-wal'].map((name) => {
    try {
      return readFileSync(path.join(service.data, name)).toString('latin1');
    } catch {
      return '';
    }
  });
  for (const secret of ['strange invoice', '9990000018', NUMBER, 'test of ours'])
    ok(!onDisk.join('').includes(secret), secret);
  ok(onDisk.join('').includes('POST /api/v1/reports'), 'the trail has it');
});

test('a report becomes an incident in the words of who answers; one about IT is for the privacy officer alone', {
  skip: !HAS_BROWSER,
}, async (t) => {
  const service = await upService(t, '--plain-http');
  const browser = await openBrowser(t);
  // The whole IT team: administrator and analyst.
  const ann = await openReader(browser, service.ready.http);
  await becomeFirst(service, ann.page);
  const kim = await openReader(browser, service.ready.http, { viewport: { width: 320, height: 640 } });
  await enter(kim.page, linkFor(service, 'Kim', 'staff'), 'Kim');
  const tell = async (words: string, whom: RegExp) => {
    await kim.page.goto('/ask');
    await kim.page.getByLabel('What did you see?').fill(words);
    await kim.page.getByRole('radio', { name: whom }).check();
    await kim.page.getByRole('button', { name: 'Send it' }).click();
  };
  await tell('Ann read my record.', /^The privacy officer alone/);
  await kim.page.getByText('Nobody here has the privacy role, so nobody would read it.').waitFor();
  deepEqual(await barriers(kim.page), [], 'nobody to read it');

  const priya = await openReader(browser, service.ready.http);
  await enter(priya.page, linkFor(service, 'Priya', 'privacy'), 'Priya');
  await tell('Ann read my record.', /^The privacy officer alone/);
  await kim.page.getByText(/^Thank you\. Your reference is/).waitFor();
  await tell('A screen on ward 7 wants money.', /^Those who look after the computers/);
  await kim.page.getByText(/^Thank you\. Your reference is/).waitFor();
  await kim.page.getByText(/to the privacy officer alone$/).waitFor();

  // To those whom it is about it is not there, by whatever way.
  await ann.page.goto('/reports');
  await ann.page.getByText('To answer: 1').waitFor();
  equal(await ann.page.getByText('Ann read my record.').count(), 0);
  const roles = { admin: '', analyst: '', privacy: '' };
  for (const role of ['admin', 'analyst', 'privacy'] as const) roles[role] = `Bearer ${await service.addToken(role)}`;
  const listed = await priya.page.request.get('/api/v1/reports');
  const { items } = (await listed.json()) as { items: { id: string; addressedTo: string }[] };
  deepEqual(items.map(({ addressedTo }) => addressedTo).toSorted(), ['it', 'privacy']);
  const hidden = items.find(({ addressedTo }) => addressedTo === 'privacy')?.id ?? '';
  const post = (where: string, body: object, authorization: string) =>
    service.fetch(where, {
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const opening = { what: 'x', level: 'high', parameter: 'data' };
  for (const authorization of Object.values(roles)) {
    ok(!(await service.fetch('/api/v1/reports', { headers: { authorization } })).text.includes(hidden));
    const answered = await post(`/api/v1/reports/${hidden}/answer`, { report: 'x', isClosed: true }, authorization);
    equal(answered.status, 404, answered.text);
    equal((await post(`/api/v1/reports/${hidden}/open`, opening, authorization)).status, 404);
  }
  equal((await post(`/api/v1/reports/${hidden}/scan`, {}, roles.analyst)).status, 404);
  equal(
    (await service.fetch(`/api/v1/reports/${hidden}/file`, { headers: { authorization: roles.analyst } })).status,
    404,
  );
  const trail = async (authorization: string) =>
    (await service.fetch('/api/v1/trail', { headers: { authorization } })).text;
  ok(!(await trail(roles.admin)).includes('POST /api/v1/reports"'), 'nor does the trail tell an administrator');
  ok((await trail(roles.privacy)).includes('POST /api/v1/reports"'));

  // Priya is told where she begins, and answers.
  await priya.page.goto('/records');
  await priya.page.getByText('1 report').waitFor();
  deepEqual(await barriers(priya.page), [], 'waiting');
  await priya.page.getByRole('link', { name: 'Read and answer' }).click();
  const about = priya.page.locator('article').filter({ hasText: 'Ann read my record.' });
  equal(await about.getByText('Make it an incident').count(), 0, 'it goes no further');
  await about.locator('summary', { hasText: 'Answer' }).click();
  await about.getByLabel(/^Your answer/).fill('I look into it.');
  await about.getByRole('button', { name: 'Send the answer' }).click();
  await priya.page.getByText('I look into it.').waitFor();

  // The other one becomes an incident.
  await ann.page.getByText('Make it an incident').click();
  await ann.page.getByLabel('What happened?').fill(`A ransom note on a screen ${HOSTILE} ${NUMBER}`);
  await ann.page.getByLabel('Which machine?').fill('ward-7');
  await ann.page.getByLabel('What is it a sign of?').selectOption('Harm done');
  deepEqual(await barriers(ann.page), [], 'making it an incident');
  await ann.page.getByRole('button', { name: 'Open an incident' }).click();
  await ann.page.getByRole('link', { name: 'an incident', exact: true }).click();
  await ann.page.getByRole('heading', { name: /A ransom note on a screen <img/ }).waitFor();
  await ann.page.getByText(/^Opened of what a colleague reported as R-/).waitFor();
  ok(!(await ann.page.locator('main').innerText()).includes(NUMBER));
  deepEqual(await barriers(ann.page), [], 'the incident');
  const incident = new URL(ann.page.url()).searchParams.get('id') ?? '';
  match((await post(`/api/v1/reports/${hidden}/incident`, { incident }, roles.analyst)).text, /reports\/not-found/);
  const other = items.find(({ addressedTo }) => addressedTo === 'it')?.id ?? '';
  equal((await post(`/api/v1/reports/${other}/open`, opening, roles.analyst)).status, 409, 'once');
  for (const { page, complaints } of [kim, ann, priya]) {
    equal(await page.evaluate('window.taken'), undefined);
    deepEqual(complaints, []);
  }
});

test('what is recorded about staff is said in words, and what only the organisation knows is filled in once', {
  skip: !HAS_BROWSER,
}, async (t) => {
  const service = await upService(t, '--plain-http');
  const browser = await openBrowser(t);
  const ann = await openReader(browser, service.ready.http);
  await becomeFirst(service, ann.page);
  await ann.page.getByRole('link', { name: 'What is recorded about you' }).click();
  await ann.page.getByText('This notice is not finished.').waitFor();
  deepEqual(await barriers(ann.page), [], 'notice');
  await ann.page.getByLabel('The name of your organisation').fill(`Our Hospice ${HOSTILE}`);
  await ann.page.getByLabel('Whom to ring when something').fill('the IT desk, 01632 960000');
  await ann.page.getByRole('button', { name: 'Save', exact: true }).click();
  await ann.page.getByText('Saved.').waitFor();

  const kim = await openReader(browser, service.ready.http, {
    viewport: { width: 320, height: 640 },
    colorScheme: 'dark',
  });
  await enter(kim.page, linkFor(service, 'Kim', 'staff'), 'Kim');
  await kim.page.goto('/about-me');
  await kim.page.getByText(/^Our Hospice <img/).waitFor();
  equal(await kim.page.getByRole('button', { name: 'Save', exact: true }).count(), 0);
  deepEqual(await barriers(kim.page), [], 'to staff');
  equal(
    await kim.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
    0,
    'sideways',
  );
  await kim.page.goto('/ask');
  await kim.page.getByText('If it cannot wait, ring the IT desk, 01632 960000.').waitFor();
  await kim.page.goto('/reports');
  await kim.page.getByText('You may not see what staff reported.').waitFor();
  deepEqual(await barriers(kim.page), [], 'not allowed');
  for (const { page, complaints } of [kim, ann]) {
    equal(await page.evaluate('window.taken'), undefined);
    deepEqual(complaints, []);
  }
});
