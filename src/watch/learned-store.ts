import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { SavedBehaviour } from '../detect/behaviour/behaviour.ts';
import type { SavedNames } from '../detect/known-names.ts';
import { makeFolder, publish } from '../store/durable.ts';

/** What judging had learned when judging had come so far in the journal. */
export interface Learned {
  readonly to: number;
  readonly behaviour: SavedBehaviour;
  /** Absent in files of earlier releases. */
  readonly names?: SavedNames;
}

/** Only what tells our file from another: the rest is as we wrote it, whole or not at all. */
const LEARNED = z.object({
  schema: z.literal('wardwatch.learned/1'),
  to: z.number().int().min(0),
  behaviour: z.object({ schema: z.literal('wardwatch.behaviour/1') }).loose(),
  names: z
    .object({ addresses: z.array(z.any()), hosts: z.array(z.any()), accounts: z.array(z.any()) })
    .loose()
    .optional(),
});

/** `null`: there is none yet, or it cannot be read, in which case `onDamage` is called and learning begins again. */
export function readLearned(file: string, onDamage: () => void): Learned | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  try {
    return LEARNED.parse(JSON.parse(text)) as unknown as Learned;
  } catch {
    onDamage();
    return null;
  }
}

/** Afterwards the file is the new one or, whatever happens, the old one. */
export async function writeLearned(file: string, learned: Learned): Promise<void> {
  await makeFolder(path.dirname(file));
  await writeFile(`${file}.new`, JSON.stringify({ schema: 'wardwatch.learned/1', ...learned }), { mode: 0o640 });
  await publish(`${file}.new`, file);
}
