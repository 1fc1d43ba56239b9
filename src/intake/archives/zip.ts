import { crc32 } from 'node:zlib';
import yauzl from 'yauzl';
import { ArchiveError } from './limits.ts';

/** Names are decoded here: one odd name would otherwise end the reading of the archive. */
const ZIP = { lazyEntries: true, autoClose: false, validateEntrySizes: true, decodeStrings: false } as const;

/** A zip whose end says a wrong length for its comment is common enough, and nothing else in it need be wrong. */
export async function openZip(file: string | null, read: () => Promise<Buffer>): Promise<yauzl.ZipFile> {
  if (file !== null) {
    try {
      return await yauzl.openPromise(file, ZIP);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes('comment length')) throw error;
    }
  }
  const bytes = await read();
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end >= 0 && end + 22 <= bytes.length) bytes.writeUInt16LE(Math.min(0xffff, bytes.length - end - 22), end + 20);
  return yauzl.fromBufferPromise(bytes, ZIP);
}

/** The name as it is written, whatever it would do to a disk: nothing is written there. */
export function nameOf(entry: yauzl.Entry): string {
  const raw = entry.fileName as unknown as Buffer;
  const name = yauzl.getFileNameLowLevel(entry.generalPurposeBitFlag, raw, entry.extraFields, false);
  // Without the flag it should be code page 437; most that are not ASCII are UTF-8 all the same.
  const utf8 = raw.toString('utf8');
  return utf8.includes('\uFFFD') ? name : utf8.replaceAll('\\', '/');
}

/** Stored or deflated: the methods that the reader knows. */
export function isPlain(entry: yauzl.Entry): boolean {
  return entry.compressionMethod === 0 || entry.compressionMethod === 8;
}

/** The member's bytes. The checksum is looked at here, because the library does not. */
export async function* memberBytes(zip: yauzl.ZipFile, entry: yauzl.Entry): AsyncGenerator<Buffer> {
  const stream = await zip.openReadStreamPromise(entry);
  let sum = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      sum = crc32(chunk, sum);
      yield chunk;
    }
  } finally {
    stream.destroy();
  }
  if (sum !== entry.crc32)
    throw new ArchiveError('archive-damaged', 'the member’s checksum does not agree with what is in it');
}
