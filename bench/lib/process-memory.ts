import { readdirSync, readFileSync } from "node:fs";

/** Resident memory of a process and all that it started, in KiB. */
export function residentKib(pid: number): number {
  const own = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  if (own === undefined) throw new Error(`process ${pid} has ended`);
  return childrenOf(pid).reduce((sumKib, child) => sumKib + residentKib(child), Number(own));
}

function childrenOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
}
