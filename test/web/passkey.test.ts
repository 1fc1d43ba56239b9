/** A passkey, from being made to signing in, with a device that the browser plays. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { barriers, becomeFirst, firstLink, HAS_BROWSER, openBrowser, openReader } from './browser.ts';
import { upService } from '../service.ts';

test('a passkey is made, signs its owner in without a password, and is good for nothing once removed', {
  skip: !HAS_BROWSER,
}, async (t) => {
  const service = await upService(t, '--plain-http');
  const browser = await openBrowser(t);
  // Browsers make none for an address of digits.
  const home = service.ready.http.replace('127.0.0.1', 'localhost');
  const { page, complaints } = await openReader(browser, home);
  const devices = await page.context().newCDPSession(page);
  await devices.send('WebAuthn.enable');
  const { authenticatorId } = await devices.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
    },
  });
  await firstLink(service);
  await becomeFirst(service, page);
  await page.getByRole('button', { name: 'Make a passkey on this device' }).click();
  await page.getByText('never used').waitFor();
  deepEqual(await barriers(page), []);
  const { credentials } = await devices.send('WebAuthn.getCredentials', { authenticatorId });
  equal(credentials[0]?.rpId, 'localhost');

  const signOut = () => page.getByRole('button', { name: 'Sign out' }).click();
  const signIn = () => page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await signOut();
  await signIn();
  await page.getByRole('link', { name: 'Ann Example' }).click();
  await page.getByText('last used').waitFor();

  // Whoever may not unlock the device does not come in.
  await signOut();
  await devices.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
  await signIn();
  await page.getByText('The device showed no passkey.').waitFor();
  await devices.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true });
  await signIn();
  await page.getByRole('link', { name: 'Ann Example' }).click();
  await page.getByRole('button', { name: 'Remove passkey 1' }).click();
  await page.getByText('You have none.').waitFor();
  await signOut();
  await signIn();
  await page.getByText('does not sign anybody in here').waitFor();

  // What a browser has sent before is no answer to anything.
  const headers = { 'content-type': 'application/json', 'x-wardwatch': 'page', origin: home };
  const body = JSON.stringify({ response: { id: 'AAAA', rawId: 'AAAA', type: 'public-key', response: {} } });
  const { status, text } = await service.fetch('/api/v1/session/passkey/finish', { headers, body });
  equal(status, 401);
  match(text, /passkeys\/refused/);
  deepEqual(complaints, []);
});
