import path from 'node:path';

export interface Places {
  readonly journal: string;
  readonly archive: string;
  readonly lock: string;
  /** What behaviour has learned. */
  readonly learned: string;
  /** Which pseudonyms were given before the last rotation of their key: see src/watch/given-pseudonyms.ts. */
  readonly given: string;
  /** How the service was started last: see src/ops/service-note.ts. */
  readonly service: string;
}

/** Where things lie in a data folder. */
export function placesIn(data: string): Places {
  return {
    journal: path.join(data, 'journal'),
    archive: path.join(data, 'archive'),
    lock: path.join(data, 'lock.db'),
    learned: path.join(data, 'learned', 'behaviour.json'),
    given: path.join(data, 'given-pseudonyms.bin'),
    service: path.join(data, 'service.json'),
  };
}
