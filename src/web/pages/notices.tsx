import { useState } from 'react';
import { type Answer, ask, type Input } from '../client/ask.ts';
import { Checkbox, Form, Select, TextField } from '../parts/form.tsx';
import { Show, useAsk } from '../parts/loaded.tsx';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { Table } from '../parts/table.tsx';
import { counted } from '../parts/text.ts';
import { When } from '../parts/words.tsx';

type Notices = Answer<'GET /api/v1/notices'>;
type Settings = NonNullable<Notices['settings']>;
type Given = Input<'POST /api/v1/notices'>;
type WebhookForm = Settings['webhooks'][number]['form'];

const USUAL_MS = 30_000;

export function NoticesPage() {
  const notices = useAsk('GET /api/v1/notices', {}, { everyMs: USUAL_MS });
  const reload = notices.is === 'ready' ? notices.reload : () => undefined;
  const [isSaved, setSaved] = useState(false);
  return (
    <>
      <Title>Notices</Title>
      <p>Who is told of an incident, until somebody has looked.</p>
      <Show of={notices} what="the notices">
        {(data) => (
          <>
            <div role="status">{isSaved && <p className="ww-note">Saved. It holds from the next notice on.</p>}</div>
            <Told settings={data.settings} undelivered={data.undelivered} />
            {data.settings !== null && <TryOut />}
            {data.isFixed === null ? (
              <Change
                key={JSON.stringify(data.settings)}
                settings={data.settings}
                onSaved={() => {
                  setSaved(true);
                  reload();
                  scrollTo(0, 0);
                }}
              />
            ) : (
              <Fixed by={data.isFixed} />
            )}
            <Letters letters={data.letters} />
          </>
        )}
      </Show>
    </>
  );
}

function Fixed({ by }: { readonly by: 'file' | 'simulated' }) {
  return (
    <p className="ww-note">
      {by === 'file'
        ? 'These settings come from the file that “wardwatch serve --notices” names. Change it there, and start the service again. Without the file they can be changed on this page.'
        : 'The simulated hospice tells nobody.'}
    </p>
  );
}

const STEP: Readonly<Record<number, string>> = {
  0: 'Privacy officer: what waits for them, not incidents',
  1: 'At once',
  2: 'If nobody has looked',
  3: 'If still nobody has looked',
};

function stepText(step: number): string {
  return STEP[step] ?? `As number ${step}, if still nobody has looked`;
}

function Told({ settings, undelivered }: { readonly settings: Settings | null; readonly undelivered: number }) {
  const canTell = settings !== null && (settings.smtp !== null || settings.webhooks.length > 0);
  return (
    <Section title="How it stands">
      {undelivered > 0 && (
        <p className="ww-trouble ww-trouble--grave">
          <strong>{counted(undelivered, 'notice')} could not be delivered.</strong> Send a test to see why.
        </p>
      )}
      {!canTell && (
        <p>
          <strong>Nobody is told of anything.</strong> Whoever does not open this page does not know what was found.
        </p>
      )}
      {settings !== null && canTell && <Facts settings={settings} />}
    </Section>
  );
}

function Facts({ settings: { smtp, people, webhooks, quiet, digest } }: { readonly settings: Settings }) {
  return (
    <dl className="ww-facts">
      {smtp !== null &&
        people.map(({ name, mail, step }) => (
          <div key={`${mail} ${step}`} className="ww-facts__pair">
            <dt>{stepText(step)}</dt>
            <dd>
              {name}, {mail}
            </dd>
          </div>
        ))}
      {webhooks.map(({ host, form, isSigned }, index) => (
        <div key={`${host} ${index}`} className="ww-facts__pair">
          <dt>Every time</dt>
          <dd>
            {FORM_LABEL[form]} at {host}
            {isSigned && ', signed'}
          </dd>
        </div>
      ))}
      <dt>Mail goes by</dt>
      <dd>{smtp === null ? 'No mail server is set' : `${smtp.host}, port ${smtp.port}, from ${smtp.from}`}</dd>
      <dt>Quiet hours</dt>
      <dd>{quiet === null ? 'None' : `${quiet.from} to ${quiet.to}; an emergency does not wait for their end`}</dd>
      <dt>Each morning</dt>
      <dd>{digest === null ? 'No summary' : `A summary at ${digest}`}</dd>
    </dl>
  );
}

const FORM_LABEL: Readonly<Record<WebhookForm, string>> = {
  teams: 'Microsoft Teams',
  slack: 'Slack',
  generic: 'Webhook',
};

function TryOut() {
  const [results, setResults] = useState<Answer<'POST /api/v1/notices/test'>['results'] | null>(null);
  return (
    <Section title="Does it work?">
      <Form
        button="Send a test"
        isSecondary
        onSend={async () => {
          setResults(null);
          setResults((await ask('POST /api/v1/notices/test', {})).results);
        }}
      >
        <p>Everybody above gets a letter that says that it is a test.</p>
      </Form>
      <div role="status">
        {results !== null && (
          <ul>
            {results.length === 0 && <li>There is nobody to send it to.</li>}
            {results.map(({ to, problem }) => (
              <li key={to}>
                {to}: {problem === null ? 'taken' : <strong>not taken ({problem})</strong>}
              </li>
            ))}
          </ul>
        )}
      </div>
    </Section>
  );
}

