import type { ClusterAgent } from "./cluster-agent.ts";

const pauseMs = 50;

/** Records the names of all nodes that any of these servers shows as critical, from `start` to `stop`. */
export class CriticalNodes {
  readonly #servers: readonly ClusterAgent[];
  readonly #found = new Set<string>();
  #running: Promise<unknown> | undefined;
  #goesOn = true;

  constructor(servers: readonly ClusterAgent[]) {
    this.#servers = servers;
  }

  start(): void {
    this.#running = Promise.all(this.#servers.map((server) => this.#look(server)));
  }

  async stop(): Promise<readonly string[]> {
    this.#goesOn = false;
    await this.#running;
    return [...this.#found];
  }

  async #look(server: ClusterAgent): Promise<void> {
    while (this.#goesOn) {
      try {
        const checks = await server.json<readonly { Node: string }[]>("/v1/health/state/critical?stale");
        for (const { Node } of checks) this.#found.add(Node);
      } catch {
        // A server that is down shows nothing.
      }
      await Bun.sleep(pauseMs);
    }
  }
}
