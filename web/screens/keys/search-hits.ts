/* The answer of a search in keys, and its parts for the screen. */

/** An element of `Matches` of `v1/praetor/search`. */
export interface Hit {
  readonly Key: string;
  /** Absent if only names were searched. */
  readonly Bytes?: number;
  /** The text of the value around the match; absent if only the name matches. */
  readonly Excerpt?: string;
}

/** The answer of `v1/praetor/search`. */
export interface SearchAnswer {
  /** Number of keys that were looked at. */
  readonly Searched: number;
  /** Number of keys that match, of which `Matches` has the first. */
  readonly Found: number;
  readonly Matches: readonly Hit[];
}

/** A folder that has matches, and how many. */
export interface Facet {
  readonly folder: string;
  readonly count: number;
}

/** Returns the folders that part the matches: those below the longest folder that has all of them. Most matches first. */
export function facetsOf(matches: readonly Hit[], prefix: string): readonly Facet[] {
  let above = prefix;
  for (;;) {
    const counts = new Map<string, number>();
    for (const { Key } of matches) {
      const end = Key.indexOf("/", above.length);
      const folder = end < 0 ? above : Key.slice(0, end + 1);
      counts.set(folder, (counts.get(folder) ?? 0) + 1);
    }
    const [only] = counts.keys();
    if (counts.size !== 1 || only === undefined || only === above) {
      const facets = [...counts].map(([folder, count]) => ({ folder, count }));
      return facets.filter(({ folder }) => folder !== above).toSorted((a, b) => b.count - a.count);
    }
    above = only;
  }
}

/** Returns a text in pieces, those that are the part marked, whatever the case. */
export function piecesOf(text: string, part: string): readonly { readonly text: string; readonly isHit: boolean }[] {
  const [low, wanted] = [text.toLowerCase(), part.toLowerCase()];
  // A few characters change their length in lower case; then places would not fit.
  if (wanted === "" || low.length !== text.length) return [{ text, isHit: false }];
  const pieces: { text: string; isHit: boolean }[] = [];
  let at = 0;
  for (let found = low.indexOf(wanted); found >= 0; found = low.indexOf(wanted, at)) {
    if (found > at) pieces.push({ text: text.slice(at, found), isHit: false });
    at = found + wanted.length;
    pieces.push({ text: text.slice(found, at), isHit: true });
  }
  if (at < text.length) pieces.push({ text: text.slice(at), isHit: false });
  return pieces;
}

/** Returns the answer of a search in names alone. */
export function filterKeys(
  keys: readonly string[],
  { text, prefix }: { readonly text: string; readonly prefix: string },
): SearchAnswer {
  const below = keys.filter((key) => key.startsWith(prefix));
  const found = below.filter((key) => key.toLowerCase().includes(text.toLowerCase()));
  return { Searched: below.length, Found: found.length, Matches: found.slice(0, 200).map((Key) => ({ Key })) };
}
