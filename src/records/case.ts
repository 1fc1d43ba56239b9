/** The contract of `records review --format ndjson`: one object a line. */

export type CaseKind =
  | 'household'
  | 'surname'
  | 'colleague'
  | 'neighbour'
  | 'watched'
  | 'crowd'
  | 'repeat'
  | 'harvest'
  | 'bulk'
  | 'stolen-account'
  | 'unexplained';

/** 0–3 a line, as on an observations chart; a patient's total is their sum. */
export interface Points {
  readonly relationship: number;
  readonly noWorkReason: number;
  readonly repeat: number;
  readonly volume: number;
  readonly time: number;
  readonly device: number;
}

export interface CasePatient {
  readonly patient: string;
  /** Raw accesses that day. */
  readonly times: number;
  readonly points: Points;
  readonly because: string;
}

/** A generic log-in: the case is the device's and the shift's, never a person's. */
export interface SharedLogIn {
  readonly devices: readonly string[];
  readonly shift: string;
  readonly onRota: readonly string[];
}

export interface AccessCase {
  readonly schema: 'wardwatch.access-case/1';
  readonly user: string;
  /** Local calendar date. */
  readonly day: string;
  /** Within the budget. */
  readonly alert: boolean;
  /** Cases per member of staff and day that would rank so high when all is well. */
  readonly p: number;
  /** −log10 p: the higher, the less care explains it. */
  readonly score: number;
  readonly kinds: readonly CaseKind[];
  readonly patients: readonly CasePatient[];
  readonly plain: string;
  readonly innocentIf: readonly string[];
  readonly missing: readonly string[];
  /** The day of the open case that this one belongs to. */
  readonly joins?: string;
  readonly shared?: SharedLogIn;
}

export interface CrowdCase {
  readonly schema: 'wardwatch.crowd-case/1';
  readonly patient: string;
  readonly from: string;
  readonly to: string;
  readonly alert: boolean;
  readonly p: number;
  /** Estimated number of users without a reason. */
  readonly expected: number;
  /** The least explained first, at most 1.5 × `expected`. */
  readonly users: readonly CrowdUser[];
  readonly plain: string;
}

export interface CrowdUser {
  readonly user: string;
  readonly day: string;
  readonly because: string;
  readonly shared?: SharedLogIn;
}

export type ReviewCase = AccessCase | CrowdCase;
