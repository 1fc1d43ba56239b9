import { type Hl7Message, segmentOf, textOf } from './message.ts';

/** What became of a message. `code`: HL7 table 0357; 0 is success. */
export interface Verdict {
  readonly kind: 'accepted' | 'error' | 'rejected';
  readonly code: 0 | 100 | 101 | 102 | 103 | 200 | 202 | 207;
  /** Holds nothing of the message. */
  readonly text: string;
}

/** HL7 table 0155. */
const CONDITIONS = new Map<string, (kind: Verdict['kind']) => boolean>([
  ['AL', () => true],
  ['NE', () => false],
  ['ER', (kind) => kind !== 'accepted'],
  ['SU', (kind) => kind === 'accepted'],
]);
const LETTER: Readonly<Record<Verdict['kind'], string>> = { accepted: 'A', error: 'E', rejected: 'R' };

/**
 * The answers to a message, each as it goes into a frame. The sender wants AA, AE or AR, unless its MSH-15 or MSH-16 say
 * something else (“enhanced mode”: CA, CE, CR when it is safe, AA, AE, AR when it has been dealt with; here both at once).
 *
 * **Source:** HL7 v2.5.1, chapters 2.9.2, 2.9.3 and 2.15.8 (MSA).
 *
 * @param message `null`: it could not be read; the answer then names no message
 * @param id of the answer; unlike any other’s
 */
export function acknowledgementsFor(message: Hl7Message | null, verdict: Verdict, now: number, id: string): Buffer[] {
  const msh = message === null ? undefined : segmentOf(message, 'MSH');
  const separators = message?.separators ?? DEFAULT;
  const condition = (field: number) => CONDITIONS.get(textOf(msh, field, 1, separators));
  const [accept, application] = [condition(15), condition(16)];
  const isEnhanced = accept !== undefined || application !== undefined;
  const letters = isEnhanced
    ? [...(accept?.(verdict.kind) === true ? ['C'] : []), ...(application?.(verdict.kind) === true ? ['A'] : [])]
    : ['A'];
  return letters.map((letter, index) =>
    Buffer.from(
      answer(message, `${letter}${LETTER[verdict.kind]}`, verdict, now, `${id}${index === 0 ? '' : `-${index}`}`),
      message?.isUtf8 === false ? 'latin1' : 'utf8',
    ),
  );
}

const DEFAULT = { field: '|', component: '^', repetition: '~', escape: '\\', subcomponent: '&' };

function answer(message: Hl7Message | null, code: string, verdict: Verdict, now: number, id: string): string {
  const separators = message?.separators ?? DEFAULT;
  const { field, component, repetition, escape, subcomponent } = separators;
  const msh = message === null ? undefined : segmentOf(message, 'MSH');
  // As they stand: what is escaped stays so.
  const raw = (number: number) => (msh?.[number] ?? '').slice(0, 250);
  const trigger = textOf(msh, 9, 2, separators).slice(0, 10);
  const charset = raw(18);
  const stamp = new Date(now).toISOString().replaceAll(/[-:T]|\.\d+Z/g, '');
  const head = [
    `MSH${field}${component}${repetition}${escape}${subcomponent}`,
    'WARDWATCH',
    raw(6),
    raw(3),
    raw(4),
    `${stamp}+0000`,
    '',
    ['ACK', ...(trigger === '' ? [] : [trigger, 'ACK'])].join(component),
    id,
    raw(11) || 'P',
    raw(12) || '2.5',
    ...(charset === '' ? [] : ['', '', '', '', '', charset]),
  ];
  const segments = [head, ['MSA', code, raw(10), verdict.code === 0 ? '' : verdict.text]];
  if (verdict.code !== 0)
    segments.push(['ERR', '', '', `${verdict.code}${component}${component}HL70357`, 'E', '', '', '', verdict.text]);
  return segments.map((segment) => `${segment.slice(0, lastOf(segment) + 1).join(field)}\r`).join('');
}

/** Empty fields at a segment’s end are left out. */
function lastOf(segment: readonly string[]): number {
  return segment.findLastIndex((text) => text !== '');
}
