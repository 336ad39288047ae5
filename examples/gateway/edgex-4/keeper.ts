import type { ConfigurationPair } from "../../../src/client/configuration-values.ts";

/** Where a service can be called, and how the registry checks it. */
export interface KeeperRegistration {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly interval: string;
}

/** core-keeper as one service of EdgeX 4 uses it: the requests of go-mod-configuration 4 and go-mod-registry 4. */
export class Keeper {
  /** Above all keys of the service. */
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

  /** One key for each leaf of the object. */
  async putConfiguration(value: object): Promise<void> {
    await this.#ask("PUT", `${this.#keys()}?flatten=true`, { body: { value } });
  }

  /** All that is stored below a part of the configuration ("" for all of it); names begin there. */
  async getConfiguration(part = ""): Promise<readonly ConfigurationPair[]> {
    const answer = (await this.#ask("GET", `${this.#keys(part)}?plaintext=true`)) as {
      readonly response: readonly { readonly key: string; readonly value: string }[];
    };
    const above = part === "" ? this.basePath : `${this.basePath}/${part}`;
    return answer.response.map(({ key, value }) => [key.slice(above.length + 1), value]);
  }

  /** Also when it has been registered before: core-keeper does not forget a service that ends. */
  async register(registration: KeeperRegistration): Promise<void> {
    const known = await this.#ask("GET", `/registry/serviceId/${this.#serviceId}`, { mayMiss: true });
    await this.#ask(known === undefined ? "POST" : "PUT", "/registry", { body: this.#body(registration, "") });
  }

  async unregister(registration: KeeperRegistration): Promise<void> {
    await this.#ask("PUT", "/registry", { body: this.#body(registration, "HALT") });
  }

  /** The base URL of another service, of whichever generation. */
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

  /** Keys are one segment of the path, and what has a meaning in topics of a message bus is escaped, too. */
  #keys(part = ""): string {
    const key = part === "" ? this.basePath : `${this.basePath}/${part}`;
    const octet = (each: string): string => `%${each.charCodeAt(0).toString(16).toUpperCase()}`;
    return `/kvs/key/${encodeURIComponent(key).replaceAll(/[-._~]/g, octet)}`;
  }

  /** The answer's JSON; undefined for an answer without a body, and where `mayMiss` for one of 404. */
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