interface Draft {
  readonly host: string;
  readonly port: string;
  readonly user: string;
  readonly password: string;
  readonly from: string;
  readonly people: readonly { readonly name: string; readonly mail: string; readonly step: number }[];
  /** By number, of those that there are. */
  readonly kept: readonly number[];
  readonly hook: string;
  readonly form: WebhookForm;
  readonly secret: string;
  readonly quietFrom: string;
  readonly quietTo: string;
  readonly digest: string;
  readonly url: string;
}

function draftOf(settings: Settings | null): Draft {
  const { smtp = null, people = [], webhooks = [], quiet = null } = settings ?? {};
  return {
    host: smtp?.host ?? '',
    port: String(smtp?.port ?? 587),
    user: smtp?.user ?? '',
    password: '',
    from: smtp?.from ?? '',
    people: people.length === 0 ? [{ name: '', mail: '', step: 1 }] : people,
    kept: webhooks.map((_, index) => index),
    hook: '',
    form: 'teams',
    secret: '',
    quietFrom: quiet?.from ?? '',
    quietTo: quiet?.to ?? '',
    digest: settings === null ? '08:00' : (settings.digest ?? ''),
    url: settings?.serviceUrl ?? new URL('.', document.baseURI).href.replace(/\/$/, ''),
  };
}

function givenBy(draft: Draft): Given {
  const { host, port, user, password, from, hook, form, secret, quietFrom, quietTo, digest, url } = draft;
  return {
    ...(host.trim() === ''
      ? {}
      : {
          smtp: {
            host: host.trim(),
            port: Number(port),
            from: from.trim(),
            ...(user.trim() === '' ? {} : { user: user.trim() }),
            ...(password === '' ? {} : { password }),
          },
        }),
    people: draft.people
      .filter(({ name, mail }) => name.trim() !== '' || mail.trim() !== '')
      .map(({ name, mail, step }) => ({ name: name.trim(), mail: mail.trim(), step })),
    webhooks: [
      ...draft.kept.map((keep) => ({ keep })),
      ...(hook.trim() === '' ? [] : [{ url: hook.trim(), form, ...(secret === '' ? {} : { secret }) }]),
    ],
    ...(quietFrom.trim() === '' && quietTo.trim() === ''
      ? {}
      : { quiet_hours: { from: quietFrom.trim(), to: quietTo.trim() } }),
    ...(digest.trim() === '' ? {} : { digest: digest.trim() }),
    ...(url.trim() === '' ? {} : { url: url.trim() }),
  };
}

