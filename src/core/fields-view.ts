import type { EventView, Fields, FieldValue, Layout, LogEvent, LogSource, TextSearch, UtcMs } from './event.ts';

/** Where a dictionary's fields are: by name, or for a dotted name by the path to it. The same for every dictionary. */
class NamesLayout implements Layout {
  readonly names: string[] = [];
  readonly paths: (readonly string[] | null)[] = [];
  /** True for names that a dictionary with a prototype has without having them. */
  readonly inherited: boolean[] = [];
  readonly #slots = new Map<string, number>();

  slotOf(name: string): number {
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = this.names.length;
      this.names.push(name);
      this.paths.push(name.includes('.') ? name.split('.') : null);
      this.inherited.push(INHERITED.has(name));
      this.#slots.set(name, slot);
    }
    return slot;
  }
}

const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));
const LAYOUT = new NamesLayout();
/** Deeper than any reader lets an event be: nothing in it is hidden from rules by being nested. */
const MAX_DEPTH = 256;
const NO_FIELDS: Fields = Object.create(null) as Fields;

/** What a person or the event itself says it is, where it has no Windows channel. */
export interface Declaration {
  readonly channel: string;
  readonly logSource: LogSource;
}

/** Reads a `LogEvent` as a detector does. One view serves one event after another. */
export class FieldsView implements EventView {
  readonly layout: Layout = LAYOUT;
  record = 0;
  at: UtcMs | null = null;
  channel = '';
  eventId = -1;
  logSource: LogSource = {};
  #fields: Fields = NO_FIELDS;
  #text: string | null = null;
  #json: string | null = null;
  #texts: string[] | null = null;
  readonly #lowerChannels = new Map<string, string>();
  readonly #declared: Declaration | null;

  constructor(declared: Declaration | null = null) {
    this.#declared = declared;
  }

  show(event: LogEvent): this {
    this.record = event.record;
    this.at = event.at;
    this.#fields = event.fields;
    this.#text = event.text;
    this.#json = event.json ?? null;
    this.#texts = null;
    const { Channel: channel, EventID: eventId } = event.fields;
    this.channel = typeof channel === 'string' ? this.#lowerChannel(channel) : '';
    this.eventId =
      typeof eventId === 'number' ? eventId : typeof eventId === 'string' && eventId !== '' ? Number(eventId) : -1;
    if (!Number.isInteger(this.eventId)) this.eventId = -1;
    this.logSource = event.logSource;
    if (this.channel === '' && this.#declared !== null) {
      this.channel = this.#declared.channel;
      this.logSource = this.#declared.logSource;
    }
    return this;
  }

  valueAt(slot: number): FieldValue {
    const name = LAYOUT.names[slot];
    if (name === undefined) return undefined;
    const value =
      LAYOUT.inherited[slot] === true && !Object.hasOwn(this.#fields, name) ? undefined : this.#fields[name];
    if (value !== undefined) return value;
    const path = LAYOUT.paths[slot] ?? null;
    return path === null ? undefined : valueOnPath(this.#fields, path, 0);
  }

  texts(_written: boolean): readonly string[] {
    if (this.#texts === null) {
      this.#texts = [];
      if (this.#text !== null) this.#texts.push(this.#text);
      collectTexts(this.#fields, this.#texts, 0);
    }
    return this.#texts;
  }

  textsMayHold(search: TextSearch): boolean {
    // The line as a whole says no at a third of what asking each value costs.
    if (this.#json !== null && !search.mayBeInJson(this.#json)) return false;
    return (this.#text !== null && search.mayBeIn(this.#text)) || anyMayHold(this.#fields, search, 0);
  }

  #lowerChannel(channel: string): string {
    let lower = this.#lowerChannels.get(channel);
    if (lower === undefined) {
      lower = channel.toLowerCase();
      if (this.#lowerChannels.size < 1000) this.#lowerChannels.set(channel, lower);
    }
    return lower;
  }
}

/** The value under a dotted name. Lists on the way are gone through, so the answer may be a list. */
function valueOnPath(value: FieldValue, path: readonly string[], from: number): FieldValue {
  if (from === path.length) return value;
  if (Array.isArray(value)) {
    const found = (value as readonly FieldValue[])
      .map((entry) => valueOnPath(entry, path, from))
      .filter((entry) => entry !== undefined);
    return found.length === 0 ? undefined : found.flat();
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const dictionary = value as Fields;
  // A key may itself hold dots: the longest piece of the path that is a key goes first.
  for (let to = path.length; to > from; to--) {
    const name = to === from + 1 ? (path[from] ?? '') : path.slice(from, to).join('.');
    if (Object.hasOwn(dictionary, name)) {
      const found = valueOnPath(dictionary[name], path, to);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function collectTexts(value: FieldValue, into: string[], depth: number): void {
  if (typeof value === 'string') into.push(value);
  else if (typeof value === 'number' || typeof value === 'boolean') into.push(String(value));
  else if (typeof value === 'object' && value !== null && depth < MAX_DEPTH) {
    const children: readonly FieldValue[] = Array.isArray(value) ? value : Object.values(value);
    for (const child of children) collectTexts(child, into, depth + 1);
  }
}

/** Numbers and truth values hold no keyword that is searched for. */
function anyMayHold(value: Fields | readonly FieldValue[], search: TextSearch, depth: number): boolean {
  const children: readonly FieldValue[] = Array.isArray(value) ? value : Object.values(value);
  for (const child of children) {
    if (typeof child === 'string') {
      if (search.mayBeIn(child)) return true;
    } else if (typeof child === 'object' && child !== null && depth < MAX_DEPTH && anyMayHold(child, search, depth + 1))
      return true;
  }
  return false;
}
