import { useState } from 'react';
import { type Answer, ask } from '../client/ask.ts';
import { Form, TextArea, TextField } from '../parts/form.tsx';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { Table } from '../parts/table.tsx';
import { counted, dayText } from '../parts/text.ts';

type WhoLooked = Answer<'POST /api/v1/records/who-looked'>;

const MIN_REASON = 10;

/** For a subject access request. The patient is in no address: those are kept by browsers and proxies. */
export function WhoLookedPage() {
  const [patient, setPatient] = useState('');
  const [reason, setReason] = useState('');
  const [answer, setAnswer] = useState<WhoLooked | null>(null);
  const send = async () => {
    setAnswer(null);
    setAnswer(await ask('POST /api/v1/records/who-looked', { patient, reason }));
  };
  return (
    <>
      <Title>Who looked at this patient, and why?</Title>
      <Form
        button="Look it up"
        check={() => {
          if (patient.trim() === '') return 'Say whose record.';
          return reason.trim().length < MIN_REASON ? `Say why you ask, in at least ${MIN_REASON} characters.` : null;
        }}
        onSend={send}
      >
        <TextField
          label="The patient"
          hint="Their NHS number, the number that your systems give, or a pseudonym."
          value={patient}
          onChange={setPatient}
        />
        <TextArea
          label="Why do you ask?"
          hint="For example: subject access request 14 of 2 November. Recorded with your name."
          value={reason}
          onChange={setReason}
        />
      </Form>
      <div role="status">{answer !== null && <Looks answer={answer} />}</div>
    </>
  );
}

const EXPLAINED: Readonly<Record<WhoLooked['looks'][number]['explained'], string>> = {
  yes: 'Yes',
  no: 'No',
  'own-record': 'Their own record',
};

function Looks({ answer: { looks, text, losses } }: { readonly answer: WhoLooked }) {
  return (
    <>
      {losses > 0 && (
        <p className="ww-trouble">
          <strong>This is not whole:</strong> {counted(losses, 'part')} of what is kept could not be read.
        </p>
      )}
      <Section title={counted(looks.length, 'look')}>
        <Table
          columns={[{ name: 'Day' }, { name: 'Who' }, { name: 'Reason found?' }, { name: 'Why' }]}
          items={looks}
          row={(look) => ({
            key: `${look.day} ${look.user} ${look.from}`,
            cells: [dayText(look.day), <Who look={look} />, EXPLAINED[look.explained], <Why look={look} />],
          })}
        />
      </Section>
      <Section title="The page for the patient">
        <pre className="ww-raw">{text}</pre>
      </Section>
    </>
  );
}

interface OneLook {
  readonly look: WhoLooked['looks'][number];
}

function Who({ look: { user, role, department } }: OneLook) {
  return (
    <>
      {user}
      <br />
      <span className="ww-quiet">{[role, department].filter((each) => each !== '').join(', ')}</span>
    </>
  );
}

/** What stands alone in a cell, and may be followed by more. */
function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) || begun === '' ? begun : `${begun}.`;
}

function Why({ look }: OneLook) {
  return (
    <>
      {sentence(look.why)}
      {look.printed && ' Printed.'}
      {look.exported && ' Exported.'}
      {look.inCommon !== '' && (
        <>
          <br />
          <strong>Not for the patient:</strong> they have in common {look.inCommon}.
        </>
      )}
      {look.refused > 0 && ` Refused ${look.refused} times.`}
    </>
  );
}
