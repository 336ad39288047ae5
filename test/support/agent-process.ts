import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Answer, exchange, type ExchangeRequest } from "./exchange.ts";
import { freePorts } from "./free-ports.ts";
import { programOf } from "./target.ts";
import { within } from "./within.ts";

/** A real agent process, started with the arguments that a test gives. */
export interface AgentProcess {
  readonly url: string;
  readonly pid: number;
  /** Returns everything written to stdout and stderr until now. */
  output(): string;
  /** Resolves when the agent reports that it runs. Rejects when its process ends first, or after ten seconds. */
  ready(): Promise<void>;
  send(method: string, path: string, more?: Omit<ExchangeRequest, "path">): Promise<Answer>;
  signal(name: NodeJS.Signals): void;
  /** Resolves with the exit code when the process ends. */
  ended(): Promise<number>;
}

interface Place {
  readonly host: string;
  readonly port: number;
}

/** A folder and the processes of one test file. `close` kills the processes and removes the folder. */
export interface Sandbox {
  /** The path of the folder, which is empty at first. */
  readonly folder: string;
  /** Starts a server named node1 on a free port, with `words` as further arguments. */
  start(...words: readonly string[]): Promise<AgentProcess>;
  /** Starts `agent` with only these arguments; its HTTP API is expected at `host` and `port`. */
  startAt(place: Place, ...words: readonly string[]): AgentProcess;
  /** Runs the program with `words` as arguments until it exits, and resolves with its exit code and output. */
  run(...words: readonly string[]): Promise<{ readonly code: number; readonly output: string }>;
  close(): Promise<void>;
}

const readyWithinMs = 10_000;
const program = programOf(process.env["CONFORMANCE_TARGET"] ?? "praetor");

/**
 * Creates an empty folder and returns a sandbox.
 * @param before a command that starts each program, such as prlimit and its flags
 */
export function openSandbox(...before: readonly string[]): Sandbox {
  const folder = mkdtempSync(join(tmpdir(), "agent-"));
  const started: StartedProcess[] = [];
  const spawn = (words: readonly string[], port: number, host = "127.0.0.1"): StartedProcess => {
    const child = new StartedProcess([...before, ...program, ...words], `http://${host}:${port}`);
    started.push(child);
    return child;
  };
  return {
    folder,
    async start(...words) {
      const [port = 0, serverPort = 0] = await freePorts(2);
      return spawn(["agent", ...agentWords(port, serverPort), ...words], port);
    },
    startAt: ({ host, port }, ...words) => spawn(["agent", ...words], port, host),
    async run(...words) {
      const child = spawn(words, 0);
      return { code: await child.ended(), output: child.output() };
    },
    async close() {
      for (const child of started) child.signal("SIGKILL");
      await Promise.all(started.map((child) => child.ended()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Returns the flags that let an agent run beside other agents on this machine. */
function agentWords(port: number, serverPort: number): readonly string[] {
  return [
    ...["-server", "-bootstrap", "-bind", "127.0.0.1", "-node", "node1"],
    ...["-http-port", String(port), "-dns-port", "-1", "-server-port", String(serverPort)],
  ];
}

class StartedProcess implements AgentProcess {
  readonly url: string;
  readonly #child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly #ended: Promise<number>;
  #output = "";

  constructor(words: readonly string[], url: string) {
    this.url = url;
    this.#child = Bun.spawn([...words], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const read = Promise.all([this.#collect(this.#child.stdout), this.#collect(this.#child.stderr)]);
    this.#ended = this.#child.exited.then(async (code) => {
      await read;
      return code;
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  output(): string {
    return this.#output;
  }

  async ready(): Promise<void> {
    await within(readyWithinMs, async () => {
      if (this.#child.exitCode !== null) return;
      if (!this.#output.includes("agent running!")) throw new Error(`not running yet: ${this.#output}`);
    });
    if (this.#child.exitCode !== null) throw new Error(`ended with ${this.#child.exitCode}: ${this.#output}`);
  }

  send(method: string, path: string, more: Omit<ExchangeRequest, "path"> = {}): Promise<Answer> {
    return exchange(this.url, method, { path, ...more });
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  ended(): Promise<number> {
    return this.#ended;
  }

  async #collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) this.#output += decoder.decode(chunk, { stream: true });
  }
}
