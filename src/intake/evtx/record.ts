import type { EventView, FieldValue, LogSource, TextSearch, UtcMs } from '../../core/event.ts';
import { BinXmlError, type Element, isElement, isPart, NameTable, type Part, readTree } from './binxml.ts';
import { definedTemplate } from './definition.ts';
import { Shape, type Template, templateOf } from './shape.ts';
import { filetimeToMs, readValue, TYPE } from './value.ts';

const WINDOWS: LogSource = { product: 'windows' };
const TEMPLATE_TOKEN = 0x0c;
const FRAGMENT_TOKEN = 0x0f;
/** Substitutions of a record, nested ones included: 65,536 bytes cannot hold as many descriptors. */
const MAX_VALUES = 16_384;
const USUAL_VALUES = 256;
const MAX_NESTING = 8;
const RECORD_HEADER = 24;

/** A template of the record, and where its values start among all of the record's. */
interface Member {
  template: Template;
  base: number;
}

/** The templates of one instance and of those nested in its values, as a tree of lookups that ends in a shape. */
interface ShapeNode {
  shape: Shape | null;
  readonly next: Map<number, ShapeNode>;
}

const shapes: ShapeNode = { shape: null, next: new Map() };
let keptSlots = 0;
/** Fields of all shapes that are kept; a site has some ten thousand. Beyond, all are forgotten and found again. */
const MAX_KEPT_SLOTS = 250_000;

/**
 * The record in hand: its values lie where the chunk has them and are decoded when they are asked for. One object
 * serves all records of all chunks, one after another.
 */
export class EvtxRecord implements EventView {
  record = 0;
  at: UtcMs | null = null;
  channel = '';
  eventId = -1;
  readonly logSource = WINDOWS;
  layout: Shape = new Shape([]);
  /** Where in the chunk the record's content ends: between here and its end is nothing but padding. */
  contentEnd = 0;

  #chunk: Buffer = Buffer.alloc(0);
  #names = new NameTable(this.#chunk);
  #templates = new Map<number, Template>();

  // The record's values, those of nested instances after their parent's.
  #offsets = new Int32Array(USUAL_VALUES);
  #sizes = new Int32Array(USUAL_VALUES);
  #types = new Uint8Array(USUAL_VALUES);
  #values = 0;
  /** The templates of the record and where their values start. The first `#memberCount` are this record's. */
  #start = 0;
  readonly #members: Member[] = [];
  #memberCount = 0;
  /** By value: the member that its BinXML became. Only right for values of that type. */
  #memberOfValue = new Int32Array(USUAL_VALUES);
  /** Texts of elements that were written out. */
  #lifted: string[] = [];

  readonly #channels = new Map<string, string>();
  /** What a search found in a shape's own texts: the same for all its records. */
  readonly #constants = new WeakMap<Shape, WeakMap<TextSearch, boolean>>();
  #lastLayout: Shape | null = null;
  #lastSearch: TextSearch | null = null;
  #lastConstants = false;

  /** Makes the records of this chunk readable. `chunk` starts at the chunk's magic. */
  enter(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#names = new NameTable(chunk);
    this.#templates = new Map();
  }

  /**
   * Reads the record at `start`, `size` bytes with its header, both checked to lie in the chunk.
   *
   * @throws BinXmlError if its content cannot be read
   */
  read(start: number, size: number, ordinal: number): void {
    this.record = ordinal;
    this.#start = start;
    this.#values = 0;
    this.#memberCount = 0;
    if (this.#lifted.length > 0) this.#lifted = [];
    // The size stands once more at the end of the record.
    this.#fragment(start + RECORD_HEADER, start + size - 4, 0);
    this.layout = this.#shape();
    this.at = this.#readTime(start);
    this.eventId = this.#readEventId();
    this.channel = this.#readChannel();
  }

  // ── Structure ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** A fragment is a template instance with its values or, seldom, elements written out. */
  #fragment(from: number, end: number, depth: number): void {
    const chunk = this.#chunk;
    let at = from;
    if (at < end && chunk[at] === FRAGMENT_TOKEN) at += 4;
    if (at < end && chunk[at] === TEMPLATE_TOKEN) return this.#instance(at, end, depth);
    const base = this.#values;
    const tree = this.#looseTree(at, end);
    this.#join(this.#templateOfTree(tree.roots), base);
    if (depth === 0) this.contentEnd = tree.end;
  }

