import { writtenBytes } from "./process-disk.ts";
import { childrenOf } from "./process-memory.ts";
import { processorUs } from "./process-time.ts";

/** The resources that a process and its children have used since their start. */
export interface Usage {
  readonly processorMs: number;
  /** Bytes written to the disk. */
  readonly writtenBytes: number;
}

export function usageOf(pid: number): Usage {
  const processes = [pid, ...childrenOf(pid)];
  return {
    processorMs: sum(processes.map(processorUs)) / 1_000,
    writtenBytes: sum(processes.map(writtenBytes)),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
