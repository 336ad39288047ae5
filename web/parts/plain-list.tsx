import type { ComponentChildren, JSX } from "preact";

interface PlainListProps<T> {
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
  readonly row: (item: T) => ComponentChildren;
  readonly label: string;
}

/** Maximum number of rows in the document. */
export const plainRowsMax = 500;

/** A list whose rows are all in the document, for screen readers and the browser's own search: the first 500 rows. */
export function PlainList<T>({ items, keyOf, row, label }: PlainListProps<T>): JSX.Element {
  return (
    <>
      <ul class="plain" aria-label={label}>
        {items.slice(0, plainRowsMax).map((item, at) => (
          <li key={keyOf(item)} tabIndex={-1} data-row={at}>
            {row(item)}
          </li>
        ))}
      </ul>
      {items.length > plainRowsMax && (
        <p class="hint">
          First {plainRowsMax} of {items.length}; narrow the search.
        </p>
      )}
    </>
  );
}
