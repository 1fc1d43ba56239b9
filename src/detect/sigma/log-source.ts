import type { FieldValue, LogSource } from '../../core/event.ts';
import { DERIVATIONS } from './derivations.ts';
import data from './log-sources.json' with { type: 'json' };

/**
 * One way in which events of a rule's log source arrive: a Windows channel, some event ids, and the names under which
 * that event carries Sigma's fields. Process creation, for one, arrives as Sysmon's event 1 or as Security's 4688.
 */
export interface Way {
  /** Lower case; `null`: any Windows channel. */
  readonly channels: readonly string[] | null;
  readonly eventIds: readonly number[] | null;
  /** Only events whose field has one of these values. */
  readonly where: Readonly<Record<string, readonly string[]>> | null;
  /** Sigma's field → how this event carries it. */
  readonly fields: Readonly<Record<string, FieldSource>>;
  /** A list field whose `name=value` lines stand in for fields that the event lacks (Windows PowerShell). */
  readonly split: string | null;
  /** Sigma's fields that this event never carries. A rule that excludes by one of them is not run on it: its exclusions could not be applied. */
  readonly lacks: readonly string[];
  /** `channel/id` of the events that say the same better: a finding by those, of the same moment, makes one by this way a repetition. */
  readonly standsInFor: string | null;
  /** What has to be switched on for such events to exist. */
  readonly needs: string | null;
}

/** Another field of the event, or a value worked out from some of them. */
export interface FieldSource {
  readonly inputs: readonly string[];
  readonly derive: ((values: readonly FieldValue[]) => FieldValue) | null;
}

interface WayData {
  readonly channels: readonly string[];
  readonly eventIds?: readonly number[];
  readonly where?: Readonly<Record<string, string | readonly string[]>>;
  readonly fields?: Readonly<Record<string, string>>;
  readonly split?: string;
  readonly lacks?: readonly string[];
  readonly standsInFor?: string;
  readonly needs?: string;
}

/** What a rule's log source comes to. No ways and not `claimable`: nothing that we read could ever be that. */
export interface MappedSource {
  readonly ways: readonly Way[];
  /** True if one of our formats marks its events so, or Sigma's product is one that a person would declare by `--as`. */
  readonly claimable: boolean;
}

const SERVICES = new Map<string, readonly string[]>(
  Object.entries(data.windows.services).map(([name, channels]) => [name, channels.map(lower)]),
);
const WINDOWS = readWays(data.windows.categories);
const LINUX = readWays(data.linux.categories);
const CLAIMS: readonly LogSource[] = data.claims.map((text) => {
  const [product = '', category = '', service = ''] = text.split('/');
  return { ...(product && { product }), ...(category && { category }), ...(service && { service }) };
});

const ALSO: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = data.alsoServices;

function lower(text: string): string {
  return text.toLowerCase();
}

function readWays(categories: Readonly<Record<string, readonly WayData[]>>): ReadonlyMap<string, readonly Way[]> {
  return new Map(Object.entries(categories).map(([name, ways]) => [name, ways.map(readWay)]));
}

function readWay(way: WayData): Way {
  const where = Object.entries(way.where ?? {}).map(
    ([field, values]) => [field, typeof values === 'string' ? [values] : values] as const,
  );
  return {
    channels: way.channels.map(lower),
    eventIds: way.eventIds ?? null,
    where: where.length === 0 ? null : Object.fromEntries(where),
    fields: Object.fromEntries(Object.entries(way.fields ?? {}).map(([name, text]) => [name, readFieldSource(text)])),
    split: way.split ?? null,
    lacks: way.lacks ?? [],
    standsInFor: way.standsInFor?.toLowerCase() ?? null,
    needs: way.needs ?? null,
  };
}

/** `Other` or `@derivation Input Input`. */
function readFieldSource(text: string): FieldSource {
  const [first = '', ...inputs] = text.split(' ');
  if (!first.startsWith('@')) return { inputs: [first], derive: null };
  const derive = DERIVATIONS[first.slice(1)];
  if (derive === undefined) throw new Error(`log-sources.json names the derivation ${first}, which does not exist`);
  return { inputs, derive };
}

/** Where events of a rule's log source come from (house decision 8: the log source is always enforced). */
export function mapLogSource(source: LogSource): MappedSource {
  const { product, category, service } = source;
  const claimable = CLAIMS.some((claim) => covers(source, claim));
  const ways: Way[] = [];
  if (product === undefined || product === 'windows') ways.push(...windowsWays(product, category, service));
  if (category !== undefined && service === undefined && (product === undefined || product === 'linux')) {
    ways.push(...(LINUX.get(category) ?? []));
  }
  return { ways, claimable };
}

function windowsWays(
  product: string | undefined,
  category: string | undefined,
  service: string | undefined,
): readonly Way[] {
  const channels = service === undefined ? null : SERVICES.get(service);
  if (channels === undefined) return [];
  if (category === undefined) {
    if (channels === null && product === undefined) return [];
    return [
      { channels, eventIds: null, where: null, fields: {}, split: null, lacks: [], standsInFor: null, needs: null },
    ];
  }
  const ways = WINDOWS.get(category) ?? [];
  return channels === null ? ways : ways.filter((way) => way.channels?.some((channel) => channels.includes(channel)));
}

/** True if an event marked `claim` is of the rule's log source: it says every word that the rule names. */
export function covers(rule: LogSource, claim: LogSource): boolean {
  if (rule.product === undefined && rule.category === undefined && rule.service === undefined) return false;
  return (
    (rule.product === undefined || rule.product === claim.product) &&
    (rule.category === undefined || rule.category === claim.category) &&
    (rule.service === undefined || rule.service === claim.service || alsoServices(claim).includes(rule.service))
  );
}

/** Services whose logs hold an event besides its own: what sshd writes is in the `auth` log. */
function alsoServices({ product = '', service = '' }: LogSource): readonly string[] {
  return ALSO[product]?.[service] ?? [];
}

/** The first channel of a Windows service, for events that were declared to be of it; `null` if there is none. */
export function channelOfService(service: string): string | null {
  return SERVICES.get(service)?.[0] ?? null;
}

/** True if the word is one of Sigma's Windows or Linux categories: `--as windows/process_creation`. */
export function isCategory(word: string): boolean {
  return WINDOWS.has(word) || LINUX.has(word) || CLAIMS.some((claim) => claim.category === word);
}

const POLICY_OF = new Map(
  Object.entries(data.auditPolicy).flatMap(([policy, ids]) => ids.map((id) => [id, policy] as const)),
);

/** The Windows audit policies (subcategories) that write these events of the Security log, each once. */
export function auditPoliciesFor(eventIds: readonly number[]): string[] {
  return [...new Set(eventIds.map((id) => POLICY_OF.get(id)).filter((policy) => policy !== undefined))];
}
