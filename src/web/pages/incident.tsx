import { useMemo, useState } from 'react';
import { type Answer, ask, asProblem } from '../client/ask.ts';
import { DraftsLink } from '../parts/drafts-link.tsx';
import { EntityGraph } from '../parts/entity-graph.tsx';
import { FindingLine } from '../parts/finding.tsx';
import { termOf } from '../parts/query.ts';
import { Checkbox, Form, Radios, Select, TextArea } from '../parts/form.tsx';
import { Show, useAsk } from '../parts/loaded.tsx';
import { LongList } from '../parts/long-list.tsx';
import { MORE, PAGE, useMore } from '../parts/more.ts';
import { go, Link, usePlace } from '../parts/router.tsx';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { useTyped } from '../parts/typed-text.ts';
import { useRoles } from '../parts/session.tsx';
import { asSeen, counted, fieldText, namesText, numberText } from '../parts/text.ts';
import { BAND_ASKS, BandTag, PARAMETER_LABEL, stateText, When } from '../parts/words.tsx';
import { Clocks } from './incident-clocks.tsx';
import { History } from './incident-history.tsx';

type Incident = Answer<'GET /api/v1/incidents/:id'>;

interface Part {
  readonly incident: Incident;
  readonly reload: () => void;
}

interface ForRole {
  readonly isAnalyst: boolean;
}

export function IncidentPage() {
  const { query } = usePlace();
  const id = query.get('id') ?? '';
  const incident = useAsk('GET /api/v1/incidents/:id', { id });
  const reload = incident.is === 'ready' ? incident.reload : () => undefined;
  const isAnalyst = useRoles().some((role) => role === 'analyst' || role === 'partner');
  return (
    <>
      <Title caption="Incident">{incident.is === 'ready' ? incident.data.title : 'One incident'}</Title>
      <Show of={incident} what="the incident">
        {(data) => (
          <div className="ww-columns">
            <div>
              {data.addressedTo === 'privacy' && <ForPrivacy incident={data} reload={reload} />}
              <Standing incident={data} />
              <Section title="Do something">
                <Actions incident={data} reload={reload} mayWork={mayWork(data, isAnalyst)} key={data.id} />
              </Section>
              <CheckList incident={data} reload={reload} mayWork={mayWork(data, isAnalyst)} />
              <Timeline incident={data} isAnalyst={isAnalyst} key={data.evidenceNext} />
              {data.addressedTo === 'it' && <EntityGraph incident={data.id} />}
            </div>
            <div>
              <Clocks incident={data} reload={reload} />
              <Score incident={data} isAnalyst={isAnalyst} />
              <About incident={data} isAnalyst={isAnalyst} />
              <History incident={data} />
            </div>
          </div>
        )}
      </Show>
    </>
  );
}

/** What privacy officers alone see, they work on. */
function mayWork({ addressedTo }: Incident, isAnalyst: boolean): boolean {
  return isAnalyst || addressedTo === 'privacy';
}

/** It may be about one of those who work on incidents. */
function ForPrivacy({ incident: { id }, reload }: Part) {
  const [isSure, setSure] = useState(false);
  return (
    <Section title="Privacy officers alone see this">
      <p>
        It comes from a report that was addressed to you alone, as may be right if it is about somebody who looks after
        the computers. It is in no list, count, score or message of others, and the board is not told of its deadlines.
        You work on it here to its end.
      </p>
      <details className="ww-more">
        <summary>Share it with all who work on incidents</summary>
        <Form
          button="Share it"
          isSecondary
          check={() => (isSure ? null : 'Say that you have thought of whom it is about.')}
          onSend={async () => {
            await ask('POST /api/v1/incidents/:id/share', { id });
            reload();
          }}
        >
          <p>
            They will see its title, machine, account, notes, history and drafts, and be told of it as of any other. The
            report itself stays with you. This cannot be taken back.
          </p>
          <Checkbox label="Whom it is about may know that it is looked into" isChecked={isSure} onChange={setSure} />
        </Form>
      </details>
    </Section>
  );
}

