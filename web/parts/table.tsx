import type { ComponentChildren, JSX } from "preact";

export interface Column<T> {
  readonly title: string;
  readonly cell: (item: T) => ComponentChildren;
  /** Whether the column has numbers, which stand at its right side. */
  readonly isNumber?: true;
}

interface TableProps<T> {
  /** The table's name for screen readers. */
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
}

/** A table of some hundred rows at most; on a phone each row is a block, and each cell has its column's title. */
export function Table<T>({ label, columns, items, keyOf }: TableProps<T>): JSX.Element {
  return (
    <table aria-label={label}>
      <thead>
        <tr>
          {columns.map(({ title, isNumber }) => (
            <th key={title} scope="col" class={isNumber && "number"}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {items.map((item, at) => (
          <tr key={keyOf(item)} tabIndex={-1} data-row={at}>
            {columns.map(({ title, cell, isNumber }) => (
              <td key={title} data-title={title} class={isNumber && "number"}>
                {cell(item)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
