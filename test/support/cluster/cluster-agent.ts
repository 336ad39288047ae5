import { readFileSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { patienceMs } from "../patience.ts";
import type { Machine } from "./network.ts";

/** A process, or the processes, of an agent on its machine: Praetor's servers have an etcd as a child. */
export type Part = "agent" | "etcd" | "both";

export interface Answered {
  readonly status: number;
  readonly text: string;
  /** The number in X-Consul-Index; NaN when the header is missing. */
  readonly index: number;
  readonly knownLeader: boolean;
}

export interface Question {
  readonly body?: string;
  /** Milliseconds, on a quiet machine, until the client gives up; by default longer than any agent holds a request. */
  readonly withinMs?: number;
}

const patientMs = 60_000;

/**
 * One agent of a cluster, on a machine of its own. Its HTTP API is at the machine's address, for the programs of other machines, and
 * on a unix socket, for this process; faults of the network do not reach the socket.
 */
export class ClusterAgent {
  readonly name: string;
  readonly isServer: boolean;
  readonly machine: Machine;
  readonly folder: string;
  readonly socket: string;
  readonly #program: readonly string[];
  readonly #words: () => readonly string[];
  #process: Bun.Subprocess | undefined;

  /** @param words the arguments after `agent` at each start, besides name, folder and addresses */
  constructor(
    name: string,
    options: {
      readonly isServer: boolean;
      readonly machine: Machine;
      readonly folder: string;
      readonly program: readonly string[];
      readonly words: () => readonly string[];
    },
  ) {
    this.name = name;
    this.isServer = options.isServer;
    this.machine = options.machine;
    this.folder = join(options.folder, name);
    this.socket = join(options.folder, `${name}.sock`);
    this.#program = options.program;
    this.#words = options.words;
  }

  get pid(): number {
    if (this.#process === undefined) throw new Error(`${this.name} has not been started`);
    return this.#process.pid;
  }

  /** The URL of the agent's HTTP API, for programs on the cluster's machines. */
  get url(): string {
    return `http://${this.machine.address}:8500`;
  }

  get isRunning(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Starts the agent on the data that it has, and returns at once. */
  start(...more: readonly string[]): Promise<void> {
    return this.startWith({}, ...more);
  }

  /** Starts the agent with these environment variables, besides those of this process. */
  async startWith(env: Readonly<Record<string, string>>, ...more: readonly string[]): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    rmSync(this.socket, { force: true });
    const { address } = this.machine;
    const words = [
      ...[
        "agent",
        "-node",
        this.name,
        "-data-dir",
        this.folder,
        "-bind",
        address,
        "-hcl",
        `addresses { http = "unix://${this.socket} ${address}" }`,
      ],
      ...["-http-port", "8500", "-grpc-port", "-1", "-dns-port", "8600"],
      ...this.#words(),
      ...more,
    ];
    const log = Bun.file(`${this.folder}.log`);
    const setting = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    this.#process = Bun.spawn([...this.machine.command("env", ...setting, ...this.#program, ...words)], {
      stdio: ["ignore", log, log],
    });
  }

  /** Kills the agent or its etcd, and resolves when the processes have ended. */
  async kill(part: Part = "both"): Promise<void> {
    this.signal("SIGKILL", part);
    if (part !== "etcd") await this.#process?.exited;
  }

  /** Ends the agent as its operator does. Resolves with its exit code; null after a signal that it did not handle. */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    this.#process?.kill(signal);
    await this.#process?.exited;
    return this.#process?.exitCode ?? null;
  }

  signal(signal: NodeJS.Signals, part: Part = "both"): void {
    const etcds = part === "agent" ? [] : this.etcds();
    if (part !== "etcd" && this.isRunning) this.#process?.kill(signal);
    for (const pid of etcds) killIfAlive(pid, signal);
  }

  /** Returns the process ids of the etcds on this machine. */
  etcds(): readonly number[] {
    return this.machine.processes().filter((pid) => nameOf(pid) === "etcd");
  }

  removeFolder(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Returns everything that the agent has logged since its last start. */
  log(): Promise<string> {
    return Bun.file(`${this.folder}.log`).text();
  }

  /**
   * Sends a request on a connection of its own.
   * @throws Error when no answer comes
   */
  async ask(method: string, path: string, { body, withinMs = patientMs }: Question = {}): Promise<Answered> {
    const answer = await fetch(`http://agent${path}`, {
      unix: this.socket,
      method,
      ...(body !== undefined && { body }),
      headers: { Connection: "close" },
      signal: AbortSignal.timeout(patienceMs(withinMs)),
    });
    const index = answer.headers.get("X-Consul-Index");
    return {
      status: answer.status,
      text: (await answer.text()).trim(),
      index: index === null ? NaN : Number(index),
      knownLeader: answer.headers.get("X-Consul-KnownLeader") === "true",
    };
  }

  /**
   * Sends a request and returns the parsed answer.
   * @throws Error when no answer comes, or not with status 200
   */
  async json<Result>(path: string, question: Question = {}): Promise<Result> {
    const { status, text } = await this.ask("GET", path, question);
    if (status !== 200) throw new Error(`${this.name}: GET ${path}: ${status} ${text}`);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the caller knows the answer's shape
    return JSON.parse(text) as Result;
  }
}

function nameOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return undefined;
  }
}

function killIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // The process has ended by itself.
  }
}
