import { useState } from 'react';
import { ask, Problem } from '../client/ask.ts';
import { canUsePasskeys, makePasskey } from '../client/passkey.ts';
import { Form, TextField } from '../parts/form.tsx';
import { Code, NewPassword, newPasswordProblem } from '../parts/password-fields.tsx';
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
      <Section title="Your password">
        <ChangePassword />
      </Section>
    </div>
  );
}

/** Whoever signs in by a provider or a passkey may have none, and finds none to change. */
function ChangePassword() {
  const [password, setPassword] = useState('');
  const [newPassword, setNew] = useState('');
  const [again, setAgain] = useState('');
  const [code, setCode] = useState<string | null>(null);
  const [isDone, setDone] = useState(false);
  const send = async () => {
    setDone(false);
    try {
      const given = code === null ? {} : { code: code.replaceAll(/\s/g, '') };
      await ask('POST /api/v1/session/password', { password, newPassword, ...given });
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'sign-in/code-needed' || code !== null) throw error;
      setCode('');
      return;
    }
    for (const clear of [setPassword, setNew, setAgain]) clear('');
    setCode(null);
    setDone(true);
  };
  const check = () => {
    if (password === '') return 'Type the password that you have now.';
    return newPasswordProblem(newPassword, again);
  };
  return (
    <details className="ww-more">
      <summary>Choose another password</summary>
      <div role="status">{isDone && <p className="ww-note">It is changed. Elsewhere you are signed out.</p>}</div>
      <Form button={code === null ? 'Change it' : 'Send the code'} isSecondary check={check} onSend={send}>
        <TextField
          label="Your password now"
          type="password"
          value={password}
          onChange={setPassword}
          autoComplete="current-password"
        />
        <NewPassword
          label="New password"
          password={newPassword}
          setPassword={setNew}
          again={again}
          setAgain={setAgain}
        />
        {code !== null && <Code code={code} setCode={setCode} />}
      </Form>
    </details>
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
        <Code code={code} setCode={setCode} />
      </Form>
    </>
  );
}
