import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "./free-ports.ts";
import { until } from "./until.ts";

export interface ContenderOptions {
  readonly binary: string;
  /** The folder in which the data folders of both agents are created. */
  readonly folder: string;
  /** Arguments for this agent alone, in addition to those that both agents get. */
  readonly flags?: readonly string[];
  /** The secret of the token that `put`, `get` and `tryPut` send; default: none. */
  readonly token?: string;
}

/** The node of each agent. EdgeX's policies allow its services to read the nodes whose names begin with "edgex". */
const node = "edgex-bench";

/** One of the two agents that are compared. Both get the same arguments, and their data folders are on one disk. */
export class Contender {
  readonly name: string;
  readonly binary: string;
  readonly #ports = freePorts("http", "dns", "serfLan", "serfWan", "server");
  readonly #folder: string;
  readonly #ownFlags: readonly string[];
  readonly #headers: Readonly<Record<string, string>>;
  #process: Bun.Subprocess | undefined;

  constructor(name: string, options: ContenderOptions) {
    this.name = name;
    this.binary = options.binary;
    this.#ownFlags = options.flags ?? [];
    this.#headers = options.token === undefined ? {} : { "X-Consul-Token": options.token };
    this.#folder = join(options.folder, name.toLowerCase());
  }

  get httpPort(): number {
    return this.#ports.http;
  }

  get dnsPort(): number {
    return this.#ports.dns;
  }

  get url(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  get pid(): number {
    if (this.#process === undefined) throw new Error(`${this.name} is not running`);
    return this.#process.pid;
  }

  get dataFolder(): string {
    return join(this.#folder, "data");
  }

  /** Starts the agent with an empty data folder, without waiting for an answer. */
  spawn(): void {
    rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder, { recursive: true });
    this.spawnAgain();
  }

  /** Starts the agent with the data of its last run, without waiting for an answer. */
  spawnAgain(): void {
    const log = Bun.file(this.#log);
    this.#process = Bun.spawn([this.binary, ...this.#flags()], { stdio: ["ignore", log, log] });
  }

  /** Starts the agent and waits until it accepts durable writes. */
  async start(): Promise<void> {
    this.spawn();
    await until(`${this.name} takes writes`, { withinMs: 30_000, everyMs: 50 }, () =>
      this.tryPut("bench/started", "1"),
    );
  }

  /**
   * Stops the agent with SIGTERM, starts it with its data, and waits for the first durable write. Returns the milliseconds from
   * the start until the agent acknowledges that write.
   */
  async restart({ withinMs }: { readonly withinMs: number }): Promise<number> {
    await this.end("SIGTERM");
    const startMs = performance.now();
    this.spawnAgain();
    await until(`${this.name} takes writes again`, { withinMs, everyMs: 2 }, () => this.tryPut("bench/started", "1"));
    return performance.now() - startMs;
  }

  /** Ends the agent, but keeps its data. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    this.#process?.kill(signal);
    await this.#process?.exited;
    this.#process = undefined;
  }

  /** Ends the agent and removes its data. */
  async stop(): Promise<void> {
    await this.end("SIGTERM");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Returns whether the agent acknowledged the write of the key. */
  async tryPut(key: string, value: string): Promise<boolean> {
    await this.expectRunning();
    try {
      const response = await fetch(`${this.url}/v1/kv/${key}`, { method: "PUT", body: value, headers: this.#headers });
      return (await response.text()).startsWith("true");
    } catch {
      return false; // not listening yet
    }
  }

  /**
   * Sends a PUT request and returns the answer's body.
   * @throws Error unless the status is 200
   */
  async put(path: string, body: unknown): Promise<string> {
    const request = { method: "PUT", body: JSON.stringify(body), headers: this.#headers };
    const response = await fetch(this.url + path, request);
    const answer = await response.text();
    if (!response.ok) throw new Error(`${this.name}: PUT ${path}: ${response.status} ${answer}`);
    return answer;
  }

  /**
   * Sends a GET request and returns the answer's body.
   * @throws Error unless the status is 200
   */
  async get(path: string): Promise<string> {
    const response = await fetch(this.url + path, { headers: this.#headers });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${this.name}: GET ${path}: ${response.status} ${answer}`);
    return answer;
  }

  /**
   * Checks that the agent is running.
   * @throws Error with the agent's log when it has ended
   */
  async expectRunning(): Promise<void> {
    const code = this.#process?.exitCode ?? null;
    if (code === null) return;
    throw new Error(`${this.name} ended with exit code ${code}:\n${await Bun.file(this.#log).text()}`);
  }

  get #log(): string {
    return join(this.#folder, "agent.log");
  }

  #flags(): readonly string[] {
    const { http, dns, serfLan, serfWan, server } = this.#ports;
    return [
      ...["agent", "-server", "-bootstrap", "-node", node, "-data-dir", this.dataFolder],
      ...[
        "-bind",
        "127.0.0.1",
        "-client",
        "127.0.0.1",
        "-http-port",
        `${http}`,
        "-dns-port",
        `${dns}`,
        "-grpc-port",
        "-1",
      ],
      ...["-serf-lan-port", `${serfLan}`, "-serf-wan-port", `${serfWan}`, "-server-port", `${server}`],
      // Consul by default accepts only 200 connections from one client.
      ...["-log-level", "warn", "-hcl", "limits { http_max_conns_per_client = 15000 }"],
      ...this.#ownFlags,
    ];
  }
}
