import { useState } from 'react';
import { type Answer, ask } from '../client/ask.ts';
import { serviceNow } from '../client/clock.ts';
import { Form, Radios, Select, TextField } from '../parts/form.tsx';
import { Show, useAsk } from '../parts/loaded.tsx';
import { useRoles } from '../parts/session.tsx';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { Table } from '../parts/table.tsx';
import { counted, spanText } from '../parts/text.ts';
import { When } from '../parts/words.tsx';
import { GUIDES, type SourceKind } from '../parts/source-guides.ts';
import { SetUp } from './source-set-up.tsx';

type Source = Answer<'GET /api/v1/sources'>['items'][number];

interface Added {
  readonly id: string;
  readonly kind: SourceKind;
  readonly token: string;
}

/** A source that was just added is looked for this often. */
const WAITING_MS = 3000;
const USUAL_MS = 30_000;

export function SourcesPage() {
  const [added, setAdded] = useState<Added | null>(null);
  const sources = useAsk('GET /api/v1/sources', {}, { everyMs: added === null ? USUAL_MS : WAITING_MS });
  const isAdmin = useRoles().includes('admin');
  return (
    <>
      <Title>Sources</Title>
      <p>
        What sends its logs here. What is not here is not seen.{' '}
        {isAdmin && sources.is === 'ready' && sources.data.items.length > 0 && (
          <a href={`#${CONNECT}`}>Connect another source</a>
        )}
      </p>
      {added !== null && (
        <Show of={sources} what="whether it is heard">
          {({ items, doors }) => (
            <SetUp {...added} source={items.find(({ id }) => id === added.id) ?? null} doors={doors} />
          )}
        </Show>
      )}
      <Section title="Who is heard">
        <Show of={sources} what="the sources">
          {({ items }) => <Sources items={items} />}
        </Show>
      </Section>
      {isAdmin && sources.is === 'ready' && sources.data.items.some(isActive) && (
        <Section title="Change a source">
          <Change items={sources.data.items.filter(isActive)} reload={sources.reload} onToken={setAdded} />
        </Section>
      )}
      {isAdmin && (
        <Section title="Connect a source" id={CONNECT}>
          <Add
            onAdded={(made) => {
              setAdded(made);
              if (sources.is === 'ready') sources.reload();
              scrollTo(0, 0);
            }}
          />
        </Section>
      )}
    </>
  );
}

const CONNECT = 'connect';

function isActive({ state }: Source): boolean {
  return state === 'active';
}

const CHANGES = [
  { value: 'token', text: 'A new token', hint: 'the one before is worth nothing from then on' },
  { value: 'addresses', text: 'Another address', hint: 'from where it may send' },
  { value: 'end', text: 'Switch it off', hint: 'nothing of it is taken any more; what it sent stays' },
] as const;

function Change({
  items,
  reload,
  onToken,
}: {
  readonly items: readonly Source[];
  readonly reload: () => void;
  readonly onToken: (made: Added) => void;
}) {
  const [id, setId] = useState('');
  const [choice, setChoice] = useState('');
  const [addresses, setAddresses] = useState('');
  const [said, setSaid] = useState('');
  const source = items.find((each) => each.id === id);
  const guide = GUIDES.find(({ kind }) => kind === source?.kind);
  const options = CHANGES.filter(
    ({ value }) => value === 'end' || (value === 'token' ? guide?.usesToken === true : source?.addresses !== null),
  );
  const send = async () => {
    if (choice === 'end') await ask('POST /api/v1/sources/:id/end', { id });
    else if (choice === 'addresses') await ask('POST /api/v1/sources/:id/addresses', { id, addresses });
    else {
      const { token } = await ask('POST /api/v1/sources/:id/token', { id });
      if (guide !== undefined) onToken({ id, kind: guide.kind, token });
    }
    setSaid(choice === 'end' ? `${source?.name ?? 'It'} is switched off.` : `${source?.name ?? 'It'} is changed.`);
    setId('');
    setChoice('');
    reload();
  };
  return (
    <>
      <Form
        button="Change it"
        isSecondary
        isWarning={choice === 'end'}
        check={() => {
          if (source === undefined) return 'Choose a source.';
          if (choice === '') return 'Choose what to change.';
          return choice === 'addresses' && addresses.trim() === '' ? 'Say from which address it sends.' : null;
        }}
        onSend={send}
      >
        <Select
          label="Which?"
          value={id}
          onChange={(chosen) => {
            setId(chosen);
            setChoice('');
            setAddresses(items.find((each) => each.id === chosen)?.addresses ?? '');
          }}
          options={[['', 'Choose one'], ...items.map((each) => [each.id, each.name] as const)]}
        />
        {source !== undefined && (
          <Radios legend="What do you change?" value={choice} onChange={setChoice} options={options} />
        )}
        {choice === 'addresses' && (
          <TextField
            label="Its address or network now"
            hint="For example 10.1.0.1 or 10.1.0.0/16."
            value={addresses}
            onChange={setAddresses}
          />
        )}
      </Form>
      <p role="status">{said}</p>
    </>
  );
}

