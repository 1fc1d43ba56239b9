import type { EventView, FieldValue, Layout } from '../../core/event.ts';
import type { KeywordSearch } from './keywords.ts';
import { plainDashes } from './pattern.ts';
import type { RouteItem } from './route.ts';
import type { TestedText } from './tests.ts';
import type { Triggers } from './triggers.ts';

/**
 * One value of a field, with all that was found out about it: which rules its text makes candidates and how the items
 * on this field judged it. Kept between events, because logs repeat themselves: most command lines of a day were
 * seen before.
 */
export class Cell implements TestedText {
  text: string | null;
  #lower: string | null = null;
  #lowerPlainDashes: string | null = null;
  /** Rules whose trigger the text holds, each once. `null`: not scanned yet. */
  candidates: Int32Array | null = null;
  /** Items judged so far: twice the item's index, plus one if it holds. Few are ever asked of one value. */
  readonly #judged: number[] = [];

  constructor(text: string | null) {
    this.text = text;
  }

  get lower(): string {
    return (this.#lower ??= (this.text ?? '').toLowerCase());
  }

  get lowerPlainDashes(): string {
    return (this.#lowerPlainDashes ??= plainDashes(this.lower));
  }

  /** What is known of an item on this value: `null` if it was not asked yet. */
  judged(item: number): boolean | null {
    const judged = this.#judged;
    for (let i = 0; i < judged.length; i++) {
      const entry = judged[i] as number;
      if (entry >> 1 === item) return (entry & 1) === 1;
    }
    return null;
  }

  keep(item: number, holds: boolean): void {
    if (this.#judged.length < MAX_JUDGED) this.#judged.push(item * 2 + (holds ? 1 : 0));
  }

  /** Makes this the cell of another value, as if new. */
  reuse(text: string | null): void {
    this.text = text;
    this.#lower = null;
    this.#lowerPlainDashes = null;
    this.candidates = null;
    this.#judged.length = 0;
  }
}

/** A memory is thrown away whole when it is full: simpler than choosing, and logs fill it again within a second. */
const MAX_CELLS = 4096;
/** Beyond this many, looking an item up costs more than judging it again. */
const MAX_JUDGED = 64;
const MAX_KEPT_CHARACTERS = 4_000_000;
/** Longer texts (the longest scripts) are judged afresh each time. */
const MAX_KEPT_TEXT = 32_768;
/** A field whose values hardly repeat is not worth remembering: below this share of hits the memory rests a while. */
const LOOKUPS_PER_DECISION = 2048;
const LEAST_HIT_SHARE = 0.4;
const REST_LOOKUPS = 30_000;
/** More than fit into a line or a message of a megabyte: behind others, a value is judged all the same. */
const MAX_VALUES = 600_000;

/** A field of a route: finds its value in the event, and remembers what is known of values seen before. */
export class Field {
  readonly item: RouteItem;
  readonly #names: readonly string[];
  readonly #inputs: readonly string[];
  triggers: Triggers | null = null;
  /** For keywords that bytes can tell of. */
  keywords: KeywordSearch | null = null;
  itemCount = 0;
  /** For keywords: none of them could be found in a number, a time or the like. */
  writtenOnly = true;

  /** The event's values, valid while `loadedFor` is the event in hand: one, several, or (both `null`) none. */
  cell: Cell | null = null;
  cells: Cell[] | null = null;
  loadedFor = 0;

  readonly #slots = new WeakMap<Layout, Int32Array>();
  #lastLayout: Layout | null = null;
  #lastSlots: Int32Array = new Int32Array(0);

  #known = new Map<string, Cell>();
  #keptCharacters = 0;
  #lookups = 0;
  #hits = 0;
  #resting = 0;
  readonly #scratch = new Cell(null);

  constructor(item: RouteItem) {
    this.item = item;
    const inputs = item.source?.inputs ?? [];
    this.#inputs = inputs;
    // Its own name last: a shipper may have renamed the field to Sigma's already.
    this.#names = item.field === null ? [] : [...inputs, item.field, ...(item.split === null ? [] : [item.split])];
  }

  load(event: EventView, eventNumber: number): void {
    this.loadedFor = eventNumber;
    this.cell = null;
    this.cells = null;
    if (this.item.field === null) return this.#loadList(event.texts(this.writtenOnly));
    const value = this.#read(event);
    if (typeof value === 'string') this.cell = this.#cellOf(value);
    else if (value === undefined) return;
    else if (Array.isArray(value)) this.#loadList(value);
    else this.cell = this.#cellOf(asText(value));
  }

  #read(event: EventView): FieldValue {
    const slots = event.layout === this.#lastLayout ? this.#lastSlots : this.#bind(event.layout);
    const { source, split, field } = this.item;
    const derive = source?.derive ?? null;
    if (source === null && split === null) return valueAt(event, slots[0] ?? -1);
    const inputs = this.#inputs.length;
    const derived =
      derive === null
        ? valueAt(event, slots[0] ?? -1)
        : derive(this.#inputs.map((_, i) => valueAt(event, slots[i] ?? -1)));
    if (derived !== undefined) return derived;
    const own = valueAt(event, slots[inputs] ?? -1);
    if (own !== undefined || split === null || field === null) return own;
    return valueInLines(valueAt(event, slots[inputs + 1] ?? -1), field);
  }

  #bind(layout: Layout): Int32Array {
    let slots = this.#slots.get(layout);
    if (slots === undefined) {
      slots = Int32Array.from(this.#names, (name) => layout.slotOf(name));
      this.#slots.set(layout, slots);
    }
    this.#lastLayout = layout;
    this.#lastSlots = slots;
    return slots;
  }

  /** Nulls among values say nothing; a list of nothing but nulls is one. */
  #loadList(values: readonly FieldValue[]): void {
    const cells: Cell[] = [];
    for (const value of values) {
      const text = asText(value);
      if (text === null) continue;
      if (cells.length >= MAX_VALUES) break;
      // The cells of one event must not share the scratch cell.
      cells.push(this.#ownCell(text));
    }
    if (cells.length > 1) this.cells = cells;
    else if (cells.length === 1) this.cell = cells[0] ?? null;
    else if (values.length > 0) this.cell = this.#cellOf(null);
  }

  #cellOf(text: string | null): Cell {
    const kept = this.#keptCell(text);
    if (kept !== null) return kept;
    this.#scratch.reuse(text);
    return this.#scratch;
  }

  #ownCell(text: string | null): Cell {
    return this.#keptCell(text) ?? new Cell(text);
  }

  /** The remembered cell of a text, or a new one to be remembered; `null` if this text is not worth it. */
  #keptCell(text: string | null): Cell | null {
    if (text === null || text.length > MAX_KEPT_TEXT) return null;
    if (this.#resting > 0) {
      this.#resting--;
      return null;
    }
    if (++this.#lookups === LOOKUPS_PER_DECISION) this.#decide();
    const known = this.#known.get(text);
    if (known !== undefined) {
      this.#hits++;
      return known;
    }
    this.#keptCharacters += text.length;
    if (this.#known.size >= MAX_CELLS || this.#keptCharacters > MAX_KEPT_CHARACTERS) this.#forget();
    const cell = new Cell(text);
    this.#known.set(text, cell);
    return cell;
  }

  #decide(): void {
    if (this.#hits < LEAST_HIT_SHARE * LOOKUPS_PER_DECISION) {
      this.#resting = REST_LOOKUPS;
      this.#forget();
    }
    this.#lookups = 0;
    this.#hits = 0;
  }

  /** Throws away what is known of values: all of it is found out again when asked. */
  #forget(): void {
    this.#known = new Map();
    this.#keptCharacters = 0;
  }

  /** For when the triggers change: what values make candidates is no longer true. */
  forgetCandidates(): void {
    this.#forget();
  }
}

function valueAt(event: EventView, slot: number): FieldValue {
  return slot < 0 ? undefined : event.valueAt(slot);
}

/** A single value as the text that rules compare with; `null` for null. */
export function asText(value: FieldValue): string | null {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return null;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The value of `name=` in the lines of Windows PowerShell's unnamed data. */
function valueInLines(data: FieldValue, name: string): FieldValue {
  const texts = Array.isArray(data) ? data : [data];
  const mark = `${name}=`;
  for (const text of texts) {
    if (typeof text !== 'string') continue;
    let at = text.indexOf(mark);
    // The end of a longer name, or of what somebody typed, is not it.
    while (at > 0 && !/\s/.test(text.charAt(at - 1))) at = text.indexOf(mark, at + 1);
    if (at < 0) continue;
    const end = text.indexOf('\n', at);
    return text.slice(at + mark.length, end < 0 ? undefined : end).replace(/\r$/, '');
  }
  return undefined;
}
