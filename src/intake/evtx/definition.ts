import { BinXmlError, type NameTable, type NameUse, readTree } from './binxml.ts';
import { type Template, templateOf } from './shape.ts';

/**
 * Each chunk brings its own copy of every template it uses, equal but for where names lie. Comparing a copy with those
 * seen before is four times cheaper than compiling it again, which was a fifth of reading a file.
 */
interface KnownDefinition {
  /** The definition's bytes as they were first seen. */
  readonly bytes: Buffer;
  /** Positions are relative to `bytes`. */
  readonly uses: readonly NameUse[];
  readonly template: Template;
}

/** Bytes before the data: next (4), GUID (16), size (4). */
const HEADER = 24;
/** The same template with other names in place (a chunk writes each name once, where it is first used). */
const MAX_VARIANTS = 24;
/** As for templates: all are forgotten, and found again. */
const MAX_KEPT_BYTES = 8_000_000;
const known = new Map<string, KnownDefinition[]>();
let keptBytes = 0;

/**
 * The template defined at an offset of a chunk.
 *
 * @throws BinXmlError
 */
export function definedTemplate(chunk: Buffer, offset: number, names: NameTable): Template {
  const start = offset + HEADER;
  const size = chunk.readUInt32LE(offset + 20);
  const end = start + size;
  if (end > chunk.length) throw new BinXmlError('template-out-of-range', offset);
  // A key to look under, no more: what is found there is compared byte for byte and name for name.
  const key = chunk.toString('latin1', offset + 4, start);
  const variants = known.get(key) ?? [];
  for (const variant of variants) if (isSame(variant, chunk, start, names)) return variant.template;

  const uses: NameUse[] = [];
  const template = templateOf(readTree(chunk, start, end, names, true, uses).roots);
  if (variants.length >= MAX_VARIANTS) return template;
  keptBytes += size;
  if (keptBytes > MAX_KEPT_BYTES) {
    known.clear();
    variants.length = 0;
    keptBytes = size;
  }
  const relative = uses.map(({ at, name, inPlace }) => ({ at: at - start, name, inPlace }));
  variants.push({ bytes: Buffer.from(chunk.subarray(start, end)), uses: relative, template });
  known.set(key, variants);
  return template;
}

function isSame(variant: KnownDefinition, chunk: Buffer, start: number, names: NameTable): boolean {
  const { bytes, uses } = variant;
  let from = 0;
  for (const { at, name, inPlace } of uses) {
    if (!isEqual(bytes, from, at, chunk, start)) return false;
    const offset = chunk.readUInt32LE(start + at);
    if ((offset === start + at + 4) !== inPlace || !names.is(offset, name)) return false;
    // A name in place brings its link to the next one, which differs from chunk to chunk.
    from = at + 4 + (inPlace ? 8 + name.length * 2 + 2 : 0);
  }
  return isEqual(bytes, from, bytes.length, chunk, start);
}

function isEqual(bytes: Buffer, from: number, to: number, chunk: Buffer, start: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== chunk[start + i]) return false;
  return true;
}