function Sources({ items }: { readonly items: readonly Source[] }) {
  // What is not heard first: of hundreds it would be beneath all that is well.
  const active = items.filter(isActive).toSorted((a, b) => Number(isHeard(a)) - Number(isHeard(b)));
  const ended = items.filter((source) => !isActive(source));
  return (
    <>
      {active.length === 0 ? (
        <p>{ended.length === 0 ? 'None yet.' : 'None any more.'} Begin with a domain controller or the firewall.</p>
      ) : (
        <SourceTable items={active} caption={counted(active.length, 'source')} />
      )}
      {ended.length > 0 && (
        <details className="ww-more">
          <summary>{counted(ended.length, 'source')} switched off</summary>
          <SourceTable items={ended} caption="Switched off: what they sent stays" />
        </details>
      )}
    </>
  );
}

const KIND: Readonly<Record<string, string>> = {
  windows: 'Windows',
  syslog: 'Syslog',
  http: 'Shipper, by HTTP',
  fhir: 'Record system, by FHIR',
  hl7: 'Record system, by HL7',
  files: 'Folder of files',
  m365: 'Microsoft 365',
};

function SourceTable({ items, caption }: { readonly items: readonly Source[]; readonly caption: string }) {
  return (
    <Table
      isNamed
      caption={caption}
      columns={[{ name: 'Name' }, { name: 'Kind' }, { name: 'How it is' }, { name: 'Last heard' }]}
      items={items}
      row={(source) => ({
        key: source.id,
        cells: [
          source.name,
          KIND[source.kind] ?? source.kind,
          <HowItIs source={source} />,
          source.lastHeardAt === null ? 'Never yet' : <When at={source.lastHeardAt} />,
        ],
      })}
    />
  );
}

const DAY_MS = 24 * 3_600_000;

function isHeard({ lastHeardAt, silentSince }: Source): boolean {
  return lastHeardAt !== null && silentSince === null && serviceNow() - Date.parse(lastHeardAt) < DAY_MS;
}

function HowItIs({ source: { lastHeardAt, silentSince, state } }: { readonly source: Source }) {
  const tag = (colour: string, text: string) => (
    <strong className={`nhsuk-tag nhsuk-tag--${colour} ww-tag`}>{text}</strong>
  );
  if (state !== 'active') return tag('grey', 'Switched off');
  if (lastHeardAt === null) return tag('orange', 'Never heard');
  if (silentSince !== null) return tag('red', `Silent for ${spanText(Date.parse(silentSince), serviceNow())}`);
  return serviceNow() - Date.parse(lastHeardAt) < DAY_MS ? tag('green', 'Heard') : tag('orange', 'Not heard for a day');
}

/** Without a token: it is known by where it sends from. */
function isByAddress(kind: SourceKind): boolean {
  return kind === 'syslog' || kind === 'hl7';
}

function Add({ onAdded }: { readonly onAdded: (made: { id: string; kind: SourceKind; token: string }) => void }) {
  const [name, setName] = useState('');
  const [kind, setKind] = useState<SourceKind>('windows');
  const [addresses, setAddresses] = useState('');
  const send = async () => {
    const { id, token } = await ask('POST /api/v1/sources', {
      name: name.trim(),
      kind,
      ...(isByAddress(kind) ? { addresses } : {}),
    });
    setName('');
    onAdded({ id, kind, token });
  };
  return (
    <Form
      button="Add it"
      check={() => {
        if (name.trim() === '') return 'Give it a name that your colleagues know.';
        return isByAddress(kind) && addresses.trim() === '' ? 'Say from which address it sends.' : null;
      }}
      onSend={send}
    >
      <TextField
        label="Name"
        hint="As your colleagues call it: dc1, ward firewall, EPR."
        value={name}
        onChange={setName}
      />
      <Select
        label="What is it?"
        value={kind}
        onChange={(chosen) => setKind(GUIDES.find((guide) => guide.kind === chosen)?.kind ?? 'windows')}
        options={GUIDES.map((guide) => [guide.kind, guide.what] as const)}
      />
      {isByAddress(kind) && (
        <TextField
          label="Its address or network"
          hint="For example 10.1.0.1 or 10.1.0.0/16."
          value={addresses}
          onChange={setAddresses}
        />
      )}
    </Form>
  );
}
