import { messageOf } from "../../../src/lib/errors.ts";
import type { RegistryClient } from "../../../src/client/registry-client.ts";
import type { Configuration } from "./configuration.ts";

/**
 * The error of a request to another service that is unreachable or refuses the request. This service's client receives `message`.
 */
export class PeerError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Sends requests to other services, named by their service keys. Looks up the address in the registry before each request, so
 * that a new address is used at once. Without a registry, the configuration's section [Clients] has the addresses.
 */
export class Peers {
  readonly #clients: Configuration["Clients"];
  readonly #registry: RegistryClient | undefined;

  constructor(clients: Configuration["Clients"], registry: RegistryClient | undefined) {
    this.#clients = clients;
    this.#registry = registry;
  }

  /**
   * Requests a path of another service; resolves with the answer's JSON.
   * @throws PeerError 503 if the service is unknown, unhealthy or unreachable; PeerError with the answer's status if that is no
   * success
   */
  async get(serviceKey: string, path: string): Promise<unknown> {
    const response = await this.#fetch(`${await this.#baseUrl(serviceKey)}${path}`);
    if (!response.ok) throw new PeerError(response.status, (await response.text()).trim());
    return response.json();
  }

  async #baseUrl(serviceKey: string): Promise<string> {
    if (this.#registry === undefined) {
      const client = this.#clients[serviceKey];
      if (client === undefined) throw new PeerError(503, `${serviceKey} is not in [Clients]`);
      return `${client.Protocol}://${client.Host}:${client.Port}`;
    }
    try {
      await this.#registry.isServiceAvailable(serviceKey);
      const { host, port } = await this.#registry.getServiceEndpoint(serviceKey);
      return `http://${host}:${port}`;
    } catch (thrown) {
      throw new PeerError(503, messageOf(thrown));
    }
  }

  async #fetch(url: string): Promise<Response> {
    try {
      return await fetch(url, { signal: AbortSignal.timeout(5_000) });
    } catch (thrown) {
      throw new PeerError(503, `${url}: ${messageOf(thrown)}`);
    }
  }
}
