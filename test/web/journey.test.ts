/** From the first link to a closed incident, as the person who is the whole IT team does it, in a real browser. */
import { deepEqual, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { Secret, TOTP } from 'otpauth';
import { upService } from '../service.ts';
import { barriers, becomeFirst, HAS_BROWSER, openBrowser, openReader, PASSWORD, started } from './browser.ts';

test('first link, first source, first incident, an exception, and the incident closed', {
  skip: !HAS_BROWSER,
}, async (t) => {
  const service = await upService(t, '--plain-http');
  const browser = await openBrowser(t);
  const { page, complaints } = await openReader(browser, service.ready.http);
  const noBarriers = async (where: string) => deepEqual(await barriers(page), [], where);
  const see = (text: string | RegExp) => page.getByText(text).first().waitFor();
  const heading = (name: string | RegExp) => page.getByRole('heading', { name }).first().waitFor();

  await page.goto('/');
  await heading('Wardwatch is running, and nobody is set up yet');
  await noBarriers('nobody yet');
  await becomeFirst(service, page);
  await noBarriers('account');
  await page.getByText('Choose another password').click();
  await page.getByLabel('Your password now').fill(PASSWORD);
  await page.getByLabel('New password', { exact: true }).fill(`${PASSWORD} two`);
  await page.getByLabel('New password again').fill(`${PASSWORD} to`);
  await page.getByRole('button', { name: 'Change it' }).click();
  await see('The two passwords are not the same.');
  await page.getByLabel('New password again').fill(`${PASSWORD} two`);
  await page.getByRole('button', { name: 'Change it' }).click();
  await see('It is changed.');
  await noBarriers('account, another password');

  await page.getByRole('link', { name: 'Today' }).first().click();
  await see('We cannot tell: nothing sends its logs here yet.');
  await noBarriers('today, nothing connected');
  await page.getByRole('link', { name: 'Connect your first source' }).click();
  await heading('Sources');
  await page.getByLabel('Name').fill('dc1');
  await page.getByRole('button', { name: 'Add it' }).click();
  await see('Nothing heard yet.');
  await noBarriers('connecting a source');
  const token = (await page.locator('.ww-secret').first().textContent()) ?? '';
  match((await page.locator('.ww-raw').textContent()) ?? '', new RegExp(`api_key: "wardwatch:${token}"`));

  const events = [
    started('dc1', 'jsmith', 'vssadmin delete shadows /all /quiet'),
    started('dc1', 'jsmith', 'wevtutil cl Security'),
  ];
  const body = events.map((event) => `{"create":{}}\n${JSON.stringify(event)}\n`).join('');
  await service.fetch('/_bulk', { headers: { authorization: `ApiKey ${token}` }, body });
  await see('It works.');

  await page.getByRole('link', { name: 'Today' }).click();
  await see(/^Not quiet: 1 incident to look at today/);
  await noBarriers('today, an incident');
  await page.getByRole('link', { name: /^Look at: / }).click();
  await heading('How it stands');
  await page.locator('summary').filter({ hasText: 'dc1' }).first().click();
  await see('It could be innocent');
  await noBarriers('incident, a finding open');

  // From the score to the log line in two clicks.
  await page.getByRole('link', { name: 'The log line' }).first().click();
  await see('1 log line');
  await page.locator('details.ww-more > summary').filter({ hasText: 'jsmith' }).click();
  await see('vssadmin delete shadows /all /quiet');
  await noBarriers('hunt, an event open');
  await page.goBack();
  await heading('How it stands');

  await page.getByLabel('Take it').check();
  await page.getByRole('button', { name: 'Do it' }).click();
  await see('Being looked into, by Ann Example');
  await page.getByRole('checkbox').first().click();
  await see(/^Done by Ann Example/);
  await page.getByLabel('Write a note').check();
  await page.getByRole('button', { name: 'Do it' }).click();
  await see('Write a few words: others read them.');
  await noBarriers('incident, a form with an error');
  await page.getByLabel('Note', { exact: true }).fill('Rang the server team');
  await page.getByRole('button', { name: 'Do it' }).click();
  await see('Rang the server team');
  await page.locator('summary', { hasText: 'Start a clock' }).click();
  await page.getByLabel('When did you become aware?').fill('2026-10-24T09:00');
  await noBarriers('incident, a clock to be started');
  await page.getByRole('button', { name: 'Start the clock' }).click();
  await see(/Aware since\s+24 October 2026, 9:00am/);

  await page.locator('summary').filter({ hasText: 'dc1' }).first().click();
  await page.getByRole('link', { name: 'This is normal here' }).first().click();
  await see(/finding of the last 90 days|findings of the last 90 days/);
  await noBarriers('this is normal');
  await page.getByRole('button', { name: 'Save it' }).click();
  await see('Say why, in at least 10 characters.');
  await page.getByLabel('Why is it normal?').fill('The nightly maintenance, said the server team');
  await page.getByRole('button', { name: 'Save it' }).click();
  await heading('What is normal here');
  await see('The nightly maintenance, said the server team');
  await noBarriers('what is normal');

  await page.getByRole('link', { name: 'Incidents' }).click();
  await page.locator('.ww-list a').first().click();
  await page.getByLabel('Close it').check();
  await page.getByLabel('It was harmless').check();
  await page.getByLabel('How do you know?').fill('The server team did it');
  await page.getByRole('button', { name: 'Do it' }).click();
  await see(/First end the clock: Tell the Information Commissioner/);
  await page.locator('summary', { hasText: 'How, and end it' }).click();
  await page.getByLabel('It need not be done').check();
  await page.getByLabel('Reference or reason').fill('No data was touched');
  await page.getByRole('button', { name: 'End the clock' }).click();
  await see(/Ended by Ann Example/);
  // Another was met in time, and is written down late.
  await page.locator('summary', { hasText: 'Start a clock' }).click();
  await page.getByLabel('When did you become aware?').fill('2026-10-24T09:00');
  await page.getByRole('button', { name: 'Start the clock' }).click();
  await page.locator('summary', { hasText: 'How, and end it' }).click();
  await page.getByLabel('It was done').check();
  await page.getByLabel('When did you tell them?').fill('2026-10-24T08:00');
  await page.getByRole('button', { name: 'End the clock' }).click();
  await see('Nobody can have been told before you became aware.');
  await page.getByLabel('When did you tell them?').fill('2026-10-25T10:00');
  await noBarriers('incident, when they were told');
  await page.getByRole('button', { name: 'End the clock' }).click();
  await see(/Told\s+25 October 2026, 10:00am GMT\./);
  await page.getByRole('button', { name: 'Do it' }).click();
  await see(/Closed, by Ann Example: It was harmless/);
  await see('Nothing more is asked for here.');
  await page.locator('li', { hasText: 'Machine dc1' }).getByRole('link', { name: 'Its chart' }).click();
  await heading('dc1');
  await page
    .getByRole('button', { name: /^3 points/ })
    .first()
    .click();
  await see(/counted in this time, the newest first/);
  await noBarriers('observations');
  await page.getByRole('link', { name: 'Incidents' }).click();
  await see(/Closed/);
  await noBarriers('incidents');

  await page.goto('/board');
  await see('1 incident came up.');
  ok(!(await page.locator('main').innerText()).includes('dc1'), 'no machine is named');
  await noBarriers('board');

  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('main').getByRole('link', { name: 'People' }).click();
  await page.getByLabel('Name').fill('Priya');
  await page
    .getByRole('region', { name: 'Add somebody' })
    .getByLabel(/^Privacy officer/)
    .check();
  await page.getByRole('button', { name: 'Make a link' }).click();
  const link = (await page.locator('.ww-raw').textContent()) ?? '';
  await see(/It works on this machine only/);
  await noBarriers('people');
  await page.getByRole('link', { name: 'Set aside' }).click();
  await see('Nothing: everything that came could be read.');
  await noBarriers('set aside');

  const priya = await openReader(browser, service.ready.http);
  await priya.page.goto(link);
  await priya.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await priya.page.getByLabel('Password again').fill(PASSWORD);
  await priya.page.getByRole('button', { name: 'Go on' }).click();
  await priya.page.getByRole('link', { name: 'Go to Records' }).click();
  await priya.page.getByText('To decide: none').waitFor();
  deepEqual(await priya.page.locator('nav').getByRole('link').allTextContents(), [
    'Records',
    'Who looked?',
    'Whose records?',
    'Drafts',
    'Incidents',
    'Reports',
    'Settings',
  ]);
  deepEqual(await barriers(priya.page), [], 'records');
  await priya.page.goto('/today');
  await priya.page.getByText('You may not see how things are today.').waitFor();
  await priya.page.goto('/who-looked');
  await priya.page.getByLabel('The patient').fill('999 000 0018');
  await priya.page.getByLabel('Why do you ask?').fill('a subject access request');
  await priya.page.getByRole('button', { name: 'Look it up' }).click();
  await priya.page.getByText('That did not work').waitFor();
  ok(!priya.page.url().includes('999'));
  deepEqual(await barriers(priya.page), [], 'who looked');

  await page.getByRole('link', { name: 'Ann Example' }).click();
  await page.getByRole('button', { name: 'Set it up' }).click();
  const secret = ((await page.locator('.ww-secret').textContent()) ?? '').replaceAll(' ', '');
  const sixDigits = (steps: number) =>
    new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * 30_000 });
  await page.getByLabel('Six digits').fill(sixDigits(0));
  await noBarriers('a second factor');
  await page.getByRole('button', { name: 'Switch it on' }).click();
  await see(/^On\. Signing in asks/);

  await page.getByRole('button', { name: 'Sign out' }).click();
  await heading('Sign in');
  await noBarriers('sign in');
  await page.getByLabel('Your name').fill('Ann Example');
  await page.getByLabel('Password').fill('not my password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await see('That did not work');
  await noBarriers('sign in, refused');
  await page.getByLabel('Password').fill(`${PASSWORD} two`);
  await page.getByRole('button', { name: 'Sign in' }).click();
  // One that was used is not good again; the next one is, as clocks of phones differ.
  await page.getByLabel('Six digits').fill(sixDigits(1));
  await noBarriers('sign in, six digits');
  await page.getByRole('button', { name: 'Send the code' }).click();
  await heading('Today');
  deepEqual(complaints, []);
  deepEqual(priya.complaints, []);
});
