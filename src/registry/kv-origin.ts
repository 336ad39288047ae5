import type { KvEntry } from "../model/kv-entry.ts";
import type { KvChange, PastKeys } from "../model/kv-history.ts";
import { overridesIn } from "../model/key-override.ts";
import { plainEntries } from "../state/kv.ts";
import { newestChangeOf } from "../state/kv-history.ts";
import type { State } from "../state/state.ts";

/** Where the present value of a key comes from. */
export interface KvOrigin {
  readonly entry: KvEntry;
  /** The change that wrote it; undefined for the first value of a key, of which no more is kept than its origin. */
  readonly change: KvChange | undefined;
  /** The services that do not use it, since a variable of their environment has another value. */
  readonly hiddenBy: readonly HidingService[];
}

export interface HidingService {
  readonly service: string;
  readonly node: string;
  readonly variable: string;
}

/** Returns the origins of keys that have a value, in their order, without locks. */
export function kvOrigins(state: State, keys: PastKeys): readonly KvOrigin[] {
  const hiding = hidingServices(state);
  return plainEntries(state, keys).map((entry) => ({
    entry,
    change: newestChangeOf(state, entry.key),
    hiddenBy: namesAbove(entry.key).flatMap((name) => hiding.get(name) ?? []),
  }));
}

/** Returns the services that override keys, by the key. */
function hidingServices({ services }: State): ReadonlyMap<string, readonly HidingService[]> {
  const hiding = new Map<string, HidingService[]>();
  for (const { name: service, node, meta } of services.values())
    for (const { key, variable } of overridesIn(meta)) {
      const found = { service, node, variable };
      const others = hiding.get(key);
      if (others) others.push(found);
      else hiding.set(key, [found]);
    }
  return hiding;
}

/** Returns a key and the names above it, since a variable overrides a whole list: "a/b" and "a" for "a/b". */
function namesAbove(key: string): readonly string[] {
  return [key, ...[...key.matchAll(/\//g)].map(({ index }) => key.slice(0, index))];
}
