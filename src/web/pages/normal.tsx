import { useState } from 'react';
import { type Answer, ask } from '../client/ask.ts';
import { Checkbox, Form, Radios, Select, TextArea } from '../parts/form.tsx';
import { Show, useAsk, useLoaded } from '../parts/loaded.tsx';
import { go, Link, usePlace } from '../parts/router.tsx';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { useTyped } from '../parts/typed-text.ts';
import { asSeen, counted, numberText } from '../parts/text.ts';
import { BandTag, When } from '../parts/words.tsx';

type Finding = Answer<'GET /api/v1/findings/:id'>['finding'];
type Preview = Answer<'POST /api/v1/exceptions/preview'>;

interface Scope {
  readonly ruleId: string;
  readonly host: string | null;
  readonly account: string | null;
}

/** “This is normal”: first what it would have hidden, then why, then until when. */
export function NormalPage() {
  const { query } = usePlace();
  const loaded = useAsk('GET /api/v1/findings/:id', { id: query.get('finding') ?? '' }, { everyMs: null });
  return (
    <>
      <Title>This is normal here</Title>
      <Show of={loaded} what="the finding">
        {({ finding }) => <Choose finding={finding} />}
      </Show>
    </>
  );
}

function Choose({ finding }: { readonly finding: Finding }) {
  const { host = null, account = null } = finding.entities;
  const options = [
    ...(host !== null && account !== null
      ? [{ value: 'both', text: `Only ${asSeen(account)} on ${asSeen(host)}` }]
      : []),
    ...(host === null ? [] : [{ value: 'host', text: `Anybody on ${asSeen(host)}` }]),
    ...(account === null ? [] : [{ value: 'account', text: `${asSeen(account)} on any machine` }]),
  ];
  const [width, setWidth] = useState(options[0]?.value ?? '');
  const scope: Scope = {
    ruleId: finding.ruleId,
    host: width === 'account' ? null : host,
    account: width === 'host' ? null : account,
  };
  if (finding.kind === 'canary' || finding.kind === 'record' || finding.kind === 'report')
    return <p>This kind of finding is never normal: nobody has a reason for it. It has to be looked at each time.</p>;
  if (options.length === 0)
    return <p>This finding names no machine and no account, so it cannot be said for whom it is normal.</p>;
  return (
    <>
      <p>
        <strong>{finding.plain}</strong>
      </p>
      <p>
        Say for whom this is normal, as narrowly as you can. Such findings are still kept and counted, but open no
        incident.
      </p>
      <Section title="1. For whom">
        <Radios legend="For whom is it normal?" value={width} onChange={setWidth} options={options} />
      </Section>
      <Replay scope={scope} key={width} />
    </>
  );
}

function Replay({ scope }: { readonly scope: Scope }) {
  const preview = useLoaded<Preview>(
    `preview ${JSON.stringify(scope)}`,
    (signal, asker) => ask('POST /api/v1/exceptions/preview', scope, signal, asker),
    { everyMs: null },
  );
  return (
    <Show of={preview} what="what this would have hidden">
      {(data) => (
        <>
          <Section title="2. What this would have hidden">
            <Hidden preview={data} />
          </Section>
          <Section title="3. Why, and until when">
            <Save
              scope={scope}
              isRisky={
                data.confirmedBad.length > 0 || data.openIncidents.some(({ score }) => score.band === 'emergency')
              }
            />
          </Section>
        </>
      )}
    </Show>
  );
}

function Hidden({ preview: { hidden, examples, confirmedBad, openIncidents } }: { readonly preview: Preview }) {
  return (
    <>
      {openIncidents.length > 0 && (
        <div role="alert" className="ww-trouble">
          <p>
            <strong>Such findings belong to what is open now.</strong> Look at it before you call them normal:
          </p>
          <ul>
            {openIncidents.map(({ id, title, score }) => (
              <li key={id}>
                <BandTag band={score.band} total={score.total} />{' '}
                <Link to="incident" query={{ id }}>
                  {title}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      )}
      {confirmedBad.length > 0 && (
        <div role="alert" className="ww-trouble ww-trouble--grave">
          <p>
            <strong>It would have hidden a real attack.</strong> These belong to incidents that somebody closed as an
            attack:
          </p>
          <ul>
            {confirmedBad.map((each) => (
              <li key={each.id}>{each.plain}</li>
            ))}
          </ul>
        </div>
      )}
      <p>
        {counted(hidden, 'finding')} of the last 90 days
        {examples.length < hidden && `; the newest ${numberText(examples.length)}`}:
      </p>
      <ul>
        {examples.map((each) => (
          <li key={each.id}>
            <When at={each.at} />: {each.plain}
          </li>
        ))}
      </ul>
    </>
  );
}

const MIN_REASON = 10;

function Save({ scope, isRisky }: { readonly scope: Scope; readonly isRisky: boolean }) {
  const [reason, setReason] = useTyped(`normal ${scope.ruleId}`);
  const [days, setDays] = useState('30');
  const [isAccepted, setAccepted] = useState(false);
  const check = () => {
    if (reason.trim().length < MIN_REASON) return `Say why, in at least ${MIN_REASON} characters.`;
    return isRisky && !isAccepted
      ? 'It hides an attack, or part of an emergency: say that you accept this, or choose fewer.'
      : null;
  };
  const send = async () => {
    await ask('POST /api/v1/exceptions', { ...scope, reason, days: Number(days), acceptHiding: isAccepted });
    setReason('');
    go('exceptions');
  };
  return (
    <Form button="Save it" isWarning={isRisky} check={check} onSend={send}>
      <TextArea
        label="Why is it normal?"
        hint="Name what does it, and whom you asked. Auditors read this."
        value={reason}
        onChange={setReason}
      />
      <Select
        label="Until when?"
        hint="Then it has to be decided again."
        value={days}
        onChange={setDays}
        options={[
          ['7', 'For a week'],
          ['30', 'For 30 days'],
          ['90', 'For 90 days'],
          ['180', 'For 180 days, the longest'],
        ]}
      />
      {isRisky && (
        <Checkbox
          label="I have looked at it, and accept that this hides findings of an attack or an emergency"
          isChecked={isAccepted}
          onChange={setAccepted}
        />
      )}
    </Form>
  );
}
