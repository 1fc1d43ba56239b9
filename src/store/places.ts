import path from 'node:path';

/** Where things lie in a data folder. */
export function placesIn(data: string): { readonly journal: string; readonly archive: string; readonly lock: string } {
  return { journal: path.join(data, 'journal'), archive: path.join(data, 'archive'), lock: path.join(data, 'lock.db') };
}
