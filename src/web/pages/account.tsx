import { useState } from 'react';
import { ask } from '../client/ask.ts';
import { canUsePasskeys, makePasskey } from '../client/passkey.ts';
import { Form, TextField } from '../parts/form.tsx';
import { Show, useAsk } from '../parts/loaded.tsx';
import { Link, usePlace } from '../parts/router.tsx';
import { useRoles, useSession } from '../parts/session.tsx';
import { Qr } from '../parts/qr.tsx';
import { Section } from '../parts/section.tsx';
import { NAVIGATION, Title } from '../parts/shell.tsx';
import { When } from '../parts/words.tsx';
import { ROLE_LABEL } from '../parts/roles.ts';

export function AccountPage() {
  const { state } = useSession();
  const { query } = usePlace();
  const roles = useRoles();
  if (state.is !== 'signed-in') return null;
  const { person } = state;
  const first = NAVIGATION.find((each) => each.roles.some((role) => roles.includes(role)));
  return (
    <div className="ww-narrow">
      <Title>{query.get('first') === null ? 'Your account' : `Welcome, ${person.name}`}</Title>
      {first === undefined && <p>There is no other page for you yet: what your role is for is still being built.</p>}
      {first !== undefined && (
        <p>
          <Link to={first.page}>Go to {first.text}</Link>
        </p>
      )}
      <p>
        You sign in as <strong>{person.name}</strong>.
      </p>
      <p>You may:</p>
      <ul>
        {person.roles.map((role) => (
          <li key={role}>{ROLE_LABEL[role] ?? role}</li>
        ))}
      </ul>
      <Section title="A second factor">
        {person.hasSecondFactor ? (
          <p>On. Signing in asks for six digits from the app on your phone.</p>
        ) : (
          <SecondFactor />
        )}
      </Section>
      <Passkeys />
    </div>
  );
}

function Passkeys() {
  const passkeys = useAsk('GET /api/v1/passkeys', {});
  const reload = () => (passkeys.is === 'ready' ? passkeys.reload() : undefined);
  return (
    <Section title="Passkeys">
      <p>
        With a passkey you sign in by your finger, your face or the PIN of your device, without a password. Nobody can
        trick it out of you.
      </p>
      <Show of={passkeys} what="your passkeys">
        {({ passkeys: all }) => (
          <ul>
            {all.length === 0 && <li>You have none.</li>}
            {all.map(({ id, madeAt, usedAt }, index) => (
              <li key={id}>
                Made <When at={madeAt} />, {usedAt === null ? 'never used' : 'last used '}
                {usedAt !== null && <When at={usedAt} />}
                <Form
                  button={`Remove passkey ${index + 1}`}
                  isSecondary
                  onSend={async () => {
                    await ask('POST /api/v1/passkeys/:id/remove', { id });
                    reload();
                  }}
                />
              </li>
            ))}
          </ul>
        )}
      </Show>
      {canUsePasskeys() ? (
        <Form
          button="Make a passkey on this device"
          onSend={async () => {
            await makePasskey();
            reload();
          }}
        />
      ) : (
        <p className="ww-quiet">
          To make one, open this page by a name, such as localhost or wardwatch.example.nhs.uk, and not by the number of
          its address.
        </p>
      )}
    </Section>
  );
}

function SecondFactor() {
  const { reload } = useSession();
  const [made, setMade] = useState<{ readonly secret: string; readonly uri: string } | null>(null);
  const [code, setCode] = useState('');
  if (made === null)
    return (
      <>
        <p>
          Off. With it, a stolen password alone does not let anybody in. You need an authenticator app on your phone,
          such as Microsoft Authenticator. It takes two minutes.
        </p>
        <Form button="Set it up" onSend={async () => setMade(await ask('POST /api/v1/session/second-factor', {}))} />
      </>
    );
  const send = async () => {
    await ask('POST /api/v1/session/second-factor/confirm', { code: code.replaceAll(/\s/g, '') });
    reload();
  };
  return (
    <>
      <ol>
        <li>
          In the app, add an account, and point the camera at this:
          <br />
          <Qr text={made.uri} label="The key as a code for the camera; it stands below as text" />
        </li>
        <li>
          If there is no camera, choose to type in a key:{' '}
          <code className="ww-secret">{made.secret.replaceAll(/(.{4})/g, '$1 ').trim()}</code>
        </li>
        <li>Type the six digits that the app shows.</li>
      </ol>
      <Form
        button="Switch it on"
        check={() => (/^[\d\s]{6,12}$/.test(code) ? null : 'Type the six digits that the app shows.')}
        onSend={send}
      >
        <TextField
          label="Six digits"
          value={code}
          onChange={setCode}
          autoComplete="one-time-code"
          isNumeric
          isShort
          maxLength={12}
        />
      </Form>
    </>
  );
}
