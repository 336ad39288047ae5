import type { Draft } from "./draft.ts";
import { kvOrder } from "./row-key.ts";
import type { State } from "./state.ts";
import { lockDelays } from "./tables/lock-delay.ts";

export function isDelayed(draft: Draft, key: string): boolean {
  const delay = draft.state.lockDelays.get(kvOrder(key));
  return delay !== undefined && delay.untilMs > draft.nowMs;
}

export function delayLock(draft: Draft, key: string, delayMs: number): void {
  draft.put(lockDelays, { key, sinceMs: draft.nowMs, untilMs: draft.nowMs + delayMs }, undefined);
}

/** Deletes the lock delays that have passed. A delay lasts at most a minute, so the table stays small. */
export function forgetOldDelays(draft: Draft): void {
  for (const delay of draft.state.lockDelays.values()) {
    if (delay.untilMs <= draft.nowMs) draft.delete(lockDelays, delay);
  }
}

/** Returns the latest time that a lock delay records, in milliseconds. After a restart the state's time continues from there. */
export function latestMs(state: State): number {
  let latest = 0;
  for (const { sinceMs } of state.lockDelays.values()) latest = Math.max(latest, sinceMs);
  return latest;
}
