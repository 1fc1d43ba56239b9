/** What has to be told of an incident: drafts, edited and taken as files; letters to patients by a named person only. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import yauzl from 'yauzl';
import { auditEvent } from '../../src/records/simulate/audit-events.ts';
import { sendAudit } from '../audit-events.ts';
import { eventually, type TestService, upService } from '../service.ts';
import { barriers, becomeFirst, HAS_BROWSER, HOSTILE, openBrowser, openReader, PASSWORD, started } from './browser.ts';

/** Of the range that is made up. */
const NUMBER = '999 000 0018';

async function enter(service: TestService, page: Page, name: string, role: string): Promise<void> {
  const { out, err, status } = service.run('people', 'add', name, '--json', '--role', role);
  ok(status === 0, err);
  await page.goto((JSON.parse(out) as { link: string }).link);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('Password again').fill(PASSWORD);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('heading', { name: `Welcome, ${name}` }).waitFor();
}

/** The words of a DOCX. */
function wordsIn(file: string): Promise<string> {
  return new Promise((resolve, reject) => {
    yauzl.open(file, { lazyEntries: true }, (error, zip) => {
      if (error !== null) return reject(error);
      zip.on('entry', (entry: yauzl.Entry) => {
        if (entry.fileName !== 'word/document.xml') return zip.readEntry();
        return zip.openReadStream(entry, (wrong, stream) => {
          if (wrong !== null) return reject(wrong);
          let text = '';
          stream.setEncoding('utf8').on('data', (piece: string) => (text += piece));
          return stream.on('end', () => resolve(text));
        });
      });
      zip.on('end', () => resolve(''));
      zip.readEntry();
    });
  });
}

