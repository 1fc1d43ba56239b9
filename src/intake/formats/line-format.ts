import type { Fields, LogSource } from '../../core/event.ts';
import type { ParsedTime } from '../time.ts';
import type { ReadContext, TextReader } from './format.ts';
import { LineReader } from './lines.ts';

/** One line read, or why it could not be. `null`: there is nothing in it (blank, a comment). */
export type LineResult =
  | {
      readonly fields: Fields;
      readonly logSource: LogSource;
      readonly time: ParsedTime | null;
      readonly atText: string | null;
      /** As `LogEvent` has it. */
      readonly glassReason?: string;
    }
  | { readonly reason: string; readonly detail: string }
  | null;

/**
 * The line as it is kept beside its fields; `null`: not at all. An audit message spells out whose record it is: names, birth
 * dates and what was typed, in base64 too. Its fields say what is asked of it.
 */
export function keptLine(line: string, { category }: LogSource): string | null {
  return category === 'record_access' ? null : line;
}

/** A reader for formats that have one event a line. */
export function lineReader(context: ReadContext, parse: (line: string, number: number) => LineResult): TextReader {
  const lines = new LineReader(
    (line, record) => {
      if (line === '') return;
      const read = parse(line, record);
      if (read === null) return;
      if ('reason' in read) return context.setAside({ record, offset: null, ...read }, line);
      const { fields, logSource, time, atText } = read;
      context.emit({
        record,
        at: time?.at ?? null,
        atText,
        zoneAssumed: time?.zoneAssumed ?? false,
        logSource,
        fields,
        text: keptLine(line, logSource),
      });
    },
    (record) =>
      context.setAside({ record, offset: null, reason: 'line-too-long', detail: 'the line is longer than 1 MiB' }),
  );
  return { push: (text) => lines.push(text), end: () => lines.end() };
}

/** How many of the first lines a test accepts, as a claim from 0 to 100. */
export function shareOf(lines: readonly string[], accepts: (line: string) => boolean): number {
  const some = lines.filter((line) => line.trim() !== '').slice(0, 50);
  if (some.length === 0) return 0;
  return Math.round((some.filter(accepts).length / some.length) * 100);
}
