import type { Consistency, Registry } from "./registry.ts";

/**
 * Runs a read when the state is new enough for it. If it is already, as always on a server that stands alone, the read runs in
 * this turn of the event loop.
 * @throws OperatingError unavailable "no-leader" when no server confirms in time that the state is new enough
 */
export function whenFresh<T>(
  store: Pick<Registry, "freshen">,
  consistency: Consistency,
  read: () => T | Promise<T>,
): T | Promise<T> {
  const fresh = store.freshen(consistency);
  return fresh ? fresh.then(read) : read();
}
