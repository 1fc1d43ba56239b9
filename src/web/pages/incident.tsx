import { useState } from 'react';
import { type Answer, ask, asProblem } from '../client/ask.ts';
import { DraftsLink } from '../parts/drafts-link.tsx';
import { EntityGraph } from '../parts/entity-graph.tsx';
import { FindingLine } from '../parts/finding.tsx';
import { termOf } from '../parts/query.ts';
import { Checkbox, Form, Radios, Select, TextArea, TextField } from '../parts/form.tsx';
import { Show, useAsk } from '../parts/loaded.tsx';
import { Link, usePlace } from '../parts/router.tsx';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { counted, spanText } from '../parts/text.ts';
import { BAND_ASKS, BandTag, ClockTag, PARAMETER_LABEL, stateText, When } from '../parts/words.tsx';

type Incident = Answer<'GET /api/v1/incidents/:id'>;

interface Part {
  readonly incident: Incident;
  readonly reload: () => void;
}

export function IncidentPage() {
  const { query } = usePlace();
  const id = query.get('id') ?? '';
  const incident = useAsk('GET /api/v1/incidents/:id', { id });
  const reload = incident.is === 'ready' ? incident.reload : () => undefined;
  return (
    <>
      <Title caption="Incident">{incident.is === 'ready' ? incident.data.title : 'One incident'}</Title>
      <Show of={incident} what="the incident">
        {(data) => (
          <div className="ww-columns">
            <div>
              <Standing incident={data} />
              <Actions incident={data} reload={reload} key={data.state} />
              <Timeline incident={data} />
              <EntityGraph incident={data.id} />
              <CheckList incident={data} reload={reload} />
            </div>
            <div>
              <Score incident={data} />
              <About incident={data} />
              <Clocks incident={data} reload={reload} />
              <History incident={data} reload={reload} />
            </div>
          </div>
        )}
      </Show>
    </>
  );
}

function Standing({ incident }: { readonly incident: Incident }) {
  const { state, owner, acknowledgedAt, score, findings, openedAt, lastEvidenceAt, outcome } = incident;
  return (
    <Section title="How it stands">
      <p>
        <BandTag band={score.band} total={score.total} /> {BAND_ASKS[score.band]}
      </p>
      <dl className="ww-facts">
        <dt>State</dt>
        <dd>
          {stateText(state, owner, acknowledgedAt !== null)}
          {outcome !== null && `: ${OUTCOME_LABEL[outcome]}`}
        </dd>
        <dt>Opened</dt>
        <dd>
          <When at={openedAt} />
        </dd>
        <dt>Last sign of it</dt>
        <dd>
          <When at={lastEvidenceAt} />, {counted(findings, 'finding')} in all
        </dd>
      </dl>
    </Section>
  );
}

const OUTCOME_LABEL: Readonly<Record<NonNullable<Incident['outcome']>, string>> = {
  attack: 'It was an attack',
  harmless: 'It was harmless',
  misconfigured: 'Something was set up wrongly',
  duplicate: 'It was known already',
  other: 'Something else',
};

/** What may be done now is what the service says. */
function Actions({ incident, reload }: Part) {
  const { id, actions } = incident;
  const [choice, setChoice] = useState('');
  const [note, setNote] = useState('');
  const [outcome, setOutcome] = useState('');
  const options = ACTIONS.filter(({ value }) => value === 'comment' || actions.includes(value));

  const check = () => {
    if (choice === '') return 'Choose what to do.';
    if (choice === 'close' && outcome === '') return 'Say what it was.';
    if ((choice === 'close' || choice === 'comment') && note.trim() === '')
      return 'Write a few words: others read them.';
    return null;
  };
  const send = async () => {
    const chosen = ACTIONS.find(({ value }) => value === choice);
    if (chosen === undefined) return;
    if (chosen.value === 'comment') await ask('POST /api/v1/incidents/:id/comments', { id, text: note });
    else
      await ask('POST /api/v1/incidents/:id/actions', {
        id,
        action: chosen.value,
        note,
        ...(isOutcome(outcome) && chosen.value === 'close' ? { outcome } : {}),
      });
    setChoice('');
    setNote('');
    reload();
  };
  return (
    <Section title="Do something">
      <Form button="Do it" check={check} onSend={send}>
        <Radios legend="What do you do?" value={choice} onChange={setChoice} options={options} />
        {choice === 'close' && (
          <Radios
            legend="What was it?"
            value={outcome}
            onChange={setOutcome}
            options={Object.entries(OUTCOME_LABEL).map(([value, text]) => ({ value, text }))}
          />
        )}
        {choice !== '' && (
          <TextArea
            label={choice === 'close' ? 'How do you know?' : 'Note'}
            hint="Patients’ numbers become pseudonyms."
            value={note}
            onChange={setNote}
          />
        )}
      </Form>
    </Section>
  );
}

const ACTIONS = [
  { value: 'take', text: 'Take it', hint: 'it is yours, and others see that' },
  { value: 'contain', text: 'Contained', hint: 'the harm has stopped' },
  { value: 'reopen', text: 'Open it again' },
  { value: 'close', text: 'Close it' },
  { value: 'comment', text: 'Write a note' },
] as const;

