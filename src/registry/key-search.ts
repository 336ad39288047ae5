import { ownTurn } from "../lib/next-turn.ts";
import type { KvEntry } from "../model/kv-entry.ts";
import { kvOrder } from "../state/row-key.ts";
import type { State } from "../state/state.ts";

export interface KeySearch {
  /** The text to find, whatever its case. */
  readonly text: string;
  /** Only keys with this prefix are searched. */
  readonly prefix: string;
  readonly inKeys: boolean;
  readonly inValues: boolean;
  /** Maximum number of matches that are returned. All are counted. */
  readonly limit: number;
}

export interface KeyMatch {
  readonly entry: KvEntry;
  readonly inKey: boolean;
  /** The text around the first match in the value; undefined if the value does not match. */
  readonly excerpt: string | undefined;
}

export interface KeySearchResult {
  /** The number of keys that were searched. */
  readonly searched: number;
  /** The number of keys that match. */
  readonly found: number;
  /** The first matches, in order of their keys. */
  readonly matches: readonly KeyMatch[];
}

/** A search goes on in another turn of the event loop after this many keys or bytes, which take about a millisecond. */
const keysOfTurn = 256;
const bytesOfTurn = 128 * 1_024;
/** A value is searched up to this length in bytes. */
const valueBytesMax = 64 * 1_024;
/** The number of characters that an excerpt has on each side of the match. */
const excerptMargin = 40;

/**
 * Searches keys and values of one state, so that writes during the search do not matter. It lets other work of the agent run in
 * between, however many keys there are.
 * @param signal ends the search early; its result is then incomplete
 */
export async function searchKeys(state: State, search: KeySearch, signal: AbortSignal): Promise<KeySearchResult> {
  const text = search.text.toLowerCase();
  const matches: KeyMatch[] = [];
  let [searched, found, bytes, keys] = [0, 0, 0, 0];
  for (const [, entry] of state.kv.startingWith(kvOrder(search.prefix))) {
    searched += 1;
    keys += 1;
    bytes += search.inValues ? Math.min(entry.value.length, valueBytesMax) : 0;
    const match = matchOf(entry, text, search);
    if (match) {
      found += 1;
      if (matches.length < search.limit) matches.push(match);
    }
    if (keys < keysOfTurn && bytes < bytesOfTurn) continue;
    [keys, bytes] = [0, 0];
    await ownTurn();
    if (signal.aborted) break;
  }
  return { searched, found, matches };
}

function matchOf(entry: KvEntry, text: string, { inKeys, inValues }: KeySearch): KeyMatch | undefined {
  const inKey = inKeys && entry.key.toLowerCase().includes(text);
  const excerpt = inValues ? excerptOf(entry.value, text) : undefined;
  return inKey || excerpt !== undefined ? { entry, inKey, excerpt } : undefined;
}

const decoder = new TextDecoder();

function excerptOf(value: Uint8Array, text: string): string | undefined {
  const shown = decoder.decode(value.subarray(0, valueBytesMax));
  const at = shown.toLowerCase().indexOf(text);
  return at < 0 ? undefined : shown.slice(Math.max(0, at - excerptMargin), at + text.length + excerptMargin);
}