  /** Elements outside a template mostly lack the two bytes of a dependency id, but not with every writer. */
  #looseTree(at: number, end: number): { roots: Element[]; end: number } {
    let first: unknown = null;
    for (const hasDependencyIds of [false, true]) {
      try {
        const tree = readTree(this.#chunk, at, end, this.#names, hasDependencyIds);
        if (tree.roots.length > 0) return tree;
      } catch (error) {
        if (!hasDependencyIds) first = error;
      }
    }
    throw first ?? new BinXmlError('no-elements', at);
  }

  #instance(from: number, end: number, depth: number): void {
    if (depth > MAX_NESTING) throw new BinXmlError('nested-too-deep', from);
    const chunk = this.#chunk;
    // token (1), version (1), template id (4), offset of the definition (4)
    let at = from + 10;
    if (at + 4 > end) throw new BinXmlError('ends-too-early', from);
    const definition = chunk.readUInt32LE(from + 6);
    if (definition === at) {
      // The definition stands here: next (4), GUID (16), size (4), data.
      if (at + 24 > end) throw new BinXmlError('ends-too-early', at);
      at += 24 + chunk.readUInt32LE(at + 20);
      if (at + 4 > end) throw new BinXmlError('template-out-of-range', from);
    }
    const template = this.#template(definition);
    const count = chunk.readUInt32LE(at);
    at += 4;
    if (this.#values + count > MAX_VALUES || at + count * 4 > end) throw new BinXmlError('too-many-values', at);

    const base = this.#values;
    this.#reserve(base + count);
    let data = at + count * 4;
    let nested = false;
    for (let i = 0; i < count; i++, at += 4) {
      const size = chunk.readUInt16LE(at);
      const type = chunk[at + 2] ?? 0;
      this.#offsets[base + i] = data;
      this.#sizes[base + i] = size;
      this.#types[base + i] = type;
      data += size;
      if (type === TYPE.binXml && size > 0) nested = true;
    }
    if (data > end) throw new BinXmlError('values-out-of-range', from);
    if (depth === 0) this.contentEnd = data;
    this.#values = base + count;
    this.#join(template, base);
    if (!nested) return;
    for (let i = base; i < base + count; i++) {
      if (this.#types[i] !== TYPE.binXml || this.#sizes[i] === 0) continue;
      const start = this.#offsets[i] ?? 0;
      this.#nested(i, start, start + (this.#sizes[i] ?? 0), depth + 1);
    }
  }

  /** The objects serve one record after another: new ones for each were a quarter of what reading allocated. */
  #join(template: Template, base: number): void {
    const member = this.#members[this.#memberCount];
    if (member === undefined) this.#members.push({ template, base });
    else {
      member.template = template;
      member.base = base;
    }
    this.#memberCount++;
  }

