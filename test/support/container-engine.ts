import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { within } from "./within.ts";

/** The end of a command: its exit code, and its standard output and standard error in one text. */
export interface Ran {
  readonly code: number;
  readonly text: string;
}

interface EngineOptions {
  /** Whether containers and builds reach this machine's network; otherwise they have a loopback interface of their own. */
  readonly hasNetwork?: boolean;
}

const startsWithinMs = 30_000;

/**
 * Prepares the namespaces, then waits as their first process, which collects the processes that containers leave behind. Podman needs
 * no service here, no cgroups and no network, and runs within the limits of a sandbox.
 */
const script = `
set -eu
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs none /run
ip link set lo up
echo ready
exec catatonit -P
`;

/**
 * Podman and Buildah with a store of their own, in new namespaces: their containers, mounts and ports end with the namespaces. Needs
 * root and the packages of `scripts/ensure-debian-packages packages`.
 */
export class ContainerEngine {
  /** A folder for files of a test that containers may mount. It is removed with the engine. */
  readonly folder: string;
  readonly #namespaces: Bun.Subprocess;
  readonly #entry: readonly string[];

  private constructor(folder: string, namespaces: Bun.Subprocess, entry: readonly string[]) {
    this.folder = folder;
    this.#namespaces = namespaces;
    this.#entry = entry;
  }

  static async open({ hasNetwork = false }: EngineOptions = {}): Promise<ContainerEngine> {
    const folder = mkdtempSync(join(tmpdir(), "containers-"));
    writeFileSync(
      join(folder, "storage.conf"),
      `[storage]\ndriver = "vfs"\ngraphroot = "${folder}/graph"\nrunroot = "/run/containers"\n`,
    );
    writeFileSync(
      join(folder, "containers.conf"),
      `[containers]
cgroups = "disabled"
netns = "host"
init_path = "/usr/bin/catatonit"
default_ulimits = ["nofile=1000:1000", "nproc=4000:4000"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "crun"
`,
    );
    const kinds = ["mount", "pid", ...(hasNetwork ? [] : ["net"])];
    const namespaces = Bun.spawn(
      ["unshare", ...kinds.map((kind) => `--${kind}`), "--fork", "--kill-child", "--mount-proc", "sh", "-c", script],
      { stdin: "ignore", stdout: Bun.file(join(folder, "log")), stderr: "inherit" },
    );
    const first = await within(startsWithinMs, async () => {
      if (!readFileSync(join(folder, "log"), "utf8").includes("ready")) throw new Error("no namespaces yet");
      return readFileSync(`/proc/${namespaces.pid}/task/${namespaces.pid}/children`, "utf8").trim();
    });
    return new ContainerEngine(folder, namespaces, [
      "nsenter",
      `--target=${first}`,
      ...kinds.map((kind) => `--${kind}`),
    ]);
  }

  /** Runs a program of this machine in the namespaces. */
  async run(...command: readonly string[]): Promise<Ran> {
    const storage = {
      CONTAINERS_STORAGE_CONF: `${this.folder}/storage.conf`,
      CONTAINERS_CONF: `${this.folder}/containers.conf`,
    };
    const program = Bun.spawn([...this.#entry, "sh", "-c", 'exec "$@" 2>&1', "sh", ...command], {
      env: { ...process.env, ...storage },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    const text = await new Response(program.stdout).text();
    return { code: await program.exited, text };
  }

  /**
   * Runs a command of Podman; returns what it printed, without the lines that it logs for want of systemd.
   * @throws Error with the command and what it printed, if it fails
   */
  async podman(...words: readonly string[]): Promise<string> {
    const { code, text } = await this.run("podman", ...words);
    if (code !== 0) throw new Error(`podman ${words.join(" ")} ended with ${code}: ${text}`);
    return text.replaceAll(/^time=.*systemd.*\n/gm, "").trim();
  }

  /** Loads the image of one processor from an archive; returns the image's id. */
  async load(archive: string, architecture: string): Promise<string> {
    return this.podman("pull", "--quiet", "--arch", architecture, `oci-archive:${archive}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#namespaces.kill("SIGKILL");
    await this.#namespaces.exited;
    // The system ends the processes of the namespaces, which may take a moment, so the removal is retried.
    await within(startsWithinMs, async () => rmSync(this.folder, { recursive: true, force: true }));
  }
}
