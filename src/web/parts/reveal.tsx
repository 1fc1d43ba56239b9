import { useState } from 'react';
import { type Answer, ask } from '../client/ask.ts';
import { Form, TextField } from './form.tsx';
import { useAsk } from './loaded.tsx';
import { Link } from './router.tsx';
import { counted } from './text.ts';

const MIN_REASON = 10;
const MAX = 100;

type Items = Answer<'POST /api/v1/reveal'>['items'];

/** Who pseudonyms are: a named person’s recorded act, with its reason. What it shows lives in this page alone. */
export function Reveal({ pseudonyms }: { readonly pseudonyms: readonly string[] }) {
  const known = pseudonyms.filter((each) => /^p[ti]_[0-9a-f]{20}$/.test(each)).slice(0, MAX);
  const policy = useAsk('GET /api/v1/reveals/policy', {}, { everyMs: null });
  const [reason, setReason] = useState('');
  const [shown, setShown] = useState<Items | 'asked' | null>(null);
  if (known.length === 0) return null;
  if (shown === 'asked')
    return (
      <p role="status" className="ww-note">
        <strong>Asked, and recorded.</strong> When another privacy officer has agreed it is shown to you under{' '}
        <Link to="records">Records</Link>, for an hour.
      </p>
    );
  if (shown !== null) return <Identities items={shown} hide={() => setShown(null)} />;
  const needsSecond = policy.is === 'ready' && policy.data.secondPerson;
  const who = `who ${counted(known.length, 'patient')} ${known.length === 1 ? 'is' : 'are'}`;
  return (
    <Form
      button={needsSecond ? `Ask to be shown ${who}` : `Show ${who}`}
      isSecondary
      check={() =>
        reason.trim().length < MIN_REASON ? `Say why you have to know, in at least ${MIN_REASON} characters.` : null
      }
      onSend={async () => {
        if (needsSecond) {
          await ask('POST /api/v1/reveals', { pseudonyms: known, reason });
          setShown('asked');
        } else setShown((await ask('POST /api/v1/reveal', { pseudonyms: known, reason })).items);
      }}
    >
      <TextField
        label="Why do you have to know who it is?"
        hint={
          needsSecond
            ? 'This is recorded with your name. Another privacy officer reads it, and has to agree.'
            : 'This is recorded with your name.'
        }
        value={reason}
        onChange={setReason}
      />
    </Form>
  );
}

/** Who they are, until whoever looks has seen it. */
export function Identities({ items, hide }: { readonly items: Items; readonly hide: () => void }) {
  return (
    <div role="status" className="ww-note">
      <p>
        <strong>Shown to you, and recorded.</strong>
      </p>
      <ul>
        {items.map(({ pseudonym, value }) => (
          <li key={pseudonym}>
            {pseudonym}: <strong>{value ?? 'not known'}</strong>
          </li>
        ))}
      </ul>
      <button type="button" className="ww-back" onClick={hide}>
        Hide
      </button>
    </div>
  );
}
