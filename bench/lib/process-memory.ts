import { readdirSync, readFileSync } from "node:fs";

/** Returns the resident memory of a process and its children, in KiB. */
export function residentKib(pid: number): number {
  return childrenOf(pid).reduce((sumKib, child) => sumKib + residentKib(child), statusKib(pid, "VmRSS"));
}

/** Returns the peak resident memory of a process since its start, in KiB. */
export function peakKib(pid: number): number {
  return statusKib(pid, "VmHWM");
}

function statusKib(pid: number, field: "VmRSS" | "VmHWM"): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  if (found === undefined) throw new Error(`process ${pid} has ended`);
  return Number(found);
}

export function childrenOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
}
