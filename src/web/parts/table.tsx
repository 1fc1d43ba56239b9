import type { ReactNode } from 'react';
import { useGrowing } from './growing.ts';

export interface Column {
  readonly name: string;
  readonly isNumber?: boolean;
}

export interface Row {
  readonly key: string;
  /** One for each column. */
  readonly cells: readonly ReactNode[];
}

export interface TableProps {
  readonly caption?: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** The first cell of a row says what the row is about. */
  readonly isNamed?: boolean;
  /** What is listed: another list begins at its top. */
  readonly listKey?: string;
}

/**
 * Rows and columns. On a narrow screen each row is a block in which every cell has its column's name before it: nothing is cut
 * off, and nothing scrolls sideways. The roles are said because some browsers forget them with another display. Thousands of rows are
 * drawn as they are scrolled to.
 */
export function Table({ caption, columns, rows, isNamed = false, listKey = '' }: TableProps) {
  const [shown, end] = useGrowing(rows.length, listKey);
  return (
    <>
      <table className="ww-table ww-table--folds" role="table" aria-rowcount={rows.length + 1}>
        {caption !== undefined && <caption>{caption}</caption>}
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ name, isNumber = false }) => (
              <th key={name} role="columnheader" scope="col" className={isNumber ? 'ww-number' : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.slice(0, shown).map(({ key, cells }) => (
            <tr role="row" key={key}>
              {columns.map((column, index) => (
                <Cell key={column.name} column={column} isName={isNamed && index === 0}>
                  {cells[index]}
                </Cell>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <div ref={end} />
    </>
  );
}

interface CellProps {
  readonly column: Column;
  readonly isName: boolean;
  readonly children: ReactNode;
}

function Cell({ column: { name, isNumber = false }, isName, children }: CellProps) {
  const className = isNumber ? 'ww-number' : undefined;
  if (isName)
    return (
      <th role="rowheader" scope="row" className={className}>
        {children}
      </th>
    );
  return (
    <td role="cell" className={className}>
      <span className="ww-table__column" aria-hidden="true">
        {name}:{' '}
      </span>
      {children}
    </td>
  );
}
