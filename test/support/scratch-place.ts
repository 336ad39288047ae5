import { accessSync, constants } from "node:fs";
import { tmpdir } from "node:os";

/** A folder in memory where there is one: for what thousands of times is written, read once and thrown away. */
export function scratchPlace(): string {
  try {
    accessSync("/dev/shm", constants.W_OK | constants.X_OK);
    return "/dev/shm";
  } catch {
    return tmpdir();
  }
}
