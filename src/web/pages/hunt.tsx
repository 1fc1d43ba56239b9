import { useEffect, useMemo, useState } from 'react';
import { ask, askLines, askCounts, type Asker, asProblem, type CountedSoFar, type Problem } from '../client/ask.ts';
import { toCsv } from '../parts/csv.ts';
import { termOf } from '../parts/query.ts';
import { Form, TextField } from '../parts/form.tsx';
import { Show, useAsk, useLoaded } from '../parts/loaded.tsx';
import { LongList } from '../parts/long-list.tsx';
import { go, Link, usePlace } from '../parts/router.tsx';
import { saveAs } from '../parts/save.ts';
import { useRoles } from '../parts/session.tsx';
import { Scroll, Section } from '../parts/section.tsx';
import { Title } from '../parts/shell.tsx';
import { asSeen, counted, dateText, numberText } from '../parts/text.ts';
import { When } from '../parts/words.tsx';

/** An event as a line of `/api/v1/events`. */
interface Event {
  readonly id: string;
  readonly at: string | null;
  readonly receivedAt: string;
  readonly host: string | null;
  readonly account: string | null;
  readonly address: string | null;
  readonly product: string | null;
  readonly channel: string | null;
  readonly eventId: number | null;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly text: string | null;
}

/** At once; and whoever wants more wants many. */
const SHOWN = 200;
const OLDER = 5000;

export function HuntPage() {
  const { query: place } = usePlace();
  const query = place.get('query') ?? '';
  const [typed, setTyped] = useState(query);
  useEffect(() => setTyped(query), [query]);
  return (
    <>
      <Title>Hunt</Title>
      <Form
        button="Search"
        onSend={async () => {
          go('hunt', { query: typed });
        }}
      >
        <TextField
          label="What do you look for?"
          hint="For example: host:dc1 process:*psexec* -user:svc_* last 7d. Without a time: the last day."
          value={typed}
          onChange={setTyped}
          maxLength={2000}
        />
      </Form>
      <Help />
      <Saved query={query} />
      {place.has('query') && <Found query={withTime(query)} key={query} />}
    </>
  );
}

/** Searches that somebody wants to ask again, for all who hunt. */
function Saved({ query }: { readonly query: string }) {
  const [name, setName] = useState('');
  const isAnalyst = useRoles().includes('analyst');
  const saved = useAsk('GET /api/v1/hunts', {}, { everyMs: null });
  const reload = saved.is === 'ready' ? saved.reload : () => undefined;
  return (
    <details className="ww-more">
      <summary>Saved searches</summary>
      <Show of={saved} what="the saved searches">
        {({ items }) =>
          items.length === 0 ? (
            <p>
              None yet. Search for something that is worth asking again, and save it here for everybody who hunts. A
              saved search can become a rule, which looks at each log line as it comes.
            </p>
          ) : (
            <ul>
              {items.map((hunt) => (
                <li key={hunt.id}>
                  <Link to="hunt" query={{ query: hunt.query }}>
                    {hunt.name}
                  </Link>{' '}
                  <code>{hunt.query}</code> <span className="ww-quiet">by {hunt.by}</span>{' '}
                  {isAnalyst && (
                    <Link to="local-rule" query={{ hunt: hunt.id }}>
                      Make a rule<span className="nhsuk-u-visually-hidden"> of {hunt.name}</span>
                    </Link>
                  )}{' '}
                  {hunt.mayRemove && <Remove id={hunt.id} name={hunt.name} reload={reload} />}
                </li>
              ))}
            </ul>
          )
        }
      </Show>
      {query !== '' && (
        <Form
          button="Save it"
          isSecondary
          check={() => (name.trim() === '' ? 'Give it a name.' : null)}
          onSend={async () => {
            await ask('POST /api/v1/hunts', { name, query });
            setName('');
            reload();
          }}
        >
          <TextField label={`Name for “${query.slice(0, 80)}”`} value={name} onChange={setName} maxLength={100} />
        </Form>
      )}
    </details>
  );
}

