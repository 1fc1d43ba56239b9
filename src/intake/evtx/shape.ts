import type { Layout } from '../../core/event.ts';
import { type Element, isElement, isPart, type Part } from './binxml.ts';

/** A template compiled once: what is constant, and which substitution carries which field. */
export interface Template {
  /** Unique in this process: templates of the same structure are one object. */
  readonly id: number;
  readonly roots: readonly Element[];
  /** Substitution indices whose value is BinXML again, as the template declares them. */
  readonly slots: readonly Slot[];
}

/** Where a field of a template is found: the parts of its text, or a substitution alone (nearly always). */
export interface Slot {
  readonly name: string;
  readonly parts: readonly Part[];
  /** The index, if the text is one substitution and nothing else; -1 otherwise. */
  readonly substitution: number;
  /** True if it is a value's text; false for an element that is empty in the template itself. */
  readonly isData: boolean;
}

const ids = new Map<string, Template>();
let lastId = 0;
let keptCharacters = 0;
/**
 * A site has some thousands of templates, of three thousand characters each or so. Beyond this all are forgotten and
 * found again: a crafted log can bring a new one of a megabyte with every chunk.
 */
const MAX_KEPT_CHARACTERS = 12_000_000;

/** The template of these elements: the same object for the same structure, whichever chunk or file it came from. */
export function templateOf(roots: readonly Element[]): Template {
  const key = JSON.stringify(roots);
  const known = ids.get(key);
  if (known !== undefined) return known;
  const template: Template = { id: ++lastId, roots, slots: slotsOf(roots) };
  keptCharacters += key.length;
  if (keptCharacters > MAX_KEPT_CHARACTERS) {
    ids.clear();
    keptCharacters = key.length;
  }
  ids.set(key, template);
  return template;
}

/**
 * The fields of a tree by Sigma's names: System's attributes joined to their element by `_` (`Provider_Name`),
 * EventData by its `Name` without spaces, unnamed data as `Data`, UserData by the leaf's name.
 */
function slotsOf(roots: readonly Element[]): Slot[] {
  const slots: Slot[] = [];
  for (const root of roots) {
    if (root.name === 'Event')
      for (const section of root.children) if (isElement(section)) sectionSlots(section, slots);
    if (root.name !== 'Event') sectionSlots(root, slots);
  }
  return slots;
}

function sectionSlots(section: Element, slots: Slot[]): void {
  if (section.name === 'EventData') for (const child of section.children) if (isElement(child)) dataSlot(child, slots);
  if (section.name !== 'EventData') for (const child of section.children) if (isElement(child)) leafSlots(child, slots);
}

function dataSlot(element: Element, slots: Slot[]): void {
  const attribute = element.attributes.find((candidate) => candidate.name === 'Name');
  const name = attribute?.parts
    .map((part) => (part.kind === 'text' ? part.text : ''))
    .join('')
    .replaceAll(' ', '');
  const inner = element.children.filter(isElement);
  if (inner.length > 0) for (const child of inner) leafSlots(child, slots);
  else slots.push(slotFor(name === undefined || name === '' ? element.name : name, textParts(element)));
}

function leafSlots(element: Element, slots: Slot[]): void {
  for (const { name, parts } of element.attributes)
    if (name !== 'xmlns') slots.push(slotFor(`${element.name}_${name}`, parts));
  const inner = element.children.filter(isElement);
  if (inner.length > 0) for (const child of inner) leafSlots(child, slots);
  else if (element.attributes.length === 0 || element.children.length > 0)
    slots.push(slotFor(element.name, textParts(element)));
}

function textParts(element: Element): Part[] {
  return element.children.filter(isPart);
}

function slotFor(name: string, parts: readonly Part[]): Slot {
  const [only] = parts;
  const substitution = parts.length === 1 && only?.kind === 'substitution' ? only.index : -1;
  return { name, parts, substitution, isData: parts.length > 0 };
}

/** One field of a shape: the template's slot, and where its substitutions start among all of the record's values. */
export interface ShapeSlot extends Slot {
  readonly base: number;
}

/**
 * A combination of templates: the record's own, and those of the BinXML among its values. Records of one shape have
 * the same fields in the same places, so a detector looks names up once per shape.
 */
export class Shape implements Layout {
  readonly slots: readonly ShapeSlot[];
  /** True if a field's text is put together from several parts. */
  readonly isMixed: boolean;
  readonly eventId: ShapeSlot | null;
  readonly channel: ShapeSlot | null;
  readonly timeCreated: ShapeSlot | null;
  /** Slot or, for a name that occurs more than once, the slots: kept in `groups` under `-2 - slot`'s place. */
  readonly #byName = new Map<string, number>();
  readonly groups: readonly (readonly number[])[];

  constructor(members: readonly { template: Template; base: number }[]) {
    const slots: ShapeSlot[] = members.flatMap(({ template, base }) =>
      template.slots.map((slot) => ({ ...slot, base })),
    );
    const groups = new Map<string, number[]>();
    slots.forEach((slot, index) => {
      const group = groups.get(slot.name);
      if (group === undefined) groups.set(slot.name, [index]);
      // System comes first and keeps its names: EventData may not pose as another channel or event id.
      else if (!SYSTEM_NAMES.has(slot.name)) group.push(index);
    });
    const many: number[][] = [];
    for (const [name, indices] of groups) {
      if (indices.length === 1) this.#byName.set(name, indices[0] ?? -1);
      else this.#byName.set(name, slots.length + many.push(indices) - 1);
    }
    this.slots = slots;
    this.isMixed = slots.some(({ parts }) => parts.length > 1);
    this.groups = many;
    this.eventId = this.#slot('EventID');
    this.channel = this.#slot('Channel');
    this.timeCreated = this.#slot('TimeCreated_SystemTime');
  }

  /** Slots beyond `slots.length` stand for a group: a name that occurs more than once. */
  slotOf(name: string): number {
    return this.#byName.get(name) ?? -1;
  }

  names(): IterableIterator<string> {
    return this.#byName.keys();
  }

  #slot(name: string): ShapeSlot | null {
    return this.slots[this.slotOf(name)] ?? null;
  }
}

const SYSTEM_NAMES = new Set([
  'EventID',
  'Channel',
  'Computer',
  'TimeCreated_SystemTime',
  'Provider_Name',
  'Version',
  'Level',
  'Task',
  'Opcode',
  'Keywords',
  'EventRecordID',
]);
