import { useState } from 'react';
import type { Answer } from '../client/ask.ts';
import { Show, useAsk } from './loaded.tsx';
import { termOf } from './query.ts';
import { Link } from './router.tsx';
import { Words } from './term.tsx';
import { asSeen, counted, numberText } from './text.ts';
import { When } from './words.tsx';

export interface FindingLineProps {
  readonly id: string;
  readonly at: string | null;
  readonly plain: string;
  readonly points: number;
}

/** One finding in a line; opened, everything about it. */
export function FindingLine({ id, at, plain, points }: FindingLineProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="ww-more" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <When at={at} />: {plain} {points > 0 && `(${points} of 3 points)`}
      </summary>
      {isOpen && <FindingDetail id={id} />}
    </details>
  );
}

const AROUND_MS = 5 * 60_000;

function FindingDetail({ id }: { readonly id: string }) {
  const loaded = useAsk('GET /api/v1/findings/:id', { id }, { everyMs: null });
  return (
    <Show of={loaded} what="the finding">
      {({ finding }) => {
        const { host, account } = finding.entities;
        return (
          <>
            <dl className="ww-facts">
              <dt>It could be innocent</dt>
              <dd>
                <Words text={finding.innocent} />
              </dd>
              <dt>What to do next</dt>
              <dd>
                <ul>
                  {finding.next.map((step) => (
                    <li key={step}>
                      <Words text={step} />
                    </li>
                  ))}
                </ul>
              </dd>
              {Object.entries(finding.matched).map(([name, value]) => (
                <Matched key={name} name={name} value={value ?? ''} />
              ))}
              <dt>Rule</dt>
              <dd>
                {finding.title}, by {finding.author}{' '}
                <span className="ww-quiet">
                  ({finding.ruleId}
                  {finding.techniques.length > 0 && `; ATT&CK ${finding.techniques.join(', ')}`})
                </span>
              </dd>
              <dt>Evidence</dt>
              <dd>
                <Evidence evidence={finding.evidence} />
              </dd>
            </dl>
            <p className="ww-pair">
              <LinesAround finding={finding} />
              {(host !== undefined || account !== undefined) && (
                <Link to="normal" query={{ finding: id }}>
                  This is normal here
                </Link>
              )}
            </p>
          </>
        );
      }}
    </Show>
  );
}

/** Of a correlation they may be hundreds. */
const FEW = 10;

function Evidence({ evidence }: { readonly evidence: Answer<'GET /api/v1/findings/:id'>['finding']['evidence'] }) {
  const line = (each: (typeof evidence)[number]) => (
    <li key={`${each.path} ${each.record}`}>
      <When at={each.at} /> <EventLink path={each.path} record={each.record} at={each.at} />
    </li>
  );
  return (
    <>
      {counted(evidence.length, 'event')}
      <ul>{evidence.slice(0, FEW).map(line)}</ul>
      {evidence.length > FEW && (
        <details className="ww-more">
          <summary>The other {numberText(evidence.length - FEW)}</summary>
          <ul>{evidence.slice(FEW).map(line)}</ul>
        </details>
      )}
    </>
  );
}

function LinesAround({
  finding: { at, entities },
}: {
  readonly finding: Answer<'GET /api/v1/findings/:id'>['finding'];
}) {
  const term = termAbout(entities);
  if (at === null || term === null) return null;
  return (
    <Link to="hunt" query={{ query: `${term} from:${around(at, -AROUND_MS)} to:${around(at, AROUND_MS)}` }}>
      See the log lines around it
    </Link>
  );
}

/** From a finding to the very log line, where it came in live; in a file, to its place. */
function EventLink({
  path,
  record,
  at,
}: {
  readonly path: string;
  readonly record: number;
  readonly at: string | null;
}) {
  const [id] = /evt_[\w-]+$/.exec(path) ?? [];
  if (id === undefined || at === null)
    return (
      <span className="ww-quiet">
        {path}, record {record}
      </span>
    );
  const query = `id:${id} from:${around(at, -AROUND_MS)} to:${around(at, AROUND_MS)}`;
  return (
    <Link to="hunt" query={{ query }}>
      The log line
    </Link>
  );
}

function Matched({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <code className="ww-secret">{asSeen(value)}</code>
      </dd>
    </>
  );
}

/** The host says most; without one the account or address. `null`: nothing can be asked for. */
function termAbout({
  host,
  account,
  address,
}: Answer<'GET /api/v1/findings/:id'>['finding']['entities']): string | null {
  if (host !== undefined) return termOf('host', host);
  if (account !== undefined) return termOf('user', account);
  return address === undefined ? null : termOf('ip', address);
}

function around(at: string, shiftMs: number): string {
  return new Date(Date.parse(at) + shiftMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
