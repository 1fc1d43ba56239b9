import { useState } from 'react';
import { type Answer, ask, type Input } from '../client/ask.ts';
import { Form, Radios, Select, TextArea, TextField } from '../parts/form.tsx';
import { Show, useAsk, useLoaded } from '../parts/loaded.tsx';
import { go, Link, usePlace } from '../parts/router.tsx';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { counted, numberText } from '../parts/text.ts';
import { PARAMETER_LABEL } from '../parts/words.tsx';

type Hunt = Answer<'GET /api/v1/hunts'>['items'][number];
type Tried = Answer<'POST /api/v1/local-rules/try'>;
type Given = Input<'POST /api/v1/local-rules'>;

/** A saved search becomes a rule: first how often it would have fired, then what it means and what to do. */
export function LocalRulePage() {
  const id = usePlace().query.get('hunt') ?? '';
  const hunts = useAsk('GET /api/v1/hunts', {}, { everyMs: null });
  return (
    <>
      <Title>A rule of your own</Title>
      <p>
        A rule looks at each log line as it comes, and opens an incident when it finds something. The time of the search
        is left out.
      </p>
      <Show of={hunts} what="the saved searches">
        {({ items }) => {
          const hunt = items.find((each) => each.id === id);
          return hunt === undefined ? (
            <p>
              That search is not there any more. <Link to="hunt">See the saved searches</Link>
            </p>
          ) : (
            <OfHunt hunt={hunt} />
          );
        }}
      </Show>
    </>
  );
}

function OfHunt({ hunt }: { readonly hunt: Hunt }) {
  const { query } = hunt;
  const tried = useLoaded<Tried>(
    `try ${query}`,
    (signal, asker) => ask('POST /api/v1/local-rules/try', { query }, signal, asker),
    { everyMs: null },
  );
  return (
    <>
      <p>
        <code className="ww-raw">{query}</code>
      </p>
      <Section title="1. How often it would have fired">
        <Show of={tried} what="how often it would have fired">
          {(data) => <HowOften tried={data} />}
        </Show>
      </Section>
      {tried.is === 'ready' && tried.data.busiest <= tried.data.mostADay && (
        <Section title="2. What it means, and what to do">
          <Make hunt={hunt} />
        </Section>
      )}
    </>
  );
}

function HowOften({ tried: { days, fired, busiest, mostADay } }: { readonly tried: Tried }) {
  const isTooMuch = busiest > mostADay;
  return (
    <>
      <p className="ww-verdict__sentence">
        {fired === 0
          ? `Not once in the last ${days} days.`
          : `${fired === 1 ? 'Once' : `${numberText(fired)} times`} in the last ${days} days.`}
      </p>
      <p>
        {fired === 0
          ? 'As far as log lines of these days are kept. Look first whether such lines come at all: a rule for what nobody sends never fires.'
          : `At most ${counted(busiest, 'time')} in 24 hours, as far as log lines of these days are kept.`}
      </p>
      {isTooMuch && (
        <div role="alert" className="ww-trouble">
          <p>
            <strong>That is too often:</strong> more than {mostADay} in 24 hours nobody reads. Narrow the search, save
            it, and come back. <Link to="hunt">Go to the searches</Link>
          </p>
        </div>
      )}
    </>
  );
}

const LEVELS: readonly { readonly value: Given['level']; readonly text: string; readonly hint: string }[] = [
  { value: 'low', text: 'Low', hint: 'worth a line beside other findings' },
  { value: 'medium', text: 'Medium', hint: 'somebody should look in the next days' },
  { value: 'high', text: 'High', hint: 'somebody should look today' },
  { value: 'critical', text: 'Critical', hint: 'somebody is woken at night' },
];

function Make({ hunt: { name, query } }: { readonly hunt: Hunt }) {
  const [title, setTitle] = useState(name);
  const [level, setLevel] = useState<Given['level']>('medium');
  const [parameter, setParameter] = useState<Given['parameter']>('defences');
  const [plain, setPlain] = useState('');
  const [innocent, setInnocent] = useState('');
  const [next, setNext] = useState('');
  const steps = next
    .split('\n')
    .map((step) => step.trim())
    .filter((step) => step !== '');
  const check = () => {
    if (title.trim() === '') return 'Give it a name.';
    if (plain.trim() === '') return 'Say what it means when it fires.';
    if (innocent.trim() === '') return 'Say what it could be instead.';
    return steps.length === 0 ? 'Say what to do first.' : null;
  };
  const send = async () => {
    await ask('POST /api/v1/local-rules', { title, query, level, parameter, plain, innocent, next: steps });
    go('rules');
  };
  return (
    <Form button="Switch it on" check={check} onSend={send}>
      <TextField label="Name" value={title} onChange={setTitle} maxLength={100} />
      <TextArea
        label="What does it mean when it fires?"
        hint="One sentence that a colleague understands at night. {host} and {account} are filled in: “{account} opened the pharmacy’s share on {host}.”"
        value={plain}
        onChange={setPlain}
        maxLength={500}
      />
      <TextArea
        label="What could it be instead?"
        hint="What would make it harmless."
        value={innocent}
        onChange={setInnocent}
        maxLength={500}
      />
      <TextArea label="What is to be done?" hint="One step a line." value={next} onChange={setNext} />
      <Radios
        legend="How grave is it?"
        value={level}
        onChange={(value) => setLevel(LEVELS.find((each) => each.value === value)?.value ?? 'medium')}
        options={LEVELS}
      />
      <Select
        label="What is it a sign of?"
        hint="There it counts on the observations chart."
        value={parameter}
        onChange={(value) => setParameter(value as Given['parameter'])}
        options={Object.entries(PARAMETER_LABEL)}
      />
    </Form>
  );
}
