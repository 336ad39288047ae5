import { accessSync, constants } from "node:fs";
import { tmpdir } from "node:os";

/** A folder in memory where the system has one, for files that are written by the thousand, read once and removed. */
export function scratchPlace(): string {
  try {
    accessSync("/dev/shm", constants.W_OK | constants.X_OK);
    return "/dev/shm";
  } catch {
    return tmpdir();
  }
}
