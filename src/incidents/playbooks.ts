import { readFileSync } from 'node:fs';
import type { Parameter } from '../core/observation.ts';

/** One thing to do. */
export interface PlaybookStep {
  readonly id: string;
  readonly what: string;
  readonly why: string;
  /** Who does it, in a small organisation. */
  readonly who: string;
  /** How one sees that it is done. */
  readonly done: string;
  /** What drafts for others say of it: what is to do, and a sentence that is true once it is ticked. */
  readonly inDrafts: { readonly todo: string; readonly done: string };
}

/** What to do in one kind of incident, for somebody who has never done it. Ours; see src/content/playbooks.json. */
export interface Playbook {
  readonly title: string;
  readonly steps: readonly PlaybookStep[];
  /** The clocks that it usually starts. */
  readonly clocks: readonly string[];
  /** Techniques and parameters by which it is suggested. */
  readonly suggestedBy: { readonly techniques: readonly string[]; readonly parameters: readonly Parameter[] };
}

export function loadPlaybooks(): Readonly<Record<string, Playbook>> {
  // Our own file, tested to hold what the type says.
  return JSON.parse(readFileSync(new URL('../content/playbooks.json', import.meta.url), 'utf8')) as Readonly<
    Record<string, Playbook>
  >;
}

/**
 * The playbook that fits findings best: two for each technique that it names, one for the parameter; at a tie the one
 * that stands first, which is the one that does most harm when it is missed.
 */
export function suggestedPlaybook(
  playbooks: Readonly<Record<string, Playbook>>,
  findings: readonly {
    readonly techniques: readonly string[];
    readonly parameter: string | null;
    readonly kind: string;
  }[],
): string {
  let best = 'stolen-account';
  let most = 0;
  for (const [name, { suggestedBy }] of Object.entries(playbooks)) {
    let fit = 0;
    for (const { techniques, parameter, kind } of findings) {
      if (techniques.some((technique) => suggestedBy.techniques.includes(technique.split('.')[0] ?? ''))) fit += 2;
      if (kind === 'record' && name === 'record-misuse') fit += 4;
      if (suggestedBy.parameters.some((each) => each === parameter)) fit += 1;
    }
    if (fit > most) [best, most] = [name, fit];
  }
  return best;
}
