import { useEffect, useMemo, useState } from 'react';
import { type Answer, ask, type Asker } from '../client/ask.ts';
import { Form } from '../parts/form.tsx';
import { EVERY_MS, Show, useLoaded } from '../parts/loaded.tsx';
import { RevealSetAside } from '../parts/reveal.tsx';
import { Link, usePlace } from '../parts/router.tsx';
import { useRoles } from '../parts/session.tsx';
import { Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { Table } from '../parts/table.tsx';
import { counted, numberText } from '../parts/text.ts';
import { When } from '../parts/words.tsx';

type Page = Answer<'GET /api/v1/setaside'>;
const SIZE = 200;
/** Of the ones before; as many as the service gives at a time. */
const OLDER = 1000;

const MESSAGE = 'message';

export function SetAsidePage() {
  const entries = useLoaded<Page>(
    'set aside',
    (signal: AbortSignal, asker: Asker) => ask('GET /api/v1/setaside', { limit: SIZE }, signal, asker),
    { everyMs: EVERY_MS },
  );
  const roles = useRoles();
  const isAdmin = roles.includes('admin');
  const mayLook = roles.includes('privacy');
  const looked = usePlace().query.get('id');
  useEffect(() => {
    // It comes above the list that it was chosen from.
    if (looked !== null) document.getElementById(MESSAGE)?.focus({ preventScroll: true });
  }, [looked]);
  return (
    <>
      <Title>Set aside</Title>
      <p>
        What came and could not be read. It is kept, sealed, and not judged. After a change that makes it readable it
        can be read again.{mayLook && ' It may name patients: you are shown one for a reason, which is recorded.'}
      </p>
      {mayLook && looked !== null && (
        <Section title={`The message ${looked}`} id={MESSAGE} key={looked}>
          <RevealSetAside id={looked} />
        </Section>
      )}
      <Show of={entries} what="what was set aside">
        {({ items, next, gone }) =>
          items.length === 0 && gone.length === 0 ? (
            <p>Nothing: everything that came could be read.</p>
          ) : (
            <>
              {gone.map((each) => (
                <Gone key={each.source ?? ''} gone={each} />
              ))}
              {isAdmin && <Again reload={entries.is === 'ready' ? entries.reload : () => undefined} />}
              <Pages first={items} next={next} mayLook={mayLook} key={`${items[0]?.id ?? ''} ${items.length}`} />
            </>
          )
        }
      </Show>
    </>
  );
}

/** What nobody can look at any more. */
function Gone({ gone: { source, messages, firstAt, lastAt } }: { readonly gone: Page['gone'][number] }) {
  return (
    <p className="ww-trouble">
      <strong>
        {counted(messages, 'message')} of {source ?? 'nobody known'} {messages === 1 ? 'is' : 'are'} gone for good.
      </strong>{' '}
      It sent more that cannot be read than there is room for (256 MiB of each source): the oldest went from{' '}
      <When at={firstAt} /> to <When at={lastAt} />. If it goes on, mend what it sends, or switch it off.
    </p>
  );
}

/** The newest, and older ones as they are asked for. */
function Pages({
  first,
  next,
  mayLook,
}: {
  readonly first: Page['items'];
  readonly next: string | null;
  readonly mayLook: boolean;
}) {
  const [older, setOlder] = useState<Pick<Page, 'items' | 'next'>>({ items: [], next });
  const rows = useMemo(() => [...first, ...older.items], [first, older]);
  const go = async () => {
    const page = await ask('GET /api/v1/setaside', { limit: OLDER, cursor: older.next ?? '' });
    setOlder({ items: [...older.items, ...page.items], next: page.next });
  };
  return (
    <Section title={older.next === null ? counted(rows.length, 'message') : `The newest ${numberText(rows.length)}`}>
      <Table
        columns={[
          { name: 'Came' },
          { name: 'From' },
          { name: 'Why it could not be read' },
          { name: 'Bytes', isNumber: true },
          ...(mayLook ? [{ name: 'What it says' }] : []),
        ]}
        items={rows}
        row={(entry) => ({
          key: entry.id,
          cells: [
            <When at={entry.receivedAt} />,
            entry.source ?? 'Nobody known',
            <>
              {entry.detail} <span className="ww-quiet">({entry.reason})</span>
            </>,
            numberText(entry.bytes),
            ...(mayLook
              ? [
                  <Link to="set-aside" query={{ id: entry.id }}>
                    Look<span className="nhsuk-u-visually-hidden"> at {entry.id}</span>
                  </Link>,
                ]
              : []),
          ],
        })}
      />
      {older.next !== null && <Form button={`Show ${numberText(OLDER)} older ones`} isSecondary onSend={go} />}
    </Section>
  );
}

function Again({ reload }: { readonly reload: () => void }) {
  const [result, setResult] = useState<string | null>(null);
  return (
    <>
      <Form
        button="Read them again"
        isSecondary
        onSend={async () => {
          const { read, still } = await ask('POST /api/v1/setaside/replay', {});
          setResult(`${counted(read, 'message')} could be read now; ${numberText(still)} could not.`);
          reload();
        }}
      />
      <p role="status">{result}</p>
    </>
  );
}
