import { useState } from 'react';
import { type Answer, ask, type Asker } from '../client/ask.ts';
import { Checkbox, Form, Select, TextArea } from '../parts/form.tsx';
import { EVERY_MS, Show, useAsk, useLoaded } from '../parts/loaded.tsx';
import { Messages } from '../parts/messages.tsx';
import { go, Link } from '../parts/router.tsx';
import { useRoles } from '../parts/session.tsx';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { bytesText } from '../parts/text.ts';
import { When } from '../parts/words.tsx';

type Page = Answer<'GET /api/v1/reports'>;
type Report = Page['items'][number];
const SIZE = 30;

/** What staff reported, for those who answer. */
export function ReportsPage() {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const cursor = cursors.at(-1);
  const reports = useLoaded<Page>(
    `reports ${cursor ?? ''}`,
    (signal: AbortSignal, asker: Asker) =>
      ask('GET /api/v1/reports', { limit: SIZE, ...(cursor === undefined ? {} : { cursor }) }, signal, asker),
    { everyMs: cursor === undefined ? EVERY_MS : null },
  );
  const reload = reports.is === 'ready' ? reports.reload : () => undefined;
  return (
    <>
      <Title>What staff reported</Title>
      <Show of={reports} what="what staff reported">
        {({ items, next }) => {
          const open = items.filter(({ state }) => state === 'open');
          const closed = items.filter(({ state }) => state === 'closed');
          return (
            <>
              <Section title={open.length === 0 ? 'To answer: none' : `To answer: ${open.length}`}>
                {open.length === 0 && (
                  <p>Whoever has an account can report something odd, at the foot of every page. It will stand here.</p>
                )}
                {open.map((report) => (
                  <One key={report.id} report={report} reload={reload} />
                ))}
              </Section>
              {closed.length > 0 && (
                <Section title="Closed">
                  {closed.map((report) => (
                    <One key={report.id} report={report} reload={reload} />
                  ))}
                </Section>
              )}
              {cursors.length > 0 && (
                <button type="button" className="ww-back" onClick={() => setCursors(cursors.slice(0, -1))}>
                  Newer
                </button>
              )}{' '}
              {next !== null && (
                <button type="button" className="ww-back" onClick={() => setCursors([...cursors, next])}>
                  Earlier
                </button>
              )}
            </>
          );
        }}
      </Show>
    </>
  );
}

function One({ report, reload }: { readonly report: Report; readonly reload: () => void }) {
  const { id, reference, reporter, createdAt, messages, file, incidentId, state } = report;
  const isAnalyst = useRoles().includes('analyst');
  const [text, setText] = useState('');
  const [isClosed, setClosed] = useState(true);
  return (
    <article className="ww-one">
      <h3 className="nhsuk-heading-s">
        {reference}, from {reporter}
      </h3>
      <p className="ww-quiet">
        <When at={createdAt} />
      </p>
      <Messages messages={messages} own={null} />
      {incidentId !== null && (
        <p>
          It belongs to{' '}
          {isAnalyst ? (
            <Link to="incident" query={{ id: incidentId }}>
              an incident
            </Link>
          ) : (
            'an incident'
          )}
          .
        </p>
      )}
      {file !== null && <Evidence id={id} reference={reference} file={file} isAnalyst={isAnalyst} />}
      <details className="ww-more">
        <summary>
          {state === 'open' ? 'Answer' : 'Answer again'}
          <span className="nhsuk-u-visually-hidden"> {reference}</span>
        </summary>
        <Form
          button="Send the answer"
          isSecondary
          check={() => (text.trim() === '' ? 'Say in a few words what it was, or what is done.' : null)}
          onSend={async () => {
            await ask('POST /api/v1/reports/:id/answer', { id, report: text, isClosed });
            setText('');
            reload();
          }}
        >
          <TextArea label={`Your answer, which ${reporter} reads`} value={text} onChange={setText} />
          <Checkbox label="Close it: nothing more is to be done" isChecked={isClosed} onChange={setClosed} />
        </Form>
      </details>
      {isAnalyst && incidentId === null && <Join id={id} reference={reference} reload={reload} />}
    </article>
  );
}

interface EvidenceProps {
  readonly id: string;
  readonly reference: string;
  readonly file: NonNullable<Report['file']>;
  readonly isAnalyst: boolean;
}

function Evidence({ id, reference, file: { name, bytes, sha256 }, isAnalyst }: EvidenceProps) {
  return (
    <>
      <p>
        Sent with it: <strong>{name}</strong>, {bytesText(bytes)}. <span className="ww-quiet">SHA-256 {sha256}</span>
      </p>
      {isAnalyst && (
        <details className="ww-more">
          <summary>
            Look into the file<span className="nhsuk-u-visually-hidden"> of {reference}</span>
          </summary>
          <p>It may be harmful. If it holds logs, it can be read here like a file that is dropped under Read files:</p>
          <Form
            button="Read it as logs"
            isSecondary
            onSend={async () => {
              await ask('POST /api/v1/reports/:id/scan', { id });
              go('files');
            }}
          />
          <p>
            <a href={`api/v1/reports/${encodeURIComponent(id)}/file`} download={`evidence-${reference}.bin`}>
              Save it under a name that nothing opens
            </a>
            , for a machine that is made for such things.
          </p>
        </details>
      )}
    </>
  );
}

function Join({
  id,
  reference,
  reload,
}: {
  readonly id: string;
  readonly reference: string;
  readonly reload: () => void;
}) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="ww-more" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        It belongs to an incident<span className="nhsuk-u-visually-hidden">: {reference}</span>
      </summary>
      {isOpen && <Choose id={id} reload={reload} />}
    </details>
  );
}

function Choose({ id, reload }: { readonly id: string; readonly reload: () => void }) {
  const incidents = useAsk('GET /api/v1/incidents', { limit: 100 }, { everyMs: null });
  const [incident, setIncident] = useState('');
  return (
    <Show of={incidents} what="the incidents">
      {({ items }) => (
        <Form
          button="Note it there"
          isSecondary
          check={() => (incident === '' ? 'Choose the incident.' : null)}
          onSend={async () => {
            await ask('POST /api/v1/reports/:id/incident', { id, incident });
            reload();
          }}
        >
          <p>The incident gets a line with the reference. The words stay here.</p>
          <Select
            label="Which incident?"
            value={incident}
            onChange={setIncident}
            options={[['', 'Choose'], ...items.map((each) => [each.id, each.title.slice(0, 120)] as const)]}
          />
        </Form>
      )}
    </Show>
  );
}
