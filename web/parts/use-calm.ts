import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";

/** A list whose rows stay in place while the user is at them. */
export interface Calm<T> {
  readonly shown: readonly T[];
  /** Number of rows that would come or move. */
  readonly changes: number;
  /** Shows the present order. */
  readonly settle: () => void;
  /** The handlers of the element that has the list, and the button that settles it. */
  readonly handlers: {
    readonly onPointerEnter: () => void;
    readonly onPointerLeave: () => void;
    readonly onFocusIn: () => void;
    readonly onFocusOut: () => void;
  };
}

interface CalmOptions<T> {
  readonly keyOf: (item: T) => string;
  /** The question to which the items are the answer, such as the filter: with another one the order is that of the items. */
  readonly question: string;
}

/**
 * Keeps the order of a list while the pointer or the focus is in it, so that no row moves under a click (WCAG 3.2.5); the rows' own
 * content changes all the same, and rows that are gone go.
 */
export function useCalm<T>(items: readonly T[], { keyOf, question }: CalmOptions<T>): Calm<T> {
  const isPointed = useSignal(false);
  const isFocused = useSignal(false);
  const turn = useSignal(0);
  const kept = useRef<{ readonly keys: readonly string[]; readonly question: string; readonly turn: number }>(
    undefined,
  );
  const keys = items.map(keyOf);
  const isKept =
    (isPointed.value || isFocused.value) &&
    kept.current?.question === question &&
    kept.current.turn === turn.value &&
    kept.current.keys.length > 0;
  if (!isKept) kept.current = { keys, question, turn: turn.value };
  const order = kept.current?.keys ?? keys;
  const byKey = new Map(items.map((item, at) => [keys[at] ?? "", item]));
  const places = new Map(order.map((key, at) => [key, at]));
  return {
    shown: order.flatMap((key) => byKey.get(key) ?? []),
    changes: isKept ? keys.filter((key, at) => places.get(key) !== at).length : 0,
    settle: () => void (turn.value += 1),
    handlers: {
      onPointerEnter: () => void (isPointed.value = true),
      onPointerLeave: () => void (isPointed.value = false),
      onFocusIn: () => void (isFocused.value = true),
      onFocusOut: () => void (isFocused.value = false),
    },
  };
}
