import { accessSync, constants } from "node:fs";
import { tmpdir } from "node:os";

/**
 * Returns a folder for thousands of files that are written, read once and removed: in memory if the system has one, otherwise the
 * folder for temporary files.
 */
export function scratchPlace(): string {
  try {
    accessSync("/dev/shm", constants.W_OK | constants.X_OK);
    return "/dev/shm";
  } catch {
    return tmpdir();
  }
}