function Remove({ id, name, reload }: { readonly id: string; readonly name: string; readonly reload: () => void }) {
  const [problem, setProblem] = useState<string | null>(null);
  const remove = () => {
    ask('POST /api/v1/hunts/:id/remove', { id }).then(reload, (error: unknown) => setProblem(asProblem(error).message));
  };
  return (
    <>
      <button type="button" className="ww-back" onClick={remove}>
        Take away<span className="nhsuk-u-visually-hidden"> {name}</span>
      </button>
      {problem !== null && <span role="alert"> {problem}</span>}
    </>
  );
}

/** A query without a time would read all that is kept. */
function withTime(query: string): string {
  return /(^|\s)(last\s+\d|from:|to:)/.test(query) ? query : `${query} last 24h`.trim();
}

function Help() {
  return (
    <details className="ww-more">
      <summary>How to ask</summary>
      <dl className="ww-facts">
        <dt>
          <code>host:dc1 user:jsmith</code>
        </dt>
        <dd>both hold; capitals do not matter</dd>
        <dt>
          <code>process:*psexec*</code>
        </dt>
        <dd>* is any text</dd>
        <dt>
          <code>-user:svc_*</code>
        </dt>
        <dd>not these</dd>
        <dt>
          <code>event:4624,4625</code>
        </dt>
        <dd>one of them</dd>
        <dt>
          <code>port&gt;1024</code>
        </dt>
        <dd>numbers</dd>
        <dt>
          <code>"exact words"</code>
        </dt>
        <dd>in the raw text</dd>
        <dt>
          <code>(host:dc1 OR host:dc2)</code>
        </dt>
        <dd>either</dd>
        <dt>
          <code>last 7d</code>
        </dt>
        <dd>or from:2026-11-01 to:2026-11-02</dd>
      </dl>
    </details>
  );
}

interface Counts extends CountedSoFar {
  /** Why it was not counted to the end; `null`: it was, or that goes on. */
  readonly brokenOff: Problem | null;
}

async function count(query: string, signal: AbortSignal, show: (counts: Counts) => void): Promise<Counts> {
  let last: Counts | null = null;
  try {
    for await (const soFar of askCounts(query, signal)) {
      last = { ...soFar, brokenOff: null };
      show(last);
    }
  } catch (error) {
    if (last === null || signal.aborted) throw error;
    return { ...last, brokenOff: asProblem(error) };
  }
  if (last === null) throw new Error('an answer without counts');
  return last;
}

function Found({ query }: { readonly query: string }) {
  const events = useLoaded<readonly Event[]>(
    `events ${query}`,
    (signal, _asker: Asker) => askLines<Event>('GET /api/v1/events', { query, limit: SHOWN }, signal),
    { everyMs: null },
  );
  return (
    <>
      <Section title="How many, over time">
        <HowMany query={query} />
      </Section>
      <Section title="Log lines, the newest first">
        <Show of={events} what="the log lines">
          {(rows) => (rows.length === 0 ? <Nothing /> : <Pages query={query} first={rows} />)}
        </Show>
      </Section>
    </>
  );
}

/** Drawn by itself: it is told again and again, and the log lines stay as they are. */
function HowMany({ query }: { readonly query: string }) {
  const counts = useLoaded<Counts>(`counts ${query}`, (signal, _asker, soFar) => count(query, signal, soFar), {
    everyMs: null,
  });
  return (
    <Show of={counts} what="the counts">
      {(data) => <Bars counts={data} countAgain={counts.is === 'ready' ? counts.reload : () => undefined} />}
    </Show>
  );
}

/** The newest, and older ones as they are asked for. */
function Pages({ query, first }: { readonly query: string; readonly first: readonly Event[] }) {
  const [older, setOlder] = useState<readonly Event[]>([]);
  const [isWhole, setWhole] = useState(first.length < SHOWN);
  const rows = useMemo(() => [...first, ...older], [first, older]);
  const last = rows.at(-1);
  const go = async () => {
    if (last === undefined) return;
    const next = await askLines<Event>('GET /api/v1/events', { query, limit: OLDER, cursor: cursorOf(last) });
    setOlder([...older, ...next]);
    setWhole(next.length < OLDER);
  };
  return (
    <>
      <Rows rows={rows} isWhole={isWhole} />
      {!isWhole && <Form button={`Show ${numberText(OLDER)} older ones`} isSecondary onSend={go} />}
    </>
  );
}

