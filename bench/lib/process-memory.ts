import { readdirSync, readFileSync } from "node:fs";

/** Returns the resident memory of a process and its children, in KiB. */
export function residentKib(pid: number): number {
  return childrenOf(pid).reduce((sumKib, child) => sumKib + residentKib(child), statusKib(pid, "VmRSS"));
}

/** The memory of a process and its children, in MiB. */
export interface Memory {
  readonly resident: number;
  /** As resident, but each page that several processes have counts in parts: the programs' own files above all. */
  readonly proportional: number;
  /** The pages of no file, which each process has for itself. */
  readonly anonymous: number;
}

export function memoryOf(pid: number): Memory {
  const all = [pid, ...childrenOf(pid)].map((each) => readFileSync(`/proc/${each}/smaps_rollup`, "utf8"));
  const sum = (field: string): number =>
    all.reduce((total, text) => total + Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text)?.[1]), 0) / 1_024;
  return { resident: sum("Rss"), proportional: sum("Pss"), anonymous: sum("Anonymous") };
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
