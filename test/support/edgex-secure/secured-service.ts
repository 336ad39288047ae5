import type { Answer } from "../exchange.ts";
import type { AskAs, ConsulEngine, Lease } from "./consul-engine.ts";

interface ServiceParts {
  readonly ask: AskAs;
  readonly vault: ConsulEngine;
  readonly key: string;
}

/**
 * A service of EdgeX in secure mode, as its Go clients for registry and configuration behave: its token comes from Vault, goes with
 * each request, and is renewed once after a 403.
 */
export class SecuredService {
  readonly #parts: ServiceParts;
  #lease: Lease;
  renewals = 0;

  private constructor(parts: ServiceParts, lease: Lease) {
    this.#parts = parts;
    this.#lease = lease;
  }

  static async start(parts: ServiceParts): Promise<SecuredService> {
    return new SecuredService(parts, await parts.vault.credentials(parts.key));
  }

  get lease(): Lease {
    return this.#lease;
  }

  /** Sends a request with the token as it is. */
  once(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.#parts.ask(this.#lease.secret, method, path, body);
  }

  /** Sends a request; after a 403 again, with a new token. */
  async ask(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await this.once(method, path, body);
    if (answer.status !== 403) return answer;
    this.#lease = await this.#parts.vault.credentials(this.#parts.key);
    this.renewals++;
    return this.once(method, path, body);
  }

  async register(port: number): Promise<readonly number[]> {
    const { key } = this.#parts;
    const service = await this.ask("PUT", "/v1/agent/service/register", {
      ...{ ID: key, Name: key, Address: "127.0.0.1", Port: port, EnableTagOverride: false },
    });
    const check = await this.ask("PUT", "/v1/agent/check/register", {
      ...{ ID: key, Name: `Health Check: ${key}`, Notes: "Check the health of the API", ServiceID: key },
      ...{ HTTP: `http://127.0.0.1:${port}/api/v3/ping`, Interval: "10s", Status: "passing" },
    });
    return [service.status, check.status];
  }
}
