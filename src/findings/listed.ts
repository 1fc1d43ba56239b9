import {
  type CanaryFinding,
  type Entities,
  type EventPlace,
  findingId,
  type IndicatorFinding,
  isoTime,
} from '../core/finding.ts';
import type { UtcMs } from '../core/event.ts';
import type { CanaryKind, Touch } from '../detect/canaries.ts';
import type { Indicator, IndicatorKind } from '../detect/indicators.ts';
import { fillIn, fillStep } from './words.ts';

const CANARY: Readonly<Record<CanaryKind, string>> = {
  accounts: 'the account {name}',
  hosts: 'the machine {name}',
  shares: 'the share {name}',
  files: 'the file {name}',
  patients: 'the record of {name}',
};
const INDICATOR: Readonly<Record<IndicatorKind, string>> = {
  address: 'the address {value}',
  domain: 'the name {value}',
  url: 'the web address {value}',
  hash: 'a file with the fingerprint {value}',
};

interface Where {
  /** The same for the same event, however often it is judged. */
  readonly contentId: string;
  readonly place: EventPlace;
  readonly at: UtcMs | null;
  readonly entities: Entities;
}

/** A canary was touched: three points of impact, and by itself an emergency. */
export function canaryFinding({ kind, name }: Touch, { contentId, place, at, entities }: Where): CanaryFinding {
  const ruleId = `canary/${kind}/${name}`;
  const what = fillIn(CANARY[kind], {}, { name });
  return {
    schema: 'wardwatch.finding/1',
    id: findingId(ruleId, { path: contentId, record: 1 }),
    kind: 'canary',
    ruleId,
    title: 'A canary was touched',
    level: 'critical',
    techniques: [],
    at: isoTime(at),
    source: place,
    entities,
    matched: { canary: name },
    plain: fillIn(
      `Somebody touched ${what}: {account}, on {host}. It is a canary, which nobody has a reason to touch.`,
      entities,
      {},
    ),
    innocent: 'Whoever set the canary up, a backup or a scan of everything may touch it.',
    next: [
      fillStep('Take {host} off the network now, unless a patient depends on it.', entities, {}),
      fillStep('Disable {account}, and ask its owner.', entities, {}),
      'Call for help as for a break-in that is under way.',
    ],
    evidence: [{ ...place, at: isoTime(at), ruleId }],
    author: 'Wardwatch',
    observation: { parameter: 'impact', points: 3 },
  };
}

/** A listed value was met. */
export function indicatorFinding(
  { kind, value, note }: Indicator,
  { contentId, place, at, entities }: Where,
): IndicatorFinding {
  const ruleId = `indicator/${kind}/${value}`;
  const what = fillIn(INDICATOR[kind], {}, { value });
  return {
    schema: 'wardwatch.finding/1',
    id: findingId(ruleId, { path: contentId, record: 1 }),
    kind: 'indicator',
    ruleId,
    title: 'A value known from attacks',
    level: 'high',
    techniques: [],
    at: isoTime(at),
    source: place,
    entities,
    matched: { [kind]: value },
    plain: fillIn(
      `{host} met ${what}, which is on the list of values known from attacks${note === '' ? '' : ` (${note})`}.`,
      entities,
      {},
    ),
    innocent:
      'Lists hold mistakes and values that have changed hands; a mail or a search that only names it also counts.',
    next: [
      fillStep('Find out what on {host} met it, and whether anything was exchanged.', entities, {}),
      'Block it, and search the archive for other machines that met it.',
    ],
    evidence: [{ ...place, at: isoTime(at), ruleId }],
    author: 'Wardwatch',
    observation: { parameter: 'movement', points: 2 },
  };
}
