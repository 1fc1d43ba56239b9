import { useState } from 'react';
import { type Answer, ask, askFile, type Asker } from '../client/ask.ts';
import { Form, Select, TextArea, TextField } from '../parts/form.tsx';
import { EVERY_MS, Show, useAsk, useLoaded } from '../parts/loaded.tsx';
import { Pager, usePages } from '../parts/pager.tsx';
import { go, Link, usePlace } from '../parts/router.tsx';
import { saveAs } from '../parts/save.ts';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { useTyped } from '../parts/typed-text.ts';
import { counted } from '../parts/text.ts';
import { ClockTag, When } from '../parts/words.tsx';

type Drafts = Answer<'GET /api/v1/incidents/:id/drafts'>;
type Draft = Drafts['drafts'][number];
type Sections = NonNullable<Draft['sections']>;

/** What has to be told of an incident, and to whom: drafts that a person reads, completes and signs off. */
export function DraftsPage() {
  const { query } = usePlace();
  const id = query.get('id');
  return id === null ? <Choose /> : <OfIncident id={id} name={query.get('name')} key={id} />;
}

const SIZE = 50;
type Page = Answer<'GET /api/v1/drafts'>;

function Choose() {
  const pages = usePages();
  const { cursor } = pages;
  const incidents = useLoaded<Page>(
    `drafts ${cursor ?? ''}`,
    (signal: AbortSignal, asker: Asker) =>
      ask('GET /api/v1/drafts', { limit: SIZE, ...(cursor === undefined ? {} : { cursor }) }, signal, asker),
    { everyMs: cursor === undefined ? EVERY_MS : null },
  );
  return (
    <>
      <Title>What to tell, and whom</Title>
      <p>Drafts for the Information Commissioner, patients, the board, staff and others, filled with what is known.</p>
      <Show of={incidents} what="the incidents">
        {({ items, next, pressing }) => (
          <>
            {pressing.length > 0 && (
              <Section title="Begun, or with a deadline">
                <Incidents items={pressing} />
              </Section>
            )}
            <Section title={pressing.length > 0 ? 'All incidents, the newest first' : 'Of which incident?'}>
              {items.length === 0 ? (
                <p>There is no incident, so there is nothing to tell.</p>
              ) : (
                <Incidents items={items} />
              )}
              <Pager pages={pages} next={next} />
            </Section>
          </>
        )}
      </Show>
    </>
  );
}

/** Each with what is due of it, and what was written: two of one name are told apart by when, and by their reference. */
function Incidents({ items }: { readonly items: Page['items'] }) {
  return (
    <ul className="ww-list">
      {items.map(({ id, title, openedAt, isClosed, duties, edits }) => (
        <li key={id} className="ww-list__row">
          <div className="ww-list__what">
            <Link to="drafts" query={{ id }}>
              {title}
            </Link>
            <p className="ww-quiet">
              Opened <When at={openedAt} />
              {isClosed && ', closed'}; reference {id}
            </p>
            {duties.map((duty) => (
              <DutyLine key={duty.title} duty={duty} />
            ))}
            {edits.map((edit) => (
              <p key={edit.title}>
                {edit.title}: edited by {edit.by}, <When at={edit.at} />
              </p>
            ))}
          </div>
        </li>
      ))}
    </ul>
  );
}

function DutyLine({ duty: { title, state, dueAt } }: { readonly duty: Page['items'][number]['duties'][number] }) {
  return (
    <p>
      <ClockTag state={state} /> {title}, by <When at={dueAt} />
    </p>
  );
}

const GRADES = ['1', '2', '3', '4', '5'] as const;
/** The draft with the grid. */
const DSPT = '3-dspt-report';

function OfIncident({ id, name }: { readonly id: string; readonly name: string | null }) {
  const [grid, setGrid] = useState<{ readonly likelihood: string; readonly severity: string }>({
    likelihood: '',
    severity: '',
  });
  const isJudged = grid.likelihood !== '' && grid.severity !== '';
  // Not by itself: it would take away what somebody is typing.
  const drafts = useAsk(
    'GET /api/v1/incidents/:id/drafts',
    { id, ...(isJudged ? { likelihood: Number(grid.likelihood), severity: Number(grid.severity) } : {}) },
    { everyMs: null },
  );
  const [done, setDone] = useState<string | null>(null);
  const reload = drafts.is === 'ready' ? drafts.reload : () => undefined;
  return (
    <>
      <p>
        {name === null ? (
          <Link to="drafts">Other incidents</Link>
        ) : (
          <Link to="drafts" query={{ id }}>
            All drafts
          </Link>
        )}
      </p>
      <Show of={drafts} what="the drafts">
        {({ title, drafts: all }) => {
          const draft = all.find((each) => each.name === name);
          if (draft === undefined) return <List id={id} title={title} drafts={all} />;
          return (
            <>
              <Title caption={title}>{draft.title}</Title>
              {draft.name === DSPT && draft.changedAt === null && <Grid grid={grid} onChange={setGrid} />}
              {draft.sections === null ? (
                <p>Letters to patients are written and taken by the privacy officer.</p>
              ) : (
                <Edit
                  key={`${draft.name} ${draft.changedAt ?? JSON.stringify(draft.sections)}`}
                  id={id}
                  draft={draft}
                  sections={draft.sections}
                  reload={reload}
                  onDone={setDone}
                  typedAs={`draft ${id} ${draft.name} ${draft.changedAt ?? `${grid.likelihood} ${grid.severity}`}`}
                />
              )}
              <div role="status">{done !== null && <p>{done}</p>}</div>
            </>
          );
        }}
      </Show>
    </>
  );
}

