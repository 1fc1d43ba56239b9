import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely';
import type { LegalHold } from './archive/retention.ts';
import type { Tables } from './tables.ts';

/**
 * True of rows that a legal hold keeps.
 *
 * @param at the column that says when they were made
 * @param source the column that says of which source they are; `null`: they are of none, so that a hold of any source keeps them
 */
export type Held = <Table extends keyof Tables>(
  where: ExpressionBuilder<Tables, Table>,
  at: string,
  source: string | null,
) => Expression<SqlBool>;

export function heldBy(holds: readonly LegalHold[]): Held {
  return (where, at, source) =>
    where.or([
      sql<SqlBool>`1 = 0`,
      ...holds.map(({ sourceIds, from, to }) =>
        where.and([
          sql<SqlBool>`${sql.ref(at)} >= ${from ?? Number.MIN_SAFE_INTEGER}`,
          sql<SqlBool>`${sql.ref(at)} < ${to ?? Number.MAX_SAFE_INTEGER}`,
          ...(sourceIds.length === 0 || source === null
            ? []
            : [sql<SqlBool>`(${sql.ref(source)} in (${sql.join(sourceIds)}) or ${sql.ref(source)} is null)`]),
        ]),
      ),
    ]);
}
