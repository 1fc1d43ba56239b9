/** A member of staff reports something odd, and is answered; nobody else’s words are theirs to see. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { type TestService, upService } from '../service.ts';
import {
  barriers,
  becomeFirst,
  HAS_BROWSER,
  HOSTILE,
  openBrowser,
  openReader,
  pagedService,
  PASSWORD,
  started,
} from './browser.ts';

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

test('what a report to the privacy officers alone becomes, they alone see and work on, until one of them shares it', {
  skip: !HAS_BROWSER,
}, async (t) => {
  const { service, send } = await pagedService(t);
  const browser = await openBrowser(t);
  const ann = await openReader(browser, service.ready.http);
  await becomeFirst(service, ann.page);
  const priya = await openReader(browser, service.ready.http);
  await enter(priya.page, linkFor(service, 'Priya', 'privacy'), 'Priya');
  const kim = await openReader(browser, service.ready.http);
  await enter(kim.page, linkFor(service, 'Kim', 'staff'), 'Kim');
  await kim.page.goto('/ask');
  await kim.page.getByLabel('What did you see?').fill('Ann read my record.');
  await kim.page.getByRole('radio', { name: /^The privacy officer alone/ }).check();
  await kim.page.getByRole('button', { name: 'Send it' }).click();
  await kim.page.getByText(/^Thank you\. Your reference is/).waitFor();

  const title = 'An administrator opened records without a reason';
  await priya.page.goto('/reports');
  await priya.page.getByText('Make it an incident').click();
  await priya.page.getByText('Privacy officers alone will see the incident').waitFor();
  await priya.page.getByLabel('What happened?').fill(title);
  await priya.page.getByLabel('Which account?').fill('a.example');
  await priya.page.getByLabel('What is it a sign of?').selectOption('Data taken or gathered');
  deepEqual(await barriers(priya.page), [], 'making it an incident');
  await priya.page.getByRole('button', { name: 'Open an incident' }).click();
  await priya.page.getByRole('link', { name: 'an incident', exact: true }).click();
  await priya.page.getByRole('heading', { name: title }).waitFor();
  await priya.page.getByRole('heading', { name: 'Privacy officers alone see this' }).waitFor();
  deepEqual(await barriers(priya.page), [], 'the incident');
  const id = new URL(priya.page.url()).searchParams.get('id') ?? '';

  // She works on it to its end: takes it, runs its clock, sees what she would write.
  await priya.page.getByRole('radio', { name: /^Take it/ }).check();
  await priya.page.getByRole('button', { name: 'Do it' }).click();
  await priya.page.getByText('Being looked into, by Priya').waitFor();
  const say = (page: Page, url: string, data: object) =>
    page.request.post(`/api/v1/${url}`, { data, headers: { 'x-wardwatch': 'page' } });
  await priya.page.getByText(/^Opened of what a colleague reported as R-/).waitFor();
  equal(await priya.page.getByText('per_').count(), 0, 'who did it has a name');
  await priya.page.getByText('Work by another check list').click();
  await priya.page.getByLabel('Which?').selectOption('Records opened without a reason that we know');
  await priya.page.getByRole('button', { name: 'Use it' }).click();
  await priya.page.getByRole('heading', { name: 'Check list: Records opened without a reason that we know' }).waitFor();
  deepEqual(await barriers(priya.page), [], 'another check list');
  const clock = { kind: 'ico-72h', startedAt: new Date(Date.now() - 1000).toISOString() };
  equal((await say(priya.page, `incidents/${id}/clocks`, clock)).status(), 200);
  for (const where of [`drafts?id=${id}`, 'drafts', 'incidents']) {
    await priya.page.goto(`/${where}`);
    await priya.page.getByText(title).first().waitFor();
  }

  await priya.page.getByText('Privacy officers alone see it.').waitFor();

  // What the same account does elsewhere is not hidden in it.
  await send([started('dc1', 'a.example', 'vssadmin delete shadows /all /quiet')]);
  await ann.page.goto('/incidents');
  await ann.page.getByRole('listitem').filter({ hasText: '1 finding, ' }).waitFor();

  // To the others it is not there, by whatever way: neither to those whom it may be about nor to a program.
  const program = { authorization: `Bearer ${await service.addToken('privacy')}` };
  equal((await service.fetch(`/api/v1/incidents/${id}`, { headers: program })).status, 404, 'a program');
  const finding = `fnd_${id.slice(4)}`;
  const opened = (await (await ann.page.request.get('/api/v1/incidents')).json()) as { items: { id: string }[] };
  const other = opened.items[0]?.id ?? '';
  for (const [where, status] of [
    ['incidents', 200],
    ['findings', 200],
    ['today', 200],
    ['board', 200],
    ['drafts', 200],
    ['rules', 200],
    ['observations?kind=account&value=a.example', 200],
    [`incidents/${id}`, 404],
    [`incidents/${id}/graph`, 404],
    [`incidents/${id}/drafts`, 404],
    [`findings/${finding}`, 404],
  ] as const) {
    const answer = await ann.page.request.get(`/api/v1/${where}`);
    const text = await answer.text();
    equal(answer.status(), status, `${where}: ${text}`);
    if (status === 200)
      for (const secret of [title, id, finding, 'Priya']) ok(!text.includes(secret), `${where}: ${text}`);
  }
  for (const [where, data] of [
    [`incidents/${id}/actions`, { action: 'take' }],
    [`incidents/${id}/acknowledge`, {}],
    [`incidents/${id}/comments`, { text: 'x' }],
    [`incidents/${id}/clocks`, clock],
    [`incidents/${id}/drafts/6-board-note`, { sections: [] }],
    [`incidents/${id}/drafts/6-board-note/renew`, {}],
    [`incidents/${other}/actions`, { action: 'merge', into: id }],
  ] as const)
    ok([404, 409].includes((await say(ann.page, where, data)).status()), where);
  equal((await say(ann.page, `incidents/${id}/share`, {})).status(), 403);
  const merged = await say(ann.page, `incidents/${other}/actions`, { action: 'merge', into: id });
  const unknown = await say(ann.page, `incidents/${other}/actions`, { action: 'merge', into: 'inc_none' });
  equal(
    (await merged.text()).replaceAll(id, 'X'),
    (await unknown.text()).replaceAll('inc_none', 'X'),
    'nor does a refusal tell',
  );
  // What others work on, she still does not close.
  equal((await say(priya.page, `incidents/${other}/actions`, { action: 'take' })).status(), 403);

  // Sharing it is an act of its own.
  await priya.page.goto(`/incident?id=${id}`);
  await priya.page.getByText('Share it with all who work on incidents').click();
  await priya.page.getByRole('button', { name: 'Share it' }).click();
  await priya.page.getByText('Say that you have thought of whom it is about.').waitFor();
  await priya.page.getByLabel('Whom it is about may know that it is looked into').check();
  await priya.page.getByRole('button', { name: 'Share it' }).click();
  await priya.page.getByRole('heading', { name: 'Privacy officers alone see this' }).waitFor({ state: 'detached' });
  await priya.page.getByText('Shared with all who work on incidents').waitFor();
  await ann.page.goto(`/incident?id=${id}`);
  await ann.page.getByRole('heading', { name: title }).waitFor();
  const charted = await ann.page.request.get('/api/v1/observations?kind=account&value=a.example');
  ok((await charted.text()).includes(title), 'and it counts for its account');
  await ann.page.goto('/reports');
  await ann.page.getByText('To answer: none').waitFor();
  equal(await ann.page.getByText('Ann read my record.').count(), 0, 'the report itself stays');
  for (const { complaints } of [kim, ann, priya]) deepEqual(complaints, []);
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