function Standing({ incident }: { readonly incident: Incident }) {
  const { state, owner, acknowledgedAt, score, findings, openedAt, lastEvidenceAt, outcome } = incident;
  return (
    <Section title="How it stands">
      {state === 'closed' || state === 'merged' ? (
        <p>
          <strong className="nhsuk-tag nhsuk-tag--grey ww-tag">{state === 'closed' ? 'Closed' : 'Merged'}</strong>{' '}
          Nothing more is asked for here.
        </p>
      ) : (
        <p>
          <BandTag band={score.band} total={score.total} /> {BAND_ASKS[score.band]}
        </p>
      )}
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
          <When at={lastEvidenceAt} />, <a href={`#${HAPPENED}`}>{counted(findings, 'finding')} in all</a>
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

/** What may be done now is what the service says; but what others work on, a privacy officer does not take or close. */
function Actions({ incident, reload, mayWork }: Part & { readonly mayWork: boolean }) {
  const { id, actions, clocks } = incident;
  const [chosen, setChoice] = useState('');
  const [into, setInto] = useState('');
  const [note, setNote] = useTyped(`note ${id}`);
  const [outcome, setOutcome] = useState('');
  const options = ACTIONS.filter(
    ({ value }) =>
      value === 'comment' ||
      (mayWork && actions.includes(value) && !(value === 'merge' && incident.addressedTo === 'privacy')),
  );
  const running = clocks.filter(({ endedAt }) => endedAt === null);
  // Somebody else may have taken or closed it meanwhile.
  const choice = options.some(({ value }) => value === chosen) ? chosen : '';

  const check = () => {
    if (choice === '') return 'Choose what to do.';
    if (choice === 'close' && running.length > 0)
      return `First end the clock: ${running.map(({ title }) => title).join('; ')}. It stands under Deadlines.`;
    if (choice === 'close' && outcome === '') return 'Say what it was.';
    if (choice === 'merge' && into === '') return 'Choose the incident that it belongs to.';
    if ((choice === 'close' || choice === 'comment') && note.trim() === '')
      return 'Write a few words: others read them.';
    return null;
  };
  const send = async () => {
    const action = ACTIONS.find(({ value }) => value === choice)?.value;
    if (action === undefined) return;
    if (action === 'comment') await ask('POST /api/v1/incidents/:id/comments', { id, text: note });
    else
      await ask('POST /api/v1/incidents/:id/actions', {
        id,
        action,
        note,
        ...(isOutcome(outcome) && action === 'close' ? { outcome } : {}),
        ...(action === 'merge' ? { into } : {}),
      });
    setChoice('');
    setNote('');
    if (action === 'merge') {
      go('incident', { id: into });
      return;
    }
    reload();
  };
  return (
    <Form button="Do it" check={check} onSend={send}>
      <Radios legend="What do you do?" value={choice} onChange={setChoice} options={options} />
      {choice === 'close' && running.length > 0 && (
        <p>
          A clock still runs: {running.map(({ title }) => title).join('; ')}. End it under Deadlines first, as done or
          as not needed: a duty to tell somebody is not over because the machine is clean again.
        </p>
      )}
      {choice === 'merge' && <OtherIncidents id={id} value={into} onChange={setInto} />}
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
  );
}

const ACTIONS = [
  { value: 'take', text: 'Take it', hint: 'it is yours, and others see that' },
  { value: 'contain', text: 'Contained', hint: 'the harm has stopped' },
  { value: 'reopen', text: 'Open it again' },
  { value: 'close', text: 'Close it' },
  { value: 'merge', text: 'It belongs to another incident', hint: 'that one takes in its findings and clocks' },
  { value: 'comment', text: 'Write a note' },
] as const;

function OtherIncidents({
  id,
  value,
  onChange,
}: {
  readonly id: string;
  readonly value: string;
  readonly onChange: (id: string) => void;
}) {
  const incidents = useAsk('GET /api/v1/incidents', { cursor: '', limit: 50 });
  return (
    <Show of={incidents} what="the other incidents">
      {({ items }) => (
        <Select
          label="To which?"
          hint="Those that are open, the newest first."
          value={value}
          onChange={onChange}
          options={[
            ['', 'Choose one'],
            ...items
              .filter((each) => each.id !== id && each.state !== 'closed' && each.addressedTo === 'it')
              .map((each) => [each.id, each.title] as const),
          ]}
        />
      )}
    </Show>
  );
}

function isOutcome(text: string): text is NonNullable<Incident['outcome']> {
  return Object.hasOwn(OUTCOME_LABEL, text);
}

function CheckList({ incident, reload, mayWork: mayChoose }: Part & { readonly mayWork: boolean }) {
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
          <div className="ww-step__more ww-quiet">
            {step.doneAt === null ? (
              <>
                Why: {step.why} Who: {step.who}. Done when: {step.done}
                {step.what.includes(SCOPE_WORDS) && <ScopeLink incident={incident} />}
              </>
            ) : (
              <>
                Done by {step.doneBy}, <When at={step.doneAt} />
              </>
            )}
          </div>
        </div>
      ))}
      {mayChoose && <OtherCheckList incident={incident} reload={reload} key={playbook.name} />}
    </Section>
  );
}

