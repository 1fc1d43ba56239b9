import { useId, useState } from 'react';
import { type Answer, ask, asProblem } from '../client/ask.ts';
import { sendFile } from '../client/send-file.ts';
import { Form, Radios, TextArea } from '../parts/form.tsx';
import { Show, useAsk } from '../parts/loaded.tsx';
import { Messages } from '../parts/messages.tsx';
import { Link } from '../parts/router.tsx';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { useTyped } from '../parts/typed-text.ts';
import { bytesText } from '../parts/text.ts';
import { When } from '../parts/words.tsx';

type Report = Answer<'GET /api/v1/reports/mine'>['items'][number];

const MAX_FILE = 10 * 1024 * 1024;

/** For anybody: to be done in a minute, on a ward’s computer. */
export function AskPage() {
  const own = useAsk('GET /api/v1/reports/mine', {});
  const reload = own.is === 'ready' ? own.reload : () => undefined;
  return (
    <>
      <Title>Seen something odd?</Title>
      <p>
        A strange mail or call, a screen that locks itself, somebody in a record that is not their work. You need not be
        sure, and nobody is blamed for reporting.
      </p>
      <Urgent />
      <Section title="Tell us">
        <Tell onSent={reload} />
      </Section>
      <Section title="What you reported">
        <Show of={own} what="what you reported">
          {({ items }) =>
            items.length === 0 ? (
              <p>Nothing yet. The answers will stand here; only you and those who answer can read them.</p>
            ) : (
              <>
                {items.map((report) => (
                  <Own key={report.id} report={report} reload={reload} />
                ))}
              </>
            )
          }
        </Show>
      </Section>
      <p>
        <Link to="about-me">What is recorded about you, and why</Link>
      </p>
    </>
  );
}

function Urgent() {
  const notice = useAsk('GET /api/v1/monitoring-notice', {}, { everyMs: null });
  const whom = notice.is === 'ready' ? notice.data.urgent : null;
  return (
    <p className="ww-note">
      <strong>If it cannot wait, ring {whom ?? 'the IT desk'}.</strong> If the computer asks for money, or files can no
      longer be opened: leave it on, pull out the network cable, and ring at once.
    </p>
  );
}

interface Sent {
  readonly reference: string;
  /** Why the file did not arrive; `null`: it did, or there was none. */
  readonly fileProblem: string | null;
}

function Tell({ onSent }: { readonly onSent: () => void }) {
  const id = useId();
  const [text, setText] = useTyped('report');
  const [file, setFile] = useState<File | null>(null);
  const [addressedTo, setAddressedTo] = useState<'it' | 'privacy'>('it');
  const [sent, setSent] = useState<Sent | null>(null);
  if (sent !== null)
    return (
      <div role="status">
        <p>
          <strong>Thank you. Your reference is {sent.reference}.</strong> Somebody will read it, and the answer will
          stand below.
        </p>
        {sent.fileProblem !== null && (
          <p className="ww-trouble ww-trouble--grave">
            <strong>Your words have arrived, the file has not.</strong> {sent.fileProblem}
          </p>
        )}
        <button
          type="button"
          className="nhsuk-button nhsuk-button--secondary nhsuk-button--small"
          onClick={() => setSent(null)}
        >
          Report something else
        </button>
      </div>
    );
  const send = async () => {
    const { id: report, reference } = await ask('POST /api/v1/reports', { report: text, addressedTo });
    let fileProblem: string | null = null;
    if (file !== null)
      try {
        await sendFile(file, () => undefined, `api/v1/reports/${encodeURIComponent(report)}/file?fileName=`);
      } catch (error) {
        const { message, hint } = asProblem(error);
        fileProblem = `${message} ${hint}`;
      }
    setText('');
    setFile(null);
    setAddressedTo('it');
    setSent({ reference, fileProblem });
    onSent();
  };
  return (
    <Form
      button="Send it"
      check={() => {
        if (text.trim() === '') return 'Say in a few words what you saw.';
        return file !== null && file.size > MAX_FILE
          ? 'That file is larger than 10 MB. Send your words without it.'
          : null;
      }}
      onSend={send}
    >
      <TextArea
        label="What did you see?"
        hint="What, where and about when. Please leave out patients’ names and numbers."
        rows={5}
        value={text}
        onChange={setText}
      />
      <div className="nhsuk-form-group">
        <label className="nhsuk-label" htmlFor={id}>
          A file, if you have one
        </label>
        <div className="nhsuk-hint" id={`${id}-hint`}>
          Such as the mail or a picture of the screen, at most 10 MB. It is kept as it is; nothing here opens it by
          itself.
        </div>
        <input
          className="nhsuk-file-upload"
          id={id}
          aria-describedby={`${id}-hint`}
          type="file"
          onChange={(event) => setFile(event.target.files?.[0] ?? null)}
        />
      </div>
      <Radios
        legend="Who should read it?"
        value={addressedTo}
        onChange={(value) => setAddressedTo(value === 'privacy' ? 'privacy' : 'it')}
        options={[
          { value: 'it', text: 'Those who look after the computers', hint: 'they are the quickest' },
          {
            value: 'privacy',
            text: 'The privacy officer alone',
            hint: 'it is about somebody who looks after the computers',
          },
        ]}
      />
    </Form>
  );
}

function Own({ report, reload }: { readonly report: Report; readonly reload: () => void }) {
  const { id, reference, state, addressedTo, createdAt, messages, file } = report;
  const [more, setMore] = useTyped(`more ${id}`);
  const isAnswered = messages.some(({ isReporter }) => !isReporter);
  const how = state === 'closed' ? 'Closed' : isAnswered ? 'Answered' : 'Nobody has answered yet';
  return (
    <article className="ww-one">
      <h3 className="nhsuk-heading-s">
        {reference} <strong className={`nhsuk-tag nhsuk-tag--${isAnswered ? 'green' : 'blue'} ww-tag`}>{how}</strong>
      </h3>
      <p className="ww-quiet">
        Sent <When at={createdAt} />
        {addressedTo === 'privacy' && ', to the privacy officer alone'}
        {file !== null && `, with ${file.name} (${bytesText(file.bytes)})`}
      </p>
      <Messages messages={messages} own="You" />
      {state === 'open' && (
        <details className="ww-more">
          <summary>
            Say more<span className="nhsuk-u-visually-hidden"> about {reference}</span>
          </summary>
          <Form
            button="Send it"
            isSecondary
            check={() => (more.trim() === '' ? 'Say it in a few words.' : null)}
            onSend={async () => {
              await ask('POST /api/v1/reports/:id/more', { id, report: more });
              setMore('');
              reload();
            }}
          >
            <TextArea label="What else?" value={more} onChange={setMore} />
          </Form>
        </details>
      )}
    </article>
  );
}
