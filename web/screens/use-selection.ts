import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { useKeys } from "../shell/keys.ts";

/** Rows that are selected, by name. */
export interface Selection {
  readonly names: ReadonlySet<string>;
  readonly isAny: boolean;
  /** Whether the question about the selected rows is open. */
  readonly isAsking: boolean;
  has(name: string): boolean;
  /** Selects a row, or no longer. @param isRange whether all rows from the last one that was selected to this are selected */
  toggle(name: string, options: { readonly isRange: boolean }): void;
  clear(): void;
  ask(isAsking: boolean): void;
}

/**
 * Returns the selection of a list, and adds its keys: `x` and Shift with `x` select the row that has the focus, `m` asks about maintenance
 * of those selected, or of that row.
 * @param shown the names of the rows in their order; undefined for a row that cannot be selected
 */
export function useSelection(shown: readonly (string | undefined)[]): Selection {
  const names = useSignal<ReadonlySet<string>>(new Set());
  const isAsking = useSignal(false);
  const last = useRef<string>(undefined);
  const rows = useRef(shown);
  rows.current = shown;
  const toggle = (name: string, { isRange }: { readonly isRange: boolean }): void => {
    const [from, to] = [rows.current.indexOf(last.current), rows.current.indexOf(name)];
    const range = isRange && last.current !== undefined && from >= 0 ? between(rows.current, from, to) : undefined;
    names.value = range ? names.peek().union(range) : names.peek().symmetricDifference(new Set([name]));
    last.current = name;
  };
  const focused = (): string | undefined => {
    const row = document.activeElement?.closest<HTMLElement>("[data-row]")?.dataset["row"];
    return row === undefined ? undefined : rows.current[Number(row)];
  };
  const toggleFocused = (isRange: boolean): void => {
    const name = focused();
    if (name !== undefined) toggle(name, { isRange });
  };
  useKeys([
    { keys: "x", does: "select the row", run: () => toggleFocused(false) },
    { keys: "X", does: "select up to the row", run: () => toggleFocused(true) },
    {
      keys: "m",
      does: "maintenance of what is selected, or of the row",
      run() {
        if (names.peek().size === 0) toggleFocused(false);
        isAsking.value = names.peek().size > 0;
      },
    },
  ]);
  return {
    names: names.value,
    isAny: names.value.size > 0,
    isAsking: isAsking.value,
    has: (name) => names.value.has(name),
    toggle,
    clear: () => void (names.value = new Set()),
    ask: (wanted) => void (isAsking.value = wanted),
  };
}

function between(rows: readonly (string | undefined)[], from: number, to: number): ReadonlySet<string> {
  const names = rows.slice(Math.min(from, to), Math.max(from, to) + 1);
  return new Set(names.filter((name) => name !== undefined));
}
