import { useState } from 'react';
import { ask } from '../client/ask.ts';
import { Form, TextField } from '../parts/form.tsx';
import { go } from '../parts/router.tsx';
import { useSession } from '../parts/session.tsx';
import { Title } from '../parts/shell.tsx';

const MIN_LENGTH = 12;

/** Where an invitation’s link leads. Its secret is behind the `#`, which a browser sends to nobody. */
export function WelcomePage() {
  const { signedIn, state } = useSession();
  // Everybody else was given a name with the invitation.
  const [isInvited] = useState(() => new URLSearchParams(location.search).has('invited'));
  const isFirst = state.is === 'nobody' && state.isNew && !isInvited;
  const [token] = useState(() => location.hash.slice(1));
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');

  const check = () => {
    if (isFirst && name.trim() === '') return 'Type your name, as your colleagues know you.';
    if (password.length < MIN_LENGTH) return `Choose a password of at least ${MIN_LENGTH} characters.`;
    return password === again ? null : 'The two passwords are not the same.';
  };
  const send = async () => {
    const { person } = await ask('POST /api/v1/invitations/accept', { token, name: name.trim(), password });
    // The link is used up: the way back does not lead to it.
    history.replaceState(null, '', './');
    signedIn(person);
    go('account', { first: 'yes' });
  };
  if (token === '')
    return (
      <div className="ww-narrow">
        <Title>This link is not whole</Title>
        <p>Copy the whole of it, with all that stands behind the #, into the address bar.</p>
      </div>
    );
  return (
    <div className="ww-narrow">
      <Title>Welcome to Wardwatch</Title>
      <p>Choose how you sign in. Everything you do here is recorded under this name.</p>
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
        <TextField
          label="Password"
          hint={`At least ${MIN_LENGTH} characters. Three random words are good.`}
          type="password"
          value={password}
          onChange={setPassword}
          autoComplete="new-password"
        />
        <TextField
          label="Password again"
          type="password"
          value={again}
          onChange={setAgain}
          autoComplete="new-password"
        />
      </Form>
    </div>
  );
}
