import { type ReactNode, useState } from 'react';
import { type Answer, ask } from '../client/ask.ts';
import { Checkbox, Form, Radios, TextField } from '../parts/form.tsx';
import { Show, useAsk } from '../parts/loaded.tsx';
import { bytesText, counted, dateText, dayBegins, numberText } from '../parts/text.ts';
import { When } from '../parts/words.tsx';

type Room = Answer<'GET /api/v1/doctor'>['room'];
type Kind = Room['kinds'][number]['kind'];
type Hold = Room['holds'][number];
type Leaving = Answer<'GET /api/v1/retention/preview'>['leaving'];

export const KIND: Readonly<Record<Kind, string>> = {
  network: 'Network traffic',
  security: 'Security logs',
  clinical: 'Record accesses',
};

const REASON_LENGTH = 10;

/** How long each kind is kept: first what would go is shown, then it is saved with a reason. */
export function ChangeRetention({ kinds, reload }: { readonly kinds: Room['kinds']; readonly reload: () => void }) {
  const daysOf = (kind: Kind) => kinds.find((each) => each.kind === kind)?.keepDays ?? 0;
  const [typed, setTyped] = useState<Readonly<Record<Kind, string>>>({
    network: String(daysOf('network')),
    security: String(daysOf('security')),
    clinical: String(daysOf('clinical')),
  });
  const days = { network: Number(typed.network), security: Number(typed.security), clinical: Number(typed.clinical) };
  const check = () => {
    const wrong = kinds.find(({ kind, minimumDays }) => !(Number.isInteger(days[kind]) && days[kind] >= minimumDays));
    if (wrong !== undefined)
      return `${KIND[wrong.kind]}: ${counted(wrong.minimumDays, 'day')} at the least. Write a whole number of days.`;
    return kinds.every(({ kind, keepDays }) => days[kind] === keepDays) ? 'Nothing is changed yet.' : null;
  };
  return (
    <details className="ww-more">
      <summary>Change how long things are kept</summary>
      <SeenFirst
        of={Object.values(typed).join()}
        check={check}
        preview={async () => (await ask('GET /api/v1/retention/preview', days)).leaving}
        button="Keep things for so long"
        onSend={async (reason, acceptDeleting) => {
          await ask('POST /api/v1/retention', { days, reason, acceptDeleting });
          reload();
        }}
      >
        {kinds.map(({ kind, minimumDays }) => (
          <TextField
            key={kind}
            label={`${KIND[kind]}: days`}
            hint={`At least ${numberText(minimumDays)}.`}
            isNumeric
            isShort
            value={typed[kind]}
            onChange={(value) => setTyped({ ...typed, [kind]: value })}
          />
        ))}
      </SeenFirst>
    </details>
  );
}

/** Two steps: what would be deleted is shown, and only then, with a reason, it can be done. */
function SeenFirst({
  of,
  check = () => null,
  preview,
  button,
  onSend,
  children,
}: {
  /** What it is about: of something else, something else would go. */
  readonly of: string;
  readonly check?: () => string | null;
  readonly preview: () => Promise<Leaving>;
  readonly button: string;
  readonly onSend: (reason: string, acceptDeleting: number) => Promise<void>;
  readonly children?: ReactNode;
}) {
  const [seen, setSeen] = useState<{ readonly of: string; readonly leaving: Leaving } | null>(null);
  const [reason, setReason] = useState('');
  const leaving = seen?.of === of ? seen.leaving : null;
  if (leaving === null)
    return (
      <Form
        button="See what would go"
        isSecondary
        check={check}
        onSend={async () => setSeen({ of, leaving: await preview() })}
      >
        {children}
      </Form>
    );
  const events = leaving.reduce((sum, each) => sum + each.events, 0);
  return (
    <Form
      button={button}
      isWarning={events > 0}
      check={() => (reason.trim().length < REASON_LENGTH ? `Say why, in at least ${REASON_LENGTH} characters.` : null)}
      onSend={async () => {
        try {
          await onSend(reason, events);
        } catch (error) {
          // By now more may go: it is to be seen anew.
          setSeen(null);
          throw error;
        }
      }}
    >
      {children}
      {leaving.length === 0 ? (
        <p>Nothing is deleted by this now.</p>
      ) : (
        <>
          <p>
            <strong>Deleted at once and for good, if you go on:</strong>
          </p>
          <ul>
            {leaving.map((each) => (
              <li key={each.kind}>
                {KIND[each.kind]}: {counted(each.events, 'event')}, {bytesText(each.bytes)}, received{' '}
                <When at={each.receivedFrom} /> to <When at={each.receivedTo} />
              </li>
            ))}
          </ul>
        </>
      )}
      <TextField label="Why?" hint="It is recorded with your name." value={reason} onChange={setReason} />
    </Form>
  );
}