function isOutcome(text: string): text is NonNullable<Incident['outcome']> {
  return Object.hasOwn(OUTCOME_LABEL, text);
}

function CheckList({ incident, reload }: Part) {
  const { id, playbook } = incident;
  const [problem, setProblem] = useState<string | null>(null);
  const tick = async (step: string, done: boolean) => {
    try {
      await ask('POST /api/v1/incidents/:id/steps/:step', { id, step, done });
      setProblem(null);
    } catch (error) {
      setProblem(`The tick was not kept. ${asProblem(error).message}`);
    }
    reload();
  };
  const left = playbook.steps.filter(({ doneAt }) => doneAt === null).length;
  return (
    <Section title={`Check list: ${playbook.title}`}>
      <p className="ww-quiet">
        {left === 0 ? 'All steps are done.' : `${left} of ${playbook.steps.length} steps are left.`}{' '}
        {!playbook.isChosen && 'Suggested by what was found.'}
      </p>
      {problem !== null && <p role="alert">{problem}</p>}
      {playbook.steps.map((step) => (
        <div key={step.id} className="ww-step">
          <Checkbox
            label={step.what}
            isChecked={step.doneAt !== null}
            onChange={(isDone) => void tick(step.id, isDone)}
          />
          <p className="ww-step__more ww-quiet">
            {step.doneAt === null ? (
              <>
                Why: {step.why} Who: {step.who}. Done when: {step.done}
              </>
            ) : (
              <>
                Done by {step.doneBy}, <When at={step.doneAt} />
              </>
            )}
          </p>
        </div>
      ))}
    </Section>
  );
}

function Timeline({ incident: { evidence, findings } }: { readonly incident: Incident }) {
  const inOrder = evidence.toSorted((a, b) => (a.at ?? '').localeCompare(b.at ?? ''));
  return (
    <Section title="What happened, in order">
      {findings > evidence.length && (
        <p>
          {counted(findings, 'finding')} in all. Shown are the {evidence.length} with the most points.
        </p>
      )}
      {inOrder.map((each) => (
        <FindingLine key={each.id} id={each.id} at={each.at} plain={each.plain} points={each.points} />
      ))}
    </Section>
  );
}

function Score({ incident: { score } }: { readonly incident: Incident }) {
  const rows = Object.entries(score.points);
  return (
    <Section title="Early warning score">
      {rows.length === 0 ? (
        <p>No points: nothing in it counts now.</p>
      ) : (
        <table className="ww-table">
          <caption>{score.entity === null ? 'Of its findings' : `Of ${score.entity.value}`}</caption>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col" className="ww-number">
                Points
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([parameter, points]) => (
              <tr key={parameter}>
                <th scope="row">{PARAMETER_LABEL[parameter] ?? parameter}</th>
                <td className="ww-number">{points}</td>
              </tr>
            ))}
            {score.careDepends > 0 && (
              <tr>
                <th scope="row">Care depends on it</th>
                <td className="ww-number">{score.careDepends}</td>
              </tr>
            )}
            <tr>
              <th scope="row">Together</th>
              <td className="ww-number">
                <strong>{score.total}</strong>
              </td>
            </tr>
          </tbody>
        </table>
      )}
      {score.entity !== null && (
        <p>
          <Link to="observations" query={score.entity}>
            Its observations chart
          </Link>
        </p>
      )}
    </Section>
  );
}

const LINK_LABEL = { host: 'Machine', account: 'Account', address: 'Address' } as const;
const LINK_FIELD = { host: 'host', account: 'user', address: 'ip' } as const;

/** Asks whose records they touched, since a day before the first finding. */
function ScopeLink({ incident: { links, openedAt, lastEvidenceAt } }: { readonly incident: Incident }) {
  const names = (kind: Incident['links'][number]['kind']) =>
    links
      .filter((link) => link.kind === kind && !link.value.includes(','))
      .map(({ value }) => value)
      .join(', ');
  return (
    <p>
      <Link
        to="scope"
        query={{
          account: names('account'),
          host: names('host'),
          address: names('address'),
          from: new Date(Math.min(Date.parse(openedAt), Date.parse(lastEvidenceAt)) - DAY_MS)
            .toISOString()
            .slice(0, 10),
        }}
      >
        Whose records did they touch?
      </Link>
    </p>
  );
}

const DAY_MS = 24 * 3_600_000;

function LogLines({ term }: { readonly term: string | null }) {
  if (term === null) return null;
  return (
    <Link to="hunt" query={{ query: `${term} last 7d` }}>
      Its log lines
    </Link>
  );
}

