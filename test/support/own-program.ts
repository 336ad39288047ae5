import { readFileSync } from "node:fs";

/**
 * This process as the agent's messages name it: "bun (process 4711)". A test process started by another one is
 * "bun.exe".
 */
export const ownProgram: string = `${readFileSync("/proc/self/comm", "utf8").trim()} (process ${process.pid})`;
