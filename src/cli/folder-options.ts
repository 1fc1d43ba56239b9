import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { Refusal } from '../core/refusal.ts';
import type { Given, OptionTable } from './options.ts';
import { say } from './output.ts';

/** Options of every verb that reads a folder of record accesses. */
export const FOLDER_OPTIONS: OptionTable = {
  zone: { type: 'string', value: 'ZONE', help: 'where the site is (default Europe/London)' },
  pseudonymise: { type: 'boolean', help: 'replace NHS numbers by keyed hashes instead of refusing them' },
  key: { type: 'string', value: 'FILE', help: 'with --pseudonymise: the key, so that hashes stay the same' },
};

export interface FolderOptions {
  readonly zone: string;
  readonly pseudonymKey: Buffer | null;
}

export function readFolderOptions(verb: string, given: Given): FolderOptions {
  const zone = given.text('zone') ?? 'Europe/London';
  try {
    Intl.DateTimeFormat('en-GB', { timeZone: zone });
  } catch {
    throw new Refusal('usage/bad-option', `wardwatch ${verb}: there is no time zone “${zone}”`);
  }
  const file = given.text('key');
  if (!given.flag('pseudonymise')) {
    if (file !== null) throw new Refusal('usage/bad-option', `wardwatch ${verb}: --key goes with --pseudonymise`);
    return { zone, pseudonymKey: null };
  }
  if (file === null) {
    say('No --key was given: the hashes are of this run only.\n');
    return { zone, pseudonymKey: randomBytes(32) };
  }
  let key: Buffer;
  try {
    key = readFileSync(file);
  } catch {
    throw new Refusal('input/not-readable', `cannot read the key file ${file}`);
  }
  if (key.length < 16) throw new Refusal('usage/bad-option', `the key file ${file} holds fewer than 16 bytes`);
  return { zone, pseudonymKey: key };
}

/** @throws Refusal unless exactly one folder was named */
export function oneFolder(verb: string, paths: readonly string[]): string {
  const [folder, ...more] = paths;
  if (folder === undefined) throw new Refusal('usage/no-path', `wardwatch ${verb}: no folder was named`);
  if (more.length > 0) throw new Refusal('usage/bad-option', `wardwatch ${verb}: one folder at a time`);
  let isFolder = false;
  try {
    isFolder = statSync(folder).isDirectory();
  } catch {
    throw new Refusal(
      'input/not-found',
      `cannot read ${folder}: there is nothing of that name that this account may read`,
    );
  }
  if (!isFolder) throw new Refusal('input/not-readable', `${folder} is not a folder of CSV files`);
  return folder;
}

/** @throws Refusal unless the text is a number in the range */
export function numberIn(option: string, text: string | null, min: number, max: number, fallback: number): number {
  if (text === null) return fallback;
  const number = Number(text);
  if (!Number.isFinite(number) || number < min || number > max || text.trim() === '')
    throw new Refusal('usage/bad-option', `${option} is a number from ${min} to ${max}, not “${text}”`);
  return number;
}
