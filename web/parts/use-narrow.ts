import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

/** The width below which rows have several lines; styles/praetor.css has the same. */
const narrow = "(max-width: 719px)";

/** Returns whether the page is narrow, as on a phone. */
export function useNarrow(): boolean {
  const isNarrow = useSignal(matchMedia(narrow).matches);
  useEffect(() => {
    const query = matchMedia(narrow);
    const follow = (): void => void (isNarrow.value = query.matches);
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, []);
  return isNarrow.value;
}
