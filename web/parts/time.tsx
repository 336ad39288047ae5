import type { JSX } from "preact";
import { nowMs } from "../live/feed.ts";

/** A clock before 2024 was never set, as on a gateway without a battery. */
const firstTrueMs = Date.UTC(2024, 0, 1);

/** Shows a time as a distance, and on demand as date and time. An unset clock gives the distance only. */
export function Time({ atMs, nowMs: now }: { readonly atMs: number; readonly nowMs: number }): JSX.Element {
  return <time {...exactly(atMs)}>{distance(now - atMs)} ago</time>;
}

/** Shows a time as a distance that grows while it is seen: "3 min ago". */
export function Age({ atMs }: { readonly atMs: number }): JSX.Element {
  return <Time {...{ atMs, nowMs: nowMs.value }} />;
}

/** Shows how long a state has lasted: "for 3 min". */
export function Lasting({ sinceMs }: { readonly sinceMs: number }): JSX.Element {
  return <time {...exactly(sinceMs)}>for {distance(nowMs.value - sinceMs)}</time>;
}

function exactly(ms: number): { readonly dateTime?: string; readonly title?: string } {
  const at = new Date(ms);
  return ms >= firstTrueMs ? { dateTime: at.toISOString(), title: at.toLocaleString() } : {};
}

/** Returns a duration in its largest unit: "40 s", "3 min", "2 h", "5 days". */
export function distance(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

/** Returns the time of the day: "02:14:07". */
export function timeOfDay(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8);
}
