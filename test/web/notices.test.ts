/** Who is told: set up on the page, tried out, and told for real, by a real mail server. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { SMTPServer } from 'smtp-server';
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

async function mailServer(t: TestContext): Promise<{ readonly port: number; readonly mails: string[] }> {
  const mails: string[] = [];
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    authOptional: true,
    onData: (stream, _session, callback) => {
      let text = '';
      stream.on('data', (piece: Buffer) => (text += piece.toString()));
      stream.on('end', () => {
        mails.push(text.replaceAll('=\r\n', ''));
        callback();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise<void>((resolve) => server.close(resolve)));
  return { port: (server.server.address() as AddressInfo).port, mails };
}

test('notices are set up on the page, tried out, and the next incident is told by mail with a link that opens it', {
  skip: !HAS_BROWSER,
}, async (t) => {
  const { port, mails } = await mailServer(t);
  const { service, send } = await pagedService(t);
  const browser = await openBrowser(t);
  const { page, complaints } = await openReader(browser, service.ready.http, { viewport: { width: 320, height: 700 } });
  await becomeFirst(service, page);
  await page.goto('/notices');
  await page.getByText('Nobody is told of anything.').waitFor();
  deepEqual(await barriers(page), [], 'empty');
  await page.getByLabel('Name', { exact: true }).fill(HOSTILE.slice(0, 90));
  await page.getByLabel('Mail address').fill('it@rx1.example');
  await page.getByLabel('Server').fill('127.0.0.1');
  await page.getByLabel('Port').fill(String(port));
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Say from which address the mail comes.').waitFor();
  await page.getByLabel('The mail comes from').fill('watch@rx1.example\r\nBcc: x@y.example');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText(/smtp\.from/).waitFor();
  deepEqual(await barriers(page), [], 'refused');
  await page.getByLabel('The mail comes from').fill('watch@rx1.example');
  await page.getByLabel('Quiet from').fill('22:00');
  await page.getByLabel('Quiet until').fill('07:00');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved. It holds from the next notice on.').waitFor();
  await page.getByText('22:00 to 07:00; an emergency does not wait').waitFor();

  await page.getByRole('button', { name: 'Send a test' }).click();
  await page.getByText('it@rx1.example: taken').waitFor();
  equal(mails.length, 1);
  ok(mails[0]?.includes('[TEST]'));
  deepEqual(await barriers(page), [], 'set up');
  equal(
    await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
    0,
    'sideways',
  );

  await send([
    started('dc1', 'jsmith', 'vssadmin delete shadows /all /quiet'),
    started('dc1', 'jsmith', 'ntdsutil "ac i ntds" ifm "create full c:\\temp" q q'),
    started('dc1', 'jsmith', 'wevtutil cl Security'),
  ]);
  await eventually(
    () => mails.find((mail) => mail.includes('inc_')) ?? '',
    (mail) => mail !== '',
    60_000,
  );
  const link = /http:\S+\/incident\?id=(?:=3D)?\S+/.exec(mails.find((mail) => mail.includes('inc_')) ?? '')?.[0] ?? '';
  await page.goto(link.replaceAll('=3D', '='));
  await page.getByRole('heading', { name: 'How it stands' }).waitFor();
  await page.goto('/notices');
  await page.getByRole('cell', { name: /^Sent/ }).first().waitFor();
  deepEqual(await barriers(page), [], 'sent');
  equal(await page.evaluate('window.taken'), undefined);
  equal(await page.locator('main img, main script').count(), 0);
  deepEqual(complaints, []);

  // It is kept: after a restart it holds as before.
  const admin = { authorization: `Bearer ${await service.addToken('admin')}` };
  equal(await service.stop(), 0);
  await service.start();
  const { text } = await service.fetch('/api/v1/notices', { headers: admin });
  const kept = JSON.parse(text) as { settings: { people: readonly { mail: string }[]; digest: string } };
  deepEqual([kept.settings.people[0]?.mail, kept.settings.digest], ['it@rx1.example', '08:00']);
});
