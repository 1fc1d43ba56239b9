/**
 * Binary XML as a tree: of a template (where substitutions stand for values that each record brings) or of a record
 * written without one. Source: [MS-EVEN6] 2.2.12; Metz, “Windows XML Event Log (EVTX) format”.
 */
import { readValue } from './value.ts';

export interface Element {
  readonly name: string;
  readonly attributes: readonly { readonly name: string; readonly parts: readonly Part[] }[];
  readonly children: readonly (Element | Part)[];
}

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  /** The value that the record brings under this index. Optional ones are left out, with their attribute, if null. */
  | { readonly kind: 'substitution'; readonly index: number; readonly type: number; readonly optional: boolean };

export function isElement(child: Element | Part): child is Element {
  return !('kind' in child);
}

export function isPart(child: Element | Part): child is Part {
  return 'kind' in child;
}

/** Why bytes are not BinXML we can read. Thrown inside one record's reading, and turned into a set-aside there. */
export class BinXmlError extends Error {
  readonly reason: string;
  readonly offset: number;

  /** @param offset in bytes from the start of the chunk */
  constructor(reason: string, offset: number) {
    super(`${reason} at ${offset}`);
    this.reason = reason;
    this.offset = offset;
  }
}

const MAX_DEPTH = 64;
/** A 64 KiB chunk cannot hold more; a crafted one that points back at itself could pretend to. */
const MAX_NODES = 20_000;

const TOKEN = {
  end: 0x00,
  openElement: 0x01,
  closeStart: 0x02,
  closeEmpty: 0x03,
  endElement: 0x04,
  value: 0x05,
  attribute: 0x06,
  cdata: 0x07,
  charRef: 0x08,
  entityRef: 0x09,
  piTarget: 0x0a,
  piData: 0x0b,
  template: 0x0c,
  substitution: 0x0d,
  optionalSubstitution: 0x0e,
  fragment: 0x0f,
} as const;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The names of a chunk's elements and attributes, by their offset: records share them. */
export class NameTable {
  readonly #chunk: Buffer;
  readonly #names = new Map<number, string>();

  constructor(chunk: Buffer) {
    this.#chunk = chunk;
  }

