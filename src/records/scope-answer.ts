import { createHash } from 'node:crypto';
import type { ReadReport } from './table.ts';

export interface ScopeQuestion {
  readonly accounts: readonly string[];
  readonly hosts: readonly string[];
  readonly addresses: readonly string[];
  /** Half-open, UTC ms. */
  readonly from: number;
  readonly to: number;
}

export type Certainty = 'certain' | 'likely' | 'possible';

export interface ScopePatient {
  readonly schema: 'wardwatch.scope-patient/1';
  readonly patient: string;
  readonly certainty: Certainty;
  readonly reasons: readonly string[];
  readonly accesses: number;
  readonly first: string;
  readonly last: string;
  readonly resources: readonly string[];
  readonly printed: boolean;
  readonly exported: boolean;
}

/** What the logs cannot show. */
export type ScopeGap =
  | {
      readonly kind: 'sequence';
      readonly after: number;
      readonly before: number;
      readonly missing: number;
      readonly from: string;
      readonly to: string;
    }
  /** Nobody opened anything on these local days, the last one included. */
  | { readonly kind: 'silent-days'; readonly from: string; readonly to: string }
  | { readonly kind: 'unreadable-rows'; readonly count: number }
  | { readonly kind: 'missing-column'; readonly column: string }
  /** Rows of the window that do not say what was asked about, and that nothing else brings into scope. */
  | { readonly kind: 'blank-cells'; readonly column: string; readonly count: number }
  /** Accesses of these times were kept once, and their time to be kept is over. */
  | { readonly kind: 'deleted'; readonly from: string; readonly to: string }
  /** A part of the archive that is missing or damaged. */
  | { readonly kind: 'damaged'; readonly what: string }
  /** Things of the window that a source sent and nobody could read. */
  | { readonly kind: 'set-aside'; readonly source: string; readonly count: number }
  /** Rows of the window with something else where the log has its numbers: holes there cannot be seen. */
  | { readonly kind: 'unreadable-numbers'; readonly count: number };

export interface ScopeTotal {
  readonly schema: 'wardwatch.scope/1';
  readonly patients: { readonly exact: number | null; readonly atLeast: number; readonly upTo: number };
  readonly accesses: number;
  readonly gaps: readonly ScopeGap[];
  readonly hash: string;
}

export interface ScopeAnswer {
  readonly patients: readonly ScopePatient[];
  readonly total: ScopeTotal;
  /** Accesses in scope that the log says were refused: nothing was seen, so they are not counted. */
  readonly failed: number;
  /** What was asked for and stands nowhere in the log: a mistyped name must not pass for a clean answer. */
  readonly unseen: readonly string[];
  readonly report: ReadReport;
}

/** What was found, by whoever went through the accesses. */
export interface ScopeFound {
  readonly failed: number;
  patients(): readonly ScopePatient[];
  /** Of rows that do not say what was asked about. */
  patientsOfBlankRows(): number;
  unseen(): readonly string[];
}

/** What is missing besides what was found. */
export interface ScopeLosses {
  readonly report: ReadReport;
  readonly rowsSetAside: number;
  /** What the accesses show of themselves, and what else is known. */
  readonly shown: readonly ScopeGap[];
  readonly known: readonly ScopeGap[];
}

/** Sums up what was found. */
export function answerFrom(
  work: ScopeFound,
  question: ScopeQuestion,
  { report, rowsSetAside, shown, known }: ScopeLosses,
): ScopeAnswer {
  const patients = work.patients();
  const columns = columnGaps(question, report);
  // Of a column that is not there, every cell is blank: said once.
  const found = shown.filter((gap) => gap.kind !== 'blank-cells' || !columns.includes(gap.column));
  const gaps = [
    ...found,
    ...columns.map((column) => ({ kind: 'missing-column' as const, column })),
    ...rowGaps(rowsSetAside),
    ...known,
  ];
  const certain = patients.filter(({ certainty }) => certainty !== 'possible').length;
  const isExact = gaps.length === 0 && certain === patients.length;
  // Each row that is missing or could not be read may have been one patient more; of a row without the cell we know whom.
  const missing = gaps.reduce((sum, gap) => sum + hiddenBy(gap), work.patientsOfBlankRows());
  const totals = {
    patients: { exact: isExact ? patients.length : null, atLeast: certain, upTo: patients.length + missing },
    accesses: patients.reduce((sum, { accesses }) => sum + accesses, 0),
    gaps,
  };
  return {
    patients,
    total: { schema: 'wardwatch.scope/1', ...totals, hash: hashOf({ question, lines: patients, ...totals }) },
    failed: work.failed,
    unseen: work.unseen(),
    report,
  };
}

/** How many patients a gap may hide. Of blank cells we know the patients, but for those of the patient itself. */
function hiddenBy(gap: ScopeGap): number {
  switch (gap.kind) {
    case 'sequence':
      return gap.missing;
    case 'unreadable-rows':
    case 'set-aside':
      return gap.count;
    case 'blank-cells':
      return gap.column === 'patient' ? gap.count : 0;
    case 'silent-days':
    case 'deleted':
    case 'damaged':
    case 'missing-column':
    case 'unreadable-numbers':
      return 0;
  }
}

function hashOf(answer: object): string {
  return createHash('sha256').update(JSON.stringify(answer)).digest('hex');
}

function rowGaps(count: number): ScopeGap[] {
  return count === 0 ? [] : [{ kind: 'unreadable-rows', count }];
}

/** Columns without which the question cannot be answered in full. */
function columnGaps({ hosts, addresses }: ScopeQuestion, { missing }: ReadReport): string[] {
  const needed = [
    ...(hosts.length > 0 ? ['host'] : []),
    ...(addresses.length > 0 ? ['address'] : []),
    ...(hosts.length > 0 || addresses.length > 0 ? ['session'] : []),
  ];
  return needed.filter((column) => missing.includes(`accesses.csv: ${column}`));
}
