import type { UtcMs } from '../core/event.ts';
import type { DeskClock, DeskView } from '../incidents/desk.ts';
import type { Incident } from '../incidents/store.ts';
import type { ScopeAnswer, ScopeQuestion } from '../records/scope-answer.ts';

/** What the drafts are filled from. Nothing in it names a patient: only how many there are, and what was seen. */
export interface Facts {
  readonly incidentId: string;
  readonly title: string;
  readonly openedAt: UtcMs;
  readonly firstEvidenceAt: UtcMs | null;
  readonly lastEvidenceAt: UtcMs;
  /** When somebody became aware: the start of the earliest clock; `null`: no clock was started. */
  readonly awareAt: UtcMs | null;
  readonly machines: readonly string[];
  readonly accounts: readonly string[];
  /** `null`: the incident names no account, machine or address to ask for. */
  readonly scope: ScopeFacts | null;
  readonly clocks: readonly DeskClock[];
  /** The steps of the playbook that are done, as short sentences, and those that are not, as what is to do. */
  readonly done: readonly { readonly what: string; readonly at: UtcMs }[];
  readonly open: readonly string[];
  /** 1 to 5 each; `null`: not judged yet. */
  readonly grid: { readonly likelihood: number; readonly severity: number } | null;
  readonly timeZone: string;
  readonly now: UtcMs;
}

/** Counts alone. */
export interface ScopeFacts {
  readonly exact: number | null;
  readonly atLeast: number;
  readonly upTo: number;
  readonly accesses: number;
  /** Kinds of data that were opened, the most frequent first. */
  readonly resources: readonly string[];
  readonly printed: number;
  readonly exported: number;
  readonly gaps: readonly string[];
  readonly hash: string;
  /** Of which time accesses were counted, UTC ms, half-open. */
  readonly from: UtcMs;
  readonly to: UtcMs;
}

export function scopeFactsOf(
  { patients, total }: ScopeAnswer,
  { from, to }: Pick<ScopeQuestion, 'from' | 'to'>,
  gapText: (gap: ScopeAnswer['total']['gaps'][number]) => string,
): ScopeFacts {
  const kinds = new Map<string, number>();
  for (const { resources } of patients)
    for (const resource of resources) kinds.set(resource, (kinds.get(resource) ?? 0) + 1);
  return {
    ...total.patients,
    accesses: total.accesses,
    resources: [...kinds].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([kind]) => kind),
    printed: patients.filter(({ printed }) => printed).length,
    exported: patients.filter(({ exported }) => exported).length,
    gaps: total.gaps.map(gapText),
    hash: total.hash,
    from,
    to,
  };
}

/** What is known of an incident now. */
export function factsOf(
  incident: Incident,
  view: DeskView,
  known: Pick<Facts, 'firstEvidenceAt' | 'scope' | 'grid' | 'timeZone' | 'now'>,
): Facts {
  const of = (kind: string) => incident.links.filter((link) => link.kind === kind).map(({ value }) => value);
  return {
    ...known,
    incidentId: incident.id,
    title: incident.title,
    openedAt: incident.openedAt,
    lastEvidenceAt: incident.lastEvidenceAt,
    awareAt: awareAt(view),
    machines: of('host'),
    accounts: of('account'),
    clocks: view.clocks,
    ...stepsOf(view),
  };
}

/** The Commissioner's clock says it; one that was ended because nobody need be told was no awareness of a breach. */
function awareAt({ clocks }: DeskView): number | null {
  const starts = clocks
    .filter(({ kind, state }) => kind === 'ico-72h' && state !== 'not-needed')
    .map(({ startedAt }) => startedAt);
  return starts.length === 0 ? null : Math.min(...starts);
}

function stepsOf({ playbook }: DeskView): Pick<Facts, 'done' | 'open'> {
  return {
    done: playbook.steps.flatMap(({ inDrafts, doneAt }) =>
      doneAt === null ? [] : [{ what: inDrafts.done, at: doneAt }],
    ),
    open: playbook.steps.filter(({ doneAt }) => doneAt === null).map(({ inDrafts }) => inDrafts.todo),
  };
}
