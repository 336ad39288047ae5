import { expect } from "bun:test";
import type { AgentProcess, Sandbox } from "./agent-process.ts";
import { askDns } from "./dns-exchange.ts";
import { freePorts } from "./free-ports.ts";
import { patienceMs } from "./patience.ts";
import { within } from "./within.ts";

/** An agent with a key and a watched service, for tests of what still works during a fault. */
export interface ServingAgent {
  readonly agent: AgentProcess;
  readonly dnsPort: number;
  /** Writes a key, and returns the status and the body of the answer. */
  put(key: string, value?: string): Promise<Written>;
  /** Returns the existing keys. */
  keys(): Promise<readonly string[]>;
  /** Expects prompt, correct answers for a key, a name in DNS and a service's health, and that a check's new output appears. */
  expectServing(): Promise<void>;
  /** Returns the numbers of committed and of refused batches from the agent's metrics. */
  batches(): Promise<{ readonly committed: number; readonly refused: number }>;
  /** Returns how often the log contains this text. */
  logged(words: string): number;
  /** Kills the agent, starts it again on the same folder, and returns the new agent. */
  killAndStart(): Promise<ServingAgent>;
  stop(): Promise<void>;
}

export interface Written {
  readonly status: number;
  readonly text: string;
}

/** Maximum time until an answer on a quiet machine, in milliseconds. */
const answerMsMax = 1_000;

export async function startServing(sandbox: Sandbox, dataDir: string): Promise<ServingAgent> {
  const [dnsPort = 0] = await freePorts(1);
  const service = new WatchedService();
  return serve({ sandbox, dataDir, dnsPort, service });
}

interface Parts {
  readonly sandbox: Sandbox;
  readonly dataDir: string;
  readonly dnsPort: number;
  readonly service: WatchedService;
}

async function serve(parts: Parts): Promise<ServingAgent> {
  const { sandbox, dataDir, dnsPort, service } = parts;
  const agent = await sandbox.start("-data-dir", dataDir, "-dns-port", String(dnsPort), "-hcl", service.definition);
  await agent.ready();
  await agent.send("PUT", "/v1/kv/kept", { body: "kept" });
  await within(5_000, () => service.expectSeen(agent));
  return {
    agent,
    dnsPort,
    async put(key, value = "x") {
      const { status, text } = await agent.send("PUT", `/v1/kv/${key}`, { body: value });
      return { status, text };
    },
    async keys() {
      const { json } = await agent.send("GET", "/v1/kv/?keys");
      return Array.isArray(json) ? json.map(String) : [];
    },
    async expectServing() {
      expect((await soon(() => agent.send("GET", "/v1/kv/kept?raw"))).text).toBe("kept");
      const { answers } = await soon(() => askDns(dnsPort, "web.service.consul SRV"));
      expect(answers).toMatchObject([{ type: "SRV", data: { port: 8_080 } }]);
      const health = await soon(() => agent.send("GET", "/v1/health/service/web?passing"));
      expect(health.text).toContain('"Service":"web"');
      service.change();
      await within(5_000, () => service.expectSeen(agent));
    },
    async batches() {
      const { text } = await agent.send("GET", "/v1/agent/metrics?format=prometheus");
      const count = (name: string): number => Number(new RegExp(`^${name} (\\d+)`, "m").exec(text)?.[1] ?? 0);
      return { committed: count("consul_raft_commitTime_count"), refused: count("praetor_store_refused") };
    },
    logged: (words) => agent.output().split(words).length - 1,
    async killAndStart() {
      agent.signal("SIGKILL");
      await agent.ended();
      return serve(parts);
    },
    async stop() {
      agent.signal("SIGTERM");
      await agent.ended();
      service.stop();
    },
  };
}

async function soon<Result>(ask: () => Promise<Result>): Promise<Result> {
  const startMs = performance.now();
  const answer = await ask();
  expect(performance.now() - startMs).toBeLessThan(patienceMs(answerMsMax));
  return answer;
}

/** A service that is always healthy, and changes its output on request. */
class WatchedService {
  readonly #server: Bun.Server<undefined> = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    // A request may wait for its answer, or a connection for its next request, as long as a busy machine takes.
    idleTimeout: 0,
    fetch: () => new Response(`said ${this.#said}`),
  });
  #said = 0;

  get definition(): string {
    const check = `{ id = "web", name = "web", http = "${this.#server.url.href}", interval = "100ms", timeout = "1m" }`;
    return `services { name = "web", port = 8080, checks = [${check}] }`;
  }

  change(): void {
    this.#said += 1;
  }

  async expectSeen(agent: AgentProcess): Promise<void> {
    const { text } = await agent.send("GET", "/v1/health/checks/web");
    expect(text).toContain('"Status":"passing"');
    expect(text).toContain(`said ${this.#said}`);
  }

  stop(): void {
    void this.#server.stop(true);
  }
}
