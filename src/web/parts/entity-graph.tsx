import { useAsk, Show } from './loaded.tsx';
import { BOX_WIDTH, type Edge, type EntityKind, type Layout, layoutOf } from './graph-layout.ts';
import { termOf } from './query.ts';
import { Link } from './router.tsx';
import { Scroll, Section } from './section.tsx';
import { type Column, Table } from './table.tsx';
import { asSeen, counted, numberText } from './text.ts';

const KIND: Readonly<Record<EntityKind, string>> = { address: 'Addresses', host: 'Machines', account: 'Accounts' };
const MAX_LABEL = 24;

/** What an incident touches, as a picture, and the same as a table. */
export function EntityGraph({ incident }: { readonly incident: string }) {
  const graph = useAsk('GET /api/v1/incidents/:id/graph', { id: incident });
  return (
    <Section title="Who and what belongs together">
      <Show of={graph} what="what belongs together">
        {({ edges, isWhole }) =>
          edges.length === 0 ? (
            <p>Its findings name no machine, account or address.</p>
          ) : (
            <>
              <Picture layout={layoutOf(edges)} />
              <details className="ww-more">
                <summary>The same as a table</summary>
                <AsTable edges={edges} />
                {!isWhole && <p>There are more, with fewer findings each.</p>}
              </details>
            </>
          )
        }
      </Show>
    </Section>
  );
}

function Picture({ layout: { nodes, lines, width, height, left } }: { readonly layout: Layout }) {
  const kinds = (['address', 'host', 'account'] as const).filter((kind) => nodes.some((node) => node.kind === kind));
  const label = kinds
    .map(
      (kind) =>
        `${KIND[kind]}: ${nodes
          .filter((node) => node.kind === kind)
          .map(({ name }) => name)
          .join(', ')}`,
    )
    .join('. ');
  return (
    <>
      <Scroll title="Picture of what belongs together" hidden="all of it">
        <svg
          className="ww-chart ww-graph"
          viewBox={`0 0 ${width} ${height}`}
          role="img"
          aria-label={`${label}. The table below has each pair.`}
        >
          {kinds.map((kind) => (
            <text key={kind} x={nodes.find((node) => node.kind === kind)?.x} y={16} className="ww-graph__kind">
              {KIND[kind]}
            </text>
          ))}
          {lines.map(({ from, to, findings, points }) => {
            const [x1, x2] = [from.x + BOX_WIDTH, to.x];
            const [y1, y2] = [from.y + 18, to.y + 18];
            const middle = (x1 + x2) / 2;
            return (
              <path
                key={`${from.kind} ${from.name} ${to.kind} ${to.name}`}
                className={points >= 3 ? 'ww-graph__line ww-graph__line--grave' : 'ww-graph__line'}
                d={`M ${x1} ${y1} C ${middle} ${y1}, ${middle} ${y2}, ${x2} ${y2}`}
                strokeWidth={Math.min(8, 1 + Math.log2(findings + 1))}
              >
                <title>{`${asSeen(from.name)} and ${asSeen(to.name)}: ${counted(findings, 'finding')}`}</title>
              </path>
            );
          })}
          {nodes.map(({ kind, name, x, y }) => (
            <g key={`${kind} ${name}`}>
              <title>{asSeen(name)}</title>
              <rect
                className={`ww-graph__box ww-graph__box--${kind}`}
                x={x}
                y={y}
                width={BOX_WIDTH}
                height={36}
                rx={4}
              />
              <text x={x + 10} y={y + 23}>
                {asSeen(name.length > MAX_LABEL ? `${name.slice(0, MAX_LABEL - 1)}…` : name)}
              </text>
            </g>
          ))}
        </svg>
      </Scroll>
      <p className="ww-quiet">
        A line joins what one finding names together; thick: many findings; red: one of 3 points.
        {left > 0 && ` ${numberText(left)} more are in the table only.`}
      </p>
    </>
  );
}

function AsTable({ edges }: { readonly edges: readonly Edge[] }) {
  return (
    <Table
      columns={COLUMNS}
      items={edges}
      row={({ host, account, address, findings, points }) => ({
        key: `${host} ${account} ${address}`,
        cells: [
          host === null ? 'none' : <Chart kind="host" value={host} />,
          account === null ? 'none' : <Chart kind="account" value={account} />,
          address === null ? 'none' : <Lines value={address} />,
          numberText(findings),
          `${points} of 3`,
        ],
      })}
    />
  );
}

const COLUMNS: readonly Column[] = [
  { name: 'Machine' },
  { name: 'Account' },
  { name: 'Address' },
  { name: 'Findings', isNumber: true },
  { name: 'Points at most', isNumber: true },
];

function Chart({ kind, value }: { readonly kind: 'host' | 'account'; readonly value: string }) {
  return (
    <Link to="observations" query={{ kind, value }}>
      {asSeen(value)}
    </Link>
  );
}

function Lines({ value }: { readonly value: string }) {
  const term = termOf('ip', value);
  return term === null ? (
    asSeen(value)
  ) : (
    <Link to="hunt" query={{ query: `${term} last 7d` }}>
      {asSeen(value)}
    </Link>
  );
}
