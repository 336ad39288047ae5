import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { within } from "../within.ts";
import { ClusterAgent } from "./cluster-agent.ts";
import { Network } from "./network.ts";

export interface ClusterOptions {
  /** The command of the agent's program. */
  readonly program: readonly string[];
  readonly clients?: number;
  /** Machines beyond those of the servers and client agents. */
  readonly spareMachines?: number;
  /** Further arguments of each agent. */
  readonly words?: readonly string[];
  /** The folder in which the cluster's folder is created; by default the one for temporary files. */
  readonly parent?: string;
}

const serverCount = 3;
const wholeWithinMs = 60_000;

/**
 * Three servers and some client agents, each on a machine of its own, of Praetor or Consul alike. They are n1, n2, n3 and so on; a
 * name's number is that of its machine.
 */
export class Cluster implements AsyncDisposable {
  readonly network: Network;
  readonly servers: readonly ClusterAgent[];
  readonly clients: readonly ClusterAgent[];
  readonly #folder: string;
  readonly #options: ClusterOptions;

  /** Creates the machines and starts the agents; does not wait for them. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const cluster = await Cluster.prepare(options);
    await Promise.all(cluster.agents.map((agent) => agent.start()));
    return cluster;
  }

  /** Creates the machines, and starts no agent. */
  static async prepare(options: ClusterOptions): Promise<Cluster> {
    const { clients = 0, spareMachines = 0, parent = tmpdir() } = options;
    const folder = mkdtempSync(join(parent, "cluster-"));
    const network = await Network.open(serverCount + clients + spareMachines);
    return new Cluster(network, folder, options);
  }

  private constructor(network: Network, folder: string, options: ClusterOptions) {
    this.network = network;
    this.#folder = folder;
    this.#options = options;
    const numbers = Array.from({ length: serverCount + (options.clients ?? 0) }, (_, at) => at + 1);
    const agents = numbers.map((number) => this.agentOn(number, number <= serverCount));
    this.servers = agents.slice(0, serverCount);
    this.clients = agents.slice(serverCount);
  }

  get agents(): readonly ClusterAgent[] {
    return [...this.servers, ...this.clients];
  }

  /** Returns an agent on the machine with this number, which is not started. */
  agentOn(number: number, isServer: boolean, ...more: readonly string[]): ClusterAgent {
    const { program, words = [] } = this.#options;
    return new ClusterAgent(`n${number}`, {
      isServer,
      ...{ machine: this.network.machine(number), folder: this.#folder, program },
      words: () => [
        ...(isServer ? ["-server", `-bootstrap-expect=${serverCount}`] : []),
        ...this.servers.map(({ machine }) => `-retry-join=${machine.address}`),
        ...["-encrypt", clusterKey, "-hcl", settings],
        ...words,
        ...more,
      ],
    });
  }

  server(number: number): ClusterAgent {
    const server = this.servers[number - 1];
    if (server === undefined) throw new Error(`the cluster has no server ${number}`);
    return server;
  }

  client(number: number): ClusterAgent {
    const client = this.clients[number - 1];
    if (client === undefined) throw new Error(`the cluster has no client ${number}`);
    return client;
  }

  /** Resolves with the server that these servers (all by default) call the leader; retries until they agree. */
  leader(asked: readonly ClusterAgent[] = this.servers): Promise<ClusterAgent> {
    return within(wholeWithinMs, async () => {
      const said = await Promise.all(
        asked.map((server) => server.json<string>("/v1/status/leader", { withinMs: 2_000 })),
      );
      const leader = this.servers.find(({ machine }) => said.every((each) => each.startsWith(`${machine.address}:`)));
      if (leader === undefined) throw new Error(`no leader, but ${said.join(", ")}`);
      return leader;
    });
  }

  async followers(): Promise<readonly ClusterAgent[]> {
    const leader = await this.leader();
    return this.servers.filter((server) => server !== leader);
  }

  /**
   * Resolves when the cluster has no fault: all servers agree on the leader and vote, every running agent is a live member with a
   * passing serfHealth, and a write through each agent succeeds and is seen by all servers.
   */
  async whole(): Promise<void> {
    await this.leader();
    await within(wholeWithinMs, async () => {
      await Promise.all(this.servers.map((server) => this.#expectVoters(server)));
      await this.#expectAlive();
    });
    const mark = crypto.randomUUID();
    for (const agent of this.agents.filter(({ isRunning }) => isRunning)) {
      await within(wholeWithinMs, async () => {
        const { text } = await agent.ask("PUT", "/v1/kv/whole", { body: mark, withinMs: 20_000 });
        if (text !== "true") throw new Error(`${agent.name} writes not: ${text}`);
      });
    }
    for (const server of this.servers)
      await within(wholeWithinMs, async () => {
        const { text } = await server.ask("GET", "/v1/kv/whole?raw&stale", { withinMs: 2_000 });
        if (text !== mark) throw new Error(`${server.name} lags behind: ${text}`);
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.network[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #expectVoters(server: ClusterAgent): Promise<void> {
    const { Servers } = await server.json<{ Servers: readonly { Address: string; Voter: boolean }[] }>(
      "/v1/operator/raft/configuration",
      { withinMs: 10_000 },
    );
    const voters = Servers.filter(({ Voter }) => Voter).map(({ Address }) => Address.split(":")[0]);
    if (voters.length !== serverCount || !this.servers.every(({ machine }) => voters.includes(machine.address)))
      throw new Error(`${server.name} knows the voters ${voters.join()}`);
  }

  async #expectAlive(): Promise<void> {
    for (const server of this.servers) {
      const checks = await server.json<readonly { Node: string; CheckID: string; Status: string }[]>(
        "/v1/health/state/any",
        { withinMs: 10_000 },
      );
      const passing = checks.filter(({ CheckID, Status }) => CheckID === "serfHealth" && Status === "passing");
      const running = this.agents.filter(({ isRunning }) => isRunning).map(({ name }) => name);
      const missing = running.filter((name) => !passing.some(({ Node }) => Node === name));
      if (missing.length > 0) throw new Error(`${server.name} sees ${missing.join()} not passing`);
    }
  }
}

/** Any 32 octets. */
const clusterKey = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/**
 * Consul by default removes a dead server from raft when two others remain, and then waits ten seconds before it lets a server vote
 * again. Trials that follow one another need three voters.
 */
const settings = `
  retry_interval = "1s"
  performance { raft_multiplier = 1 }
  autopilot { cleanup_dead_servers = false  server_stabilization_time = "1s" }
  limits { http_max_conns_per_client = 15000 }
  skip_leave_on_interrupt = true
  disable_update_check = true`;
