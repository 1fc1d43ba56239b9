export type Kind = 'zip' | 'tar' | 'gzip' | 'xz' | 'zstd' | 'bzip2' | '7z' | 'none';

/** As much of a file as tells what kind it is: a tar's first header. */
export const HEAD = 512;

const MAGIC: readonly (readonly [kind: Kind, bytes: readonly number[]])[] = [
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
  // A zip without members; one that was cut into volumes and put together again.
  ['zip', [0x50, 0x4b, 0x05, 0x06]],
  ['zip', [0x50, 0x4b, 0x07, 0x08, 0x50, 0x4b]],
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['7z', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
];

/** What a file is, by its first bytes. */
export function kindOf(head: Buffer): Kind {
  for (const [kind, bytes] of MAGIC) {
    if (head.length < bytes.length || !bytes.every((byte, i) => head[i] === byte)) continue;
    // “BZh” could be text: a digit and the block's magic follow in what bzip2 writes.
    if (kind !== 'bzip2' || head.toString('latin1', 4, 10) === '1AY&SY') return kind;
  }
  return isTar(head) ? 'tar' : 'none';
}

/** By POSIX's magic, or by the header's checksum where it is older than that. */
function isTar(head: Buffer): boolean {
  if (head.length < HEAD) return false;
  if (head.toString('latin1', 257, 262) === 'ustar') return true;
  const stated = /^ *([0-7]{1,7})[ \0]/.exec(head.toString('latin1', 148, 156))?.[1];
  if (stated === undefined || head[0] === 0) return false;
  let sum = 0;
  for (let i = 0; i < HEAD; i++) sum += i >= 148 && i < 156 ? 0x20 : (head[i] ?? 0);
  return sum === Number.parseInt(stated, 8);
}
