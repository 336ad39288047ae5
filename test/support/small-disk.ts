import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A small file system that only the test uses; only root may mount one. */
export interface SmallDisk {
  readonly folder: string;
  /** Writes a file that fills the file system to the last octet. */
  fill(): void;
  /** Removes the file that `fill` wrote. */
  empty(): void;
  /** Remounts the file system read-only or writable; no process may be writing to it. */
  remount(how: "ro" | "rw"): void;
  unmount(): void;
}

/** Mounts a small file system; returns undefined where mounting is not allowed. */
export function mountSmallDisk(size: `${number}m`): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), "praetor-disk-"));
  const isMounted = process.getuid?.() === 0 && run("mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder);
  if (!isMounted) {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  const filler = join(folder, "filler");
  return {
    folder,
    fill() {
      try {
        writeFileSync(filler, new Uint8Array(Number.parseInt(size) << 20));
      } catch {
        // The write fails when the file system is full, which is intended.
      }
    },
    empty: () => rmSync(filler),
    remount(how) {
      if (!run("mount", "-o", `remount,${how}`, folder)) throw new Error(`${folder} cannot be mounted ${how}`);
    },
    unmount() {
      // A lazy unmount works even if a failed test has left a process on the file system.
      run("umount", "-l", folder);
      rmSync(folder, { recursive: true });
    },
  };
}

function run(...words: readonly [string, ...string[]]): boolean {
  const [program, ...rest] = words;
  return spawnSync(program, rest).status === 0;
}

/** Returns whether this machine allows the tests to mount a small file system. */
export function canMount(): boolean {
  const disk = mountSmallDisk("1m");
  disk?.unmount();
  return disk !== undefined;
}
