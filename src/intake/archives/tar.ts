import { Readable } from 'node:stream';
import tar from 'tar-stream';

export interface TarMember {
  readonly name: string;
  /** `null`: a kind of member that is a file and cannot be read as one. */
  readonly bytes: AsyncIterable<Buffer> | null;
}

/** Folders and links hold nothing of their own: what a link names is elsewhere in the archive, or outside. */
const EMPTY: ReadonlySet<string> = new Set([
  'directory',
  'link',
  'symlink',
  'character-device',
  'block-device',
  'fifo',
]);

export async function* tarMembersOf(bytes: AsyncIterable<Buffer>): AsyncGenerator<TarMember> {
  // Tars older than POSIX have no mark.
  const options = { allowUnknownFormat: true };
  // The types do not know of it.
  const extract = tar.extract(options as Parameters<typeof tar.extract>[0]);
  const input = Readable.from(bytes);
  input.on('error', (error) => extract.destroy(error));
  input.pipe(extract);
  for await (const entry of extract) {
    const { name, pax } = entry.header;
    // The types leave out that a kind which is not known has none.
    const type = entry.header.type as string | null | undefined;
    const isSparse = pax !== null && pax !== undefined && Object.keys(pax).some((key) => key.startsWith('GNU.sparse.'));
    if (type === null || type === undefined || !EMPTY.has(type)) {
      const isFile = (type === 'file' || type === 'contiguous-file') && !isSparse;
      // A tar entry is a stream of buffers; its declared type says less.
      yield { name, bytes: isFile ? (entry as unknown as AsyncIterable<Buffer>) : null };
    }
    // What was not read is skipped, so that the next entry can come.
    entry.resume();
  }
}
