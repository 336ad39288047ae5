import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Cluster } from "../../test/support/cluster/cluster.ts";
import type { ClusterAgent } from "../../test/support/cluster/cluster-agent.ts";
import { cannotMakeNetwork } from "../../test/support/cluster/network.ts";
import { repository } from "./binaries.ts";
import type { Contender } from "./contender.ts";
import { until } from "./until.ts";
import type { Written } from "./writes.ts";

/**
 * Milliseconds between two requests whose answers tell when a cluster goes on: at first, and after two seconds. Bun has at most 256
 * requests under way, so there must be fewer in the time of the longest.
 */
const everyMs = 20;
const laterEveryMs = 100;
const laterMs = 2_000;
const longestMs = 15_000;
const withinMs = 120_000;

/** Creates a cluster of the contender's program, none of whose agents runs. @throws Error where namespaces cannot be created */
export function prepareCluster(contender: Contender, clients: number): Promise<Cluster> {
  if (cannotMakeNetwork !== undefined) throw new Error(cannotMakeNetwork);
  const parent = join(repository, "dist/bench");
  mkdirSync(parent, { recursive: true });
  return Cluster.prepare({
    ...{ program: [contender.binary], clients, parent, spareMachines: 1 },
    words: ["-log-level", "warn"],
  });
}

/** The clusters of a group of benchmark rows, one for each contender, with one client agent. */
export class BenchClusters {
  readonly #clusters = new Map<Contender, Promise<Cluster>>();

  /** Returns the contender's cluster; starts it when it is first asked for. */
  of(contender: Contender): Promise<Cluster> {
    const known = this.#clusters.get(contender) ?? startCluster(contender);
    this.#clusters.set(contender, known);
    return known;
  }

  async stop(): Promise<void> {
    for (const cluster of this.#clusters.values())
      await cluster.then(
        (started) => started[Symbol.asyncDispose](),
        () => {}, // the row has reported why it did not start
      );
    this.#clusters.clear();
  }
}

async function startCluster(contender: Contender): Promise<Cluster> {
  const cluster = await prepareCluster(contender, 1);
  await Promise.all(cluster.agents.map((agent) => agent.start()));
  await cluster.whole();
  return cluster;
}

/** Returns the command that starts a program on the machine of the clients, which has no agent. */
export function onClientMachine({ network }: Cluster): readonly string[] {
  return network.machine(network.machines.length).command();
}

/** Returns an agent of a cluster as the rows of writes measure it. */
export function asWritten(agent: ClusterAgent): Written {
  const ask = async (method: string, path: string, body?: string): Promise<string> => {
    const { status, text } = await agent.ask(method, path, body === undefined ? {} : { body });
    if (status !== 200) throw new Error(`${agent.name}: ${method} ${path}: ${status} ${text}`);
    return text;
  };
  return {
    ...{ name: agent.name, url: agent.url },
    put: (path, body) => ask("PUT", path, JSON.stringify(body)),
    get: (path) => ask("GET", path),
  };
}

/**
 * Sends a write every few milliseconds, through these agents in turn, until one is acknowledged. Returns the milliseconds until then. Each
 * request waits for its own answer only, so that an agent which holds one does not hold the measurement.
 */
export async function untilWritten(agents: readonly ClusterAgent[]): Promise<number> {
  const startMs = performance.now();
  let tookMs: number | undefined;
  let sent = 0;
  let nextMs = startMs;
  await until("the cluster takes writes", { withinMs, everyMs }, async () => {
    const nowMs = performance.now();
    if (nowMs < nextMs) return tookMs !== undefined;
    nextMs = nowMs + (nowMs - startMs < laterMs ? 0 : laterEveryMs);
    const agent = agents[sent % agents.length];
    sent += 1;
    void agent
      ?.ask("PUT", "/v1/kv/bench/goes-on", { body: String(sent), withinMs: longestMs })
      .then(({ text }) => {
        if (text === "true") tookMs ??= performance.now() - startMs;
      })
      .catch(() => {});
    return tookMs !== undefined;
  });
  return tookMs ?? performance.now() - startMs;
}

/** Returns the server that a client agent has a connection to, as its machine's table of connections shows. */
export async function serverUsedBy(cluster: Cluster, client: ClusterAgent): Promise<ClusterAgent | undefined> {
  const table = await Bun.file(`/proc/${client.pid}/net/tcp`).text();
  const established = "01";
  const port = (8_300).toString(16).toUpperCase().padStart(4, "0");
  const connected = table.split("\n").flatMap((line) => {
    const [, , remote = "", state] = line.trim().split(/\s+/);
    return state === established && remote.endsWith(`:${port}`) ? [addressOf(remote)] : [];
  });
  return cluster.servers.find(({ machine }) => connected.includes(machine.address));
}

/** Decodes an address of /proc/net/tcp: "0200630A:206C" is 10.99.0.2, its octets in the processor's order. */
function addressOf(remote: string): string {
  const octets = remote.slice(0, 8).match(/../g) ?? [];
  return octets
    .toReversed()
    .map((octet) => Number.parseInt(octet, 16))
    .join(".");
}
