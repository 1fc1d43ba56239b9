import { readFileSync, statSync } from 'node:fs';
import { load } from 'js-yaml';
import { Refusal } from '../core/refusal.ts';
import type { NoticeSettings } from '../notices/settings.ts';
import { noticeSettingsOf } from '../notices/written.ts';

/**
 * Who is told, and how: the file of `--notices` (docs/notices.md).
 *
 * @throws Refusal `notices/invalid`, which says all that is wrong with it; `keys/exposed` if others may read it
 */
export function readNotices(file: string, timeZone: string): NoticeSettings {
  let doc: unknown;
  try {
    // It holds a password.
    if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
      throw new Refusal('keys/exposed', `others may read ${file}, which holds passwords`);
    doc = load(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof Refusal) throw error;
    // What js-yaml says repeats the line, which may hold the password.
    throw new Refusal('notices/invalid', `${file} cannot be read, or is no YAML`);
  }
  return noticeSettingsOf(doc, file, timeZone);
}