/** What was suggested may not be what it is. */
function OtherCheckList({ incident: { id, playbook, playbooks }, reload }: Part) {
  const [name, setName] = useState('');
  return (
    <details className="ww-more">
      <summary>Work by another check list</summary>
      <Form
        button="Use it"
        isSecondary
        check={() => (name === '' ? 'Choose the check list.' : null)}
        onSend={async () => {
          await ask('POST /api/v1/incidents/:id/playbook', { id, playbook: name });
          reload();
        }}
      >
        <Select
          label="Which?"
          hint="What is ticked here stays ticked, should you come back to it."
          value={name}
          onChange={setName}
          options={[
            ['', 'Choose one'],
            ...playbooks.filter((each) => each.name !== playbook.name).map((each) => [each.name, each.title] as const),
          ]}
        />
      </Form>
    </details>
  );
}

type Found = Incident['evidence'][number];

const HAPPENED = 'what-happened';
/** Those with the most points at once; more as they are asked for. */
function Timeline({ incident, isAnalyst }: { readonly incident: Incident } & ForRole) {
  const { id, evidence, evidenceNext, findings } = incident;
  const more = useMore<Found>(evidenceNext, (cursor) =>
    ask('GET /api/v1/incidents/:id/findings', { id, cursor, limit: PAGE }),
  );
  const shown = useMemo(() => inOrder([...evidence, ...more.items]), [evidence, more.items]);
  const left = findings - shown.length;
  return (
    <Section title="What happened, in order" id={HAPPENED}>
      <p role="status">
        {left <= 0
          ? `All ${counted(shown.length, 'finding')}.`
          : `${numberText(shown.length)} of ${counted(findings, 'finding')}, those with the most points.`}
      </p>
      <LongList
        items={shown}
        keyOf={({ id: own }) => own}
        draw={(each) =>
          isAnalyst ? (
            <FindingLine id={each.id} at={each.at} plain={each.plain} points={each.points} />
          ) : (
            <p>
              <When at={each.at} />: {each.plain}
            </p>
          )
        }
      />
      {more.next !== null && left > 0 && (
        <Form
          button={left > MORE ? `Show ${numberText(MORE)} more` : `Show the other ${numberText(left)}`}
          isSecondary
          onSend={more.add}
        />
      )}
    </Section>
  );
}

/** Each once: one that came in meanwhile may have moved from one page to another. */
function inOrder(found: readonly Found[]): readonly Found[] {
  const each = [...new Map(found.map((one) => [one.id, one])).values()];
  return each.toSorted((a, b) => (a.at ?? '').localeCompare(b.at ?? ''));
}

function Score({ incident: { score }, isAnalyst }: { readonly incident: Incident } & ForRole) {
  const rows = Object.entries(score.points);
  return (
    <Section title="Early warning score">
      {rows.length === 0 ? (
        <p>No points: nothing in it counts now.</p>
      ) : (
        <table className="ww-table">
          <caption>{score.entity === null ? 'Of its findings' : `Of ${asSeen(score.entity.value)}`}</caption>
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
      {score.entity !== null && isAnalyst && (
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

/** As steps of check lists name it, too. */
const SCOPE_WORDS = 'Whose records did they touch?';

/** Asks whose records they touched, since a day before the first finding. */
function ScopeLink({ incident: { links, recordsFrom } }: { readonly incident: Incident }) {
  const names = (kind: Incident['links'][number]['kind']) =>
    namesText(links.filter((link) => link.kind === kind).map(({ value }) => value));
  return (
    <p>
      <Link
        to="scope"
        query={{
          account: names('account'),
          host: names('host'),
          address: names('address'),
          from: recordsFrom === null ? '' : fieldText(Date.parse(recordsFrom)).slice(0, 10),
        }}
      >
        {SCOPE_WORDS}
      </Link>
    </p>
  );
}

function LogLines({ term }: { readonly term: string | null }) {
  if (term === null) return null;
  return (
    <Link to="hunt" query={{ query: `${term} last 7d` }}>
      Its log lines
    </Link>
  );
}

/** Beneath stands what was done. */
const FEW = 8;

function About({ incident, isAnalyst }: { readonly incident: Incident } & ForRole) {
  const { links } = incident;
  const [isWhole, setWhole] = useState(false);
  return (
    <Section title="What it is about">
      {links.length === 0 && <p>The log lines name no machine, account or address.</p>}
      <ul>
        {(isWhole ? links : links.slice(0, FEW)).map(({ kind, value }) => (
          <li key={`${kind} ${value}`}>
            {LINK_LABEL[kind]} <strong>{asSeen(value)}</strong>
            <br />
            {isAnalyst && <LogLines term={termOf(LINK_FIELD[kind], value)} />}
            {isAnalyst && kind !== 'address' && (
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
      {links.length > FEW && !isWhole && (
        <button type="button" className="ww-back" onClick={() => setWhole(true)}>
          Show all {links.length}
        </button>
      )}
      {links.length > 0 && <ScopeLink incident={incident} />}
      <DraftsLink incident={incident.id} />
    </Section>
  );
}
