import { useState } from 'react';
import { ask, Problem } from '../client/ask.ts';
import { canUsePasskeys, signInByPasskey } from '../client/passkey.ts';
import { Form, TextField } from '../parts/form.tsx';
import { Code } from '../parts/password-fields.tsx';
import { usePlace } from '../parts/router.tsx';
import { useSession } from '../parts/session.tsx';
import { Title } from '../parts/shell.tsx';

export interface SignInPageProps {
  /** They were signed in, and are no longer. */
  readonly hasExpired: boolean;
}

export function SignInPage({ hasExpired }: SignInPageProps) {
  const { signedIn, provider } = useSession();
  const refused = usePlace().query.get('refused');
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState<string | null>(null);

  const send = async () => {
    try {
      const given = code === null ? { name, password } : { name, password, code: code.replaceAll(/\s/g, '') };
      signedIn((await ask('POST /api/v1/session', given)).person);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'sign-in/code-needed' || code !== null) throw error;
      setCode('');
    }
  };
  return (
    <div className="ww-narrow">
      <Title>Sign in</Title>
      {hasExpired && (
        <p role="status" className="ww-note">
          You are signed out. Sign in to go on where you were: the longer texts that you had not sent yet are kept until
          then.
        </p>
      )}
      {refused !== null && (
        <p role="alert" className="ww-note">
          {(Object.hasOwn(REFUSED, refused) ? REFUSED[refused] : undefined) ?? 'You were not signed in. Try again.'}
        </p>
      )}
      {provider !== null && (
        <>
          <a className="nhsuk-button" href="api/v1/oidc/begin">
            Sign in with {provider}
          </a>
          <p>Or with a password of Wardwatch’s own:</p>
        </>
      )}
      <Form
        isSecondary={provider !== null}
        button={code === null ? 'Sign in' : 'Send the code'}
        check={() => (name === '' || password === '' ? 'Type your name and your password.' : null)}
        onSend={send}
      >
        <TextField label="Your name" value={name} onChange={setName} autoComplete="username" />
        <TextField
          label="Password"
          type="password"
          value={password}
          onChange={setPassword}
          autoComplete="current-password"
        />
        {code !== null && <Code code={code} setCode={setCode} />}
      </Form>
      {canUsePasskeys() && (
        <Form button="Sign in with a passkey" isSecondary onSend={async () => signedIn(await signInByPasskey())} />
      )}
      <p className="ww-quiet">Forgotten it? An administrator can give you a new link.</p>
    </div>
  );
}

/** Why the identity provider’s answer did not sign them in; the code is of our own service. */
const REFUSED: Readonly<Record<string, string>> = {
  'sign-in/provider': 'The sign-in was not completed. Try again; if it goes on, tell your administrator.',
  'sign-in/ended': 'Your account here was ended. Ask an administrator.',
  'people/no-role': 'None of your groups there has a role here. Ask an administrator.',
  'people/name-taken': 'There is another account with your name already. Ask an administrator.',
};

export function NewPage() {
  return (
    <div className="ww-narrow">
      <Title>Wardwatch is running, and nobody is set up yet</Title>
      <p>
        A link for the first administrator was printed where the service was started, on the terminal or in its log.
        Open that link to choose your name and password.
      </p>
      <p>It works once. If it is lost, start the service again: it prints a new one.</p>
    </div>
  );
}
