import { useState } from 'react';
import { type Answer, ask } from '../client/ask.ts';
import { Form, TextField } from './form.tsx';
import { useAsk } from './loaded.tsx';
import { Link } from './router.tsx';
import { asSeen, counted } from './text.ts';

const MIN_REASON = 10;
const MAX = 100;

type Items = Answer<'POST /api/v1/reveal'>['items'];

interface WithReasonProps {
  /** “who 3 patients are” */
  readonly what: string;
  readonly question: string;
  /** Shows it, to whoever may see it alone. */
  readonly show: (reason: string) => Promise<void>;
  /** Asks a second person. */
  readonly ask: (reason: string) => Promise<void>;
}

/** Shown for a reason that is recorded; where a second person has to agree, asked for. */
function WithReason({ what, question, show, ask: askFor }: WithReasonProps) {
  const policy = useAsk('GET /api/v1/reveals/policy', {}, { everyMs: null });
  const [reason, setReason] = useState('');
  const [isAsked, setAsked] = useState(false);
  if (isAsked)
    return (
      <p role="status" className="ww-note">
        <strong>Asked, and recorded.</strong> When another privacy officer has agreed it is shown to you under{' '}
        <Link to="records">Records</Link>, for an hour.
      </p>
    );
  const needsSecond = policy.is === 'ready' && policy.data.secondPerson;
  return (
    <Form
      button={needsSecond ? `Ask to be shown ${what}` : `Show ${what}`}
      isSecondary
      check={() =>
        reason.trim().length < MIN_REASON ? `Say why you have to know, in at least ${MIN_REASON} characters.` : null
      }
      onSend={async () => {
        if (!needsSecond) return show(reason);
        await askFor(reason);
        return setAsked(true);
      }}
    >
      <TextField
        label={question}
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

/** Who pseudonyms are: a named person’s recorded act, with its reason. What it shows lives in this page alone. */
export function Reveal({ pseudonyms }: { readonly pseudonyms: readonly string[] }) {
  const known = pseudonyms.filter((each) => /^p[ti]_[0-9a-f]{20}$/.test(each)).slice(0, MAX);
  const [shown, setShown] = useState<Items | null>(null);
  if (known.length === 0) return null;
  if (shown !== null) return <Identities items={shown} hide={() => setShown(null)} />;
  return (
    <WithReason
      what={known.length === 1 ? 'who the patient is' : `who ${counted(known.length, 'patient')} are`}
      question="Why do you have to know who it is?"
      show={async (reason) => setShown((await ask('POST /api/v1/reveal', { pseudonyms: known, reason })).items)}
      ask={async (reason) => void (await ask('POST /api/v1/reveals', { pseudonyms: known, reason }))}
    />
  );
}

/** A message that was set aside, as it came: it may name patients. */
export function RevealSetAside({ id }: { readonly id: string }) {
  const [text, setText] = useState<string | null>(null);
  if (text !== null) return <Message text={text} hide={() => setText(null)} />;
  return (
    <WithReason
      what="what it says"
      question="Why do you have to know what it says?"
      show={async (reason) => setText((await ask('POST /api/v1/setaside/:id/reveal', { id, reason })).text)}
      ask={async (reason) => void (await ask('POST /api/v1/reveals', { setAside: id, reason }))}
    />
  );
}

export function Message({ text, hide }: { readonly text: string; readonly hide: () => void }) {
  return (
    <div role="status">
      <p>
        <strong>Shown to you, and recorded.</strong>
      </p>
      <code className="ww-raw">{asSeen(text)}</code>
      <button type="button" className="ww-back" onClick={hide}>
        Hide
      </button>
    </div>
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
