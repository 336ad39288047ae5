import { posix } from "node:path";
import type { Answer } from "./exchange.ts";
import type { KeeperTarget } from "./keeper.ts";

type Ask = KeeperTarget["ask"];

export interface RegistryClientOptions {
  readonly serviceKey: string;
  readonly host: string;
  readonly port: number;
  readonly checkRoute: string;
  readonly checkInterval: string;
}

/**
 * Sends to core-keeper the requests of EdgeX's registry client (go-mod-registry 4), in the same order, and decodes the answers as
 * that client does.
 */
export class KeeperRegistryClient {
  readonly #ask: Ask;
  readonly #options: RegistryClientOptions;

  constructor(ask: Ask, options: RegistryClientOptions) {
    this.#ask = ask;
    this.#options = options;
  }

  async isAlive(): Promise<boolean> {
    return isSuccess(await this.#ask("GET /ping"));
  }

  async register(): Promise<void> {
    const known = await this.#registration(this.#options.serviceKey);
    if (!isSuccess(known) && known.status !== 404) throw new Error("failed to check the service registry status");
    requireSuccess(await this.#ask(known.status === 200 ? "PUT /registry" : "POST /registry", this.#body("")));
  }

  async unregister(): Promise<void> {
    requireSuccess(await this.#ask("PUT /registry", this.#body("HALT")));
  }

  async getServiceEndpoint(serviceKey: string): Promise<{ readonly host: string; readonly port: number }> {
    const { registration } = requireSuccess(await this.#registration(serviceKey)) as { registration: Endpoint };
    return { host: registration.host, port: registration.port };
  }

  async getAllServiceIds(): Promise<readonly string[]> {
    const found = requireSuccess(await this.#ask("GET /registry/all?deregistered=false"));
    return (found as { registrations: Endpoint[] }).registrations.map(({ serviceId }) => serviceId);
  }

  /** Returns why the service is unavailable, as EdgeX's client words it; undefined when the service is available. */
  async whyUnavailable(serviceKey: string): Promise<string | undefined> {
    const answer = await this.#registration(serviceKey);
    if (!isSuccess(answer)) return "failed to check service availability: ";
    const { status } = (answer.json as { registration: Endpoint }).registration;
    if (status.toUpperCase() === "HALT") return ` ${serviceKey} service has been unregistered`;
    return status.toUpperCase() === "UP" ? undefined : ` ${serviceKey} service not healthy`;
  }

  #registration(serviceKey: string): Promise<Answer> {
    return this.#ask(`GET /registry/serviceId/${serviceKey}`);
  }

  /** Returns the body of a registration as Go encodes it: unset fields are present and empty. */
  #body(status: string): object {
    const { serviceKey: serviceId, host, port, checkInterval: interval, checkRoute: path } = this.#options;
    const registration = { serviceId, status, host, port, HealthCheck: { interval, path, type: "http" } };
    return { apiVersion: "v3", requestId: "", registration };
  }
}

interface Endpoint {
  readonly serviceId: string;
  readonly status: string;
  readonly host: string;
  readonly port: number;
}

/**
 * Sends to core-keeper the requests of EdgeX's configuration client (go-mod-configuration 4), and decodes the answers as that
 * client does.
 */
export class KeeperConfigurationClient {
  readonly #ask: Ask;
  readonly #basePath: string;

  constructor(ask: Ask, basePath: string) {
    this.#ask = ask;
    this.#basePath = basePath;
  }

  async hasConfiguration(): Promise<boolean> {
    return this.configurationValueExists("");
  }

  async configurationValueExists(name: string): Promise<boolean> {
    const answer = await this.#ask(`GET ${this.#path(name)}?keyOnly=true`);
    if (!isSuccess(answer) && answer.status !== 404) throw new Error(answer.text);
    return isSuccess(answer);
  }

  async putConfiguration(configuration: unknown): Promise<void> {
    requireSuccess(await this.#ask(`PUT ${this.#path("")}?flatten=true`, request(configuration)));
  }

  /** Returns the values of all keys below the base path, as nested objects of strings. @throws Error when no such key exists */
  async getConfiguration(): Promise<object> {
    if (!(await this.hasConfiguration())) throw new Error(`there is no configuration for ${this.#basePath}`);
    const { response } = requireSuccess(await this.#ask(`GET ${this.#path("")}?plaintext=true`)) as {
      response: { key: string; value: string }[];
    };
    const configuration = {};
    for (const { key, value } of response) setAt(configuration, key.slice(this.#basePath.length + 1).split("/"), value);
    return configuration;
  }

  async getConfigurationValue(name: string): Promise<string> {
    const answer = requireSuccess(await this.#ask(`GET ${this.#path(name)}?plaintext=true`));
    const [first] = (answer as { response: { value: string }[] }).response;
    if (!first) throw new Error(`${name} configuration not found`);
    return first.value;
  }

  async putConfigurationValue(name: string, value: string): Promise<void> {
    requireSuccess(await this.#ask(`PUT ${this.#path(name)}?flatten=false`, request(value)));
  }

  async getConfigurationKeys(name: string): Promise<readonly string[]> {
    const answer = requireSuccess(await this.#ask(`GET ${this.#path(name)}?keyOnly=true`));
    return (answer as { response: string[] }).response;
  }

  #path(name: string): string {
    return `/kvs/key/${escapeKey(posix.join(this.#basePath, name))}`;
  }
}

function request(value: unknown): object {
  return { apiVersion: "", requestId: "", value };
}

/** Escapes a key as Go's PathEscape does, and also the characters with a meaning in topics of a message bus. */
function escapeKey(key: string): string {
  const escaped = encodeURIComponent(key).replaceAll(/%(3A|40|26|3D|2B|24)/g, (each) => decodeURIComponent(each));
  return escaped.replaceAll(/[+\-._~]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
}

function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status <= 207;
}

function requireSuccess(answer: Answer): unknown {
  if (!isSuccess(answer)) throw new Error(`${answer.status}: ${answer.text}`);
  return answer.text === "" ? undefined : answer.json;
}

function setAt(object: Record<string, unknown>, [first = "", ...others]: readonly string[], value: string): void {
  if (others.length === 0) {
    object[first] = value;
    return;
  }
  const inner = (object[first] ??= {});
  if (typeof inner !== "object" || inner === null) throw new Error(`child is both a data item and dir: ${first}`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only this function puts objects into the result
  setAt(inner as Record<string, unknown>, others, value);
}
