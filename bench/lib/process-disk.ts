import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Returns the bytes that a process has written to disks since its start. Linux counts whole pages. */
export function writtenBytes(pid: number): number {
  const found = /^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1];
  if (found === undefined) throw new Error(`process ${pid} tells nothing of what it wrote`);
  return Number(found);
}

/** Returns the disk usage of the files in a folder and its subfolders, in bytes. */
export function usedBytes(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).blocks * 512, 0);
}
