import { FolderDoor, type FollowedFile, type FollowedFiles } from '../intake/doors/folder-door.ts';
import type { DoorServices } from '../intake/doors/door.ts';
import type { State } from '../store/state.ts';
import type { SourceRow } from '../store/tables.ts';
import type { Sources } from './sources.ts';

export interface FoldersParts {
  readonly state: State;
  readonly sources: Sources;
  readonly services: DoorServices;
  readonly timeZone: string;
  readonly now: () => number;
  /** A folder cannot be read: said once, until it can. */
  readonly onTrouble: (source: string, code: string) => void;
}

const POLL_MS = 2000;

/** The sources that are folders: each looked into every two seconds. */
export class Folders {
  readonly #parts: FoldersParts;
  readonly #doors = new Map<string, FolderDoor>();
  readonly #troubled = new Set<string>();
  readonly #files: FollowedFiles;
  #timer: NodeJS.Timeout | null = null;
  #polling: Promise<void> | null = null;
  /** By source: a large file takes longer than two seconds, and a share may not answer. None waits for another. */
  readonly #looking = new Map<string, Promise<void>>();

  constructor(parts: FoldersParts) {
    this.#parts = parts;
    this.#files = new FollowedFilesStore(parts.state);
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#polling ??= this.#poll()
        .catch((error: unknown) => this.#parts.services.report(error))
        .finally(() => {
          this.#polling = null;
        });
    }, POLL_MS).unref();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const door of this.#doors.values()) await door.close();
    await this.#polling;
    await Promise.all(this.#looking.values());
  }

  async #poll(): Promise<void> {
    const rows = (await this.#parts.sources.list()).filter(
      ({ folder, state }) => folder !== null && state === 'active',
    );
    for (const row of rows) {
      if (this.#looking.has(row.id)) continue;
      const look = this.#look(row)
        .catch((error: unknown) => this.#parts.services.report(error))
        .finally(() => this.#looking.delete(row.id));
      this.#looking.set(row.id, look);
    }
  }

  async #look({ id, name, kind, folder }: SourceRow): Promise<void> {
    if (folder === null) return;
    const { services, timeZone, now, onTrouble } = this.#parts;
    let door = this.#doors.get(id);
    if (door === undefined) {
      door = new FolderDoor({ source: { id, name, kind }, folder, services, files: this.#files, timeZone, now });
      this.#doors.set(id, door);
    }
    try {
      await door.poll();
      this.#troubled.delete(id);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : null;
      if (code === null) throw error;
      if (!this.#troubled.has(id)) onTrouble(name, code);
      this.#troubled.add(id);
    }
  }
}

/** The only writer of the table `followed_files`. */
class FollowedFilesStore implements FollowedFiles {
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  async of(sourceId: string): Promise<readonly FollowedFile[]> {
    const rows = await this.#state.db
      .selectFrom('followed_files')
      .selectAll()
      .where('source_id', '=', sourceId)
      .execute();
    return rows.map((row) => ({
      file: row.file,
      path: row.path,
      fingerprint: row.fingerprint,
      fingerprintBytes: row.fingerprint_bytes,
      bytes: row.bytes,
      done: row.done,
    }));
  }

  async save(
    sourceId: string,
    { file, path, fingerprint, fingerprintBytes, bytes, done }: FollowedFile,
  ): Promise<void> {
    const values = { path, fingerprint, fingerprint_bytes: fingerprintBytes, bytes, done };
    await this.#state.db
      .insertInto('followed_files')
      .values({ source_id: sourceId, file, ...values })
      .onConflict((conflict) => conflict.columns(['source_id', 'file']).doUpdateSet(values))
      .execute();
  }
}
