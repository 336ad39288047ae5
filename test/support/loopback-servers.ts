import { expect } from "bun:test";
import { join } from "node:path";
import { type AgentProcess, openSandbox, type Sandbox } from "./agent-process.ts";
import { freePorts } from "./free-ports.ts";
import { within } from "./within.ts";

const startMs = 30_000;
/** Any 32 octets. */
const clusterKey = Buffer.alloc(32, 5).toString("base64");

/**
 * Servers of the product that CONFORMANCE_TARGET names, each on a loopback address of its own and with the same ports, as on machines
 * of their own. Server 2 is named "s2", listens on 127.0.0.2 and keeps its data in the folder "s2".
 */
export class LoopbackServers {
  readonly sandbox: Sandbox;
  readonly #http: number;
  readonly #server: number;

  static async open(): Promise<LoopbackServers> {
    const [http = 0, server = 0] = await freePorts(2);
    return new LoopbackServers(http, server);
  }

  private constructor(http: number, server: number) {
    this.sandbox = openSandbox();
    this.#http = http;
    this.#server = server;
  }

  folder(number: number): string {
    return join(this.sandbox.folder, `s${number}`);
  }

  /** Starts a server on the data that it has, and returns at once. */
  start(number: number, ...words: readonly string[]): AgentProcess {
    return this.sandbox.startAt({ host: host(number), port: this.#http }, ...this.#words(number), ...words);
  }

  /** Starts a server of a cluster of three with the servers 2, 3 and 4, and returns at once. */
  startOfThree(number: number, ...words: readonly string[]): AgentProcess {
    const join = [2, 3, 4].map((other) => `-retry-join=${host(other)}`);
    return this.start(number, "-bootstrap-expect=3", "-encrypt", clusterKey, ...join, ...words);
  }

  /** Starts a server that stands alone; resolves when it answers. */
  async startAlone(number: number): Promise<AgentProcess> {
    const server = this.start(number, "-bootstrap");
    await server.ready();
    return server;
  }

  /** Runs a server that is expected to end by itself; resolves with its exit code and output. */
  run(number: number, ...words: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
    return this.sandbox.run("agent", ...this.#words(number), ...words);
  }

  /** Resolves when a server votes, knows these voters, and answers default reads. */
  async expectVoters(server: AgentProcess, numbers: readonly number[]): Promise<void> {
    await within(startMs, async () => {
      const { status, text } = await server.send("GET", "/v1/operator/raft/configuration");
      expect(status).toBe(200);
      const { Servers } = JSON.parse(text) as { Servers: readonly { Address: string; Voter: boolean }[] };
      const voters = Servers.filter(({ Voter }) => Voter).map(({ Address }) => Address.split(":")[0] ?? "");
      expect(voters.toSorted()).toEqual(numbers.map((number) => host(number)));
      expect((await server.send("GET", "/v1/kv/?keys")).status).not.toBe(500);
    });
  }

  close(): Promise<void> {
    return this.sandbox.close();
  }

  #words(number: number): readonly string[] {
    return [
      ...["-server", "-node", `s${number}`, "-data-dir", this.folder(number)],
      ...["-bind", host(number), "-client", host(number)],
      ...[
        "-http-port",
        String(this.#http),
        "-server-port",
        String(this.#server),
        "-dns-port",
        "-1",
        "-grpc-port",
        "-1",
      ],
      ...["-hcl", 'retry_interval = "1s", performance { raft_multiplier = 1 }'],
    ];
  }
}

function host(number: number): string {
  return `127.0.0.${number}`;
}
