/** Who sends logs, in a real browser. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { upService } from '../service.ts';
import { barriers, becomeFirst, HAS_BROWSER, openBrowser, openReader, started } from './browser.ts';

test('a source that is switched off stands apart, folded; those that are heard are what is counted', {
  skip: !HAS_BROWSER,
}, async (t) => {
  const service = await upService(t, '--plain-http');
  const { token } = await service.addSource('dc1', 'windows');
  await service.addSource('old firewall', 'syslog');
  const body = `{"create":{}}\n${JSON.stringify(started('dc1', 'jsmith', 'whoami'))}\n`;
  equal((await service.fetch('/_bulk', { headers: { authorization: `ApiKey ${token}` }, body })).status, 200);
  const browser = await openBrowser(t);
  const { page, complaints } = await openReader(browser, service.ready.http, { viewport: { width: 320, height: 700 } });
  await becomeFirst(service, page);
  await page.goto('/sources');
  const heard = page.getByRole('region', { name: 'Who is heard' });
  await heard.getByText('2 sources', { exact: true }).waitFor();
  // What is not heard is not beneath all that is well.
  await heard.getByRole('row', { name: /dc1.*Heard/ }).waitFor();
  deepEqual(await heard.getByRole('rowheader').allTextContents(), ['old firewall', 'dc1']);
  await page.getByRole('link', { name: 'Connect another source' }).click();
  equal(await page.evaluate('document.activeElement.textContent'), 'Connect a source');
  equal(await heard.locator('details').count(), 0, 'nothing is folded where nothing is switched off');

  await page.getByLabel('Which?').selectOption({ label: 'old firewall' });
  await page.getByLabel('Switch it off').check();
  await page.getByRole('button', { name: 'Change it' }).click();
  await page.getByText('old firewall is switched off.').waitFor();
  await heard.getByText('1 source', { exact: true }).waitFor();
  equal(await heard.getByRole('row', { name: /old firewall/ }).isVisible(), false);
  await heard.getByText('1 source switched off', { exact: true }).click();
  await heard.getByRole('row', { name: /old firewall.*Syslog.*Switched off/ }).waitFor();
  deepEqual(await barriers(page), []);

  await page.getByLabel('Which?').selectOption({ label: 'dc1' });
  await page.getByLabel('Switch it off').check();
  await page.getByRole('button', { name: 'Change it' }).click();
  await heard.getByText('None any more. Begin with a domain controller or the firewall.').waitFor();
  deepEqual(complaints, []);
});
