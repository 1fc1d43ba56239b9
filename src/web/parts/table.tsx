import type { ReactNode } from 'react';
import { LongList } from './long-list.tsx';

export interface Column {
  readonly name: string;
  readonly isNumber?: boolean;
}

export interface Row {
  readonly key: string;
  /** One for each column. */
  readonly cells: readonly ReactNode[];
}

export interface TableProps<Item> {
  readonly caption?: string;
  readonly columns: readonly Column[];
  readonly items: readonly Item[];
  readonly row: (item: Item) => Row;
  /** The first cell of a row says what the row is about. */
  readonly isNamed?: boolean;
}

/**
 * Rows and columns. On a narrow screen each row is a block in which every cell has its column's name before it: nothing is cut
 * off, and nothing scrolls sideways. The roles are said because some browsers forget them with another display.
 */
export function Table<Item>({ caption, columns, items, row, isNamed = false }: TableProps<Item>) {
  return (
    <table className="ww-table ww-table--folds" role="table">
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
      <LongList
        items={items}
        columns={columns.length}
        keyOf={(item) => row(item).key}
        draw={(item) => (
          <tr role="row">
            {row(item).cells.map((cell, index) => (
              <Cell key={columns[index]?.name} column={columns[index] ?? NO_COLUMN} isName={isNamed && index === 0}>
                {cell}
              </Cell>
            ))}
          </tr>
        )}
      />
    </table>
  );
}

const NO_COLUMN: Column = { name: '' };

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