const TO_FILL = /\[To fill in: /g;

function toFill(sections: Sections): number {
  return sections.flatMap(({ lines }) => lines).reduce((sum, line) => sum + (line.match(TO_FILL)?.length ?? 0), 0);
}

function List({
  id,
  title,
  drafts,
}: {
  readonly id: string;
  readonly title: string;
  readonly drafts: Drafts['drafts'];
}) {
  return (
    <>
      <Title caption={title}>What to tell, and whom</Title>
      <p>
        Each is filled with what is known now. What only a person can know is marked. Nothing is sent from here: read,
        complete and sign off what leaves the house.
      </p>
      <Section title="Drafts">
        <ul className="ww-list">
          {drafts.map(({ name, title: what, sections, changedAt, changedBy, duty }) => (
            <li key={name} className="ww-list__row">
              <div className="ww-list__what">
                <Link to="drafts" query={{ id, name }}>
                  {what}
                </Link>
                <p className="ww-quiet">
                  {sections === null
                    ? 'For the privacy officer'
                    : toFill(sections) === 0
                      ? 'Nothing left to fill in'
                      : `${counted(toFill(sections), 'place')} to fill in`}
                  {changedAt !== null && (
                    <>
                      . Edited by {changedBy}, <When at={changedAt} />
                    </>
                  )}
                </p>
                {duty !== null && <DutyLine duty={duty} />}
              </div>
            </li>
          ))}
        </ul>
      </Section>
    </>
  );
}

interface GridProps {
  readonly grid: { readonly likelihood: string; readonly severity: string };
  readonly onChange: (grid: GridProps['grid']) => void;
}

function Grid({ grid, onChange }: GridProps) {
  const options = [['', 'Not judged yet'] as const, ...GRADES.map((grade) => [grade, grade] as const)];
  return (
    <Section title="How likely is harm, and how grave would it be?">
      <p>
        The meaning of 1 to 5 stands in the draft. When both are chosen, the draft says whether it is to be reported.
      </p>
      <div className="ww-pair">
        <Select
          label="How likely"
          value={grid.likelihood}
          onChange={(likelihood) => onChange({ ...grid, likelihood })}
          options={options}
        />
        <Select
          label="How grave"
          value={grid.severity}
          onChange={(severity) => onChange({ ...grid, severity })}
          options={options}
        />
      </div>
    </Section>
  );
}

interface EditProps {
  readonly id: string;
  readonly draft: Draft;
  readonly sections: Sections;
  readonly reload: () => void;
  readonly onDone: (words: string) => void;
  /** Under what is remembered what was typed and not kept. */
  readonly typedAs: string;
}

function Edit({ id, draft: { name, isLetter, changedAt, changedBy }, sections, reload, onDone, typedAs }: EditProps) {
  const [typed, setTyped] = useTyped(typedAs);
  // Written by `setTexts`.
  const texts = typed === '' ? sections.map(({ lines }) => lines.join('\n')) : (JSON.parse(typed) as readonly string[]);
  const setTexts = (all: readonly string[]) => setTyped(JSON.stringify(all));
  const [reason, setReason] = useState('');
  const edited: Sections = sections.map(({ heading }, index) => ({
    heading,
    lines: (texts[index] ?? '').split('\n').filter((line) => line.trim() !== ''),
  }));
  const left = toFill(edited);
  const take = async (format: 'docx' | 'pdf') => {
    const where = `api/v1/incidents/${encodeURIComponent(id)}/drafts/${encodeURIComponent(name)}/file`;
    const bytes = await askFile(where, { format, sections: edited, ...(isLetter ? { reason } : {}) });
    saveAs(`${name}.${format}`, 'application/octet-stream', bytes);
    onDone('Saved to your computer. What stands there is no longer protected by Wardwatch.');
  };
  const whyNot = () =>
    isLetter && reason.trim().length < 10 ? 'Say why you take the letter, in ten characters or more.' : null;
  return (
    <>
      <p className="ww-note">
        {left === 0
          ? 'Nothing is left to fill in.'
          : `${counted(left, 'place')} left to fill in, each marked [To fill in: …].`}{' '}
        {changedAt === null ? (
          'Nobody has edited it yet.'
        ) : (
          <>
            Edited by {changedBy}, <When at={changedAt} />. What was found out since then is not in it.
          </>
        )}
        {!isLetter && ' A patient’s NHS number that you type becomes a code when it is kept.'}
      </p>
      <Section title="The draft">
        <Form
          button="Keep what I wrote"
          onSend={async () => {
            await ask('POST /api/v1/incidents/:id/drafts/:name', { id, name, sections: edited, changedAt });
            setTyped('');
            onDone('Kept.');
            reload();
          }}
        >
          {sections.map(({ heading }, index) => (
            <TextArea
              key={heading}
              label={heading}
              rows={Math.min(14, Math.max(2, (texts[index] ?? '').split('\n').length + 1))}
              maxLength={20_000}
              value={texts[index] ?? ''}
              onChange={(text) => setTexts(texts.map((each, at) => (at === index ? text : each)))}
            />
          ))}
        </Form>
      </Section>
      <Section title="Take it as a file">
        {isLetter && (
          <TextField
            label="Why do you take this letter?"
            hint="It is recorded with your name."
            maxLength={1000}
            value={reason}
            onChange={setReason}
          />
        )}
        <Form button="Word file (DOCX)" isSecondary check={whyNot} onSend={() => take('docx')} />
        <Form button="PDF" isSecondary check={whyNot} onSend={() => take('pdf')} />
      </Section>
      {changedAt !== null && (
        <Form
          button="Throw my changes away, and fill it anew"
          isWarning
          onSend={async () => {
            await ask('POST /api/v1/incidents/:id/drafts/:name/renew', { id, name });
            setTyped('');
            go('drafts', { id, name });
            reload();
          }}
        />
      )}
    </>
  );
}