/** As `/api/v1/events` takes it. */
function cursorOf({ id, at, receivedAt }: Event): string {
  return `${Date.parse(at ?? receivedAt)}.${id}`;
}

function Nothing() {
  return (
    <p>
      No log line matches. That does not prove that nothing happened: <Link to="sources">see what is heard</Link>, or
      ask for a longer time, such as <code>last 30d</code>.
    </p>
  );
}

const WIDTH = 900;
const HEIGHT = 134;
const BASE = 130;

function Bars({ counts, countAgain }: { readonly counts: Counts; readonly countAgain: () => void }) {
  const { bars, total, from, to, wholeFrom } = counts;
  const isWhole = wholeFrom === from;
  const unknown = ((Date.parse(wholeFrom) - Date.parse(from)) / (Date.parse(to) - Date.parse(from))) * WIDTH;
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const width = WIDTH / Math.max(1, bars.length);
  return (
    <>
      <p>
        {!isWhole && 'At least '}
        <strong>{counted(total, 'log line')}</strong> from <When at={from} /> to <When at={to} />
      </p>
      {!isWhole && <HowFar counts={counts} countAgain={countAgain} />}
      {(total > 0 || !isWhole) && (
        <>
          <svg
            className="ww-chart"
            viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
            role="img"
            aria-label={`${isWhole ? '' : 'At least '}${counted(total, 'log line')}, at most ${numberText(most)} in one bar. The table below has each number.`}
          >
            {!isWhole && (
              <rect className="ww-chart__unknown" x={0} width={unknown} y={0} height={BASE}>
                <title>Not all counted</title>
              </rect>
            )}
            <line className="ww-chart__grid" x1={0} x2={WIDTH} y1={BASE} y2={BASE} />
            {bars.map(({ from: at, count }, index) => {
              const height = count === 0 ? 0 : Math.max(2, (count / most) * (BASE - 20));
              return (
                <rect
                  key={at}
                  className="ww-chart__bar"
                  x={index * width + 1}
                  width={Math.max(1, width - 2)}
                  y={BASE - height}
                  height={height}
                >
                  <title>{`${dateText(at)}: ${counted(count, 'log line')}`}</title>
                </rect>
              );
            })}
          </svg>
          <p className="ww-ends" aria-hidden="true">
            <span>{dateText(from)}</span>
            <span>{dateText(to)}</span>
          </p>
          <details className="ww-more">
            <summary>The same as a table</summary>
            <table className="ww-table">
              <thead>
                <tr>
                  <th scope="col">From</th>
                  <th scope="col" className="ww-number">
                    Log lines
                  </th>
                </tr>
              </thead>
              <tbody>
                {bars
                  .filter(({ count }) => count > 0)
                  .map(({ from: at, count }) => (
                    <tr key={at}>
                      <th scope="row">
                        <When at={at} />
                      </th>
                      <td className="ww-number">{numberText(count)}</td>
                    </tr>
                  ))}
              </tbody>
            </table>
          </details>
        </>
      )}
    </>
  );
}

/** What is not counted is said, so that nobody takes it for nothing. */
function HowFar({
  counts: { wholeFrom, brokenOff },
  countAgain,
}: {
  readonly counts: Counts;
  readonly countAgain: () => void;
}) {
  if (brokenOff === null)
    return (
      <p className="ww-quiet">
        Counted back to <When at={wholeFrom} />. Older ones are still being counted.
      </p>
    );
  return (
    <div role="alert" className="ww-trouble">
      <p>
        <strong>
          Counted back to <When at={wholeFrom} /> only.
        </strong>{' '}
        {brokenOff.message} {brokenOff.hint}
      </p>
      <button type="button" className="nhsuk-button nhsuk-button--secondary" onClick={countAgain}>
        Count again
      </button>
    </div>
  );
}

