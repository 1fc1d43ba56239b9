import { type Answer, ask, Problem } from './ask.ts';

/** False where the browser cannot, or the page was opened by the number of its address. */
export function canUsePasskeys(): boolean {
  return 'PublicKeyCredential' in window && !/^[\d.]+$|^\[/.test(location.hostname);
}

/** Has this device make a passkey, and keeps it. @throws Problem */
export async function makePasskey(): Promise<void> {
  const { options } = await ask('POST /api/v1/passkeys', {});
  const response = await shown(() =>
    navigator.credentials.create({
      publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(
        options as unknown as PublicKeyCredentialCreationOptionsJSON,
      ),
    }),
  );
  await ask('POST /api/v1/passkeys/confirm', { response });
}

/** @returns who signed in. @throws Problem */
export async function signInByPasskey(): Promise<Answer<'POST /api/v1/session/passkey/finish'>['person']> {
  const { options } = await ask('POST /api/v1/session/passkey', {});
  const response = await shown(() =>
    navigator.credentials.get({
      publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(
        options as unknown as PublicKeyCredentialRequestOptionsJSON,
      ),
    }),
  );
  return (await ask('POST /api/v1/session/passkey/finish', { response })).person;
}

type Shown = { id: string; rawId: string; type: string };

async function shown(askDevice: () => Promise<Credential | null>): Promise<Shown> {
  const credential = await askDevice().catch(() => null);
  if (!(credential instanceof PublicKeyCredential))
    throw new Problem('web/no-passkey', 'The device showed no passkey.', 'Try again, or use your password.');
  const response: Shown = credential.toJSON();
  return response;
}
