import { expect } from "bun:test";
import { join } from "node:path";
import { type AgentProcess, openSandbox, type Sandbox } from "./agent-process.ts";
import { freePorts } from "./free-ports.ts";
import { within } from "./within.ts";

/** Time limit for an agent to start, in milliseconds. Consul takes some seconds to elect a leader. */
const startMs = 30_000;

/**
 * A server named "server" and client agents of it, of the product that CONFORMANCE_TARGET names. Each has an address of its own
 * (127.0.0.1 for the server) and the same ports, as on machines of their own.
 */
export class ServerWithClients {
  readonly sandbox: Sandbox;
  readonly ports: { readonly http: number; readonly dns: number; readonly server: number; readonly serf: number };
  server: AgentProcess;

  /** Starts the server; resolves when it answers. */
  static start(...words: readonly string[]): Promise<ServerWithClients> {
    return ServerWithClients.startAs(undefined, words);
  }

  /** Does the same with a token's secret, which the tests for readiness send; undefined sends none. */
  static async startAs(secret: string | undefined, words: readonly string[]): Promise<ServerWithClients> {
    const [http = 0, dns = 0, server = 0, serf = 0] = await freePorts(4);
    const all = new ServerWithClients({ http, dns, server, serf }, { words, secret });
    await all.#expectLeader();
    return all;
  }

  readonly #serverWords: readonly string[];
  readonly #headers: Readonly<Record<string, string>>;

  private constructor(
    ports: ServerWithClients["ports"],
    { words, secret }: { readonly words: readonly string[]; readonly secret: string | undefined },
  ) {
    this.sandbox = openSandbox();
    this.ports = ports;
    this.#serverWords = words;
    this.#headers = secret === undefined ? {} : { "X-Consul-Token": secret };
    this.server = this.#startServer();
  }

  /**
   * Starts a client agent; resolves when it answers for itself.
   * @param host its address, such as "127.0.0.2", which is also the name of its folder: the same address is the same agent
   */
  async startClient(host: string, ...words: readonly string[]): Promise<AgentProcess> {
    const agent = this.#start(host, `client-${host.slice(host.lastIndexOf(".") + 1)}`, words);
    const headers = this.#headers;
    await within(startMs, async () =>
      expect((await agent.send("GET", "/v1/agent/self", { headers })).status).toBe(200),
    );
    return agent;
  }

  /** Starts a client agent, and resolves when the server has it in the catalog. */
  async joinClient(host: string, ...words: readonly string[]): Promise<AgentProcess> {
    const agent = await this.startClient(host, "-retry-join", "127.0.0.1", ...words);
    await within(startMs, async () => {
      const { text } = await agent.send("GET", "/v1/catalog/nodes", { headers: this.#headers });
      expect(text).toContain(`"Address":"${host}"`);
    });
    return agent;
  }

  async killServer(): Promise<void> {
    this.server.signal("SIGKILL");
    await this.server.ended();
  }

  /** Starts the server again, on its data. */
  async restartServer(): Promise<void> {
    this.server = this.#startServer();
    await this.#expectLeader();
  }

  /** Kills an agent, or ends it as `signal` does. Returns its exit code. */
  async end(agent: AgentProcess, signal: NodeJS.Signals = "SIGKILL"): Promise<number> {
    agent.signal(signal);
    return agent.ended();
  }

  close(): Promise<void> {
    return this.sandbox.close();
  }

  async #expectLeader(): Promise<void> {
    await within(startMs, async () => {
      const { text } = await this.server.send("GET", "/v1/health/node/server", { headers: this.#headers });
      expect(text).toContain("serfHealth");
    });
  }

  #startServer(): AgentProcess {
    return this.#start("127.0.0.1", "server", ["-server", "-bootstrap", ...this.#serverWords]);
  }

  #start(host: string, node: string, words: readonly string[]): AgentProcess {
    const { http, dns, server, serf } = this.ports;
    const place = { host, port: http };
    return this.sandbox.startAt(
      place,
      ...["-node", node, "-data-dir", join(this.sandbox.folder, node), "-bind", host, "-client", host],
      ...["-http-port", String(http), "-dns-port", String(dns), "-server-port", String(server)],
      ...["-serf-lan-port", String(serf), "-serf-wan-port", String(serf + 1)],
      ...["-enable-script-checks", "-hcl", 'retry_interval = "1s", performance { raft_multiplier = 1 }'],
      ...words,
    );
  }
}
