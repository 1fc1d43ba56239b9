import { useState } from 'react';
import { ask } from '../client/ask.ts';
import { Form, TextField } from '../parts/form.tsx';
import { NewPassword, newPasswordProblem } from '../parts/password-fields.tsx';
import { type Loaded, Show, useLoaded } from '../parts/loaded.tsx';
import { go, Link } from '../parts/router.tsx';
import { useSession } from '../parts/session.tsx';
import { Title } from '../parts/shell.tsx';

/** Where an invitation’s link leads. Its secret is behind the `#`, which a browser sends to nobody. */
export function WelcomePage() {
  const [token] = useState(() => location.hash.slice(1));
  const invitation = useLoaded(
    'invitation',
    (signal, asker) => ask('POST /api/v1/invitations/look', { token }, signal, asker),
    { everyMs: null, isWanted: token !== '' },
  );
  if (token === '')
    return (
      <div className="ww-narrow">
        <Title>This link is not whole</Title>
        <p>Copy the whole of it, with all that stands behind the #, into the address bar.</p>
      </div>
    );
  return (
    <div className="ww-narrow">
      <Title>{isSpent(invitation) ? 'This link leads no further' : 'Welcome to Wardwatch'}</Title>
      <Show of={invitation} what="whom the link is for">
        {({ name }) => <Choose token={token} invited={name} />}
      </Show>
      {isSpent(invitation) && (
        <p>
          <Link to="today">Sign in</Link>, if you have opened it before.
        </p>
      )}
    </div>
  );
}

/** The service says so; that it does not answer says nothing of the link. */
function isSpent(invitation: Loaded<unknown>): boolean {
  return invitation.is === 'failed' && invitation.problem.code !== 'web/unreachable';
}

/** @param invited their name; `null`: the first administrator gives one */
function Choose({ token, invited }: { readonly token: string; readonly invited: string | null }) {
  const { signedIn } = useSession();
  const isFirst = invited === null;
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');

  const check = () => {
    if (isFirst && name.trim() === '') return 'Type your name, as your colleagues know you.';
    return newPasswordProblem(password, again);
  };
  const send = async () => {
    const { person } = await ask('POST /api/v1/invitations/accept', { token, name: name.trim(), password });
    // The link is used up: the way back does not lead to it.
    history.replaceState(null, '', './');
    signedIn(person);
    go('account', { first: 'yes' });
  };
  return (
    <>
      <p>
        {invited !== null && (
          <>
            This link is for <strong>{invited}</strong>.{' '}
          </>
        )}
        Choose how you sign in. Everything you do here is recorded under this name.
      </p>
      <Form button="Go on" check={check} onSend={send}>
        {isFirst && (
          <TextField
            label="Your name"
            hint="As your colleagues know you. You sign in with it."
            value={name}
            onChange={setName}
            autoComplete="username"
          />
        )}
        <NewPassword label="Password" password={password} setPassword={setPassword} again={again} setAgain={setAgain} />
      </Form>
    </>
  );
}
