import { readFileSync } from "node:fs";

/** Returns a process's current and peak resident memory, in MiB. Linux only. */
export function residentMiB(pid: number): { readonly now: number; readonly most: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1_024;
  return { now: field("VmRSS"), most: field("VmHWM") };
}