export function Holds({ holds, reload }: { readonly holds: Room['holds']; readonly reload: () => void }) {
  return (
    <>
      <h3 className="nhsuk-heading-s">Legal holds: kept until they are released</h3>
      {holds.length === 0 ? (
        <p>There is none: nothing is kept longer than said.</p>
      ) : (
        <ul>
          {holds.map((hold) => (
            <li key={hold.id}>
              {textOf(hold)}
              <details className="ww-more">
                <summary>Release it</summary>
                <SeenFirst
                  of={hold.id}
                  preview={async () => (await ask('GET /api/v1/retention/preview', { release: hold.id })).leaving}
                  button="Release the hold"
                  onSend={async (reason, acceptDeleting) => {
                    await ask('POST /api/v1/holds/:id/release', { id: hold.id, reason, acceptDeleting });
                    reload();
                  }}
                />
              </details>
            </li>
          ))}
        </ul>
      )}
      <AddHold reload={reload} />
    </>
  );
}

function textOf({ sources, from, to, reason, events }: Hold): string {
  const of = sources.length === 0 ? 'Every source' : sources.join(', ');
  const since = from === null ? 'from the first' : `from ${dateText(from)}`;
  const until = to === null ? 'on, whatever comes' : `until ${dateText(to)}`;
  return `${of}, ${since} ${until}: ${reason}. Keeps ${counted(events, 'sealed event')}.`;
}

function AddHold({ reload }: { readonly reload: () => void }) {
  const [which, setWhich] = useState('');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [reason, setReason] = useState('');
  const sources = useAsk('GET /api/v1/sources', {});
  const check = () => {
    if (which === '') return 'Say of which sources.';
    if (which === 'some' && chosen.length === 0) return 'Choose a source.';
    if (from !== '' && to !== '' && to < from) return 'The last day is before the first.';
    return reason.trim().length < REASON_LENGTH ? `Say why, in at least ${REASON_LENGTH} characters.` : null;
  };
  const send = async () => {
    await ask('POST /api/v1/holds', {
      sources: which === 'some' ? chosen : [],
      from: from === '' ? null : new Date(dayBegins(from, 0)).toISOString(),
      to: to === '' ? null : new Date(dayBegins(to, 1)).toISOString(),
      reason,
    });
    setWhich('');
    setChosen([]);
    setReason('');
    reload();
  };
  return (
    <details className="ww-more">
      <summary>Set a legal hold</summary>
      <Form button="Set the hold" isSecondary check={check} onSend={send}>
        <Radios
          legend="Of which sources?"
          value={which}
          onChange={setWhich}
          options={[
            { value: 'all', text: 'Every source' },
            { value: 'some', text: 'Only some' },
          ]}
        />
        {which === 'some' && (
          <Show of={sources} what="the sources">
            {({ items }) =>
              items.map(({ id, name }) => (
                <Checkbox
                  key={id}
                  label={name}
                  isChecked={chosen.includes(id)}
                  onChange={(isIn) => setChosen(isIn ? [...chosen, id] : chosen.filter((each) => each !== id))}
                />
              ))
            }
          </Show>
        )}
        <TextField
          label="Received from, the first day"
          hint="Empty: from the first. UK time."
          type="date"
          isShort
          value={from}
          onChange={setFrom}
        />
        <TextField
          label="To, the last day"
          hint="Empty: whatever comes until it is released."
          type="date"
          isShort
          value={to}
          onChange={setTo}
        />
        <TextField label="Why?" hint="It is recorded with your name." value={reason} onChange={setReason} />
      </Form>
    </details>
  );
}
