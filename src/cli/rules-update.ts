import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Refusal } from '../core/refusal.ts';
import { membersOf } from '../intake/archives/index.ts';
import { EXIT } from './exit.ts';
import { print, say, withoutControls } from './output.ts';

const MAX_RULE = 1024 * 1024;
const MAX_DOWNLOAD = 256 * 1024 * 1024;

/**
 * Unpacks the rules and licences of a release archive (a file, or an https address) into a folder that must not
 * exist yet or was made by this command before: it is replaced whole, or not at all.
 */
export async function updateRules(from: string | null, to: string): Promise<number> {
  if (from === null)
    throw new Refusal(
      'usage/bad-option',
      'wardwatch rules update needs --from: a release archive or its https address',
    );
  const work = mkdtempSync(path.join(tmpdir(), 'wardwatch-rules-'));
  const folder = path.resolve(to);
  if (!holdsOnlyRules(folder))
    throw new Refusal(
      'usage/bad-option',
      `--to ${to} holds other things than rules, which would be lost: name a folder that is not there yet`,
    );
  const staging = `${folder}.${process.pid}.tmp`;
  const former = `${folder}.${process.pid}.old`;
  try {
    const archive = from.startsWith('https://') ? await download(from, path.join(work, 'rules.zip')) : from;
    let files = 0;
    for await (const member of membersOf(archive, from, ({ path: at, reason, detail }) =>
      say(withoutControls(`${at}: ${reason}: ${detail}\n`)),
    )) {
      const inner = member.path.split('!').at(-1) ?? '';
      if (!IS_WANTED.test(inner)) continue;
      const target = path.resolve(staging, inner);
      // A member may not climb out of the folder.
      if (!target.startsWith(`${staging}${path.sep}`)) continue;
      const content = await collect(member.bytes);
      if (content === null) {
        say(withoutControls(`${member.path}: too-long: it is longer than a rule can be, and left out\n`));
        continue;
      }
      mkdirSync(path.dirname(target), { recursive: true });
      writeFileSync(target, content);
      files++;
    }
    if (files === 0) throw new Refusal('rules/not-found', `${from} holds no rules`);
    if (existsSync(folder)) renameSync(folder, former);
    renameSync(staging, folder);
    print(`${files} files in ${to}\n`);
    return EXIT.done;
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(
      'input/not-found',
      `cannot take rules from ${from}: ${error instanceof Error ? error.message : 'it cannot be read'}`,
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
    rmSync(staging, { recursive: true, force: true });
    // The new ones are in place, or the old ones stay.
    if (existsSync(folder)) rmSync(former, { recursive: true, force: true });
    else if (existsSync(former)) renameSync(former, folder);
  }
}

const IS_WANTED = /\.ya?ml$|(?:^|\/)licen[sc]e/i;

/** True for a folder that is not there, or in which there is nothing but what this command writes. */
function holdsOnlyRules(folder: string): boolean {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return true;
  if (!stat.isDirectory()) return false;
  return readdirSync(folder, { recursive: true, withFileTypes: true }).every(
    (entry) => entry.isDirectory() || (entry.isFile() && IS_WANTED.test(entry.name)),
  );
}

/** `null` if it is longer than a rule can be. */
async function collect(bytes: AsyncIterable<Buffer>): Promise<Buffer | null> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of bytes) {
    length += piece.length;
    if (length > MAX_RULE) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function download(address: string, file: string): Promise<string> {
  const response = await fetch(address);
  if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`);
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body) {
    length += piece.length;
    if (length > MAX_DOWNLOAD) throw new Error('the archive is larger than 256 MiB');
    pieces.push(piece);
  }
  writeFileSync(file, Buffer.concat(pieces));
  return file;
}
