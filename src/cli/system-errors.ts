import { Refusal } from '../core/refusal.ts';

/** What the system says of a file or folder that somebody named, in words. What is not here is a bug of ours until we know better. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'this account may not',
  EPERM: 'this account may not',
  EROFS: 'the disk is read-only',
  ELOOP: 'it is a link that leads to itself',
  EISDIR: 'it is a folder',
  ENOTDIR: 'something on the way to it is no folder',
  EEXIST: 'something of that name is there already',
  ENAMETOOLONG: 'its name is too long',
};
const WRITES = new Set([
  'mkdir',
  'mkdtemp',
  'rename',
  'unlink',
  'rm',
  'write',
  'ftruncate',
  'chmod',
  'link',
  'symlink',
]);

/** A refusal that says so, of an error that is about a file that somebody named; `null`: it is not. */
export function refusalOf(error: unknown): Refusal | null {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error) || !('path' in error)) return null;
  if (error.code === 'ENOSPC') return new Refusal('store/disk-full', `no space is left for ${String(error.path)}`);
  const words = WORDS[String(error.code)];
  if (words === undefined) return null;
  return WRITES.has(String(error.syscall))
    ? new Refusal('output/not-writable', `cannot write ${String(error.path)}: ${words}`, { cause: error })
    : new Refusal('input/not-readable', `cannot read ${String(error.path)}: ${words}`, { cause: error });
}
