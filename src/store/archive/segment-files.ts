import path from 'node:path';

/** Until the chain names a segment its file ends in this. */
export const PART = '.part';

export function segmentsFolder(archiveFolder: string): string {
  return path.join(archiveFolder, 'segments');
}
