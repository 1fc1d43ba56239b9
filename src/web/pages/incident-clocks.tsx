import { useState } from 'react';
import { type Answer, ask } from '../client/ask.ts';
import { serviceNow } from '../client/clock.ts';
import { Form, Radios, Select, TextField } from '../parts/form.tsx';
import { Section } from '../parts/section.tsx';
import { fieldMoment, fieldText, spanText } from '../parts/text.ts';
import { ClockTag, When } from '../parts/words.tsx';

type Incident = Answer<'GET /api/v1/incidents/:id'>;

/** Duties to tell somebody: what runs, how it is met, and the start of another. */
export function Clocks({ incident, reload }: { readonly incident: Incident; readonly reload: () => void }) {
  const { id, clocks } = incident;
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
                Aware since <When at={clock.startedAt} />. By <When at={clock.dueAt} />
                {clock.dueAt !== null && Date.parse(clock.dueAt) > serviceNow() && (
                  <>, {spanText(serviceNow(), Date.parse(clock.dueAt))} left</>
                )}
              </>
            ) : (
              <>
                {clock.metAt !== null && (
                  <>
                    Told <When at={clock.metAt} />.{' '}
                  </>
                )}
                Ended by {clock.endedBy}, <When at={clock.endedAt} />
                {clock.reason !== null && `: ${clock.reason}`}
              </>
            )}
          </p>
          {clock.endedAt === null && <EndClock id={id} clock={clock} reload={reload} />}
        </div>
      ))}
      <StartClock incident={incident} reload={reload} key={clocks.length} />
    </Section>
  );
}

function StartClock({ incident, reload }: { readonly incident: Incident; readonly reload: () => void }) {
  const { id, clockKinds } = incident;
  const [kind, setKind] = useState(clockKinds[0]?.kind ?? '');
  const [since, setSince] = useState(fieldText(serviceNow()));
  const chosen = clockKinds.find((each) => each.kind === kind);
  const startedAt = fieldMoment(since);
  return (
    <details className="ww-more">
      <summary>Start a clock</summary>
      <Form
        button="Start the clock"
        isSecondary
        check={() => {
          if (Number.isNaN(startedAt)) return 'Give the day and the time when you became aware.';
          return startedAt > serviceNow() ? 'Nobody can have become aware in the future.' : null;
        }}
        onSend={async () => {
          await ask('POST /api/v1/incidents/:id/clocks', { id, kind, startedAt: new Date(startedAt).toISOString() });
          reload();
        }}
      >
        <Select
          label="Whom do you have to tell?"
          value={kind}
          onChange={setKind}
          options={clockKinds.map(
            (each) => [each.kind, each.isUsual ? `${each.title} (usual here)` : each.title] as const,
          )}
        />
        {chosen !== undefined && (
          <p>
            It starts {chosen.starts}. Not needed if {chosen.unless}.{' '}
            <span className="ww-quiet">({chosen.source})</span>
          </p>
        )}
        <TextField
          label="When did you become aware?"
          hint="When somebody of yours first had good reason to believe it, not when it was proved. UK time."
          type="datetime-local"
          value={since}
          onChange={setSince}
        />
      </Form>
    </details>
  );
}

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
  const [told, setTold] = useState(fieldText(serviceNow()));
  const toldAt = toldMoment(told, clock.startedAt);
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
          if (how === 'not-needed') return reason.trim() === '' ? 'Write down why it is not needed.' : null;
          if (Number.isNaN(toldAt)) return 'Give the day and the time when you told them.';
          if (clock.startedAt !== null && toldAt < Date.parse(clock.startedAt))
            return 'Nobody can have been told before you became aware.';
          return toldAt > serviceNow() ? 'Nobody can have been told in the future.' : null;
        }}
        onSend={async () => {
          await ask('POST /api/v1/incidents/:id/clocks/:clock', {
            id,
            clock: clock.id,
            ...(how === 'met' ? { how, at: new Date(toldAt).toISOString() } : { how: 'not-needed' }),
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
        {how === 'met' && (
          <TextField
            label="When did you tell them?"
            hint="Whether it was in time is judged by this, not by when you write it down. UK time."
            type="datetime-local"
            value={told}
            onChange={setTold}
          />
        )}
        <TextField label="Reference or reason" value={reason} onChange={setReason} />
      </Form>
    </details>
  );
}

/** `NaN`: no moment. Within the minute of awareness it is that moment: the field knows no seconds. */
function toldMoment(text: string, awareAt: string | null): number {
  const at = fieldMoment(text);
  const aware = awareAt === null ? at : Date.parse(awareAt);
  return at < aware && aware - at < 60_000 ? aware : at;
}
