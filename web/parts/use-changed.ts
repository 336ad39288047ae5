import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

/** The time for which a changed item is marked. */
const markedMs = 2_000;

/** Returns the keys of the items whose value has changed in the last two seconds. Items that are new are not marked. */
export function useChanged(values: ReadonlyMap<string, string>): ReadonlySet<string> {
  const marked = useSignal<ReadonlySet<string>>(new Set());
  const before = useRef(values);
  useEffect(() => {
    const known = before.current;
    before.current = values;
    const changed = [...values].filter(([key, value]) => known.has(key) && known.get(key) !== value);
    if (changed.length === 0) return;
    const keys = new Set(changed.map(([key]) => key));
    marked.value = marked.peek().union(keys);
    setTimeout(() => (marked.value = marked.peek().difference(keys)), markedMs);
  });
  return marked.value;
}
