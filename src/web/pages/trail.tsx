import { useState } from 'react';
import { type Answer, ask, type Asker } from '../client/ask.ts';
import { EVERY_MS, Show, useLoaded } from '../parts/loaded.tsx';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { Table } from '../parts/table.tsx';
import { When } from '../parts/words.tsx';

type Page = Answer<'GET /api/v1/trail'>;
const SIZE = 100;

/** What our own people did: whoever watches is watched. */
export function TrailPage() {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const cursor = cursors.at(-1);
  const entries = useLoaded<Page>(
    `trail ${cursor ?? ''}`,
    (signal: AbortSignal, asker: Asker) =>
      ask('GET /api/v1/trail', { limit: SIZE, ...(cursor === undefined ? {} : { cursor }) }, signal, asker),
    { everyMs: cursor === undefined ? EVERY_MS : null },
  );
  return (
    <>
      <Title>Who did what</Title>
      <p>
        Every sign-in, every change and every look at something sensitive, by people and programs, the newest first.
        What they looked for is not shown here.
      </p>
      <Show of={entries} what="who did what">
        {({ items, next }) =>
          items.length === 0 ? (
            <p>Nobody has done anything yet.</p>
          ) : (
            <Section title={cursor === undefined ? 'The newest' : 'Earlier'}>
              <Table
                columns={[{ name: 'When' }, { name: 'Who' }, { name: 'What' }]}
                items={items}
                row={({ id, at, who, action }) => ({
                  key: id,
                  cells: [<When at={at} />, who, wordsFor(action)],
                })}
              />
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
            </Section>
          )
        }
      </Show>
    </>
  );
}

/** The calls that matter most, in words; of others the call itself. */
const WORDS: Readonly<Record<string, string>> = {
  'sign-in': 'Signed in',
  'sign-in refused': 'Was not let in',
  'POST /api/v1/session/end': 'Signed out',
  'POST /api/v1/reveal': 'Had a patient’s identity shown',
  'POST /api/v1/reveals': 'Asked to be shown a patient’s identity',
  'POST /api/v1/reveals/:id/decision': 'Answered somebody who asked to be shown a patient’s identity',
  'POST /api/v1/reveals/:id/show': 'Had a patient’s identity shown, to which a second person had agreed',
  'POST /api/v1/reveals/policy': 'Said who has to agree before a patient’s name is shown',
  'POST /api/v1/setaside/:id/reveal': 'Looked into something that was set aside',
  'POST /api/v1/setaside/replay': 'Had what was set aside read again',
  'GET /api/v1/records/cases': 'Looked at the record cases',
  'POST /api/v1/records/cases/:id/decision': 'Decided a record case',
  'POST /api/v1/records/review': 'Began a review of the records',
  'POST /api/v1/records/who-looked': 'Asked who looked at a patient’s record',
  'GET /api/v1/scope': 'Listed whose records were touched',
  'GET /api/v1/scope/counts': 'Counted whose records were touched',
  'GET /api/v1/events': 'Searched the log lines',
  'GET /api/v1/events/counts': 'Counted log lines',
  'GET /api/v1/events/counts/so-far': 'Counted log lines',
  'GET /api/v1/findings': 'Listed the findings',
  'GET /api/v1/incidents': 'Listed the incidents',
  'GET /api/v1/incidents/:id': 'Opened an incident',
  'POST /api/v1/incidents/:id/actions': 'Took, contained, closed or joined an incident',
  'GET /api/v1/today': 'Looked at Today',
  'GET /api/v1/board': 'Looked at the board’s page',
  'GET /api/v1/trail': 'Looked at this page',
  'GET /api/v1/people': 'Looked at the people',
  'POST /api/v1/people': 'Invited somebody',
  'POST /api/v1/people/:id/roles': 'Changed somebody’s roles',
  'POST /api/v1/people/:id/reset': 'Made somebody a new link',
  'POST /api/v1/people/:id/unlock': 'Unlocked somebody',
  'POST /api/v1/people/:id/end': 'Ended an account',
  'POST /api/v1/sources': 'Added a source',
  'GET /api/v1/incidents/:id/drafts': 'Looked at the drafts of an incident',
  'POST /api/v1/incidents/:id/drafts/:name': 'Edited a draft',
  'POST /api/v1/incidents/:id/drafts/:name/renew': 'Had a draft made anew',
  'POST /api/v1/incidents/:id/drafts/:name/file': 'Took a draft as a file',
  'POST /api/v1/hunts': 'Saved a search',
  'POST /api/v1/hunts/:id/remove': 'Took a saved search away',
  'POST /api/v1/local-rules': 'Made a rule of a search',
  'POST /api/v1/local-rules/try': 'Tried how often a rule would have fired',
  'POST /api/v1/local-rules/:id/end': 'Switched a rule of our own off',
  'POST /api/v1/reports': 'Reported something odd',
  'POST /api/v1/reports/:id/file': 'Sent a file with a report',
  'GET /api/v1/reports': 'Looked at what staff reported',
  'POST /api/v1/reports/:id/answer': 'Answered a report',
  'POST /api/v1/reports/:id/more': 'Said more of what they reported',
  'POST /api/v1/reports/:id/incident': 'Noted that a report belongs to an incident',
  'POST /api/v1/reports/:id/open': 'Made an incident of a report',
  'GET /api/v1/reports/:id/file': 'Took the file of a report',
  'POST /api/v1/reports/:id/scan': 'Had the file of a report read',
  'POST /api/v1/monitoring-notice': 'Changed the notice to staff',
  'POST /api/v1/notices': 'Changed who is told of incidents',
  'POST /api/v1/notices/test': 'Sent a test notice',
  'POST /api/v1/exceptions': 'Called something normal',
  'POST /api/v1/scans': 'Dropped a file to be read',
  'GET /api/v1/scans/:id/report': 'Opened the report of a file',
  'POST /api/v1/first-run': 'Put off a step of setting up',
  'POST /api/v1/simulation': 'Opened the simulated hospice',
};

function wordsFor(action: string): string {
  return (Object.hasOwn(WORDS, action) ? WORDS[action] : undefined) ?? action;
}