function Change({ settings, onSaved }: { readonly settings: Settings | null; readonly onSaved: () => void }) {
  const [draft, setDraft] = useState(() => draftOf(settings));
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const send = async () => {
    await ask('POST /api/v1/notices', givenBy(draft));
    onSaved();
  };
  const check = () => {
    if (draft.host.trim() !== '' && draft.from.trim() === '') return 'Say from which address the mail comes.';
    if (draft.host.trim() !== '' && !draft.people.some(({ mail, step }) => mail.trim() !== '' && step > 0))
      return 'Say who is to be told of incidents: a name and a mail address.';
    return null;
  };
  return (
    <Section title={settings === null ? 'Set it up' : 'Change it'}>
      <Form button="Save" check={check} onSend={send}>
        <People people={draft.people} onChange={(people) => change({ people })} />
        <fieldset className="nhsuk-fieldset">
          <legend className="nhsuk-fieldset__legend nhsuk-fieldset__legend--s">Your mail server</legend>
          <TextField
            label="Server"
            hint="Without one, nobody gets mail."
            value={draft.host}
            onChange={(host) => change({ host })}
          />
          <TextField
            label="Port"
            hint="587 or 465. The connection is always encrypted."
            isNumeric
            isShort
            value={draft.port}
            onChange={(port) => change({ port })}
          />
          <TextField label="Account, if it asks for one" value={draft.user} onChange={(user) => change({ user })} />
          <TextField
            label="Its password"
            {...(settings?.smtp?.hasPassword === true ? { hint: 'One is kept. Leave this empty to keep it.' } : {})}
            type="password"
            autoComplete="new-password"
            value={draft.password}
            onChange={(password) => change({ password })}
          />
          <TextField
            label="The mail comes from"
            hint="For example wardwatch@hospice.example"
            value={draft.from}
            onChange={(from) => change({ from })}
          />
        </fieldset>
        <fieldset className="nhsuk-fieldset">
          <legend className="nhsuk-fieldset__legend nhsuk-fieldset__legend--s">Teams, Slack or another program</legend>
          {(settings?.webhooks ?? []).map(({ host, form }, index) => (
            <Checkbox
              key={`${host} ${index}`}
              label={`${FORM_LABEL[form]} at ${host}`}
              isChecked={draft.kept.includes(index)}
              onChange={(isChecked) =>
                change({
                  kept: isChecked
                    ? [...draft.kept, index].sort((a, b) => a - b)
                    : draft.kept.filter((each) => each !== index),
                })
              }
            />
          ))}
          <TextField
            label="Address of a new webhook"
            hint="It begins with https://. It is a secret, and not shown again."
            maxLength={2000}
            value={draft.hook}
            onChange={(hook) => change({ hook })}
          />
          <Select
            label="What takes it"
            value={draft.form}
            onChange={(form) => change({ form: form === 'slack' || form === 'generic' ? form : 'teams' })}
            options={[
              ['teams', FORM_LABEL.teams],
              ['slack', FORM_LABEL.slack],
              ['generic', 'Another program'],
            ]}
          />
          {draft.form === 'generic' && (
            <TextField
              label="Secret to sign with"
              hint="At least 16 characters. Without one it is not signed."
              type="password"
              autoComplete="new-password"
              value={draft.secret}
              onChange={(secret) => change({ secret })}
            />
          )}
        </fieldset>
        <fieldset className="nhsuk-fieldset">
          <legend className="nhsuk-fieldset__legend nhsuk-fieldset__legend--s">When</legend>
          <div className="ww-pair">
            <TextField
              label="Quiet from"
              hint="For example 22:00"
              isShort
              value={draft.quietFrom}
              onChange={(quietFrom) => change({ quietFrom })}
            />
            <TextField
              label="Quiet until"
              hint="For example 07:00"
              isShort
              value={draft.quietTo}
              onChange={(quietTo) => change({ quietTo })}
            />
            <TextField
              label="Summary at"
              hint="Empty: none"
              isShort
              value={draft.digest}
              onChange={(digest) => change({ digest })}
            />
          </div>
          <TextField
            label="Address of this page, for the links in a notice"
            value={draft.url}
            onChange={(url) => change({ url })}
          />
        </fieldset>
      </Form>
    </Section>
  );
}

function People({
  people,
  onChange,
}: {
  readonly people: Draft['people'];
  readonly onChange: (people: Draft['people']) => void;
}) {
  const change = (index: number, part: Partial<Draft['people'][number]>) =>
    onChange(people.map((person, each) => (each === index ? { ...person, ...part } : person)));
  return (
    <fieldset className="nhsuk-fieldset">
      <legend className="nhsuk-fieldset__legend nhsuk-fieldset__legend--s">Who is told</legend>
      {people.map(({ name, mail, step }, index) => {
        const which = people.length === 1 ? '' : ` of person ${index + 1}`;
        return (
          <div className="ww-pair" key={index}>
            <TextField label={`Name${which}`} value={name} onChange={(text) => change(index, { name: text })} />
            <TextField label={`Mail address${which}`} value={mail} onChange={(text) => change(index, { mail: text })} />
            <Select
              label={`When${which}`}
              value={String(step)}
              onChange={(text) => change(index, { step: Number(text) })}
              options={[...new Set([1, 2, 3, 0, step])].map((each) => [String(each), stepText(each)] as const)}
            />
          </div>
        );
      })}
      <p>
        <button
          type="button"
          className="ww-back"
          onClick={() => onChange([...people, { name: '', mail: '', step: Math.min(3, people.length + 1) }])}
        >
          Add a person
        </button>{' '}
        {people.length > 1 && (
          <button type="button" className="ww-back" onClick={() => onChange(people.slice(0, -1))}>
            Take the last away
          </button>
        )}
      </p>
    </fieldset>
  );
}

const LETTER_STATE: Readonly<Record<Notices['letters'][number]['state'], readonly [colour: string, text: string]>> = {
  sent: ['green', 'Sent'],
  waits: ['grey', 'Waits until'],
  failing: ['red', 'Not taken; again at'],
  'given-up': ['red', 'Given up'],
};

function Letters({ letters }: { readonly letters: Notices['letters'] }) {
  return (
    <Section title="What was sent">
      {letters.length === 0 ? (
        <p>Nothing yet.</p>
      ) : (
        <Table
          caption={`The last ${counted(letters.length, 'notice')}`}
          columns={[{ name: 'Made' }, { name: 'To' }, { name: 'What became of it' }]}
          items={letters}
          row={({ id, to, madeAt, state, at, tries }) => ({
            key: id,
            cells: [
              <When at={madeAt} />,
              to,
              <>
                <strong className={`nhsuk-tag nhsuk-tag--${LETTER_STATE[state][0]} ww-tag`}>
                  {LETTER_STATE[state][1]}
                </strong>{' '}
                <When at={at} />
                {tries > 0 && `, after ${counted(tries, 'try').replace('trys', 'tries')}`}
              </>,
            ],
          })}
        />
      )}
    </Section>
  );
}
