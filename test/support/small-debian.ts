import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { within } from "./within.ts";

/** A command's exit code, and its standard output followed by its standard error. */
export interface Ran {
  readonly code: number;
  readonly output: string;
}

const soonMs = 60_000;

/**
 * Debian in a folder, with systemd as its first process, in namespaces of its own: no process or port of this machine is seen from
 * there. Needs root, debootstrap and Debian's archive as apt is configured.
 */
export class SmallDebian implements AsyncDisposable {
  readonly root: string;
  #init: Bun.Subprocess | undefined;
  #pid = 0;

  constructor() {
    this.root = mkdtempSync(join(tmpdir(), "small-debian-"));
    // The folder is the root of that Debian, which all its users enter.
    chmodSync(this.root, 0o755);
    const mirror = Bun.spawnSync(["apt-get", "indextargets", "--format", "$(REPO_URI)"])
      .stdout.toString()
      .split("\n")[0];
    const include = "--include=systemd,adduser";
    const made = Bun.spawnSync(["debootstrap", "--variant=minbase", include, "stable", this.root, mirror ?? ""]);
    if (!made.success) throw new Error(`debootstrap failed: ${made.stdout.toString().slice(-2_000)}`);
  }

  /** Starts systemd; resolves when it answers. */
  async boot(): Promise<void> {
    const apart = ["--pid", "--mount", "--uts", "--ipc", "--cgroup", "--net", "--fork", "--kill-child"];
    const init = Bun.spawn(["unshare", ...apart, "sh", "-euc", bootScript, "sh", this.root], {
      stdio: ["ignore", "ignore", "ignore"],
    });
    this.#init = init;
    await within(soonMs, async () => {
      this.#pid = Number(readFileSync(`/proc/${init.pid}/task/${init.pid}/children`, "utf8").trim());
      const { output } = this.run("systemctl is-system-running");
      if (!/^(?:running|degraded)/.test(output)) throw new Error(`systemd is not running: ${output}`);
    });
  }

  /** Runs a shell command there. */
  run(command: string): Ran {
    const enter = ["nsenter", "-t", `${this.#pid}`, "-p", "-m", "-u", "-i", "-C", "-n", "-r", "-w"];
    const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root", DEBIAN_FRONTEND: "noninteractive" };
    const { exitCode, stdout, stderr } = Bun.spawnSync([...enter, "sh", "-c", command], { env });
    return { code: exitCode, output: `${stdout.toString()}${stderr.toString()}` };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#init?.kill("SIGKILL");
    await this.#init?.exited;
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Prepares what a container's manager would, and becomes systemd. $1 is the folder. */
const bootScript = `
mount --make-rprivate /
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run
mount -t tmpfs -o mode=755 tmpfs dev
mknod -m 666 dev/null c 1 3; mknod -m 666 dev/zero c 1 5; mknod -m 666 dev/full c 1 7
mknod -m 666 dev/random c 1 8; mknod -m 666 dev/urandom c 1 9; mknod -m 666 dev/tty c 5 0
ln -s /proc/self/fd dev/fd
ln -s pts/ptmx dev/ptmx
mkdir dev/shm
ip link set lo up
mkdir -p old
pivot_root . old
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c 'umount -l /old; exec /lib/systemd/systemd'
`;