function Rows({ rows, isWhole }: { readonly rows: readonly Event[]; readonly isWhole: boolean }) {
  return (
    <>
      <p className="ww-pair">
        <span role="status">
          {isWhole ? `All ${counted(rows.length, 'log line')}.` : `The newest ${numberText(rows.length)}.`}
        </span>
        <button
          type="button"
          className="ww-back"
          onClick={() =>
            saveAs('events.ndjson', 'application/x-ndjson', rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
          }
        >
          Save these as NDJSON
        </button>
        <button
          type="button"
          className="ww-back"
          onClick={() => saveAs('events.csv', 'text/csv', toCsv(rows.map(flat)))}
        >
          Save these as CSV
        </button>
      </p>
      <LongList items={rows} keyOf={idOf} draw={rowOf} />
    </>
  );
}

function idOf({ id }: Event): string {
  return id;
}

function rowOf(event: Event) {
  return <Row event={event} />;
}

/** What a row of a spreadsheet has. */
function flat({ fields, text, ...own }: Event): Readonly<Record<string, string>> {
  return {
    ...Object.fromEntries(Object.entries(own).map(([name, value]) => [name, String(value ?? '')])),
    fields: JSON.stringify(fields),
    text: text ?? '',
  };
}

function Row({ event }: { readonly event: Event }) {
  const [isOpen, setOpen] = useState(false);
  const { at, receivedAt, host, account, address, channel, product, eventId } = event;
  const what = [channel ?? product, eventId].filter((each) => each !== null).join(' ');
  const who = asSeen([host, account, address].filter((each) => each !== null).join(' · '));
  const said = saidBy(event);
  return (
    <details className="ww-more" onToggle={(toggled) => setOpen(toggled.currentTarget.open)}>
      <summary>
        <When at={at ?? receivedAt} />: {who} <span className="ww-quiet">{what}</span>
        {said !== '' && (
          <>
            <br />
            <code className="ww-said">{said}</code>
          </>
        )}
      </summary>
      {isOpen && <Detail event={event} />}
    </details>
  );
}

/** Where an event says most plainly what it is, the first that there is: a command, a program, a place, a message, the line. */
const SAYS = [
  'CommandLine',
  'ScriptBlockText',
  'ImagePath',
  'Image',
  'NewProcessName',
  'TargetFilename',
  'QueryName',
  'cs-uri-stem',
  'Operation',
  'dst_ip',
  'Message',
  'message',
];
const MAX_SAID = 160;

function saidBy({ fields, text }: Event): string {
  const said = SAYS.map((name) => fields[name]).find(
    (value): value is string => typeof value === 'string' && value !== '',
  );
  const line = asSeen((said ?? text ?? '').replaceAll(/\s+/g, ' '));
  return line.length > MAX_SAID ? `${line.slice(0, MAX_SAID)}…` : line;
}

const OWN = ['host', 'account', 'address', 'channel', 'eventId', 'product'] as const;
const FIELD_OF: Readonly<Record<string, string>> = { account: 'user', address: 'ip', eventId: 'event' };

function Detail({ event }: { readonly event: Event }) {
  const own = OWN.flatMap((name) => {
    const value = event[name];
    return value === null ? [] : [[FIELD_OF[name] ?? name, String(value)] as const];
  });
  const fields = Object.entries(event.fields).map(
    ([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const,
  );
  return (
    <>
      <Scroll title={`Fields of the log line ${event.id}`} hidden="all of them">
        <table className="ww-table">
          <caption>Its fields. A value leads to all log lines that have it too.</caption>
          <tbody>
            {[...own, ...fields].map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{asSeen(name)}</th>
                <td>
                  <Pivot name={name} value={value} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {event.text !== null && (
        <>
          <p>As it came, with pseudonyms for patients:</p>
          <code className="ww-raw">{asSeen(event.text)}</code>
        </>
      )}
    </>
  );
}

const MAX_PIVOT = 200;

/** Adds the value to what is asked for. */
function Pivot({ name, value }: { readonly name: string; readonly value: string }) {
  const { query } = usePlace();
  const term = value === '' || value.length > MAX_PIVOT || !/^[\w.-]+$/.test(name) ? null : termOf(name, value);
  if (term === null) return <>{asSeen(value)}</>;
  return (
    <Link to="hunt" query={{ query: `${query.get('query') ?? ''} ${term}`.trim() }}>
      {asSeen(value)}
    </Link>
  );
}
