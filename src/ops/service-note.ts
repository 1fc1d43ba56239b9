import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { publish } from '../store/durable.ts';
import { placesIn } from '../store/places.ts';

const NOTE = z.object({
  keysFolder: z.string(),
  ruleFolders: z.array(z.string()),
  placeholders: z.record(z.string(), z.array(z.string())),
  /** Where people open the page; `null`: its doors are not open yet. */
  page: z.string().nullable(),
});

/** With what a service was started, as absolute paths: whoever looks at its data folder need not guess. */
export type ServiceNote = z.infer<typeof NOTE>;

export async function writeServiceNote(data: string, note: ServiceNote): Promise<void> {
  const { service } = placesIn(data);
  await writeFile(`${service}.part`, `${JSON.stringify(note)}\n`, { mode: 0o640 });
  await publish(`${service}.part`, service);
}

/** `null`: no service was started on this folder since it was made or restored, or what it wrote cannot be read. */
export function readServiceNote(data: string): ServiceNote | null {
  try {
    return NOTE.parse(JSON.parse(readFileSync(placesIn(data).service, 'utf8')));
  } catch {
    return null;
  }
}
