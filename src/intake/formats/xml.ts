import { parseTime } from '../time.ts';
import { readAtna } from './atna.ts';
import type { Format, ReadContext, TextReader } from './format.ts';
import { ShapeReader } from './shapes.ts';
import { MAX_DOCUMENT, parseXml, toFhir, toObject } from './xml-tree.ts';

/** XML documents, one or many in a file: audit messages (ATNA, FHIR), and events as Event Viewer saves them. */
export const xml: Format = {
  name: 'xml',
  claims: ({ text }) =>
    /^\s*<(?:\?xml|!--|AuditMessage|AuditEvent|Bundle|Events?[\s>])/.test(text) &&
    /<(?:\w{1,20}:)?(?:AuditMessage|AuditEvent|Event)[\s>]/.test(text)
      ? 80
      : 0,
  open: (context) => new XmlReader(context),
};

/** Cuts the documents out of the text by their closing tags, so that only one is held at a time. */
class XmlReader implements TextReader {
  readonly #context: ReadContext;
  readonly #shapes: ShapeReader;
  #text = '';
  #record = 0;
  #isBroken = false;

  constructor(context: ReadContext) {
    this.#context = context;
    this.#shapes = new ShapeReader(context);
  }

  push(text: string): void {
    this.#text += text;
    this.#cut();
    if (this.#text.length <= MAX_DOCUMENT) return;
    if (!this.#isBroken) this.#aside('document-too-long', 'an XML document is longer than 4 MiB');
    this.#isBroken = true;
    this.#text = '';
  }

  end(): void {
    this.#cut();
    if (/<(?:\w{1,20}:)?(?:AuditMessage|AuditEvent|Event)[\s>]/.test(this.#text))
      this.#aside('bad-xml', 'the text ends in the middle of a document');
  }

  #cut(): void {
    let from = 0;
    for (;;) {
      const start = this.#startAfter(from);
      if (start === null) break;
      const close = `</${start.name}>`;
      const end = this.#text.indexOf(close, start.at);
      if (end < 0) break;
      this.#between(this.#text.slice(from, start.at));
      from = end + close.length;
      this.#isBroken = false;
      this.#one(this.#text.slice(start.at, from));
    }
    this.#text = this.#text.slice(from);
  }

  /** Between documents there are tags that hold them, and nothing else. */
  #between(text: string): void {
    if (text.replace(/<[^<>]*>/g, '').trim() === '') return;
    this.#put('stray-text', 'something that is no document stands before this one', this.#record + 1);
  }

  #startAfter(from: number): { at: number; name: string } | null {
    const opening = /<((?:\w{1,20}:)?(?:AuditMessage|AuditEvent|Event))[\s>]/g;
    opening.lastIndex = from;
    const match = opening.exec(this.#text);
    return match === null ? null : { at: match.index, name: match[1] ?? '' };
  }

  #one(text: string): void {
    this.#record++;
    const tree = parseXml(text);
    if (tree === null) return this.#put('bad-xml', 'the XML is not well-formed');
    if (tree.name === 'AuditEvent')
      return this.#shapes.read({ ...toFhir(tree), resourceType: 'AuditEvent' }, this.#record, null);
    if (tree.name !== 'AuditMessage') return this.#shapes.read({ Event: toObject(tree) }, this.#record, null);
    const { fields, logSource, atText, glassReason } = readAtna(tree);
    const time = parseTime(atText, this.#context.timeZone);
    this.#context.emit({
      record: this.#record,
      at: time?.at ?? null,
      atText,
      zoneAssumed: time?.zoneAssumed ?? false,
      logSource,
      fields,
      text: null,
      ...(glassReason === undefined ? {} : { glassReason }),
    });
  }

  #aside(reason: string, detail: string): void {
    this.#record++;
    this.#put(reason, detail);
  }

  #put(reason: string, detail: string, record = this.#record): void {
    this.#context.setAside({ record, offset: null, reason, detail });
  }
}
