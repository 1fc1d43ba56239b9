import { useState } from 'react';
import { type Answer, ask } from '../client/ask.ts';
import { Form, TextField } from './form.tsx';
import { counted } from './text.ts';

const MIN_REASON = 10;
const MAX = 100;

/** Who pseudonyms are: a named person’s recorded act, with its reason. What it shows lives in this page alone. */
export function Reveal({ pseudonyms }: { readonly pseudonyms: readonly string[] }) {
  const known = pseudonyms.filter((each) => /^p[ti]_[0-9a-f]{20}$/.test(each)).slice(0, MAX);
  const [reason, setReason] = useState('');
  const [shown, setShown] = useState<Answer<'POST /api/v1/reveal'>['items'] | null>(null);
  if (known.length === 0) return null;
  if (shown !== null)
    return (
      <div role="status" className="ww-note">
        <p>
          <strong>Shown to you, and recorded.</strong>
        </p>
        <ul>
          {shown.map(({ pseudonym, value }) => (
            <li key={pseudonym}>
              {pseudonym}: <strong>{value ?? 'not known'}</strong>
            </li>
          ))}
        </ul>
        <button type="button" className="ww-back" onClick={() => setShown(null)}>
          Hide
        </button>
      </div>
    );
  return (
    <Form
      button={`Show who ${counted(known.length, 'patient')} ${known.length === 1 ? 'is' : 'are'}`}
      isSecondary
      check={() =>
        reason.trim().length < MIN_REASON ? `Say why you have to know, in at least ${MIN_REASON} characters.` : null
      }
      onSend={async () => setShown((await ask('POST /api/v1/reveal', { pseudonyms: known, reason })).items)}
    >
      <TextField
        label="Why do you have to know who it is?"
        hint="This is recorded with your name."
        value={reason}
        onChange={setReason}
      />
    </Form>
  );
}