  at(offset: number): string {
    let name = this.#names.get(offset);
    if (name === undefined) {
      // next (4), hash (2), characters (2), then UTF-16
      if (offset + 8 > this.#chunk.length) throw new BinXmlError('name-out-of-range', offset);
      const length = this.#chunk.readUInt16LE(offset + 6);
      const end = offset + 8 + length * 2;
      if (end > this.#chunk.length) throw new BinXmlError('name-out-of-range', offset);
      name = this.#chunk.toString('utf16le', offset + 8, end);
      this.#names.set(offset, name);
    }
    return name;
  }

  /** True if the name at an offset is this one, without reading it if it is not known. */
  is(offset: number, name: string): boolean {
    const chunk = this.#chunk;
    if (offset + 8 + name.length * 2 > chunk.length || chunk.readUInt16LE(offset + 6) !== name.length) return false;
    for (let i = 0; i < name.length; i++)
      if (chunk.readUInt16LE(offset + 8 + i * 2) !== name.charCodeAt(i)) return false;
    return true;
  }

  /** Bytes that a name takes when it is written in place. */
  size(offset: number): number {
    return 8 + this.#chunk.readUInt16LE(offset + 6) * 2 + 2;
  }
}

/**
 * Reads elements from `start` until the end token or `end`.
 *
 * @param hasDependencyIds false for BinXML that is a value without a template: its elements lack two bytes
 * @returns the elements, and where they end
 * @throws BinXmlError
 */
export function readTree(
  chunk: Buffer,
  start: number,
  end: number,
  names: NameTable,
  hasDependencyIds: boolean,
  uses: NameUse[] | null = null,
): { roots: Element[]; end: number } {
  const reader = new TreeReader(chunk, start, Math.min(end, chunk.length), names, hasDependencyIds, uses);
  return { roots: reader.elements(), end: reader.at };
}

/** Where a tree refers to a name: the position of the offset, and the name. `inPlace`: it is written there too. */
export interface NameUse {
  readonly at: number;
  readonly name: string;
  readonly inPlace: boolean;
}

class TreeReader {
  readonly #chunk: Buffer;
  readonly #end: number;
  readonly #names: NameTable;
  readonly #hasDependencyIds: boolean;
  readonly #uses: NameUse[] | null;
  #at: number;
  #nodes = 0;

  constructor(
    chunk: Buffer,
    start: number,
    end: number,
    names: NameTable,
    hasDependencyIds: boolean,
    uses: NameUse[] | null,
  ) {
    this.#uses = uses;
    this.#chunk = chunk;
    this.#at = start;
    this.#end = end;
    this.#names = names;
    this.#hasDependencyIds = hasDependencyIds;
  }

  /** How far it has read. */
  get at(): number {
    return this.#at;
  }

  elements(): Element[] {
    const found: Element[] = [];
    while (this.#at < this.#end) {
      const token = this.#byte() & 0x0f;
      if (token === TOKEN.end) break;
      if (token === TOKEN.fragment) this.#skip(3);
      else if (token === TOKEN.openElement) found.push(this.#element(0));
      else if (token === TOKEN.piTarget) this.#skip(4);
      else if (token === TOKEN.piData) this.#counted();
      else throw new BinXmlError('unexpected-token', this.#at - 1);
    }
    return found;
  }

  /** After the open token, whose 0x40 says whether attributes follow. */
  #element(depth: number): Element {
    if (depth > MAX_DEPTH) throw new BinXmlError('nested-too-deep', this.#at);
    if (++this.#nodes > MAX_NODES) throw new BinXmlError('too-many-nodes', this.#at);
    const hasAttributes = ((this.#chunk[this.#at - 1] ?? 0) & 0x40) !== 0;
    this.#skip((this.#hasDependencyIds ? 2 : 0) + 4);
    const name = this.#name();
    if (hasAttributes) this.#skip(4);
    const attributes: Element['attributes'][number][] = [];
    for (;;) {
      const token = this.#byte() & 0x0f;
      if (token === TOKEN.attribute) attributes.push({ name: this.#name(), parts: this.#attributeParts() });
      else if (token === TOKEN.closeEmpty) return { name, attributes, children: [] };
      else if (token === TOKEN.closeStart) return { name, attributes, children: this.#children(depth) };
      else throw new BinXmlError('unexpected-token', this.#at - 1);
    }
  }

  #children(depth: number): (Element | Part)[] {
    const children: (Element | Part)[] = [];
    for (;;) {
      const token = this.#byte() & 0x0f;
      if (token === TOKEN.endElement) return children;
      if (token === TOKEN.openElement) children.push(this.#element(depth + 1));
      else if (token === TOKEN.piTarget) this.#name();
      else if (token === TOKEN.piData) this.#counted();
      else children.push(this.#part(token));
    }
  }

  #attributeParts(): Part[] {
    const parts: Part[] = [];
    for (;;) {
      const token = (this.#chunk[this.#at] ?? 0) & 0x0f;
      const isPart =
        token === TOKEN.value ||
        token === TOKEN.substitution ||
        token === TOKEN.optionalSubstitution ||
        token === TOKEN.charRef ||
        token === TOKEN.entityRef ||
        token === TOKEN.cdata;
      if (!isPart || this.#at >= this.#end) return parts;
      this.#at++;
      parts.push(this.#part(token));
    }
  }

  #part(token: number): Part {
    if (++this.#nodes > MAX_NODES) throw new BinXmlError('too-many-nodes', this.#at);
    switch (token) {
      case TOKEN.value: {
        const type = this.#byte();
        const size = this.#u16() * (type === 0x01 ? 2 : 1);
        const start = this.#at;
        this.#skip(size);
        const value = readValue(this.#chunk, start, size, type);
        return { kind: 'text', text: Array.isArray(value) ? value.join(' ') : (value ?? '') };
      }
      case TOKEN.substitution:
      case TOKEN.optionalSubstitution: {
        const index = this.#u16();
        return { kind: 'substitution', index, type: this.#byte(), optional: token === TOKEN.optionalSubstitution };
      }
      case TOKEN.cdata:
        return { kind: 'text', text: this.#counted() };
      case TOKEN.charRef:
        return { kind: 'text', text: String.fromCharCode(this.#u16()) };
      case TOKEN.entityRef: {
        const name = this.#name();
        return { kind: 'text', text: Object.hasOwn(ENTITIES, name) ? (ENTITIES[name] ?? '') : `&${name};` };
      }
      default:
        throw new BinXmlError('unexpected-token', this.#at - 1);
    }
  }

  /** A name's offset; where that is here, the name itself follows in place. */
  #name(): string {
    this.#need(4);
    const offset = this.#chunk.readUInt32LE(this.#at);
    this.#at += 4;
    const name = this.#names.at(offset);
    const inPlace = offset === this.#at;
    this.#uses?.push({ at: this.#at - 4, name, inPlace });
    if (inPlace) this.#skip(this.#names.size(offset));
    return name;
  }

  #counted(): string {
    const size = this.#u16() * 2;
    const start = this.#at;
    this.#skip(size);
    return this.#chunk.toString('utf16le', start, start + size);
  }

  #byte(): number {
    this.#need(1);
    return this.#chunk[this.#at++] ?? 0;
  }

  #u16(): number {
    this.#need(2);
    const value = this.#chunk.readUInt16LE(this.#at);
    this.#at += 2;
    return value;
  }

  #skip(size: number): void {
    this.#need(size);
    this.#at += size;
  }

  #need(size: number): void {
    if (this.#at + size > this.#end) throw new BinXmlError('ends-too-early', this.#at);
  }
}
