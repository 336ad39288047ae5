import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { within } from "./within.ts";

/** A Podman service with the Docker API, and its containers, which end with the service. */
export interface Podman {
  /** The service's address in the form of DOCKER_HOST. */
  readonly dockerHost: string;
  close(): Promise<void>;
}

const startsWithinMs = 60_000;

/**
 * Starts Podman in new namespaces, so its mounts and processes end with it. It needs no cgroups, no network and no image (its
 * containers use this machine's programs), and runs within the limits of a sandbox.
 */
const script = `
set -eu
folder=$1; shift
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs none /run
root=$folder/root
mkdir -p $root/usr $root/tmp $root/proc $root/dev $root/sys $root/etc $root/run
for each in bin lib lib64; do ln -s usr/$each $root/$each; done
printf '[storage]\\ndriver = "vfs"\\ngraphroot = "%s/graph"\\nrunroot = "%s/run"\\n' $folder $folder >$folder/storage.conf
printf '[engine]\\ncgroup_manager = "cgroupfs"\\nevents_logger = "file"\\n' >$folder/containers.conf
export CONTAINERS_STORAGE_CONF=$folder/storage.conf CONTAINERS_CONF=$folder/containers.conf
for name; do
  podman create -q --name $name --network none --cgroups=disabled --ulimit nofile=1000:1000 --ulimit nproc=4000:4000 \\
    -v /usr:/usr:ro --rootfs $root /bin/sleep 100000
done
podman start "$1"
exec podman system service --time=0 unix://$folder/docker.sock
`;

/**
 * Starts Podman with containers of these names, of which only the first runs. Needs root.
 * @throws Error with Podman's output when it does not start
 */
export async function openPodman(...containers: readonly [string, ...string[]]): Promise<Podman> {
  const folder = mkdtempSync(join(tmpdir(), "podman-"));
  const log = Bun.file(join(folder, "log"));
  const namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const program = Bun.spawn([...namespaces, "sh", "-c", script, "sh", folder, ...containers], {
    stdin: "ignore",
    stdout: log,
    stderr: log,
  });
  const close = async (): Promise<void> => {
    program.kill("SIGKILL");
    await program.exited;
    // The system ends the processes of the namespaces, which may take a moment, so the removal is retried.
    await within(10_000, async () => rmSync(folder, { recursive: true, force: true }));
  };
  const socket = join(folder, "docker.sock");
  try {
    await within(startsWithinMs, async () => {
      if (!existsSync(socket) && program.exitCode === null) throw new Error("it does not listen yet");
    });
    if (program.exitCode !== null) throw new Error(`podman ended with ${program.exitCode}: ${await log.text()}`);
  } catch (thrown) {
    await close();
    throw thrown;
  }
  return { dockerHost: `unix://${socket}`, close };
}