test('drafts are filled, edited and taken as files; no number of a patient leaves but in a letter, which a named person takes for a reason', {
  skip: !HAS_BROWSER,
}, async (t) => {
  const service = await upService(t, '--plain-http');
  const { token } = await service.addSource('dc1', 'windows');
  // At the same moment: the time of an incident is that of its findings.
  const at = new Date();
  const event = started('ws-7', 'kim', 'vssadmin delete shadows /all /quiet', at);
  await service.fetch('/_bulk', {
    headers: { authorization: `ApiKey ${token}` },
    body: `{"create":{}}\n${JSON.stringify(event)}\n`,
  });
  const epr = await service.addSource('epr', 'fhir');
  await sendAudit(
    service,
    epr.token,
    ['9990000018', '9990000026'].map((patient) =>
      auditEvent([at.toISOString(), 'kim', patient, 'read', 'Observation']),
    ),
  );
  const analyst = { authorization: `Bearer ${await service.addToken('analyst')}` };
  await eventually(
    async () => (await service.fetch('/api/v1/incidents', { headers: analyst })).text,
    (text) => text.includes('inc_'),
  );
  const browser = await openBrowser(t);
  const ann = await openReader(browser, service.ready.http);
  await becomeFirst(service, ann.page);
  await ann.page.goto('/incidents');
  await ann.page.locator('.ww-list a').first().click();
  await ann.page.getByRole('link', { name: 'What to tell, and whom: drafts' }).click();
  await ann.page.getByRole('link', { name: /first report$/ }).waitFor();
  equal(await ann.page.getByText('For the privacy officer').count(), 2, 'letters');
  deepEqual(await barriers(ann.page), [], 'list');
  await ann.page.getByRole('link', { name: /first report$/ }).click();
  await ann.page.getByRole('heading', { name: /first report$/ }).waitFor();
  deepEqual(await barriers(ann.page), [], 'draft');
  await ann.page.getByLabel('Contact').fill(`Dr Example ${NUMBER} ${HOSTILE}`);
  await ann.page.getByRole('button', { name: 'Keep what I wrote' }).click();
  await ann.page.getByText('Kept.', { exact: true }).waitFor();
  await ann.page
    .getByText(/^Edited by Ann Example|Edited by Ann Example/)
    .first()
    .waitFor();
  const contact = await ann.page.getByLabel('Contact').inputValue();
  ok(contact.startsWith('Dr Example ') && contact.endsWith(HOSTILE) && !contact.includes(NUMBER), contact);
  await ann.page.getByLabel('Likely consequences').fill(`Of ${NUMBER} all may be known.`);
  const [docx] = await Promise.all([
    ann.page.waitForEvent('download'),
    ann.page.getByRole('button', { name: 'Word file (DOCX)' }).click(),
  ]);
  equal(docx.suggestedFilename(), '1-ico-notification.docx');
  const file = path.join(service.folder, 'taken.docx');
  await docx.saveAs(file);
  const words = await wordsIn(file);
  ok(words.includes('Dr Example') && words.includes('all may be known'), 'as it was edited');
  ok(!words.includes(NUMBER) && !words.includes('9990000018'), 'no number');
  match(words, /At least 2 and up to 2 patients|>2 patients/);
  const [pdf] = await Promise.all([
    ann.page.waitForEvent('download'),
    ann.page.getByRole('button', { name: 'PDF' }).click(),
  ]);
  const pdfFile = path.join(service.folder, 'taken.pdf');
  await pdf.saveAs(pdfFile);
  equal(readFileSync(pdfFile).subarray(0, 5).toString(), '%PDF-');

  // The privacy officer, at 320 pixels.
  const priya = await openReader(browser, service.ready.http, { viewport: { width: 320, height: 640 } });
  await enter(service, priya.page, 'Priya', 'privacy');
  await priya.page.goto('/drafts');
  await priya.page.locator('main .ww-list a').first().click();
  await priya.page.getByRole('link', { name: 'Letter to patients', exact: true }).click();
  const letter = new URL(priya.page.url());
  await priya.page.getByLabel('Dear [name]').fill(`Dear Mx Example, your number is ${NUMBER}.`);
  await priya.page.getByRole('button', { name: 'PDF' }).click();
  await priya.page.getByText('Say why you take the letter, in ten characters or more.').waitFor();
  deepEqual(await barriers(priya.page), [], 'letter');
  equal(
    await priya.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
    0,
    'sideways',
  );
  await priya.page.getByLabel('Why do you take this letter?').fill('To be posted to the patient.');
  const [taken] = await Promise.all([
    priya.page.waitForEvent('download'),
    priya.page.getByRole('button', { name: 'Word file (DOCX)' }).click(),
  ]);
  const letterFile = path.join(service.folder, 'letter.docx');
  await taken.saveAs(letterFile);
  ok((await wordsIn(letterFile)).includes(NUMBER), 'a letter names its patient');
  await priya.page.getByRole('button', { name: 'Keep what I wrote' }).click();
  await priya.page.getByText('Kept.', { exact: true }).waitFor();

  // To an analyst the letter is not there, and a program of the privacy role is no person.
  await ann.page.goto(letter.pathname + letter.search);
  await ann.page.getByText('Letters to patients are written and taken by the privacy officer.').waitFor();
  const id = letter.searchParams.get('id') ?? '';
  const shown = await service.fetch(`/api/v1/incidents/${id}/drafts`, { headers: analyst });
  ok(!shown.text.includes('Mx Example'), 'not to an analyst');
  const privacy = { authorization: `Bearer ${await service.addToken('privacy')}` };
  const take = (headers: Readonly<Record<string, string>>, name: string, of = id) =>
    service.fetch(`/api/v1/incidents/${of}/drafts/${name}/file`, {
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ format: 'pdf', sections: [], reason: 'for a good reason' }),
    });
  equal((await take(analyst, '4-letter-to-patients')).status, 403);
  equal((await take(privacy, '4-letter-to-patients')).status, 403);
  const listed = (await service.fetch(`/api/v1/incidents/${id}/drafts`, { headers: privacy })).text;
  ok(!listed.includes('Mx Example'), 'nor is it read by a program');
  equal((await take(analyst, '1-ico-notification', 'inc_none')).status, 404);
  equal((await take(analyst, '..%2F1-ico-notification')).status, 404);
  const board = { authorization: `Bearer ${await service.addToken('board')}` };
  equal((await take(board, '6-board-note')).status, 403);

  // Thrown away, it is made anew.
  await ann.page.goto(`/drafts?id=${id}&name=1-ico-notification`);
  await ann.page.getByRole('button', { name: /^Throw my changes away/ }).click();
  await ann.page.getByText('Nobody has edited it yet.').waitFor();

  // Of two who change a draft at once one is told, and has still what they wrote.
  const here = `/drafts?id=${id}&name=1-ico-notification`;
  const other = await ann.page.context().newPage();
  await other.goto(here);
  await other.getByLabel('Contact').fill('From the other tab');
  await ann.page.getByLabel('Contact').fill('From the first tab');
  await ann.page.getByRole('button', { name: 'Keep what I wrote' }).click();
  await ann.page.getByText('Kept.', { exact: true }).waitFor();
  await other.getByRole('button', { name: 'Keep what I wrote' }).click();
  await other.getByText('Ann Example has changed this draft since you opened it.').waitFor();
  equal(await other.getByLabel('Contact').inputValue(), 'From the other tab');
  await other.reload();
  equal(await other.getByLabel('Contact').inputValue(), 'From the first tab');

  // A session that ends under a form takes nothing away of what was written.
  const signIn = async (page: Page, name: string) => {
    await page.getByLabel('Your name').fill(name);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('link', { name, exact: true }).waitFor();
  };
  await other.getByLabel('Contact').fill('Written before the session ended');
  await other.context().clearCookies();
  await other.getByRole('button', { name: 'Keep what I wrote' }).click();
  await other.getByText('You are signed out.').waitFor();
  deepEqual(await barriers(other), [], 'signed out');
  await signIn(other, 'Ann Example');
  equal(await other.getByLabel('Contact').inputValue(), 'Written before the session ended');

  // Who signs out in one tab has in all; who signs in then is the same in all, and finds nothing that another typed.
  await ann.page.getByRole('button', { name: 'Sign out' }).click();
  await other.getByRole('heading', { name: 'Sign in' }).waitFor();
  await signIn(ann.page, 'Priya');
  await other.getByRole('link', { name: 'Priya', exact: true }).waitFor();
  equal(await other.getByLabel('Contact').inputValue(), 'From the first tab');

  for (const { page, complaints } of [ann, priya]) {
    equal(await page.evaluate('window.taken'), undefined);
    equal(await page.locator('main img, main script').count(), 0);
    deepEqual(complaints, []);
  }

  // Who took what for which reason is on record; the words are not, and lie sealed.
  equal(await service.stop(), 0);
  const state = ['state.db', 'state.db-wal']
    .map((name) => {
      try {
        return readFileSync(path.join(service.data, name)).toString('latin1');
      } catch {
        return '';
      }
    })
    .join('');
  ok(state.includes('To be posted to the patient.'), 'the reason');
  for (const secret of ['Mx Example', NUMBER, '9990000018', 'Dr Example']) ok(!state.includes(secret), secret);
});
