import { useState } from 'react';
import { type Answer, ask } from '../client/ask.ts';
import { Form, TextField } from '../parts/form.tsx';
import { Show, useAsk } from '../parts/loaded.tsx';
import { Link } from '../parts/router.tsx';
import { useRoles } from '../parts/session.tsx';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { counted } from '../parts/text.ts';

type Notice = Answer<'GET /api/v1/monitoring-notice'>;

/** What staff are told of what is recorded about them. */
export function AboutMePage() {
  const notice = useAsk('GET /api/v1/monitoring-notice', {}, { everyMs: null });
  const roles = useRoles();
  const mayFill = roles.includes('admin') || roles.includes('privacy');
  return (
    <>
      <Title>What is recorded about you</Title>
      <Show of={notice} what="the notice">
        {(data) => (
          <>
            <Missing notice={data} mayFill={mayFill} />
            {data.sections.map(({ title, lines }) => (
              <Section key={title} title={title}>
                {lines.length > 1 ? (
                  <ul>
                    {lines.map((line) => (
                      <li key={line.map(({ text }) => text).join('')}>
                        <Line parts={line} />
                      </li>
                    ))}
                  </ul>
                ) : (
                  <p>
                    <Line parts={lines[0] ?? []} />
                  </p>
                )}
              </Section>
            ))}
            <p className="ww-quiet">Written after: {data.source}.</p>
            <button type="button" className="nhsuk-button nhsuk-button--secondary ww-no-print" onClick={() => print()}>
              Print, or save as PDF
            </button>
            <p>
              <Link to="ask">Ask a question, or report something odd</Link>
            </p>
            {mayFill && <Fill fields={data.fields} onSaved={notice.is === 'ready' ? notice.reload : () => undefined} />}
          </>
        )}
      </Show>
    </>
  );
}

function Missing({ notice, mayFill }: { readonly notice: Notice; readonly mayFill: boolean }) {
  const missing = notice.fields.filter(({ value }) => value === '').length;
  if (missing === 0) return null;
  return (
    <p className="ww-note">
      <strong>This notice is not finished.</strong> Your organisation has still to say {counted(missing, 'thing')}.
      {mayFill && ' You can, at the end of this page.'}
    </p>
  );
}

function Line({ parts }: { readonly parts: Notice['sections'][number]['lines'][number] }) {
  return parts.map(({ text, isMissing }) =>
    isMissing ? (
      <span key={text} className="ww-missing">
        [To fill in: {text}]
      </span>
    ) : (
      text
    ),
  );
}

function Fill({ fields, onSaved }: { readonly fields: Notice['fields']; readonly onSaved: () => void }) {
  const [values, setValues] = useState<Readonly<Record<string, string>>>(
    Object.fromEntries(fields.map(({ id, value }) => [id, value])),
  );
  const [isSaved, setSaved] = useState(false);
  return (
    <div className="ww-no-print">
      <Section title="What only your organisation knows">
        <p>Have your data protection officer read the whole before staff do.</p>
        <Form
          button="Save"
          onSend={async () => {
            setSaved(false);
            await ask('POST /api/v1/monitoring-notice', { values });
            setSaved(true);
            onSaved();
          }}
        >
          {fields.map(({ id, label }) => (
            <TextField
              key={id}
              label={label.charAt(0).toUpperCase() + label.slice(1)}
              maxLength={1000}
              value={values[id] ?? ''}
              onChange={(value) => setValues({ ...values, [id]: value })}
            />
          ))}
        </Form>
        <div role="status">{isSaved && <p>Saved.</p>}</div>
      </Section>
    </div>
  );
}
