import { Refusal } from '../../core/refusal.ts';

/** Kinds of source that are kept for different times. */
export const RETENTION_KINDS = ['network', 'security', 'clinical'] as const;
export type RetentionKind = (typeof RETENTION_KINDS)[number];

const DAY_MS = 86_400_000;

/** How long events are kept after they were received, in days. */
export interface Retention {
  readonly keepDays: number;
  /** Not even a full disk makes it less, and no setting may. */
  readonly minimumDays: number;
}

export type RetentionByKind = Readonly<Record<RetentionKind, Retention>>;

/**
 * Network traffic is bulky and ages fast. Security logs: six months at the least, so that an intrusion found late can be
 * followed back. Record accesses: eight years, as long as the adult record that they are about
 * (NHS Records Management Code of Practice).
 */
export const DEFAULT_RETENTION: RetentionByKind = {
  network: { keepDays: 28, minimumDays: 7 },
  security: { keepDays: 400, minimumDays: 184 },
  clinical: { keepDays: 8 * 366, minimumDays: 8 * 366 },
};

/**
 * How long what was made of events is kept in the state, in days. Notices: last year's month can still be compared. Findings
 * as long as the logs that they rest on, cases as long as the accesses; what could not be read as long as if it could;
 * what our own users did as long as what they could see. What is still needed stays, however old: see
 * `src/serve/state-retention.ts`.
 */
export const STATE_RETENTION = {
  notices: 396,
  findings: DEFAULT_RETENTION.security.keepDays,
  cases: DEFAULT_RETENTION.clinical.keepDays,
  setAsides: DEFAULT_RETENTION.security.keepDays,
  trail: DEFAULT_RETENTION.clinical.keepDays,
} as const;

/**
 * Products, categories and services that are not `security`. Who makes a device does not tell: a firewall’s VPN sign-ins and
 * what was changed in it are no traffic.
 */
const BY_LOG_SOURCE: Readonly<Record<Exclude<RetentionKind, 'security'>, readonly string[]>> = {
  network: ['firewall', 'dns', 'proxy', 'netflow', 'zeek', 'suricata', 'network_connection', 'dns_query'],
  clinical: ['fhir', 'atna', 'dicom', 'hl7', 'epr', 'clinical', 'record_access'],
};

/** SQL that gives a row's retention kind. Only words of our own are in it; those of a log source are lower case. */
export const RETENTION_KIND_SQL = `case ${Object.entries(BY_LOG_SOURCE)
  .toReversed()
  .map(([kind, words]) => {
    const list = words.map((word) => `'${word}'`).join(', ');
    return `when product in (${list}) or category in (${list}) or service in (${list}) then '${kind}'`;
  })
  .join(' ')} else 'security' end`;

/**
 * The retention to use.
 *
 * @param keepDays what the site wants instead of the defaults
 * @throws Refusal `retention/below-minimum`
 */
export function retentionWith(keepDays: Partial<Record<RetentionKind, number>>): RetentionByKind {
  const entries = RETENTION_KINDS.map((kind): [RetentionKind, Retention] => {
    const standard = DEFAULT_RETENTION[kind];
    const wanted = keepDays[kind] ?? standard.keepDays;
    if (!(wanted >= standard.minimumDays))
      throw new Refusal(
        'retention/below-minimum',
        `${kind} events are kept for ${standard.minimumDays} days at the least, not ${wanted}`,
      );
    return [kind, { ...standard, keepDays: wanted }];
  });
  return Object.fromEntries(entries) as RetentionByKind;
}

/** Keeps events of some sources, or of a time, or both, whatever their age, until it is lifted. */
export interface LegalHold {
  readonly id: string;
  /** Empty: of every source. */
  readonly sourceIds: readonly string[];
  /** Events received from here on, and before `to`; `null`: no bound. */
  readonly from: number | null;
  readonly to: number | null;
  readonly reason: string;
}

/** A hold as a line of the chain has it: the first ones named one source, or none for all. */
export function holdOf(
  written: LegalHold | (Omit<LegalHold, 'sourceIds'> & { readonly sourceId: string | null }),
): LegalHold {
  if (!('sourceId' in written)) return written;
  const { sourceId, ...hold } = written;
  return { ...hold, sourceIds: sourceId === null ? [] : [sourceId] };
}

/** What goes, or would go, of one kind. Always whole segments. */
export interface Leaving {
  readonly kind: RetentionKind;
  readonly events: number;
  readonly bytes: number;
  /** When the first and the last of them were received. */
  readonly receivedFrom: number;
  readonly receivedTo: number;
}

/** What decides over a segment's life. */
export interface Ageing {
  readonly kind: RetentionKind;
  readonly receivedFrom: number;
  readonly receivedTo: number;
  readonly sources: readonly string[];
}

/** True if every event in it is older than so many days, and no hold keeps one of them. */
export function mayGo(segment: Ageing, days: number, now: number, holds: Iterable<LegalHold>): boolean {
  if (segment.receivedTo + days * DAY_MS >= now) return false;
  for (const hold of holds) if (isHeld(segment, hold)) return false;
  return true;
}

/** True if a hold keeps one of its events, and so all of it. */
export function isHeld({ sources, receivedFrom, receivedTo }: Ageing, { sourceIds, from, to }: LegalHold): boolean {
  const isOfSource = sourceIds.length === 0 || sources.some((source) => sourceIds.includes(source));
  return isOfSource && (from ?? -Infinity) <= receivedTo && receivedFrom < (to ?? Infinity);
}
