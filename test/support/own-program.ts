import { readFileSync } from "node:fs";

/**
 * The name of this process in the agent's messages, such as "bun (process 4711)". A test process that another test process
 * started is named "bun.exe".
 */
export const ownProgram: string = `${readFileSync("/proc/self/comm", "utf8").trim()} (process ${process.pid})`;
