import type { CanaryNames } from '../detect/canaries.ts';
import type { DeclaredDomains } from '../detect/known-names.ts';
import type { RuleState } from '../findings/rule-states.ts';
import type { Filed } from './findings-store.ts';
import type { LiveLocalRule } from './local-rules.ts';

/** What the thread that judges is started with. Plain data. */
export interface JudgingSetup {
  readonly journalFolder: string;
  /** The first holds our own. */
  readonly ruleFolders: readonly string[];
  readonly placeholders: Readonly<Record<string, readonly string[]>>;
  readonly cacheFolder: string | null;
  readonly canaries: CanaryNames;
  readonly domains: DeclaredDomains;
  /** Files of indicators, as `readIndicators` takes them. */
  readonly indicatorFiles: readonly string[];
  /** Where what behaviour has learned is kept. */
  readonly learnedFile: string;
  /** Judge from here on; what is found before `fileFrom` is only for knowing the windows of correlations. */
  readonly from: number;
  readonly fileFrom: number;
  readonly names: ReadonlyMap<string, string>;
  readonly localRules: readonly LiveLocalRule[];
}

export type ToJudging =
  /** Everything before this is in the journal. */
  | { readonly kind: 'end'; readonly end: number }
  | { readonly kind: 'name'; readonly id: string; readonly name: string }
  /** From now on these, and no others. */
  | { readonly kind: 'local-rules'; readonly rules: readonly LiveLocalRule[] }
  /** What the last batch led to is filed: go on. */
  | { readonly kind: 'go' }
  /** Say which rules could have fired. */
  | { readonly kind: 'could-fire' }
  /** Judge up to `end`, say so, and end. */
  | { readonly kind: 'stop'; readonly end: number };

export type FromJudging =
  | { readonly kind: 'ready'; readonly reachMs: number; readonly rules: readonly RuleState[] }
  /** Since the thread began, by what came: ids of rules. */
  | { readonly kind: 'could-fire'; readonly rules: ReadonlySet<string> }
  /** What behaviour has learned of everything before this is on disk. */
  | { readonly kind: 'learned'; readonly to: number }
  | {
      readonly kind: 'batch';
      /** Everything before this is judged. */
      readonly at: number;
      readonly events: number;
      readonly filed: readonly Filed[];
      /** Places in the journal with when their events came. */
      readonly marks: readonly Mark[];
    }
  | { readonly kind: 'done' };

export interface Mark {
  readonly position: number;
  readonly receivedAt: number;
}
