import { useState } from 'react';
import { type Answer, ask, askLines } from '../client/ask.ts';
import { serviceNow } from '../client/clock.ts';
import { Form, TextField } from '../parts/form.tsx';
import { Reveal } from '../parts/reveal.tsx';
import { usePlace } from '../parts/router.tsx';
import { Section } from '../parts/section.tsx';
import { useRoles } from '../parts/session.tsx';
import { Title } from '../parts/shell.tsx';
import { Table } from '../parts/table.tsx';
import { asSeen, counted, dateText, dayBegins, numberText, withDates } from '../parts/text.ts';

type Counts = Answer<'GET /api/v1/scope/counts'>;

/** A line of `/api/v1/scope`. */
interface Patient {
  readonly schema: 'wardwatch.scope-patient/1' | 'wardwatch.scope/1';
  readonly patient: string;
  readonly certainty: 'certain' | 'likely' | 'possible';
  readonly reasons: readonly string[];
  readonly accesses: number;
  readonly first: string;
  readonly last: string;
  readonly printed: boolean;
  readonly exported: boolean;
}

interface Found {
  readonly counts: Counts;
  /** `null`: not for this person. */
  readonly patients: readonly Patient[] | null;
}

/** From accounts, machines and addresses, and a time, to patients. */
export function ScopePage() {
  const { query } = usePlace();
  const mayList = useRoles().includes('privacy');
  const [account, setAccount] = useState(query.get('account') ?? '');
  const [host, setHost] = useState(query.get('host') ?? '');
  const [address, setAddress] = useState(query.get('address') ?? '');
  const [from, setFrom] = useState(query.get('from') ?? '');
  const [to, setTo] = useState(query.get('to') ?? '');
  const [found, setFound] = useState<Found | null>(null);

  const check = () => {
    if ([account, host, address].every((each) => each.trim() === ''))
      return 'Name an account, a machine or an address.';
    if (Number.isNaN(Date.parse(from))) return 'Say from which day on.';
    return to !== '' && to < from ? 'The last day is before the first.' : null;
  };
  const send = async () => {
    setFound(null);
    // The last day counts whole.
    const end = to === '' ? serviceNow() : dayBegins(to, 1);
    const question = { account, host, address, from: isoText(dayBegins(from)), to: isoText(end) };
    const counts = await ask('GET /api/v1/scope/counts', question);
    const lines = mayList ? await askLines<Patient>('GET /api/v1/scope', question) : null;
    setFound({ counts, patients: lines?.filter(({ schema }) => schema === 'wardwatch.scope-patient/1') ?? null });
  };
  return (
    <>
      <Title>Whose records did they touch?</Title>
      <Form button="Work it out" check={check} onSend={send}>
        <TextField
          label="Accounts"
          hint="Several with commas between; one that has a comma in it in quotes."
          value={account}
          onChange={setAccount}
          maxLength={4000}
        />
        <TextField label="Machines" value={host} onChange={setHost} maxLength={4000} />
        <TextField label="Addresses" value={address} onChange={setAddress} maxLength={4000} />
        <TextField label="From which day on?" type="date" value={from} onChange={setFrom} isShort />
        <TextField
          label="Until which day?"
          hint="Leave it empty for now."
          type="date"
          value={to}
          onChange={setTo}
          isShort
        />
      </Form>
      <div role="status">{found !== null && <Answered {...found} />}</div>
    </>
  );
}

function isoText(at: number): string {
  return new Date(at).toISOString();
}

function Answered({ counts, patients }: Found) {
  const { exact, atLeast, upTo } = counts.patients;
  return (
    <>
      <Section title="How many patients">
        <p className="ww-verdict__sentence">
          {exact === null && upTo === 0
            ? 'We cannot tell: no access to a record by these stands in the logs, which may only mean that none is sent.'
            : exact === null
              ? `At least ${counted(atLeast, 'patient')}, up to ${numberText(upTo)}. The logs do not allow an exact number.`
              : `Exactly ${counted(exact, 'patient')}.`}
        </p>
        <p>{numberText(counts.accesses)} accesses in all.</p>
        {counts.unseen.length > 0 && (
          <div className="ww-trouble" role="alert">
            <p>
              <strong>No access to a record names {counts.unseen.map(inPageWords).join(', ')}.</strong> Check the
              spelling, and whether that system sends its log: that nothing was found proves nothing.
            </p>
          </div>
        )}
        {counts.failed > 0 && <p>{numberText(counts.failed)} accesses were refused and showed nothing: not counted.</p>}
        {counts.cannotShow.length > 0 && (
          <>
            <p>
              <strong>What the logs cannot show:</strong>
            </p>
            <ul>
              {counts.cannotShow.slice(0, MANY).map((each) => (
                <li key={each}>{withDates(each)}</li>
              ))}
            </ul>
            {counts.cannotShow.length > MANY && (
              <details className="ww-more">
                <summary>The other {numberText(counts.cannotShow.length - MANY)}</summary>
                <ul>
                  {counts.cannotShow.slice(MANY).map((each) => (
                    <li key={each}>{withDates(each)}</li>
                  ))}
                </ul>
              </details>
            )}
          </>
        )}
      </Section>
      {patients === null ? (
        <p>Which patients they are, the privacy officer can see.</p>
      ) : (
        <Patients patients={patients} />
      )}
    </>
  );
}

/** What programs call a host is a machine here. */
function inPageWords(unseen: string): string {
  return asSeen(unseen.replace(/^host /, 'machine '));
}

/** More than these a reader skips: they are folded. */
const MANY = 40;

const CERTAINTY: Readonly<Record<Patient['certainty'], string>> = {
  certain: 'Certain',
  likely: 'Likely',
  possible: 'Possible',
};

function whyText({ reasons, accesses, printed, exported }: Patient): string {
  const count = `${numberText(accesses)} ${accesses === 1 ? 'access' : 'accesses'}`;
  return `${reasons.join('; ')}; ${count}${printed ? ', printed' : ''}${exported ? ', exported' : ''}`;
}

function Patients({ patients }: { readonly patients: readonly Patient[] }) {
  if (patients.length === 0) return null;
  return (
    <Section title="Which patients">
      <Reveal pseudonyms={patients.map(({ patient }) => patient)} />
      <Table
        isNamed
        columns={[{ name: 'Patient' }, { name: 'How sure' }, { name: 'Why' }, { name: 'First and last' }]}
        items={patients}
        row={(each) => ({
          key: each.patient,
          cells: [
            each.patient,
            CERTAINTY[each.certainty],
            whyText(each),
            `${dateText(each.first)} to ${dateText(each.last)}`,
          ],
        })}
      />
    </Section>
  );
}
