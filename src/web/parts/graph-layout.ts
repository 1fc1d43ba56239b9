/** What one or more findings name together, as the service tells it. */
export interface Edge {
  readonly host: string | null;
  readonly account: string | null;
  readonly address: string | null;
  readonly findings: number;
  readonly points: number;
}

export type EntityKind = 'address' | 'host' | 'account';

export interface Node {
  readonly kind: EntityKind;
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

export interface Line {
  readonly from: Node;
  readonly to: Node;
  readonly findings: number;
  readonly points: number;
}

export interface Layout {
  readonly nodes: readonly Node[];
  readonly lines: readonly Line[];
  readonly width: number;
  readonly height: number;
  /** Entities that did not fit in. */
  readonly left: number;
}

const COLUMN_STEP = 340;
const SIDE = 10;
export const BOX_WIDTH = 220;
const STEP = 56;
const TOP = 30;
/** Of one kind: more cannot be read. */
export const MAX_OF_KIND = 15;

/**
 * Where each entity stands: addresses to the left, machines in the middle, accounts to the right, those with the most
 * findings at the top; a kind that is not there takes no room. The same for the same edges, so that a picture is known again.
 */
export function layoutOf(edges: readonly Edge[]): Layout {
  const weights: Readonly<Record<EntityKind, Map<string, number>>> = {
    address: new Map(),
    host: new Map(),
    account: new Map(),
  };
  const kinds = ['address', 'host', 'account'] as const;
  for (const edge of edges)
    for (const kind of kinds) {
      const name = edge[kind];
      if (name !== null) weights[kind].set(name, (weights[kind].get(name) ?? 0) + edge.findings);
    }
  const nodes = new Map<string, Node>();
  let left = 0;
  let rows = 1;
  let x = SIDE;
  for (const kind of kinds.filter((each) => weights[each].size > 0)) {
    const names = [...weights[kind]].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([name]) => name);
    left += Math.max(0, names.length - MAX_OF_KIND);
    const shown = names.slice(0, MAX_OF_KIND);
    rows = Math.max(rows, shown.length);
    for (const [row, name] of shown.entries()) nodes.set(`${kind} ${name}`, { kind, name, x, y: TOP + row * STEP });
    x += COLUMN_STEP;
  }
  const width = Math.max(x - COLUMN_STEP, SIDE) + BOX_WIDTH + SIDE;
  return { nodes: [...nodes.values()], lines: linesOf(edges, nodes), width, height: TOP + rows * STEP, left };
}

/** Of what was found together: through the machine where there is one. */
function linesOf(edges: readonly Edge[], nodes: ReadonlyMap<string, Node>): readonly Line[] {
  const lines = new Map<string, Line>();
  const join = (a: Node | undefined, b: Node | undefined, { findings, points }: Edge) => {
    if (a === undefined || b === undefined) return;
    const key = `${a.kind} ${a.name}\0${b.kind} ${b.name}`;
    const before = lines.get(key);
    lines.set(key, {
      from: a,
      to: b,
      findings: findings + (before?.findings ?? 0),
      points: Math.max(points, before?.points ?? 0),
    });
  };
  for (const edge of edges) {
    const of = (kind: EntityKind) => (edge[kind] === null ? undefined : nodes.get(`${kind} ${edge[kind]}`));
    join(of('address'), of('host'), edge);
    join(of('host'), of('account'), edge);
    if (edge.host === null) join(of('address'), of('account'), edge);
  }
  return [...lines.values()];
}