  /** Room for this many values. */
  #reserve(count: number): void {
    if (count <= this.#offsets.length) return;
    const grow = (old: Int32Array) => {
      const bigger = new Int32Array(Math.max(count, old.length * 2));
      bigger.set(old);
      return bigger;
    };
    this.#offsets = grow(this.#offsets);
    this.#sizes = grow(this.#sizes);
    this.#memberOfValue = grow(this.#memberOfValue);
    const types = new Uint8Array(this.#offsets.length);
    types.set(this.#types);
    this.#types = types;
  }

  #nested(valueIndex: number, start: number, end: number, depth: number): void {
    this.#memberOfValue[valueIndex] = this.#memberCount;
    this.#fragment(start, end, depth);
  }

  /**
   * The template at an offset of the chunk, compiled once per chunk.
   *
   * Definitions are bounded by the chunk and by their own end token; an offset that points anywhere else, at itself
   * for one, ends in a BinXmlError.
   */
  #template(offset: number): Template {
    let template = this.#templates.get(offset);
    if (template === undefined) {
      if (offset + 24 > this.#chunk.length) throw new BinXmlError('template-out-of-range', offset);
      template = definedTemplate(this.#chunk, offset, this.#names);
      this.#templates.set(offset, template);
    }
    return template;
  }

  /**
   * Elements written out become a template too: their texts are moved out to the record's values, so that records
   * with the same elements share a shape.
   */
  #templateOfTree(roots: readonly Element[]): Template {
    const base = this.#values;
    const signature = roots.map(signatureOf).join('');
    const known = looseTemplates.get(signature);
    if (known !== undefined) {
      for (const root of roots) this.#liftTexts(root);
      return known;
    }
    const template = templateOf(roots.map((root) => this.#lift(root, base)));
    looseCharacters += signature.length;
    if (looseCharacters > MAX_LOOSE_CHARACTERS) {
      looseTemplates.clear();
      looseCharacters = signature.length;
    }
    looseTemplates.set(signature, template);
    return template;
  }

  #lift(element: Element, base: number): Element {
    const inner = element.children.filter(isElement);
    return {
      name: element.name,
      // `Name` is not a value but what the value is called.
      attributes: element.attributes.map(({ name, parts }) => ({
        name,
        parts: name === 'Name' || name === 'xmlns' ? parts : this.#liftText(parts, base),
      })),
      children:
        inner.length > 0
          ? inner.map((child) => this.#lift(child, base))
          : this.#liftText(element.children.filter(isPart), base),
    };
  }

  /** As `#lift`, in the same order, for a template that is known. */
  #liftTexts(element: Element): void {
    for (const { name, parts } of element.attributes)
      if (parts.length > 0 && name !== 'Name' && name !== 'xmlns') this.#liftText(parts, 0);
    let isLeaf = true;
    for (const child of element.children) {
      if (!isElement(child)) continue;
      isLeaf = false;
      this.#liftTexts(child);
    }
    if (isLeaf && element.children.length > 0) this.#liftText(element.children.filter(isPart), 0);
  }

  #liftText(parts: readonly Part[], base: number): Part[] {
    if (parts.length === 0) return [];
    const index = this.#values;
    if (index >= MAX_VALUES) throw new BinXmlError('too-many-values', 0);
    this.#reserve(index + 1);
    this.#types[index] = LIFTED;
    this.#offsets[index] = this.#lifted.length;
    this.#lifted.push(parts.map((part) => (part.kind === 'text' ? part.text : '')).join(''));
    this.#values++;
    return [{ kind: 'substitution', index: index - base, type: TYPE.string, optional: false }];
  }

  #shape(): Shape {
    let node = shapes;
    for (let i = 0; i < this.#memberCount; i++) {
      const { template, base } = this.#members[i] as Member;
      // The base is part of the key: the same templates can stand over different numbers of values.
      const key = template.id * MAX_VALUES + base;
      let next = node.next.get(key);
      if (next === undefined) {
        next = { shape: null, next: new Map() };
        node.next.set(key, next);
      }
      node = next;
    }
    if (node.shape === null) {
      node.shape = new Shape(this.#members.slice(0, this.#memberCount));
      keptSlots += node.shape.slots.length + this.#memberCount;
      if (keptSlots > MAX_KEPT_SLOTS) {
        shapes.next.clear();
        keptSlots = 0;
      }
    }
    return node.shape;
  }

  // ── Values ─────────────────────────────────────────────────────────────────────────────────────────────────────

  valueAt(slot: number): FieldValue {
    const { layout } = this;
    const found = layout.slots[slot];
    if (found === undefined) return this.#groupAt(slot - layout.slots.length);
    if (found.substitution >= 0) return this.#value(found.base + found.substitution);
    if (!found.isData) return '';
    return found.parts.map((part) => this.#partText(part, found.base)).join('');
  }

  #groupAt(group: number): FieldValue {
    return (this.layout.groups[group] ?? []).flatMap((slot) => this.valueAt(slot) ?? []);
  }

  #value(index: number): FieldValue {
    if (index >= this.#values) return null;
    const type = this.#types[index] ?? 0;
    const offset = this.#offsets[index] ?? 0;
    if (type === LIFTED) return this.#lifted[offset] ?? null;
    const value = readValue(this.#chunk, offset, this.#sizes[index] ?? 0, type);
    return Array.isArray(value) && value.length === 1 ? (value[0] ?? '') : value;
  }

  #partText(part: Part, base: number): string {
    if (part.kind === 'text') return part.text;
    const value = this.#value(base + part.index);
    return typeof value === 'string' ? value : Array.isArray(value) ? value.join(' ') : '';
  }

  texts(written: boolean): readonly string[] {
    const texts: string[] = [];
    const { slots } = this.layout;
    for (let slot = 0; slot < slots.length; slot++) {
      const found = slots[slot];
      if (
        written &&
        found !== undefined &&
        found.substitution >= 0 &&
        !this.#isWritten(found.base + found.substitution)
      )
        continue;
      const value = this.valueAt(slot);
      if (typeof value === 'string') texts.push(value);
      else if (Array.isArray(value)) for (const entry of value) if (typeof entry === 'string') texts.push(entry);
    }
    return texts;
  }

  /**
   * Looks at the bytes of the texts where they lie. Decoding them all for rules that search the whole event was half
   * of the time from record to verdict; this is a sixth (attack samples).
   */
  textsMayHold(search: TextSearch): boolean {
    const { layout } = this;
    // A text put together from several parts could hold what none of them does.
    if (layout.isMixed || this.#constantsMayHold(search)) return true;
    for (let index = 0; index < this.#values; index++) {
      const type = this.#types[index] as number;
      const from = this.#offsets[index] as number;
      if ((type & ~TYPE.array) === TYPE.string) {
        if (search.mayBeInUtf16(this.#chunk, from, from + ((this.#sizes[index] as number) & ~1))) return true;
      } else if (type === LIFTED) {
        if (search.mayBeIn(this.#lifted[from] ?? '')) return true;
      } else if ((type & ~TYPE.array) === TYPE.ansi) return true;
    }
    return false;
  }

  /** Whether the shape's own texts may hold it: the same for every record of the shape. */
  #constantsMayHold(search: TextSearch): boolean {
    const { layout } = this;
    if (layout === this.#lastLayout && search === this.#lastSearch) return this.#lastConstants;
    let bySearch = this.#constants.get(layout);
    if (bySearch === undefined) {
      bySearch = new WeakMap();
      this.#constants.set(layout, bySearch);
    }
    let may = bySearch.get(search);
    if (may === undefined) {
      may = layout.slots.some(({ parts }) => parts.some((part) => part.kind === 'text' && search.mayBeIn(part.text)));
      bySearch.set(search, may);
    }
    this.#lastLayout = layout;
    this.#lastSearch = search;
    this.#lastConstants = may;
    return may;
  }

  #isWritten(index: number): boolean {
    const type = (this.#types[index] ?? 0) & ~TYPE.array;
    return type === TYPE.string || type === TYPE.ansi || type === (LIFTED & ~TYPE.array);
  }

  /** The value of a field by name; `undefined` if the record does not have it. */
  field(name: string): FieldValue {
    const slot = this.layout.slotOf(name);
    return slot < 0 ? undefined : this.valueAt(slot);
  }

  /** As its header says, which is of this file also where the event was forwarded: its number, and when it was written. */
  get header(): { readonly number: number; readonly writtenAt: UtcMs } {
    const u32 = (at: number) => this.#chunk.readUInt32LE(this.#start + at);
    return { number: u32(8) + u32(12) * 2 ** 32, writtenAt: filetimeToMs(u32(16), u32(20)) };
  }

  /** What System says; where it says nothing, the header's time: of an event that was forwarded, when it came here. */
  #readTime(start: number): UtcMs | null {
    const stated = this.#statedTime();
    if (stated > EARLIEST_TIME) return stated;
    const written = filetimeToMs(this.#chunk.readUInt32LE(start + 16), this.#chunk.readUInt32LE(start + 20));
    return written > EARLIEST_TIME ? written : null;
  }

  #statedTime(): number {
    const slot = this.layout.timeCreated;
    if (slot === null) return Number.NaN;
    const index = slot.base + slot.substitution;
    // Nearly always a FILETIME: read without a detour by text.
    if (slot.substitution >= 0 && this.#typeOf(index) === TYPE.filetime && this.#sizes[index] === 8) {
      const offset = this.#offsets[index] ?? 0;
      return filetimeToMs(this.#chunk.readUInt32LE(offset), this.#chunk.readUInt32LE(offset + 4));
    }
    const text = this.field('TimeCreated_SystemTime');
    const [, day, time, fraction = '', zone = 'Z'] = (typeof text === 'string' && STATED.exec(text)) || [];
    return Date.parse(`${day}T${time}${fraction}${zone}`);
  }

  /** The type of a value; `undefined` if the record has fewer: what lies there is left of another record. */
  #typeOf(index: number): number | undefined {
    return index < this.#values ? this.#types[index] : undefined;
  }

  #readEventId(): number {
    const slot = this.layout.eventId;
    if (slot === null) return -1;
    const index = slot.base + slot.substitution;
    // Nearly always a UInt16 substitution: read without a detour by text.
    if (slot.substitution >= 0 && this.#typeOf(index) === 0x06)
      return this.#chunk.readUInt16LE(this.#offsets[index] ?? 0);
    const id = Number(this.field('EventID'));
    return Number.isInteger(id) ? id : -1;
  }

  #readChannel(): string {
    const value = this.field('Channel');
    if (typeof value !== 'string') return '';
    let lower = this.#channels.get(value);
    if (lower === undefined) {
      lower = value.toLowerCase();
      if (this.#channels.size < 1000) this.#channels.set(value, lower);
    }
    return lower;
  }

  // ── The whole record, for output ───────────────────────────────────────────────────────────────────────────────

  /** The record's elements with its values in place. */
  tree(): ResolvedElement[] {
    const [first] = this.#members;
    return first === undefined || this.#memberCount === 0 ? [] : this.#resolveAll(first.template.roots, first.base);
  }

  #resolveAll(roots: readonly Element[], base: number): ResolvedElement[] {
    return roots.map((root) => this.#resolve(root, base));
  }

  #resolve(element: Element, base: number): ResolvedElement {
    const attributes: [string, string][] = [];
    for (const { name, parts } of element.attributes) {
      const value = parts.map((part) => this.#partText(part, base)).join('');
      const isLeftOut = parts.some((part) => part.kind === 'substitution' && part.optional) && value === '';
      if (!isLeftOut) attributes.push([name, value]);
    }
    const children: ResolvedElement[] = [];
    const texts: (string | null)[] = [];
    for (const child of element.children) {
      if (isElement(child)) children.push(this.#resolve(child, base));
      else if (child.kind === 'text') texts.push(child.text);
      else if (this.#types[base + child.index] === TYPE.binXml) children.push(...this.#nestedTree(base + child.index));
      else {
        const value = base + child.index < this.#values ? this.#value(base + child.index) : null;
        if (Array.isArray(value)) texts.push(...value.map(String));
        else texts.push(typeof value === 'string' ? value : null);
      }
    }
    return { name: element.name, attributes, children, texts };
  }

  #nestedTree(valueIndex: number): ResolvedElement[] {
    const member = this.#members[this.#memberOfValue[valueIndex] ?? 0];
    return member === undefined ? [] : this.#resolveAll(member.template.roots, member.base);
  }
}

/** Trees without a template, by what is the same in like ones: names, and what data are called. */
const looseTemplates = new Map<string, Template>();
let looseCharacters = 0;
const MAX_LOOSE_CHARACTERS = 8_000_000;

/** All of an element but its texts. Names come with their lengths, so that none can pose as several. */
function signatureOf(element: Element): string {
  let signature = `<${element.name.length}:${element.name}`;
  for (const { name, parts } of element.attributes) {
    signature += ` ${name.length}:${name}${parts.length === 0 ? '' : '='}`;
    if (name === 'Name' || name === 'xmlns') signature += JSON.stringify(parts);
  }
  let isLeaf = true;
  for (const child of element.children) {
    if (!isElement(child)) continue;
    isLeaf = false;
    signature += signatureOf(child);
  }
  return `${signature}${isLeaf && element.children.length > 0 ? '#' : ''}>`;
}

/** 1990: before Windows had event logs, so a time before it is no time. */
const EARLIEST_TIME = 631_152_000_000;

/** A time as text: to the millisecond, and in UTC also where it does not say so. */
const STATED = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:(\.\d{1,3})\d*)?(Z|[+-]\d\d:\d\d)?$/;

/** The type of a value whose text was moved out of an element: its offset is an index among the lifted texts. */
const LIFTED = 0xff;

/** An element with the record's values in it. `texts` are its own, in order; `null` is a value that is null. */
export interface ResolvedElement {
  readonly name: string;
  readonly attributes: readonly (readonly [string, string])[];
  readonly children: readonly ResolvedElement[];
  readonly texts: readonly (string | null)[];
}
