import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

interface WindowedListProps<T> {
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
  /** The content of a row; its first link or button is what Enter follows. */
  readonly row: (item: T) => ComponentChildren;
  /** Height of every row in CSS pixels. */
  readonly rowHeight: number;
  /** The list's name for screen readers. */
  readonly label: string;
}

/** Rows above and below the window, so that a short scroll shows no gap. */
const spare = 10;

/**
 * A list of rows of one height that scrolls with the page. Only the rows near the window are in the document, and those beside
 * the row that has the focus; screen readers get the numbers of all.
 */
export function WindowedList<T>({ items, keyOf, row, rowHeight, label }: WindowedListProps<T>): JSX.Element {
  const ref = useRef<HTMLDivElement>(null);
  const first = useSignal(0);
  const last = useSignal(40);
  const focused = useSignal<number | undefined>(undefined);
  useLayoutEffect(() => {
    const measure = (): void => {
      const top = ref.current?.getBoundingClientRect().top ?? 0;
      first.value = Math.max(0, Math.floor(-top / rowHeight) - spare);
      last.value = Math.ceil((innerHeight - top) / rowHeight) + spare;
    };
    measure();
    addEventListener("scroll", measure, { passive: true });
    addEventListener("resize", measure);
    return () => {
      removeEventListener("scroll", measure);
      removeEventListener("resize", measure);
    };
  }, [rowHeight, items.length === 0]);
  return (
    <div
      {...{ ref, role: "list", class: "windowed", "aria-label": label }}
      style={{ height: `${items.length * rowHeight}px` }}
      onFocusIn={({ target }) => {
        const at = target instanceof Element ? target.closest<HTMLElement>("[data-row]")?.dataset["row"] : undefined;
        focused.value = at === undefined ? undefined : Number(at);
      }}
      onFocusOut={() => (focused.value = undefined)}
    >
      {rowsShown(items.length, { first: first.value, last: last.value, focused: focused.value }).map((at) => {
        const item = items[at];
        if (item === undefined) return null;
        return (
          <div
            key={keyOf(item)}
            role="listitem"
            class="row"
            tabIndex={-1}
            data-row={at}
            aria-setsize={items.length}
            aria-posinset={at + 1}
            style={{ height: `${rowHeight}px`, transform: `translateY(${at * rowHeight}px)` }}
            onKeyDown={({ key, target, currentTarget }) => {
              if (key === "Enter" && target === currentTarget)
                currentTarget.querySelector<HTMLElement>("a, button")?.click();
            }}
          >
            {row(item)}
          </div>
        );
      })}
    </div>
  );
}

interface Window {
  readonly first: number;
  readonly last: number;
  readonly focused: number | undefined;
}

/** Returns the numbers of the rows in the document, in order. */
function rowsShown(count: number, { first, last, focused }: Window): readonly number[] {
  const shown = new Set<number>();
  for (let at = first; at < Math.min(last, count); at++) shown.add(at);
  if (focused !== undefined)
    for (const at of [focused - 1, focused, focused + 1]) if (at >= 0 && at < count) shown.add(at);
  return [...shown].toSorted((a, b) => a - b);
}
