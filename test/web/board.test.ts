/** What the board reads, and whose records an account touched, in a real browser. */
import { deepEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { auditEvent } from '../../src/records/simulate/audit-events.ts';
import { sendAudit } from '../audit-events.ts';
import { eventually, type TestService, upService } from '../service.ts';
import { barriers, becomeFirst, HAS_BROWSER, openBrowser, openReader, PASSWORD, started } from './browser.ts';

const SECRETS = ['999 000 0018', '9990000018', 'ws-7', 'kim'];

function linkFor(service: TestService, name: string, ...roles: readonly string[]): string {
  const { out, err, status } = service.run(
    'people',
    'add',
    name,
    '--json',
    ...roles.flatMap((role) => ['--role', role]),
  );
  ok(status === 0, err);
  return (JSON.parse(out) as { link: string }).link;
}

test('the board reads one page that names no machine, person or patient; scope says how many, and to the privacy officer who', {
  skip: !HAS_BROWSER,
}, async (t) => {
  const service = await upService(t, '--plain-http');
  const { token } = await service.addSource('dc1', 'windows');
  const event = started('ws-7', 'kim', 'vssadmin delete shadows /all /quiet');
  const body = `{"create":{}}\n${JSON.stringify(event)}\n`;
  await service.fetch('/_bulk', { headers: { authorization: `ApiKey ${token}` }, body });
  const epr = await service.addSource('epr', 'fhir');
  const row = (patient: string) => [new Date().toISOString(), 'kim', patient, 'read', 'Observation'];
  await sendAudit(service, epr.token, [auditEvent(row('9990000018')), auditEvent(row('9990000026'))]);
  const analyst = { authorization: `Bearer ${await service.addToken('analyst')}` };
  const incidents = async () => (await service.fetch('/api/v1/incidents', { headers: analyst })).text;
  await eventually(incidents, (text) => text.includes('inc_'));

  const browser = await openBrowser(t);
  const first = await openReader(browser, service.ready.http);
  await becomeFirst(service, first.page);
  const enter = async (name: string, ...roles: readonly string[]) => {
    const reader = await openReader(browser, service.ready.http);
    await reader.page.goto(linkFor(service, name, ...roles));
    await reader.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await reader.page.getByLabel('Password again').fill(PASSWORD);
    await reader.page.getByRole('button', { name: 'Go on' }).click();
    await reader.page.getByRole('heading', { name: `Welcome, ${name}` }).waitFor();
    return reader;
  };
  const board = await enter('Bo', 'board');
  await board.page.getByRole('link', { name: 'Go to Board' }).click();
  await board.page.getByText('1 incident came up.').waitFor();
  deepEqual(await barriers(board.page), [], 'board');
  await board.page.getByLabel('What did you decide?').fill('A second factor for everybody by the end of the month.');
  await board.page.getByRole('button', { name: 'I have read this' }).click();
  await board.page.getByText('Decided: A second factor for everybody by the end of the month.').waitFor();
  const said = await board.page.locator('main').innerText();
  for (const secret of SECRETS) ok(!said.toLowerCase().includes(secret), secret);

  const work = async (page: typeof board.page) => {
    await page.goto(`/scope?account=kim&from=${new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)}`);
    await page.getByRole('button', { name: 'Work it out' }).click();
    await page
      .getByText(/2 patients/)
      .first()
      .waitFor();
    deepEqual(await barriers(page), [], 'scope');
  };
  const priya = await enter('Priya', 'privacy');
  await work(priya.page);
  await priya.page
    .getByRole('cell', { name: /by account kim/ })
    .first()
    .waitFor();
  ok(!(await priya.page.locator('main').innerText()).includes('9990000'), 'pseudonyms');
  const ann = await enter('Ann', 'analyst');
  await work(ann.page);
  await ann.page.getByText('Which patients they are, the privacy officer can see.').waitFor();
  for (const { complaints } of [board, priya, ann]) deepEqual(complaints, []);
});
