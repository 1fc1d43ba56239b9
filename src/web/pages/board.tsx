import { type Answer, ask } from '../client/ask.ts';
import { Form, TextArea } from '../parts/form.tsx';
import { Show, useAsk } from '../parts/loaded.tsx';
import { Section } from '../parts/section.tsx';
import { useRoles } from '../parts/session.tsx';
import { Title } from '../parts/shell.tsx';
import { useTyped } from '../parts/typed-text.ts';
import { Table } from '../parts/table.tsx';
import { counted, numberText } from '../parts/text.ts';
import { ClockTag, When } from '../parts/words.tsx';

type Board = Answer<'GET /api/v1/board'>;

/** One page that prints: no jargon, no machine, no patient. */
export function BoardPage() {
  const board = useAsk('GET /api/v1/board', {});
  return (
    <>
      <Title>How we are</Title>
      <Show of={board} what="how we are">
        {(data) => <Report board={data} reload={board.is === 'ready' ? board.reload : () => undefined} />}
      </Show>
    </>
  );
}

function Report({ board, reload }: { readonly board: Board; readonly reload: () => void }) {
  const isMember = useRoles().includes('board');
  const { verdict, sentence, askedAt, days, opened, outcomes, open, openCount, sources, exceptions } = board;
  const isPart = openCount > open.emergency + open.urgent + open.low + open.routine;
  return (
    <>
      <div className={`ww-verdict ww-verdict--${verdict}`}>
        <p className="ww-verdict__sentence">{sentence}</p>
        <p className="ww-verdict__when">
          As of <When at={askedAt} />
        </p>
      </div>
      <Section title="What is due, and whose it is">
        <Deadlines deadlines={board.deadlines} />
      </Section>
      <Section title={`What happened in the last ${days} days`}>
        <p>{counted(opened, 'incident')} came up.</p>
        {opened > 0 && (
          <ul>
            <li>Attacks: {numberText(outcomes.attack)}</li>
            <li>Harmless: {numberText(outcomes.harmless)}</li>
            <li>Something was set up wrongly: {numberText(outcomes.misconfigured)}</li>
            <li>Known already, or something else: {numberText(outcomes.duplicate + outcomes.other)}</li>
            <li>Not decided yet: {numberText(outcomes.open)}</li>
          </ul>
        )}
        <p>
          Open now: {numberText(openCount)}. {isPart && 'At least '}
          {numberText(open.emergency)} cannot wait at all, {numberText(open.urgent)} for an hour at most.
        </p>
      </Section>
      <Section title="What we can see">
        <p>
          {sources.all === 0
            ? 'Nothing is connected yet, so nothing can be seen.'
            : `${numberText(sources.heard)} of ${numberText(sources.all)} sources of logs were heard in the last day.`}{' '}
          {sources.heard < sources.all && 'What happens at the others is not seen.'}
        </p>
      </Section>
      <Section title="What we decided">
        <p>
          {counted(exceptions.hold, 'exception')} {exceptions.hold === 1 ? 'holds' : 'hold'}: things that somebody has
          looked at and called normal, each until a day. {numberText(exceptions.added)} came in the last {days} days.
        </p>
      </Section>
      <Section title="Who has read this">
        <SignOffs signOffs={board.signOffs} />
        {isMember && <SignOff sentence={sentence} reload={reload} />}
      </Section>
      <button type="button" className="nhsuk-button nhsuk-button--secondary ww-no-print" onClick={() => print()}>
        Print, or save as PDF
      </button>
    </>
  );
}

function SignOffs({ signOffs }: { readonly signOffs: Board['signOffs'] }) {
  if (signOffs.length === 0) return <p>Nobody of the board has signed it off yet.</p>;
  return (
    <ul>
      {signOffs.map(({ at, by, note, sentence }) => (
        <li key={`${at} ${by}`}>
          <strong>{by}</strong>, <When at={at} />: {sentence}
          {note !== '' && (
            <>
              <br />
              Decided: {note}
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

function SignOff({ sentence, reload }: { readonly sentence: string; readonly reload: () => void }) {
  const [note, setNote] = useTyped('sign-off');
  return (
    <div className="ww-no-print">
      <Form
        button="I have read this"
        onSend={async () => {
          await ask('POST /api/v1/board/sign-offs', { note, sentence });
          setNote('');
          reload();
        }}
      >
        <TextArea
          label="What did you decide?"
          hint="May be left empty. Kept with your name, and with what this page says now. No names of patients or staff."
          value={note}
          onChange={setNote}
        />
      </Form>
    </div>
  );
}

function Deadlines({ deadlines }: { readonly deadlines: Board['deadlines'] }) {
  if (deadlines.length === 0) return <p>No deadline runs.</p>;
  return (
    <Table
      isNamed
      columns={[{ name: 'What' }, { name: 'How it stands' }, { name: 'By when' }, { name: 'Whose' }]}
      items={deadlines}
      row={({ title, state, dueAt, owner }) => ({
        key: `${title} ${dueAt ?? ''} ${owner ?? ''}`,
        cells: [title, <ClockTag state={state} />, <When at={dueAt} />, owner ?? 'Nobody has taken it'],
      })}
    />
  );
}
