import type { Format, Head, ReadContext, TextReader } from './format.ts';
import { shareOf } from './line-format.ts';
import { LineReader } from './lines.ts';
import { isObject, saidBesides, unwrap } from './shape.ts';
import { ShapeReader } from './shapes.ts';

/** One JSON value at most; a CloudTrail or Graph export is one object. */
const MAX_VALUE = 64 * 1024 * 1024;
const MAX_DEPTH = 200;
/** An honest export has a part each 15 characters or more; one that is nothing but brackets takes forty times its size. */
const MAX_PARTS = 4_000_000;

export const json: Format = {
  name: 'json',
  claims: ({ text, lines }: Head) => {
    const start = text.replace(/^[\s\0]+/, '').slice(0, 1000);
    if (/^\{\s*"/.test(start)) return 95;
    if (/^(?:\{\s*\}|\[\s*[{\]])/.test(start)) return 60;
    // A list that begins with something else, or lines of which most are objects.
    if (/^\[\s*(?:["[\d-]|null|true|false)/.test(start) && /\{\s*"/.test(text)) return 30;
    return Math.min(
      55,
      shareOf(lines, (line) => /^\s*\{\s*".*\}\s*,?\s*$/.test(line)),
    );
  },
  open: (context) => new JsonReader(context),
};

/** Records of one part of a file: each line is one, and each element of envelopes, which count by themselves. */
export interface CountedRecords {
  readonly lines: number;
  readonly elements: number;
}

/**
 * Elements of envelopes in a part of a file have numbers from here: how many stood before that part is known when all
 * parts are read.
 */
export const ELEMENTS_FROM = 2 ** 40;

/** True if a file that begins like this is read line by line. */
export function isJsonLines(text: string): boolean {
  return hasTwoLines(text) && isLineOfItsOwn(text.replace(BLANK, ''));
}

/** Reads some of the lines of such a file; records count from the first of them. */
export function openJsonLines(context: ReadContext): TextReader & { readonly counted: CountedRecords } {
  return new JsonReader(context, ELEMENTS_FROM);
}

const BLANK = /^[\s\0]+/;

/**
 * Objects one a line, in one array, one after another or over many lines. While every line is an object by itself it
 * goes straight to JSON.parse; from the first that is not, values are cut out by counting brackets.
 */
class JsonReader implements TextReader {
  readonly #context: ReadContext;
  readonly #shapes: ShapeReader;
  readonly #lines: LineReader;
  #cutter: ValueCutter | null = null;
  /** What came so far, until it tells whether lines are objects; `null` from then on. */
  #head: string | null = '';
  /** Elements of envelopes (`{"Records": […]}`) so far: they count on from one to the next. */
  #elements: number;

  /** @param linesFrom it is lines: their envelopes' elements count from here */
  constructor(context: ReadContext, linesFrom: number | null = null) {
    this.#context = context;
    this.#elements = linesFrom ?? 0;
    if (linesFrom !== null) this.#head = null;
    this.#shapes = new ShapeReader(context);
    this.#lines = new LineReader(
      (line, number) => this.#line(line, number),
      (number) => this.#aside(number, 'line-too-long', 'the line is longer than 1 MiB'),
    );
  }

  get counted(): CountedRecords {
    return { lines: this.#lines.count, elements: this.#elements - ELEMENTS_FROM };
  }

  push(text: string): void {
    if (this.#head === null) return this.#read(text);
    this.#head += text;
    if (this.#head.length >= ENOUGH_HEAD || hasTwoLines(this.#head)) this.#start(this.#head);
  }

  end(): void {
    if (this.#head !== null) this.#start(this.#head);
    if (this.#cutter === null) this.#lines.end();
    else this.#cutter.end();
  }

  #start(head: string): void {
    this.#head = null;
    if (!isLineOfItsOwn(head.replace(BLANK, '')))
      this.#cutter = new ValueCutter(
        (value, ordinal) => this.#value(value, ordinal),
        (ordinal, reason, detail) => this.#aside(ordinal, reason, detail),
      );
    this.#read(head);
  }

  #read(text: string): void {
    if (this.#cutter === null) this.#lines.push(text);
    else this.#cutter.push(text);
  }

  #line(line: string, number: number): void {
    if (line === '' || line.trim() === '') return;
    this.#value(line, number);
  }

  #value(text: string, record: number): void {
    if (text.length > MAX_PARTS && hasMoreParts(text, MAX_PARTS))
      return this.#aside(record, 'too-many-parts', 'one JSON value has more than 4 million parts');
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      const tooDeep = deeperThan(text, MAX_DEPTH);
      return this.#aside(
        record,
        tooDeep ? 'nested-too-deep' : 'bad-json',
        tooDeep ? 'it is nested deeper than 200 levels' : 'the JSON is not well-formed',
        text,
      );
    }
    if (text.length > 2000 && deeperThan(text, MAX_DEPTH))
      return this.#aside(record, 'nested-too-deep', 'it is nested deeper than 200 levels', text);
    // An event may itself have a list of that name.
    if (isObject(value) && this.#shapes.readKnown(value, record, text)) return;
    const inner = unwrap(value);
    if (inner === null) {
      if (isObject(value)) this.#shapes.readOther(value, record, text);
      else this.#object(value, record, text);
      return;
    }
    const besides = isObject(value) ? saidBesides(value, inner) : null;
    if (besides !== null) this.#shapes.readOther(besides, record, null);
    const isCountedOn = isObject(value) && besides === null;
    for (const entry of inner) this.#object(entry, isCountedOn ? ++this.#elements : record, null);
  }

  #object(value: unknown, record: number, text: string | null): void {
    if (isObject(value)) {
      this.#shapes.read(value, record, text);
      return;
    }
    this.#aside(record, 'not-an-object', 'the JSON value is not an object', text ?? JSON.stringify(value));
  }

  #aside(record: number, reason: string, detail: string, input?: string): void {
    this.#context.setAside({ record, offset: null, reason, detail }, input);
  }
}

/** Longer than the longest line that is read: what has no two lines in it has none that are objects. */
const ENOUGH_HEAD = 2 * 1024 * 1024;

/** True if two lines that are not blank are whole. */
function hasTwoLines(text: string): boolean {
  const start = text.length - text.trimStart().length;
  const first = text.indexOf('\n', start);
  return first >= 0 && text.indexOf('\n', first + 1) >= 0;
}

/** True if the text begins with a line that is a whole object (or with one that is not, yet nothing but lines can follow). */
function isLineOfItsOwn(start: string): boolean {
  const end = start.indexOf('\n');
  const line = (end < 0 ? start : start.slice(0, end)).trim();
  if (line.startsWith('[')) return false;
  if (line.startsWith('{') && end < 0 && !line.endsWith('}')) return line.length > 100_000;
  try {
    if (line.startsWith('{')) JSON.parse(line);
    else if (end < 0) return false;
    else throw new SyntaxError('the first line is no object');
    return true;
  } catch {
    // A damaged first line, or a remark: if the second is an object, lines it is.
    const second = start
      .slice(end + 1, start.indexOf('\n', end + 1) < 0 ? undefined : start.indexOf('\n', end + 1))
      .trim();
    if (end < 0 || !second.startsWith('{') || !second.endsWith('}')) return false;
    try {
      JSON.parse(second);
      return true;
    } catch {
      return false;
    }
  }
}

/** Counts commas, whether in a text or not: each part but the first comes after one. */
function hasMoreParts(text: string, most: number): boolean {
  let parts = 0;
  for (let at = text.indexOf(','); at >= 0; at = text.indexOf(',', at + 1)) if (++parts > most) return true;
  return false;
}

function deeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > limit) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}

/** Cuts a text that has come whole into its values: objects one after another, or the elements of an array. */
export function cutValues(
  text: string,
  onValue: (text: string, ordinal: number) => void,
  onBad: (ordinal: number, reason: string, detail: string) => void,
): void {
  const cutter = new ValueCutter(onValue, onBad);
  cutter.push(text);
  cutter.end();
}

/** Cuts JSON values out of text by counting brackets: the elements of an array, or objects one after another. */
class ValueCutter {
  readonly #onValue: (text: string, ordinal: number) => void;
  readonly #onBad: (ordinal: number, reason: string, detail: string) => void;
  #pieces: string[] = [];
  #length = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #inArray = false;
  /** Something stands where an object should begin. */
  #isStray = false;
  #ordinal = 0;
  #tooLong = false;

  constructor(
    onValue: (text: string, ordinal: number) => void,
    onBad: (ordinal: number, reason: string, detail: string) => void,
  ) {
    this.#onValue = onValue;
    this.#onBad = onBad;
  }

  push(text: string): void {
    let from = this.#depth > 0 ? 0 : -1;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (code === 0x5c) this.#escaped = true;
        else if (code === 0x22) this.#inString = false;
        continue;
      }
      if (this.#depth === 0) {
        if (code === 0x7b || (code === 0x5b && (this.#inArray || this.#isStray))) {
          this.#endStray();
          this.#depth = 1;
          from = i;
        } else if (code === 0x5b) this.#inArray = true;
        else if (code === 0x5d || code === 0x2c) {
          this.#endStray();
          if (code === 0x5d) this.#inArray = false;
        } else if (code > 0x20 && code !== 0xfeff) {
          this.#isStray = true;
          this.#inString = code === 0x22;
        }
        continue;
      }
      if (code === 0x22) this.#inString = true;
      else if (code === 0x7b || code === 0x5b) this.#depth++;
      else if ((code === 0x7d || code === 0x5d) && --this.#depth === 0) {
        this.#keep(text.slice(from, i + 1));
        this.#emit();
        from = -1;
      }
    }
    if (this.#depth > 0 && from >= 0) this.#keep(text.slice(from));
  }

  end(): void {
    if (this.#depth > 0)
      this.#onBad(
        ++this.#ordinal,
        'bad-json',
        this.#inArray ? 'the array ends in the middle of an element' : 'the text ends in the middle of an object',
      );
    else {
      this.#endStray();
      if (this.#inArray) this.#onBad(this.#ordinal + 1, 'bad-json', 'the text ends before the array does');
    }
  }

  /** What is no object is an element all the same, but does not count among objects. */
  #endStray(): void {
    if (!this.#isStray) return;
    this.#isStray = false;
    if (this.#inArray) this.#onBad(++this.#ordinal, 'not-an-object', 'the JSON value is not an object');
    else this.#onBad(this.#ordinal + 1, 'not-an-object', 'what stands before it, or at the end, is no object');
  }

  #keep(piece: string): void {
    this.#length += piece.length;
    if (this.#length > MAX_VALUE) {
      this.#tooLong = true;
      this.#pieces = [];
    } else this.#pieces.push(piece);
  }

  #emit(): void {
    this.#ordinal++;
    if (this.#tooLong) this.#onBad(this.#ordinal, 'value-too-long', 'one JSON value is longer than 64 MiB');
    else this.#onValue(this.#pieces.join(''), this.#ordinal);
    this.#pieces = [];
    this.#length = 0;
    this.#tooLong = false;
  }
}
