import { expect, onTestFinished, test } from "bun:test";
import { Cluster } from "../support/cluster/cluster.ts";
import type { ClusterAgent } from "../support/cluster/cluster-agent.ts";
import { cannotMakeNetwork } from "../support/cluster/network.ts";
import { programOf } from "../support/target.ts";
import { within } from "../support/within.ts";

const program = programOf("praetor");
const skipped = cannotMakeNetwork === undefined ? "" : ` (skipped: ${cannotMakeNetwork})`;
const soonMs = 60_000;

interface Server {
  readonly Name: string;
  readonly Healthy: boolean;
  readonly ClockAheadMs?: number;
  readonly Versions?: { readonly Praetor: string; readonly Etcd: string };
}

test.skipIf(skipped !== "")(
  `top, doctor, metrics and autopilot tell when a server of a cluster is lost${skipped}`,
  async () => {
    const cluster = await Cluster.start({ program });
    onTestFinished(() => cluster[Symbol.asyncDispose]());
    await cluster.whole();
    const follower = (await cluster.followers())[0] as ClusterAgent;
    await within(soonMs, async () => {
      const { Servers: servers } = await follower.json<{ Servers: readonly Server[] }>(
        "/v1/operator/autopilot/health?detailed",
      );
      expect(servers.map(({ Name }) => Name).toSorted()).toEqual(["n1", "n2", "n3"]);
      for (const { ClockAheadMs, Versions } of servers)
        expect([ClockAheadMs, Versions?.Praetor, Versions?.Etcd]).toEqual([
          0,
          expect.stringMatching(/^\d+\.\d+\.\d+/),
          expect.stringMatching(/^3\.\d+\.\d+$/),
        ]);
    });
    expect(await run(follower, "top")).toStartWith("3 of 3 servers are healthy, and 1 may fail.\n");
    expect(await run(follower, "doctor")).not.toMatch(/quorum-at-risk|clocks-apart|versions-apart|server-unhealthy/);

    await run(follower, "operator", "autopilot", "set-config", "-max-trailing-logs=300");
    const leader = await cluster.leader();
    await leader.kill();
    const rest = cluster.servers.filter((server) => server !== leader);
    const next = await within(soonMs, async () => {
      const elected = await cluster.leader(rest);
      if (elected === leader) throw new Error("the dead server still counts as the leader");
      return elected;
    });
    await within(soonMs, async () => {
      const top = await run(next, "top");
      expect(top).toStartWith("QUORUM AT RISK: 2 of 3 servers are healthy, and 2 must be");
      expect(top).toMatch(new RegExp(`UNHEALTHY +${leader.name} +follower`));
      expect(await run(follower, "doctor")).toContain(`Bring ${leader.name} back`);
      expect(await gauge(next, "healthy")).toBe(0);
      expect(await gauge(next, "failure_tolerance")).toBe(0);
    });
    for (const server of rest)
      expect(await run(server, "operator", "autopilot", "get-config")).toContain("MaxTrailingLogs = 300\n");
  },
);

/** Runs a command of praetor for an agent. Resolves with its standard output, whatever its exit code. */
async function run({ socket }: ClusterAgent, ...words: readonly string[]): Promise<string> {
  const env = { ...process.env, CONSUL_HTTP_ADDR: `unix://${socket}` };
  const child = Bun.spawn([...program, ...words], { env, stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  const text = await child.stdout.text();
  await child.exited;
  return text;
}

async function gauge(server: ClusterAgent, name: string): Promise<number | undefined> {
  const { Gauges: gauges } = await server.json<{
    Gauges: readonly { readonly Name: string; readonly Value: number }[];
  }>("/v1/agent/metrics");
  return gauges.find(({ Name }) => Name === `consul.autopilot.${name}`)?.Value;
}
