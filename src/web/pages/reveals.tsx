import { useState } from 'react';
import { type Answer, ask } from '../client/ask.ts';
import { Form, Radios, TextField } from '../parts/form.tsx';
import { Show, useAsk } from '../parts/loaded.tsx';
import { Identities, Message } from '../parts/reveal.tsx';
import { Section } from '../parts/section.tsx';
import { counted } from '../parts/text.ts';
import { When } from '../parts/words.tsx';

type Request = Answer<'GET /api/v1/reveals'>['items'][number];

/** Requests to be shown who patients are, where a second person has to agree. Where none has to, nothing. */
export function Reveals() {
  const requests = useAsk('GET /api/v1/reveals', {});
  if (requests.is === 'loading' || (requests.is === 'ready' && !requests.data.secondPerson)) return null;
  const reload = requests.is === 'ready' ? requests.reload : () => undefined;
  return (
    <Section title="Asked to be shown who patients are">
      <Show of={requests} what="what was asked for">
        {({ items }) => {
          const waiting = items.filter(({ isMine, state }) => !isMine && state === 'waiting');
          const mine = items.filter(({ isMine, state }) => isMine && state !== 'over');
          return waiting.length + mine.length === 0 ? (
            <p>Nothing waits. A second privacy officer has to agree before a name is shown.</p>
          ) : (
            <>
              {waiting.map((request) => (
                <Answering key={request.id} request={request} reload={reload} />
              ))}
              {mine.map((request) => (
                <Mine key={request.id} request={request} />
              ))}
            </>
          );
        }}
      </Show>
    </Section>
  );
}

function whatOf({ patients }: Request): string {
  if (patients === 0) return 'what a message that was set aside says';
  return patients === 1 ? 'who a patient is' : `who ${counted(patients, 'patient')} are`;
}

function Answering({ request, reload }: { readonly request: Request; readonly reload: () => void }) {
  const [choice, setChoice] = useState('');
  return (
    <article className="ww-note">
      <p>
        <strong>{request.askedBy}</strong> asked on <When at={request.askedAt} /> to be shown {whatOf(request)}:
      </p>
      <blockquote>{request.reason}</blockquote>
      <Form
        button="Answer"
        isSecondary
        check={() => (choice === '' ? 'Choose an answer.' : null)}
        onSend={async () => {
          await ask('POST /api/v1/reveals/:id/decision', { id: request.id, agree: choice === 'agree' });
          reload();
        }}
      >
        <Radios
          legend={`Your answer to ${request.askedBy}`}
          value={choice}
          onChange={setChoice}
          options={[
            { value: 'agree', text: 'I agree: they may look for an hour' },
            { value: 'refuse', text: 'I refuse' },
          ]}
        />
      </Form>
    </article>
  );
}

function Mine({ request }: { readonly request: Request }) {
  const [shown, setShown] = useState<Answer<'POST /api/v1/reveals/:id/show'> | null>(null);
  const { id, state, decidedBy, decidedAt, askedAt } = request;
  return (
    <article className="ww-note">
      <p>
        You asked on <When at={askedAt} /> to be shown {whatOf(request)}.{' '}
        {state === 'waiting' ? (
          'Nobody has answered yet; it waits for a day.'
        ) : (
          <>
            <strong>
              {decidedBy} {state === 'agreed' ? 'agreed' : 'refused'}
            </strong>{' '}
            on <When at={decidedAt} />.
          </>
        )}
      </p>
      {state === 'agreed' && shown === null && (
        <Form
          button="Show it"
          isSecondary
          onSend={async () => setShown(await ask('POST /api/v1/reveals/:id/show', { id }))}
        />
      )}
      {shown !== null && shown.text === null && <Identities items={shown.items} hide={() => setShown(null)} />}
      {shown !== null && shown.text !== null && <Message text={shown.text} hide={() => setShown(null)} />}
    </article>
  );
}

/** For administrators, who are shown no names and so may say how they are. */
export function RevealPolicy() {
  const policy = useAsk('GET /api/v1/reveals/policy', {});
  const reload = policy.is === 'ready' ? policy.reload : () => undefined;
  const [reason, setReason] = useState('');
  return (
    <Show of={policy} what="who has to agree">
      {({ secondPerson }) => (
        <>
          <p>
            {secondPerson
              ? 'A second privacy officer has to agree each time.'
              : 'A privacy officer may do it alone, with a reason. You can ask for a second one to agree each time.'}{' '}
            Every time is recorded.
          </p>
          <Form
            button={secondPerson ? 'Let one be enough' : 'Ask for a second person'}
            isSecondary
            check={() => (reason.trim().length < MIN_REASON ? `Say why, in at least ${MIN_REASON} characters.` : null)}
            onSend={async () => {
              await ask('POST /api/v1/reveals/policy', { secondPerson: !secondPerson, reason });
              setReason('');
              reload();
            }}
          >
            <TextField label="Why?" hint="This is recorded with your name." value={reason} onChange={setReason} />
          </Form>
        </>
      )}
    </Show>
  );
}

const MIN_REASON = 10;
