import { z } from 'zod';
import type { ScopeAnswer, ScopePatient } from './scope-answer.ts';
import { plural } from './words.ts';

const PATIENT = z.object({
  schema: z.literal('wardwatch.scope-patient/1'),
  patient: z.string(),
  certainty: z.enum(['certain', 'likely', 'possible']),
  reasons: z.array(z.string()),
  accesses: z.number(),
  first: z.string(),
  last: z.string(),
  resources: z.array(z.string()),
  printed: z.boolean(),
  exported: z.boolean(),
});

/** What an answer says of a patient that an earlier one said otherwise. */
export interface ScopeChange {
  readonly schema: 'wardwatch.scope-change/1';
  readonly change: 'added' | 'removed' | 'changed';
  readonly patient: string;
  /** `null`: not in that answer. */
  readonly before: ScopePatient | null;
  readonly now: ScopePatient | null;
}

/** The patients of an answer as NDJSON; `null` if a line is anything but such an answer. */
export function parsePrevious(text: string): ScopePatient[] | null {
  const patients: ScopePatient[] = [];
  let hasTotal = false;
  for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
    let object: unknown;
    try {
      object = JSON.parse(line);
    } catch {
      return null;
    }
    const patient = PATIENT.safeParse(object);
    if (patient.success) patients.push(patient.data);
    else if (
      typeof object === 'object' &&
      object !== null &&
      'schema' in object &&
      object.schema === 'wardwatch.scope/1'
    )
      hasTotal = true;
    else return null;
  }
  // Without its last line it was cut off, and everybody who is missing would pass for added.
  return hasTotal ? patients : null;
}

/** Sorted by patient. */
export function changesSince(
  previous: readonly ScopePatient[],
  { patients }: Pick<ScopeAnswer, 'patients'>,
): ScopeChange[] {
  const before = new Map(previous.map((each) => [each.patient, each]));
  const now = new Map(patients.map((each) => [each.patient, each]));
  const changes: ScopeChange[] = [];
  for (const patient of [...new Set([...before.keys(), ...now.keys()])].sort()) {
    const [one, other] = [before.get(patient) ?? null, now.get(patient) ?? null];
    if (one !== null && other !== null && JSON.stringify(one) === JSON.stringify(other)) continue;
    const change = one === null ? 'added' : other === null ? 'removed' : 'changed';
    changes.push({ schema: 'wardwatch.scope-change/1', change, patient, before: one, now: other });
  }
  return changes;
}

/** The changes as a page. */
export function changesText(changes: readonly ScopeChange[]): string {
  if (changes.length === 0) return 'Nothing has changed since the earlier answer.\n';
  const lines = [`${plural(changes.length, 'patient')} differ from the earlier answer:`];
  for (const { change, patient, before, now } of changes) {
    const why = (now ?? before)?.reasons.join('; ') ?? '';
    if (change === 'added') lines.push(`  + ${patient}  ${now?.certainty ?? ''}: ${why}`);
    else if (change === 'removed') lines.push(`  - ${patient}  was ${before?.certainty ?? ''}: ${why}`);
    else
      lines.push(
        `  ~ ${patient}  ${before?.certainty ?? ''}, ${plural(before?.accesses ?? 0, 'access', 'accesses')} → ${now?.certainty ?? ''}, ${plural(now?.accesses ?? 0, 'access', 'accesses')}: ${why}`,
      );
  }
  return `${lines.join('\n')}\n`;
}
