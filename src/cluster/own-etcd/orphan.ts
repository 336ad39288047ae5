import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { basename } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import { sleep } from "../../lib/clock.ts";

/** Identifies the etcd of one server among all processes of the machine. */
interface OwnEtcd {
  readonly program: string;
  /** The folder in which it runs. */
  readonly folder: string;
  readonly id: string;
}

const pauseMs = 10;

/**
 * Ends the etcd that an earlier run of this server has left, which holds the lock of its data: a process of that program, in
 * that folder, with this server's member name. Resolves with its process id when it has ended; undefined without one.
 */
export async function endOrphan(own: OwnEtcd, clock: Clock, signal?: AbortSignal): Promise<number | undefined> {
  let ended: number | undefined;
  for (;;) {
    const orphan = readdirSync("/proc")
      .map(Number)
      .find((pid) => Number.isSafeInteger(pid) && isOwn(pid, own));
    if (orphan === undefined || signal?.aborted) return ended;
    kill(orphan);
    ended = orphan;
    await sleep(clock, pauseMs, signal);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // The process has ended meanwhile.
  }
}

function isOwn(pid: number, { program, folder, id }: OwnEtcd): boolean {
  try {
    // After an upgrade of the package, Linux appends " (deleted)" to the path of a program that still runs.
    const executable = basename(readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, ""));
    return (
      executable === basename(realpathSync(program)) &&
      readlinkSync(`/proc/${pid}/cwd`) === realpathSync(folder) &&
      readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0").includes(`--name=${id}`)
    );
  } catch {
    // The process has ended, or is another user's.
    return false;
  }
}
