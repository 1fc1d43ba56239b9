import { fail, ok, type Result } from '../../core/result.ts';

/** The characters that structure a message, as its MSH says them. */
export interface Separators {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  /** `''`: the message has no escape character. */
  readonly escape: string;
  readonly subcomponent: string;
}

/** A field as it stands, with its separators. */
export type Segment = readonly string[];

export interface Hl7Message {
  readonly separators: Separators;
  /** The label under which `decode` read it: what an answer is written in. */
  readonly isUtf8: boolean;
  /** In order. Field n stands at index n; of MSH too, so that MSH-9 is `[9]`. */
  readonly segments: readonly Segment[];
}

export interface Hl7Problem {
  /** Kebab-case. */
  readonly reason: 'no-msh' | 'batch' | 'several-messages' | 'bad-separators' | 'unknown-charset' | 'too-many-segments';
  readonly detail: string;
}

const MAX_SEGMENTS = 5000;
const MAX_REPETITIONS = 100;

/** What stands in MSH-18, and in which encoding bytes so named are read. Source: HL7 table 0211. */
const CHARSETS: Readonly<Record<string, string>> = {
  '': 'utf-8',
  ASCII: 'utf-8',
  '8859/1': 'windows-1252',
  '8859/2': 'iso-8859-2',
  '8859/3': 'iso-8859-3',
  '8859/4': 'iso-8859-4',
  '8859/5': 'iso-8859-5',
  '8859/6': 'iso-8859-6',
  '8859/7': 'iso-8859-7',
  '8859/8': 'iso-8859-8',
  '8859/9': 'windows-1254',
  '8859/15': 'iso-8859-15',
  UNICODE: 'utf-8',
  'UNICODE UTF-8': 'utf-8',
  'UTF-8': 'utf-8',
  UTF8: 'utf-8',
};

/**
 * Reads a message in the encoding ER7 (pipes and hats), in whatever character set and with whatever separators its MSH says.
 * Any of CR, LF and both ends a segment. Every field is kept as it stands.
 *
 * **Source:** HL7 v2.5.1, chapters 2.5 to 2.7 (message construction, use of escape sequences) and table 0211.
 */
export function readHl7(bytes: Uint8Array): Result<Hl7Message, Hl7Problem> {
  // The MSH is ASCII whatever the character set; of those that are not, none is taken.
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 4096)).toString('latin1');
  const separators = separatorsOf(head);
  if ('reason' in separators) return fail(separators);
  const msh = mshOf(head.split(/[\r\n]/, 1)[0] ?? '', separators);
  const said = (msh[18] ?? '').split(separators.repetition, 1)[0]?.trim().toUpperCase() ?? '';
  const label = CHARSETS[said];
  if (label === undefined)
    return fail({ reason: 'unknown-charset', detail: 'MSH-18 names a character set that is not read here' });
  const text = decode(bytes, label);
  const lines = text.text.split(/\r\n|\r|\n/);
  if (lines.length > MAX_SEGMENTS)
    return fail({ reason: 'too-many-segments', detail: `it has more than ${MAX_SEGMENTS} segments` });
  const segments = lines.flatMap((line, index): Segment[] =>
    line.trim() === '' ? [] : [index === 0 ? mshOf(line, separators) : line.split(separators.field)],
  );
  // Its patients would be taken for those of the first.
  if (segments.filter(([name]) => name === 'MSH').length > 1)
    return fail({ reason: 'several-messages', detail: 'more than one message stands in it: one a frame is taken' });
  return ok({ separators, isUtf8: text.isUtf8, segments });
}

function separatorsOf(head: string): Separators | Hl7Problem {
  if (/^[FB]HS/.test(head)) return { reason: 'batch', detail: 'it is a batch: one message a frame is taken' };
  if (!head.startsWith('MSH')) return { reason: 'no-msh', detail: 'it does not begin with MSH' };
  const field = head[3] ?? '';
  const encoding = head.slice(4).split(field, 1)[0] ?? '';
  // MSH-2 of one character is allowed: a message that needs no other separators. Version 2.7 adds a fifth.
  const [component = '^', repetition = '~', escape = '', subcomponent = '&'] = encoding;
  const all = [field, ...encoding.split('')];
  const isDistinct = new Set(all).size === all.length;
  if (!isDistinct || encoding.length > 5 || encoding === '' || all.some((char) => /[\w\s]/.test(char)))
    return { reason: 'bad-separators', detail: 'MSH-1 and MSH-2 are not the separators of a message' };
  return { field, component, repetition, escape, subcomponent };
}

/** MSH-1 is the field separator itself: the others move on by one. */
function mshOf(line: string, { field }: Separators): Segment {
  const [name = '', ...rest] = line.split(field);
  return [name, field, ...rest];
}

/** A sender that says one character set and sends another is common: names suffer, and nothing else. */
function decode(bytes: Uint8Array, label: string): { text: string; isUtf8: boolean } {
  if (label !== 'utf-8') return { text: new TextDecoder(label).decode(bytes), isUtf8: false };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), isUtf8: true };
  } catch {
    return { text: new TextDecoder('windows-1252').decode(bytes), isUtf8: false };
  }
}

/** The first segment of that name. */
export function segmentOf({ segments }: Hl7Message, name: string): Segment | undefined {
  return segments.find((segment) => segment[0] === name);
}

/** A field's repetitions, as they stand. The null value `""` counts as empty. */
export function repetitionsOf(field: string | undefined, { repetition }: Separators): string[] {
  if (field === undefined || field === '' || field === '""') return [];
  return field.split(repetition, MAX_REPETITIONS);
}

/** A component (from 1) of a repetition, its first subcomponent, unescaped. `''`: it is not there, or the null value. */
export function componentOf(repetition: string | undefined, number: number, separators: Separators): string {
  const component = (repetition ?? '').split(separators.component, number)[number - 1] ?? '';
  const first = component.split(separators.subcomponent, 1)[0] ?? '';
  return first === '""' ? '' : unescaped(first, separators).trim();
}

/** A component of a field's first repetition. */
export function textOf(segment: Segment | undefined, field: number, component: number, separators: Separators): string {
  return componentOf(repetitionsOf(segment?.[field], separators)[0], component, separators);
}

/** **Source:** HL7 v2.5.1, chapter 2.7. What formats text, or belongs to the site alone, is left out. */
function unescaped(text: string, separators: Separators): string {
  const { escape } = separators;
  if (escape === '' || !text.includes(escape)) return text;
  const parts = text.split(escape);
  let result = parts[0] ?? '';
  for (let i = 1; i < parts.length; i++) {
    // An escape character without its twin is a character.
    if (i === parts.length - 1) return `${result}${escape}${parts[i] ?? ''}`;
    result += meaningOf(parts[i] ?? '', separators) + (parts[++i] ?? '');
  }
  return result;
}

function meaningOf(sequence: string, { field, component, repetition, escape, subcomponent }: Separators): string {
  switch (sequence) {
    case 'F':
      return field;
    case 'S':
      return component;
    case 'R':
      return repetition;
    case 'E':
      return escape;
    case 'T':
      return subcomponent;
    default:
      if (/^X(?:[0-9A-Fa-f]{2})+$/.test(sequence))
        return new TextDecoder().decode(Buffer.from(sequence.slice(1), 'hex'));
      return sequence.startsWith('.br') ? ' ' : '';
  }
}
