import { expect, test } from "bun:test";
import { openSandbox } from "../support/agent-process.ts";
import { openPodman } from "../support/podman.ts";
import { within } from "../support/within.ts";

const cases: readonly [name: string, container: string, command: string, status: string, output: string][] = [
  ["passing", "here", "echo fine", "passing", "fine\n"],
  ["by error output", "here", "echo told >&2", "passing", "told\n"],
  ["warning", "here", "echo hm; exit 1", "warning", "hm\n"],
  ["critical", "here", "exit 3", "critical", ""],
  ["long", "here", "seq 1 5000", "passing", "Captured 4096 of 23893 bytes\n..."],
  ["in the container", "here", "hostname; test ! -e /var", "passing", "\n"],
  ["stopped", "stopped", "true", "critical", "can only create exec sessions on running containers"],
  ["gone", "gone", "true", "critical", "create exec failed for unknown container gone"],
];

test.skipIf(process.getuid?.() !== 0)(
  "a Docker check runs its command in a container of Podman's (skipped without root, which containers need here)",
  async () => {
    const podman = await openPodman("here", "stopped");
    const sandbox = openSandbox("env", `DOCKER_HOST=${podman.dockerHost}`);
    try {
      const agent = await sandbox.start("-data-dir", `${sandbox.folder}/data`, "-enable-script-checks");
      await agent.ready();
      for (const [Name, DockerContainerID, command] of cases) {
        const body = { Name, DockerContainerID, Args: ["sh", "-c", command], Interval: "1s", Timeout: "60s" };
        expect((await agent.send("PUT", "/v1/agent/check/register", { body })).status).toBe(200);
      }
      await within(60_000, async () => {
        const { json } = await agent.send("GET", "/v1/agent/checks");
        const checks = json as Record<string, { Status: string; Output: string; Type: string }>;
        for (const [name, , , status, output] of cases) {
          expect([name, checks[name]?.Type, checks[name]?.Status]).toEqual([name, "docker", status]);
          expect(checks[name]?.Output).toContain(output);
        }
      });
    } finally {
      await sandbox.close();
      await podman.close();
    }
  },
);
