import { useEffect, useRef, useState } from 'react';
import { type Answer, ask } from '../client/ask.ts';
import { Form, Radios, TextArea } from '../parts/form.tsx';
import { Show, useAsk } from '../parts/loaded.tsx';
import { Reveal } from '../parts/reveal.tsx';
import { Reveals } from './reveals.tsx';
import { Link } from '../parts/router.tsx';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { useTyped } from '../parts/typed-text.ts';
import { counted, dayText, numberText, withDates } from '../parts/text.ts';
import { When } from '../parts/words.tsx';

type RecordCase = Answer<'GET /api/v1/records/cases'>['items'][number];
type Review = Answer<'GET /api/v1/records/review'>;

const SIZE = 100;
/** A review that runs is over in minutes. */
const REVIEW_MS = 10_000;

export function RecordsPage() {
  const [below, setBelow] = useState<'true' | 'false'>('false');
  const cases = useAsk('GET /api/v1/records/cases', { below, limit: SIZE });
  const review = useAsk('GET /api/v1/records/review', {}, { everyMs: REVIEW_MS });
  const reload = cases.is === 'ready' ? cases.reload : () => undefined;
  const reviewedAt = review.is === 'ready' ? review.data.last?.at : undefined;
  const shownOf = useRef(reviewedAt);
  useEffect(() => {
    // Another review has ended: there may be other cases.
    if (shownOf.current !== undefined && shownOf.current !== reviewedAt) reload();
    shownOf.current = reviewedAt;
  });
  return (
    <>
      <Title>Records</Title>
      <p>
        Looks at patients’ records that the care given does not explain. A case is a question, not an accusation: most
        have a good answer.
      </p>
      <Waiting />
      <Reveals />
      <Show of={review} what="how the last review went">
        {(data) => (
          <>
            <LastReview review={data} />
            <LiveNote live={data.live} />
            {!data.isRunning && (
              <Form
                button="Review now"
                isSecondary
                onSend={async () => {
                  await ask('POST /api/v1/records/review', {});
                  if (review.is === 'ready') review.reload();
                }}
              />
            )}
          </>
        )}
      </Show>
      <Radios
        legend="Which cases?"
        value={below}
        onChange={(value) => setBelow(value === 'true' ? 'true' : 'false')}
        isInline
        options={[
          { value: 'false', text: 'Those worth a question' },
          { value: 'true', text: 'Those beneath them too' },
        ]}
      />
      <Show of={cases} what="the cases">
        {({ items, next }) => {
          const open = items.filter(({ decision, explainedAt }) => decision === null && explainedAt === null);
          const rest = items.filter((each) => !open.includes(each));
          return (
            <>
              <Section title={open.length === 0 ? 'To decide: none' : `To decide: ${numberText(open.length)}`}>
                {open.length === 0 && (
                  <p>
                    No case waits for you. What the last review could see stands above: no case is not proof of no
                    misuse.
                  </p>
                )}
                {open.map((each) => (
                  <One key={each.id} one={each} reload={reload} />
                ))}
              </Section>
              {rest.length > 0 && (
                <Section title={`Decided, or explained since: ${numberText(rest.length)}`}>
                  {rest.map((each) => (
                    <One key={each.id} one={each} reload={reload} />
                  ))}
                </Section>
              )}
              {next !== null && <p>The newest {numberText(SIZE)} cases are shown.</p>}
            </>
          );
        }}
      </Show>
    </>
  );
}

/** Nobody else is told of these. */
function Waiting() {
  const waiting = useAsk('GET /api/v1/reports/waiting', {});
  if (waiting.is !== 'ready' || waiting.data.count === 0) return null;
  return (
    <p className="ww-note">
      <strong>{counted(waiting.data.count, 'report')}</strong> of staff {waiting.data.count === 1 ? 'is' : 'are'}{' '}
      addressed to the privacy officer alone, and not closed. <Link to="reports">Read and answer</Link>
    </p>
  );
}

function LiveNote({ live: { isFollowing, today } }: Pick<Review, 'live'>) {
  if (!isFollowing) return null;
  return (
    <p>
      {today === null
        ? 'Looks are not judged as they come yet: it is still learned what is usual.'
        : `Looks of ${dayText(today)} are judged as they come; the review of the night confirms what they show, or takes it back.`}
    </p>
  );
}

