import { type RawBuilder, sql } from 'kysely';

/** A place in a list that goes from the newest to the oldest, ties by id. */
export interface Cursor {
  readonly at: number;
  readonly id: string;
}

/** True for the rows behind a place of the list; all of them for `null`. */
export function behind(cursor: Cursor | null, timeColumn: string): RawBuilder<boolean> {
  return cursor === null
    ? sql<boolean>`1 = 1`
    : sql<boolean>`(${sql.ref(timeColumn)}, ${sql.ref('id')}) < (${cursor.at}, ${cursor.id})`;
}
