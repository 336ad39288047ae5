import type { ConfigurationPair } from "../../../src/client/configuration-values.ts";

/** The address of a service, with the path and interval of its health check. */
export interface KeeperRegistration {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly interval: string;
}

/** A client of core-keeper that sends the requests of EdgeX 4's Go modules, go-mod-configuration 4 and go-mod-registry 4. */
export class Keeper {
  /** The prefix of all keys of the service. */
  readonly basePath: string;
  readonly #url: string;
  readonly #serviceId: string;

  constructor(url: string, serviceId: string) {
    this.basePath = `edgex/v4/${serviceId}`;
    this.#url = `${url}/api/v3`;
    this.#serviceId = serviceId;
  }

  async ping(): Promise<void> {
    await this.#ask("GET", "/ping");
  }

  async hasConfiguration(): Promise<boolean> {
    return (await this.#ask("GET", `${this.#keys()}?keyOnly=true`, { mayMiss: true })) !== undefined;
  }

  /** Stores an object as one key for each of its leaves. */
  async putConfiguration(value: object): Promise<void> {
    await this.#ask("PUT", `${this.#keys()}?flatten=true`, { body: { value } });
  }

  /**
   * Resolves with all pairs stored below a part of the configuration ("" for the whole configuration), with names relative to
   * that part.
   */
  async getConfiguration(part = ""): Promise<readonly ConfigurationPair[]> {
    const answer = (await this.#ask("GET", `${this.#keys(part)}?plaintext=true`)) as {
      readonly response: readonly { readonly key: string; readonly value: string }[];
    };
    const above = part === "" ? this.basePath : `${this.basePath}/${part}`;
    return answer.response.map(({ key, value }) => [key.slice(above.length + 1), value]);
  }

  /** Registers the service, or updates its registration: core-keeper keeps the registration of a service that has ended. */
  async register(registration: KeeperRegistration): Promise<void> {
    const known = await this.#ask("GET", `/registry/serviceId/${this.#serviceId}`, { mayMiss: true });
    await this.#ask(known === undefined ? "POST" : "PUT", "/registry", { body: this.#body(registration, "") });
  }

  async unregister(registration: KeeperRegistration): Promise<void> {
    await this.#ask("PUT", "/registry", { body: this.#body(registration, "HALT") });
  }

  /** Resolves with the base URL of another service, of Geneva or EdgeX 4. */
  async endpoint(serviceId: string): Promise<string> {
    const answer = (await this.#ask("GET", `/registry/serviceId/${serviceId}`)) as {
      readonly registration: { readonly host: string; readonly port: number };
    };
    return `http://${answer.registration.host}:${answer.registration.port}`;
  }

  #body({ host, port, path, interval }: KeeperRegistration, status: string): object {
    const healthCheck = { interval, path, type: "http" };
    return { apiVersion: "v3", registration: { serviceId: this.#serviceId, status, host, port, healthCheck } };
  }

  /**
   * Returns the path of a key. The key is one escaped segment of the path, and characters with a meaning in topics of the message
   * bus are escaped, too.
   */
  #keys(part = ""): string {
    const key = part === "" ? this.basePath : `${this.basePath}/${part}`;
    const octet = (each: string): string => `%${each.charCodeAt(0).toString(16).toUpperCase()}`;
    return `/kvs/key/${encodeURIComponent(key).replaceAll(/[-._~]/g, octet)}`;
  }

  /**
   * Sends a request; resolves with the answer's JSON, or undefined for an empty body and, with `mayMiss`, for status 404.
   * @throws Error for any other status that is not a success
   */
  async #ask(method: string, path: string, { body, mayMiss = false }: KeeperRequest = {}): Promise<unknown> {
    const init = body === undefined ? { method } : { method, body: JSON.stringify({ apiVersion: "v3", ...body }) };
    const response = await fetch(`${this.#url}${path}`, { ...init, signal: AbortSignal.timeout(5_000) });
    const text = await response.text();
    if (response.status === 404 && mayMiss) return undefined;
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }
}

interface KeeperRequest {
  readonly body?: object;
  readonly mayMiss?: boolean;
}
