import { useState } from 'react';
import type { Answer } from '../client/ask.ts';
import { serviceNow } from '../client/clock.ts';
import { Show, useAsk } from '../parts/loaded.tsx';
import { Link } from '../parts/router.tsx';
import { useRoles } from '../parts/session.tsx';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { TrySimulated } from '../parts/simulated.tsx';
import { counted, numberText, spanText } from '../parts/text.ts';
import { BandTag, ClockTag, stateText, When } from '../parts/words.tsx';
import { isPageName } from '../page-names.ts';

type Today = Answer<'GET /api/v1/today'>;

export function TodayPage() {
  const today = useAsk('GET /api/v1/today', {});
  return (
    <>
      <Title>Today</Title>
      <Show of={today} what="how things are today">
        {(data) => <Morning today={data} />}
      </Show>
    </>
  );
}

function Morning({ today }: { readonly today: Today }) {
  return (
    <>
      <div className={`ww-verdict ww-verdict--${today.verdict}`}>
        <p className="ww-verdict__sentence">{today.sentence}</p>
        <p className="ww-verdict__when">
          As of <When at={today.askedAt} />
        </p>
      </div>
      <Tasks today={today} />
      <Incidents today={today} />
      <Sources sources={today.sources} />
      {today.sources.length === 0 && <TrySimulated />}
      <Changes changes={today.changes} />
    </>
  );
}

function Tasks({ today: { tasks, more, isPart } }: { readonly today: Today }) {
  if (tasks.length === 0)
    return (
      <Section title="What to do">
        <p>Nothing needs you now.</p>
      </Section>
    );
  return (
    <Section title={tasks.length === 1 ? 'One thing to do' : `${tasks.length} things to do, the most pressing first`}>
      <ol className="ww-tasks">
        {tasks.map((task) => (
          <li key={`${task.what} ${task.at.id ?? ''}`} className="ww-task">
            <h3 className="nhsuk-heading-s">
              {isPageName(task.at.page) ? (
                <Link to={task.at.page} {...(task.at.id === null ? {} : { query: { id: task.at.id } })}>
                  {task.what}
                </Link>
              ) : (
                task.what
              )}
            </h3>
            <p>
              <strong>Why:</strong> {task.why}
            </p>
            <p>
              <strong>How:</strong> {task.how}{' '}
              <span className="ww-quiet">About {counted(task.minutes, 'minute')}.</span>
            </p>
          </li>
        ))}
      </ol>
      {more > 0 && (
        <p>
          {isPart && 'At least '}
          {counted(more, 'more thing')} can wait until these are done. <Link to="incidents">See all incidents</Link>
        </p>
      )}
    </Section>
  );
}

function Incidents({ today: { incidents, open } }: { readonly today: Today }) {
  return (
    <Section title="Open incidents">
      {incidents.length === 0 ? <p>None is open.</p> : <IncidentList items={incidents} />}
      {open > incidents.length && (
        <p>
          {numberText(incidents.length)} of {numberText(open)} are shown. <Link to="incidents">See all incidents</Link>
        </p>
      )}
    </Section>
  );
}

export interface IncidentListProps {
  readonly items: Today['incidents'];
}

export function IncidentList({ items }: IncidentListProps) {
  return (
    <ul className="ww-list">
      {items.map(({ incident, clock }) => (
        <li key={incident.id} className="ww-list__row">
          <BandTag band={incident.score.band} total={incident.score.total} />
          <div className="ww-list__what">
            <Link to="incident" query={{ id: incident.id }}>
              {incident.title}
            </Link>
            <p className="ww-quiet">
              {stateText(incident.state, incident.owner, incident.acknowledgedAt !== null)}.{' '}
              {counted(incident.findings, 'finding')}, the last <When at={incident.lastEvidenceAt} />.
              {incident.addressedTo === 'privacy' && ' Privacy officers alone see it.'}
            </p>
            {clock !== null && clock.dueAt !== null && (
              <p>
                <ClockTag state={clock.state} /> {clock.title}, by <When at={clock.dueAt} />
              </p>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}

const FEW = 8;

function Sources({ sources }: { readonly sources: Today['sources'] }) {
  const [isWhole, setWhole] = useState(false);
  const silent = sources.filter(({ isHeard }) => !isHeard);
  if (sources.length === 0)
    return (
      <Section title="What we can see">
        <p>
          Nothing yet: no source is connected. <Link to="sources">Connect the first one</Link>
        </p>
      </Section>
    );
  if (silent.length === 0)
    return (
      <Section title="What we can see">
        <p>All {counted(sources.length, 'source')} were heard in the last day.</p>
      </Section>
    );
  return (
    <Section title="What we cannot see">
      <p>
        {silent.length} of {sources.length} sources {silent.length === 1 ? 'is' : 'are'} not heard. Nothing that happens
        there is seen.
      </p>
      <ul>
        {(isWhole ? silent : silent.slice(0, FEW)).map(({ name, lastHeardAt }) => (
          <li key={name}>
            <strong>{name}</strong>:{' '}
            {lastHeardAt === null ? (
              'never heard yet'
            ) : (
              <>
                last heard <When at={lastHeardAt} />, {spanText(Date.parse(lastHeardAt), serviceNow())} ago
              </>
            )}
          </li>
        ))}
      </ul>
      {silent.length > FEW && !isWhole && (
        <button type="button" className="ww-back" onClick={() => setWhole(true)}>
          Show all {silent.length}
        </button>
      )}
      <p>
        <Link to="sources">How to connect a source</Link>
      </p>
    </Section>
  );
}

function Changes({ changes }: { readonly changes: Today['changes'] }) {
  const { opened, closed, findings, findingsBefore, setAside } = changes;
  return (
    <Section title="Since this time yesterday">
      <ul>
        <li>
          <Link to="incidents">{counted(opened, 'incident')} opened</Link>, {numberText(closed)} closed
        </li>
        <li>
          <Link to="findings">{counted(findings, 'finding')}</Link>; {numberText(findingsBefore)} in the day before
        </li>
        <li>{setAside === 0 ? 'Everything that came could be read' : <SetAside count={setAside} />}</li>
      </ul>
    </Section>
  );
}

/** What it was may name patients: it opens for those of our own house alone. */
function SetAside({ count }: { readonly count: number }) {
  const text = `${counted(count, 'message')} could not be read`;
  return useRoles().some((role) => role === 'admin' || role === 'analyst') ? <Link to="set-aside">{text}</Link> : text;
}
