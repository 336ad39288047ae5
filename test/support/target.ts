import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { runtimeOptions } from "../../scripts/compile-program.ts";
import { exchange } from "./exchange.ts";
import { freePorts } from "./free-ports.ts";
import { within } from "./within.ts";

export type TargetName = "praetor" | "consul";

/** One running agent that a test uses by its URL alone. */
export interface Target {
  readonly url: string;
  readonly name: TargetName;
  readonly dataDir: string;
  /** The ports of HTTP, of the gossip in and between datacenters, and of the servers' RPC. */
  readonly ports: readonly number[];
  /** Process id of the agent, which changes with restart(). */
  readonly pid: number;
  /** Ends the process and removes its data. */
  stop(): Promise<void>;
  /**
   * Ends the process with `signal` (default SIGTERM) and starts it on the same data and ports; resolves when it is
   * ready.
   */
  restart(signal?: NodeJS.Signals): Promise<void>;
}

/**
 * Starts the product that CONFORMANCE_TARGET names: praetor (the sources, the default), executable (dist/praetor) or consul
 * (CONSUL_BINARY), with these additional arguments. Resolves when there is a leader and the node is in the catalog with its
 * serfHealth check.
 */
export function startTarget(...words: readonly string[]): Promise<Target> {
  return startTargetAs(undefined, words);
}

/** Does the same with a token's secret, which the test for readiness sends; undefined sends none. */
export async function startTargetAs(
  secret: string | undefined,
  words: readonly string[],
  kind: string = process.env["CONFORMANCE_TARGET"] ?? "praetor",
): Promise<Target> {
  const dataDir = mkdtempSync(join(tmpdir(), "conformance-"));
  const ports = await freePorts(4);
  const agent = new RunningAgent({ dataDir, ports, words, secret, kind });
  try {
    await agent.start();
  } catch (thrown) {
    await agent.stop();
    throw thrown;
  }
  return agent;
}

interface Start {
  readonly dataDir: string;
  readonly ports: readonly number[];
  readonly words: readonly string[];
  readonly secret: string | undefined;
  readonly kind: string;
}

const readyWithinMs = 30_000;
const root = resolve(import.meta.dir, "../..");

class RunningAgent implements Target {
  readonly url: string;
  readonly name: TargetName;
  readonly dataDir: string;
  readonly ports: readonly number[];
  readonly #command: readonly string[];
  readonly #headers: Readonly<Record<string, string>>;
  #process: Bun.Subprocess | undefined;
  #guard: Bun.Subprocess<"pipe", "ignore", "ignore"> | undefined;

  constructor({ dataDir, ports, words, secret, kind }: Start) {
    this.name = kind === "consul" ? "consul" : "praetor";
    this.dataDir = dataDir;
    this.ports = ports;
    this.url = `http://127.0.0.1:${ports[0]}`;
    this.#headers = secret === undefined ? {} : { "X-Consul-Token": secret };
    this.#command = [...programOf(kind), ...agentFlags(dataDir, ports), ...words];
  }

  get pid(): number {
    if (this.#process === undefined) throw new Error("the target is not running");
    return this.#process.pid;
  }

  async start(): Promise<void> {
    const started = Bun.spawn([...this.#command], {
      cwd: root,
      stdin: "ignore",
      stdout: Bun.file(join(this.dataDir, "target.log")),
      stderr: Bun.file(join(this.dataDir, "target.err")),
    });
    this.#process = started;
    this.#guard = guardAgainstOrphan(started.pid, this.dataDir);
    const death = this.#diesEarly(started);
    // The agent may fail after it was ready; stop() handles that.
    death.catch(() => {});
    await Promise.race([within(readyWithinMs, () => expectReady(this.url, this.#headers)), death]);
  }

  /** Rejects when the agent's process ends; never resolves. */
  async #diesEarly(started: Bun.Subprocess): Promise<never> {
    const exitCode = await started.exited;
    const said = await Bun.file(join(this.dataDir, "target.err")).text();
    throw new Error(`${this.#command.join(" ")} ended with ${exitCode}: ${said.trim().slice(-500)}`);
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  async restart(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    await this.#end(signal);
    await this.start();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#guard?.kill("SIGKILL");
    this.#process?.kill(signal);
    await this.#process?.exited;
    this.#process = undefined;
  }
}

/**
 * Starts a shell that ends the agent when this process ends. `bun test` runs no exit hooks, so the shell waits until the pipe
 * from this process closes.
 */
function guardAgainstOrphan(pid: number, dataDir: string): Bun.Subprocess<"pipe", "ignore", "ignore"> {
  const script = `cat >/dev/null; kill -9 "$1"; rm -rf "$2"`;
  const guard = Bun.spawn(["sh", "-c", script, "guard", String(pid), dataDir], {
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
  });
  guard.unref();
  return guard;
}

/** Returns the command that starts the product named by `kind`. */
export function programOf(kind: string): readonly string[] {
  switch (kind) {
    case "consul":
      return [process.env["CONSUL_BINARY"] ?? join(root, ".peers/usr/bin/consul")];
    case "executable":
      return [join(root, "dist/praetor")];
    case "praetor":
      return [join(root, "node_modules/.bin/bun"), ...runtimeOptions, join(root, "src/main.ts")];
    default:
      throw new Error(`CONFORMANCE_TARGET is ${kind}; it must be praetor, executable or consul`);
  }
}

function agentFlags(dataDir: string, ports: readonly number[]): readonly string[] {
  const [http, serfLan, serfWan, server] = ports;
  return [
    ...["agent", "-server", "-bootstrap", "-data-dir", join(dataDir, "data")],
    ...["-bind", "127.0.0.1", "-client", "127.0.0.1", "-node", "node1"],
    ...["-http-port", `${http}`, "-dns-port", "-1", "-grpc-port", "-1"],
    ...["-serf-lan-port", `${serfLan}`, "-serf-wan-port", `${serfWan}`, "-server-port", `${server}`],
    // With this multiplier Consul elects itself leader after one second instead of six.
    ...["-enable-script-checks", "-hcl", "performance { raft_multiplier = 1 }"],
  ];
}

async function expectReady(url: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const leader = await exchange(url, "GET", { path: "/v1/status/leader", headers });
  if (leader.status !== 200 || leader.text === '""') throw new Error(`no leader: ${leader.text}`);
  const checks = await exchange(url, "GET", { path: "/v1/health/node/node1", headers });
  if (!checks.text.includes('"serfHealth"')) throw new Error(`no serfHealth check: ${checks.text}`);
  // Consul puts the node into the catalog first without its addresses, then with them. A consistent read also shows
  // that the leader has applied its own log.
  const nodes = await exchange(url, "GET", { path: "/v1/catalog/nodes?consistent", headers });
  if (!nodes.text.includes('"lan_ipv4"')) throw new Error(`the node has no addresses yet: ${nodes.text}`);
}