function LastReview({ review: { isRunning, last } }: { readonly review: Review }) {
  if (last === null)
    return (
      <p className="ww-note">
        {isRunning ? 'The first review is running.' : 'There has been no review yet: it runs each night.'} Until then
        nothing is known about who looked at what.
      </p>
    );
  return (
    <div className="ww-note">
      <p>
        Last reviewed <When at={last.at} />: {numberText(last.accesses)} accesses
        {last.firstDay !== null && last.lastDay !== null && (
          <>
            {' '}
            from {dayText(last.firstDay)} to {dayText(last.lastDay)}
          </>
        )}
        . {isRunning && 'Another review is running.'}
      </p>
      {last.judgedDays === 0 && (
        <p>
          <strong>It is still learning:</strong> no day was judged yet, so no case does not mean that all is well.
        </p>
      )}
      {last.notReceived.length > 0 && (
        <>
          <p>What it could not know, because no source tells it:</p>
          <ul>
            {last.notReceived.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </>
      )}
      {last.setAside + last.losses > 0 && (
        <p>
          <strong>It is not whole:</strong> {counted(last.setAside, 'row')} and {counted(last.losses, 'part')} of what
          is kept could not be read.
        </p>
      )}
    </div>
  );
}

interface OneProps {
  readonly one: RecordCase;
  readonly reload: () => void;
}

const VERDICT_LABEL: Readonly<Record<NonNullable<RecordCase['decision']>['verdict'], string>> = {
  explained: 'Explained',
  'not-explained': 'Not explained',
  undecided: 'Not decided yet',
};

const SAID: Readonly<Record<RecordCase['history'][number]['said'], string>> = {
  'first-look': 'first look, made while the day went on',
  confirmed: 'the review found it too',
  lowered: 'the review ranks it beneath the budget',
  withdrawn: 'withdrawn: what has come in since explains it',
};

function One({ one, reload }: OneProps) {
  const { id, case: about, decision, explainedAt, firstAt, isProvisional, history } = one;
  const isCrowd = about.schema === 'wardwatch.crowd-case/1';
  const patients = isCrowd ? [about.patient] : about.patients.map(({ patient }) => patient);
  return (
    <article className="ww-one">
      <h3 className="nhsuk-heading-s">
        {isCrowd
          ? `Many people at one patient, ${dayText(about.from)} to ${dayText(about.to)}`
          : `${about.user}, ${dayText(about.day)}`}
      </h3>
      <p>{withDates(about.plain)}</p>
      {isProvisional && explainedAt === null && (
        <p>
          <strong>First look</strong>, made at <When at={firstAt} /> by what was known then: what comes in until the
          review of the night may explain it.
        </p>
      )}
      {decision !== null && (
        <p>
          <strong>{VERDICT_LABEL[decision.verdict]}</strong>, by {decision.by}, <When at={decision.at} />:{' '}
          {decision.reason}
        </p>
      )}
      {explainedAt !== null && (
        <p>
          <strong>Explained since</strong> <When at={explainedAt} />, by what has come in.
        </p>
      )}
      <details className="ww-more">
        <summary>
          Why, and what to do<span className="nhsuk-u-visually-hidden"> with {id}</span>
        </summary>
        <dl className="ww-facts">
          <dt>Found</dt>
          <dd>
            <When at={firstAt} />
          </dd>
          {history.length > 0 && (
            <>
              <dt>What was said of it</dt>
              <dd>
                <ul>
                  {history.map(({ at, said }) => (
                    <li key={`${at} ${said}`}>
                      <When at={at} />: {SAID[said]}
                    </li>
                  ))}
                </ul>
              </dd>
            </>
          )}
          {!isCrowd && about.innocentIf.length > 0 && (
            <>
              <dt>It is innocent if</dt>
              <dd>
                <ul>
                  {about.innocentIf.map((each) => (
                    <li key={each}>{withDates(each)}</li>
                  ))}
                </ul>
              </dd>
            </>
          )}
          <dt>{isCrowd ? 'Who looked' : 'Whose record'}</dt>
          <dd>
            <ul>
              {(isCrowd
                ? about.users.map((each) => [each.user, `${dayText(each.day)}: ${each.because}`] as const)
                : about.patients.map((each) => [each.patient, because(about, each.because)] as const)
              ).map(([who, why]) => (
                <li key={`${who} ${why}`}>
                  <strong>{who}</strong>
                  {why !== '' && `: ${withDates(why)}`}
                </li>
              ))}
            </ul>
          </dd>
        </dl>
        <Reveal pseudonyms={patients} />
        <Decide id={id} reload={reload} />
      </details>
    </article>
  );
}

/** Where it is about one patient, the case itself says it already, within a sentence of its own. */
function because({ plain }: { readonly plain: string }, why: string): string {
  return plain.includes(why.slice(1, -1)) ? '' : why;
}

const MIN_REASON = 10;

function Decide({ id, reload }: { readonly id: string; readonly reload: () => void }) {
  const [verdict, setVerdict] = useState('');
  const [reason, setReason] = useTyped(`decision ${id}`);
  const send = async () => {
    const chosen = (Object.keys(VERDICT_LABEL) as (keyof typeof VERDICT_LABEL)[]).find((each) => each === verdict);
    if (chosen === undefined) return;
    await ask('POST /api/v1/records/cases/:id/decision', { id, verdict: chosen, reason });
    setReason('');
    reload();
  };
  return (
    <Form
      button="Decide"
      check={() => {
        if (verdict === '') return 'Choose what you made of it.';
        return reason.trim().length < MIN_REASON ? `Say how you know, in at least ${MIN_REASON} characters.` : null;
      }}
      onSend={send}
    >
      <Radios
        legend="What did you make of it?"
        value={verdict}
        onChange={setVerdict}
        options={[
          { value: 'explained', text: 'Explained', hint: 'there was a good reason' },
          { value: 'not-explained', text: 'Not explained', hint: 'it goes on under your own rules' },
          { value: 'undecided', text: 'Not decided yet' },
        ]}
      />
      <TextArea
        label="How do you know?"
        hint="Whom you asked, and what they said. Patients’ numbers become pseudonyms."
        value={reason}
        onChange={setReason}
      />
    </Form>
  );
}