function About({ incident }: { readonly incident: Incident }) {
  const { links } = incident;
  return (
    <Section title="What it is about">
      {links.length === 0 && <p>The log lines name no machine, account or address.</p>}
      <ul>
        {links.map(({ kind, value }) => (
          <li key={`${kind} ${value}`}>
            {LINK_LABEL[kind]} <strong>{value}</strong>
            <br />
            <LogLines term={termOf(LINK_FIELD[kind], value)} />
            {kind !== 'address' && (
              <>
                {' '}
                <Link to="observations" query={{ kind, value }}>
                  Its chart
                </Link>
              </>
            )}
          </li>
        ))}
      </ul>
      {links.length > 0 && <ScopeLink incident={incident} />}
      <DraftsLink incident={incident.id} />
    </Section>
  );
}

function Clocks({ incident, reload }: Part) {
  const { id, clocks, playbook } = incident;
  const [kind, setKind] = useState(playbook.clocks[0] ?? '');
  return (
    <Section title="Deadlines">
      {clocks.length === 0 && <p>No clock runs.</p>}
      {clocks.map((clock) => (
        <div key={clock.id}>
          <p>
            <ClockTag state={clock.state} /> <strong>{clock.title}</strong>
            <br />
            {clock.endedAt === null ? (
              <>
                By <When at={clock.dueAt} />
                {clock.dueAt !== null && Date.parse(clock.dueAt) > Date.now() && (
                  <>, {spanText(Date.now(), Date.parse(clock.dueAt))} left</>
                )}
              </>
            ) : (
              <>
                Ended by {clock.endedBy}, <When at={clock.endedAt} />
                {clock.reason !== null && `: ${clock.reason}`}
              </>
            )}
          </p>
          {clock.endedAt === null && <EndClock id={id} clock={clock} reload={reload} />}
        </div>
      ))}
      {playbook.clocks.length > 0 && (
        <Form
          button="Start the clock"
          isSecondary
          onSend={async () => {
            await ask('POST /api/v1/incidents/:id/clocks', { id, kind, startedAt: new Date().toISOString() });
            reload();
          }}
        >
          <Select
            label="Start one from now"
            hint="From the moment when you became aware."
            value={kind}
            onChange={setKind}
            options={playbook.clocks.map((each) => [each, CLOCK_KIND_LABEL[each] ?? each] as const)}
          />
        </Form>
      )}
    </Section>
  );
}

const CLOCK_KIND_LABEL: Readonly<Record<string, string>> = {
  'ico-72h': 'Tell the ICO: 72 hours',
  'nis-72h': 'Tell the Department of Health (NIS): 72 hours',
  people: 'Tell the people whose data it is',
  controller: 'Tell whose data you hold',
};

function EndClock({
  id,
  clock,
  reload,
}: {
  readonly id: string;
  readonly clock: Incident['clocks'][number];
  readonly reload: () => void;
}) {
  const [how, setHow] = useState('');
  const [reason, setReason] = useState('');
  return (
    <details className="ww-more">
      <summary>How, and end it</summary>
      <p>{clock.how}</p>
      <p>Not needed if {clock.unless}.</p>
      <Form
        button="End the clock"
        isSecondary
        check={() => {
          if (how === '') return 'Say how it ended.';
          return how === 'not-needed' && reason.trim() === '' ? 'Write down why it is not needed.' : null;
        }}
        onSend={async () => {
          await ask('POST /api/v1/incidents/:id/clocks/:clock', {
            id,
            clock: clock.id,
            how: how === 'met' ? 'met' : 'not-needed',
            reason,
          });
          reload();
        }}
      >
        <Radios
          legend="How did it end?"
          value={how}
          onChange={setHow}
          options={[
            { value: 'met', text: 'It was done' },
            { value: 'not-needed', text: 'It need not be done' },
          ]}
        />
        <TextField label="Reference or reason" value={reason} onChange={setReason} />
      </Form>
    </details>
  );
}

const HISTORY_LABEL: Readonly<Record<string, string>> = {
  opened: 'Opened',
  take: 'Taken',
  contain: 'Contained',
  close: 'Closed',
  reopen: 'Opened again',
  merge: 'Merged',
  comment: 'Note',
  acknowledged: 'Seen',
  playbook: 'Another check list',
  'step-done': 'Step done',
  'step-undone': 'Step not done after all',
  'clock-started': 'Clock started',
  'clock-ended': 'Clock ended',
};

function History({ incident: { history } }: Part) {
  return (
    <Section title="History">
      <ol className="ww-list" reversed>
        {history.map((line) => (
          <li key={`${line.at ?? ''} ${line.action} ${JSON.stringify(line.detail)}`}>
            <strong>{HISTORY_LABEL[line.action] ?? line.action}</strong>, {line.actor ?? 'Wardwatch'}
            <br />
            <span className="ww-quiet">
              <When at={line.at} />
            </span>
            <Note detail={line.detail} />
          </li>
        ))}
      </ol>
    </Section>
  );
}

/** What somebody wrote, where a line of the history has it. */
function Note({ detail }: { readonly detail: unknown }) {
  if (typeof detail !== 'object' || detail === null) return null;
  const { text, note, reason, step } = detail as Readonly<Record<string, unknown>>;
  const shown = [text, note, reason, step].find((each): each is string => typeof each === 'string' && each !== '');
  return shown === undefined ? null : <p>{shown}</p>;
}
