import type { LogEvent, LogSource } from '../../core/event.ts';

/**
 * A format: how one kind of log text becomes events. To add one: write the file, add it to `FORMATS` in ./index.ts,
 * and run `formatContract` on it from its test. There is no other registration.
 *
 * A format never throws on its input, whatever that holds: what it cannot read it sets aside, with the reason, and
 * goes on with what follows. It keeps no more than a bounded amount of earlier input in memory.
 */
export interface Format {
  /** Kebab-case, as printed in the scan's summary: `syslog`, `zeek-tsv`. */
  readonly name: string;
  /**
   * How sure it is that a file which begins like this is its own: 0 not at all, 100 beyond doubt (a magic number or
   * a header that nothing else has). The highest wins; at a tie the earlier in `FORMATS`. Looks at no more than
   * `head`, and never at a file name.
   */
  claims(head: Head): number;
  /** A fresh reader for one file. */
  open(context: ReadContext): TextReader;
}

/** The beginning of a file, decoded: at most 64 KiB of text, the last line possibly torn. */
export interface Head {
  readonly text: string;
  /** The first lines, without line ends; a torn last line is left out unless it is the only one. */
  readonly lines: readonly string[];
}

/** What a reader is given besides the text. */
export interface ReadContext {
  /** Zone of times that name none: an IANA name such as `Europe/London`. */
  readonly timeZone: string;
  /**
   * When the file was last written or received, UTC ms. Syslog times without a year take the year that puts them
   * nearest before this (or within a day after it).
   */
  readonly referenceTime: number;
  /** What a person said of tables that do not say it themselves. */
  readonly mappings: readonly TableMapping[];
  readonly emit: (event: LogEvent) => void;
  /** @param input what could not be read, where it is at hand: it may name a patient */
  readonly setAside: (item: SetAside, input?: string) => void;
}

/** How one kind of CSV becomes events: which tables it is for, what they are, and what their columns are called here. */
export interface TableMapping {
  /** Columns that a table must have for this to be its mapping. */
  readonly columns: readonly string[];
  readonly logSource: LogSource;
  /** The column that holds the time; `null`: one of the usual names. */
  readonly time: string | null;
  /** Their column → our field. Columns that are not named keep their own names. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Input that could not be read. `reason` is a short stable kebab-case word that can be counted. */
export interface SetAside {
  /** The record (line, element, …) it stood at, from 1; for EVTX damage the byte offset is in `offset`. */
  readonly record: number | null;
  readonly offset: number | null;
  readonly reason: string;
  /** In plain words and without the input itself: "the brackets do not close". */
  readonly detail: string;
}

/** Reads one file's text, given in order. Texts may break anywhere, except inside a surrogate pair. */
export interface TextReader {
  push(text: string): void;
  /** No more text: what was held back is emitted or set aside. */
  end(): void;
}
