import { useState } from 'react';
import { type Answer, ask } from '../client/ask.ts';
import { Form, Select, TextField } from '../parts/form.tsx';
import { Show, useAsk } from '../parts/loaded.tsx';
import { useRoles } from '../parts/session.tsx';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { counted, spanText } from '../parts/text.ts';
import { When } from '../parts/words.tsx';
import { GUIDES, type SourceKind } from '../parts/source-guides.ts';

type Source = Answer<'GET /api/v1/sources'>['items'][number];

/** A source that was just added is looked for this often. */
const WAITING_MS = 3000;
const USUAL_MS = 30_000;

export function SourcesPage() {
  const [added, setAdded] = useState<{ readonly id: string; readonly kind: SourceKind; readonly token: string } | null>(
    null,
  );
  const sources = useAsk('GET /api/v1/sources', {}, { everyMs: added === null ? USUAL_MS : WAITING_MS });
  const isAdmin = useRoles().includes('admin');
  return (
    <>
      <Title>Sources</Title>
      <p>What sends its logs here. What is not here is not seen.</p>
      {added !== null && (
        <Show of={sources} what="whether it is heard">
          {({ items }) => <Connecting {...added} source={items.find(({ id }) => id === added.id) ?? null} />}
        </Show>
      )}
      <Section title="Who is heard">
        <Show of={sources} what="the sources">
          {({ items }) => <Sources items={items} />}
        </Show>
      </Section>
      {isAdmin && (
        <Section title="Connect a source">
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

function Sources({ items }: { readonly items: readonly Source[] }) {
  if (items.length === 0) return <p>None yet. Begin with a domain controller or the firewall.</p>;
  return (
    <div className="ww-scroll">
      <table className="ww-table">
        <caption>{counted(items.length, 'source')}</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Kind</th>
            <th scope="col">How it is</th>
            <th scope="col">Last heard</th>
          </tr>
        </thead>
        <tbody>
          {items.map((source) => (
            <tr key={source.id}>
              <th scope="row">{source.name}</th>
              <td>{source.kind}</td>
              <td>
                <HowItIs source={source} />
              </td>
              <td>{source.lastHeardAt === null ? 'Never yet' : <When at={source.lastHeardAt} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const DAY_MS = 24 * 3_600_000;

function HowItIs({ source: { lastHeardAt, silentSince, state } }: { readonly source: Source }) {
  const tag = (colour: string, text: string) => (
    <strong className={`nhsuk-tag nhsuk-tag--${colour} ww-tag`}>{text}</strong>
  );
  if (state !== 'active') return tag('grey', 'Switched off');
  if (lastHeardAt === null) return tag('orange', 'Never heard');
  if (silentSince !== null) return tag('red', `Silent for ${spanText(Date.parse(silentSince), Date.now())}`);
  return Date.now() - Date.parse(lastHeardAt) < DAY_MS ? tag('green', 'Heard') : tag('orange', 'Not heard for a day');
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

interface ConnectingProps {
  readonly kind: SourceKind;
  readonly token: string;
  readonly source: Source | null;
}

/** What to copy, and whether it works. */
function Connecting({ kind, token, source }: ConnectingProps) {
  const guide = GUIDES.find((each) => each.kind === kind);
  const isHeard = source?.lastHeardAt != null;
  return (
    <Section title={`Connect ${source?.name ?? 'it'}`}>
      <p role="status" className="ww-note">
        {isHeard ? (
          <>
            <strong>It works.</strong> First heard <When at={source.lastHeardAt} />.
          </>
        ) : (
          <>
            <strong>Nothing heard yet.</strong> This line changes by itself when the first log line comes.
          </>
        )}
      </p>
      {guide?.usesToken === true && (
        <p>
          Its token, shown only now: <code className="ww-secret">{token}</code>
        </p>
      )}
      {guide?.steps.map((step) => (
        <p key={step}>{step}</p>
      ))}
      {guide !== undefined && (
        <pre className="ww-raw">
          {guide.configuration
            .replaceAll('ADDRESS', location.origin)
            .replaceAll('SERVER', location.hostname)
            .replaceAll('TOKEN', token)}
        </pre>
      )}
    </Section>
  );
}
