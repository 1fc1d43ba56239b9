import { TextField } from './form.tsx';

/** As the service wants it (src/people/passwords.ts). */
const MIN_LENGTH = 12;

/** What keeps a new password from being taken; `null`: nothing that can be seen here. */
export function newPasswordProblem(password: string, again: string): string | null {
  if (password.length < MIN_LENGTH) return `Choose a password of at least ${MIN_LENGTH} characters.`;
  return password === again ? null : 'The two passwords are not the same.';
}

export interface NewPasswordProps {
  /** “New password”, where there is an old one. */
  readonly label: string;
  readonly password: string;
  readonly setPassword: (value: string) => void;
  readonly again: string;
  readonly setAgain: (value: string) => void;
}

export function NewPassword({ label, password, setPassword, again, setAgain }: NewPasswordProps) {
  return (
    <>
      <TextField
        label={label}
        hint={`At least ${MIN_LENGTH} characters. Three random words are good.`}
        type="password"
        value={password}
        onChange={setPassword}
        autoComplete="new-password"
      />
      <TextField
        label={`${label} again`}
        type="password"
        value={again}
        onChange={setAgain}
        autoComplete="new-password"
      />
    </>
  );
}

export interface CodeProps {
  readonly code: string;
  readonly setCode: (code: string) => void;
}

/** Of the second factor. */
export function Code({ code, setCode }: CodeProps) {
  return (
    <TextField
      label="Six digits"
      hint="From the app on your phone that you set up for Wardwatch."
      value={code}
      onChange={setCode}
      autoComplete="one-time-code"
      isNumeric
      isShort
      maxLength={12}
    />
  );
}
