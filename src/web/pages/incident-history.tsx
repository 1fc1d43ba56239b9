import type { Answer } from '../client/ask.ts';
import { Section } from '../parts/section.tsx';
import { dateText, numberText } from '../parts/text.ts';
import { When } from '../parts/words.tsx';

type Incident = Answer<'GET /api/v1/incidents/:id'>;

const HISTORY_LABEL: Readonly<Record<string, string>> = {
  opened: 'Opened',
  'opened-by-behaviour': 'Opened: something unusual',
  absorbed: 'Took in another incident',
  merged: 'Became part of another incident',
  take: 'Taken',
  contain: 'Contained',
  close: 'Closed',
  reopen: 'Opened again',
  merge: 'Merged',
  'taken-back': 'A finding in it was taken back: what has come in since explains it',
  'found-again': 'That finding is there again',
  comment: 'Note',
  acknowledged: 'Seen',
  shared: 'Shared with all who work on incidents',
  playbook: 'Another check list',
  'step-done': 'Step done',
  'step-undone': 'Step not done after all',
  'clock-started': 'Clock started',
  'clock-ended': 'Clock ended',
};

/** The service gives no more. */
const MOST = 1000;

/** Who did what with it, the newest first. */
export function History({ incident: { history, playbook, clockKinds } }: { readonly incident: Incident }) {
  const names = new Map([
    ...playbook.steps.map(({ id, what }) => [id, what] as const),
    ...clockKinds.map(({ kind, title }) => [kind, title] as const),
  ]);
  return (
    <Section title="History">
      {history.length >= MOST && (
        <p>The newest {numberText(MOST)} lines. Older ones, if there are any, are not shown.</p>
      )}
      <ol className="ww-list" reversed>
        {history.map((line) => (
          <li key={`${line.at ?? ''} ${line.action} ${JSON.stringify(line.detail)}`}>
            <strong>{HISTORY_LABEL[line.action] ?? line.action}</strong>, {line.actor ?? 'Wardwatch'}
            <br />
            <span className="ww-quiet">
              <When at={line.at} />
            </span>
            <Note detail={line.detail} names={names} />
          </li>
        ))}
      </ol>
    </Section>
  );
}

/** What somebody wrote, where a line of the history has it. */
function Note({ detail, names }: { readonly detail: unknown; readonly names: ReadonlyMap<string, string> }) {
  if (typeof detail !== 'object' || detail === null) return null;
  const { text, note, reason, step, kind, startedAt, metAt } = detail as Readonly<Record<string, unknown>>;
  const shown = [text, note, reason].filter((each): each is string => typeof each === 'string' && each !== '');
  const named = [step, kind].flatMap((each) => (typeof each === 'string' ? [names.get(each) ?? each] : []));
  return (
    <>
      {[...named, ...shown].map((each) => (
        <p key={each}>{each}</p>
      ))}
      {typeof startedAt === 'number' && <p>Aware since {dateText(startedAt)}</p>}
      {typeof metAt === 'number' && <p>Told {dateText(metAt)}</p>}
    </>
  );
}
