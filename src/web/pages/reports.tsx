import { useState } from 'react';
import { type Answer, ask, type Asker, type Input } from '../client/ask.ts';
import { Checkbox, Form, Select, TextArea, TextField } from '../parts/form.tsx';
import { EVERY_MS, Show, useAsk, useLoaded } from '../parts/loaded.tsx';
import { Pager, usePages } from '../parts/pager.tsx';
import { Messages } from '../parts/messages.tsx';
import { go, Link } from '../parts/router.tsx';
import { useRoles } from '../parts/session.tsx';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { useTyped } from '../parts/typed-text.ts';
import { bytesText } from '../parts/text.ts';
import { PARAMETER_LABEL, When } from '../parts/words.tsx';

type Page = Answer<'GET /api/v1/reports'>;
type Report = Page['items'][number];
const SIZE = 30;

/** What staff reported, for those who answer. */
export function ReportsPage() {
  const pages = usePages();
  const { cursor } = pages;
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
              <Pager pages={pages} next={next} />
            </>
          );
        }}
      </Show>
    </>
  );
}

function One({ report, reload }: { readonly report: Report; readonly reload: () => void }) {
  const { id, reference, reporter, createdAt, messages, file, incidentId, state, addressedTo } = report;
  // What is for the privacy officers alone joins no incident that others see: those whom it is about work on incidents.
  const isForAll = addressedTo === 'it';
  const roles = useRoles();
  const isAnalyst = roles.includes('analyst');
  const [text, setText] = useTyped(`answer ${id}`);
  const [isClosed, setClosed] = useState(true);
  return (
    <article className="ww-one">
      <h3 className="nhsuk-heading-s">
        {reference}, from {reporter}
      </h3>
      <p className="ww-quiet">
        <When at={createdAt} />
        {!isForAll && '. To the privacy officer alone: nobody else sees that it is there.'}
      </p>
      <Messages messages={messages} own={null} />
      {incidentId !== null && (
        <p>
          It belongs to{' '}
          {isAnalyst || roles.includes('privacy') ? (
            <Link to="incident" query={{ id: incidentId }}>
              an incident
            </Link>
          ) : (
            'an incident'
          )}
          .
        </p>
      )}
      {file !== null && (
        <Evidence
          id={id}
          reference={reference}
          file={file}
          mayTake={isAnalyst || !isForAll}
          mayScan={isAnalyst && isForAll}
        />
      )}
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
      {incidentId === null && <Open id={id} reference={reference} isForAll={isForAll} reload={reload} />}
      {isForAll && isAnalyst && incidentId === null && <Join id={id} reference={reference} reload={reload} />}
    </article>
  );
}

interface EvidenceProps {
  readonly id: string;
  readonly reference: string;
  readonly file: NonNullable<Report['file']>;
  readonly mayTake: boolean;
  readonly mayScan: boolean;
}

function Evidence({ id, reference, file: { name, bytes, sha256 }, mayTake, mayScan }: EvidenceProps) {
  return (
    <>
      <p>
        Sent with it: <strong>{name}</strong>, {bytesText(bytes)}. <span className="ww-quiet">SHA-256 {sha256}</span>
      </p>
      {mayTake && (
        <details className="ww-more">
          <summary>
            Look into the file<span className="nhsuk-u-visually-hidden"> of {reference}</span>
          </summary>
          <p>It may be harmful.</p>
          {mayScan && (
            <>
              <p>If it holds logs, it can be read here like a file that is dropped under Read files:</p>
              <Form
                button="Read it as logs"
                isSecondary
                onSend={async () => {
                  await ask('POST /api/v1/reports/:id/scan', { id });
                  go('files');
                }}
              />
            </>
          )}
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

interface OpenProps {
  readonly id: string;
  readonly reference: string;
  /** Of those who answer; else the privacy officers alone see the incident, too. */
  readonly isForAll: boolean;
  readonly reload: () => void;
}

type Opened = Input<'POST /api/v1/reports/:id/open'>;

/** The words of the report stay with it: whoever works on incidents reads those of who answers. */
function Open({ id, reference, isForAll, reload }: OpenProps) {
  const [what, setWhat] = useTyped(`what happened ${id}`);
  const [host, setHost] = useState('');
  const [account, setAccount] = useState('');
  const [level, setLevel] = useState<Opened['level']>('high');
  const [parameter, setParameter] = useState<Opened['parameter']>(isForAll ? 'sign-in' : 'data');
  return (
    <details className="ww-more">
      <summary>
        Make it an incident<span className="nhsuk-u-visually-hidden">: {reference}</span>
      </summary>
      {!isForAll && (
        <p>
          Privacy officers alone will see the incident, with its deadlines and drafts. Nobody is sent a message about
          it. Others see it only if one of you shares it, on its page.
        </p>
      )}
      <Form
        button="Open an incident"
        isSecondary
        check={() => (what.trim() === '' ? 'Say what happened, in a sentence.' : null)}
        onSend={async () => {
          await ask('POST /api/v1/reports/:id/open', { id, what, host, account, level, parameter });
          reload();
        }}
      >
        <TextArea
          label="What happened?"
          hint={`One sentence of yours, without patients or the reporter: ${isForAll ? 'everybody who works on incidents reads it' : 'it is what others read if you ever share the incident'}.`}
          value={what}
          onChange={setWhat}
          maxLength={300}
        />
        <TextField
          label="Which machine?"
          hint={`May be left empty.${isForAll ? ' If an incident about it is open, this joins that one.' : ''}`}
          value={host}
          onChange={setHost}
          maxLength={256}
        />
        <TextField
          label="Which account?"
          hint="May be left empty."
          value={account}
          onChange={setAccount}
          maxLength={256}
        />
        <Select
          label="How grave is it?"
          value={level}
          onChange={(value) => setLevel(value as Opened['level'])}
          options={[
            ['medium', 'Medium: somebody should look in the next days'],
            ['high', 'High: somebody should look today'],
            ['critical', isForAll ? 'Critical: somebody is woken at night' : 'Critical: somebody should act now'],
          ]}
        />
        <Select
          label="What is it a sign of?"
          value={parameter}
          onChange={(value) => setParameter(value as Opened['parameter'])}
          options={Object.entries(PARAMETER_LABEL)}
        />
      </Form>
    </details>
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
