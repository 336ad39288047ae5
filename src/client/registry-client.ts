import { OperatingError } from "../lib/errors.ts";
import { type HttpClient, jsonOf } from "./http.ts";
import { fieldsOf } from "./json-object.ts";
import { decodeChecks, type ServiceCheck } from "./service-check.ts";

/** What a service says of itself. */
export interface RegistryClientSettings {
  readonly http: HttpClient;
  /** The name that others look for: "edgex-core-data". */
  readonly serviceKey: string;
  readonly serviceHost: string;
  readonly servicePort: number;
  /** From the root: "/api/v1/ping". */
  readonly checkRoute: string;
  /** A Go duration: "10s". */
  readonly checkInterval: string;
}

export interface ServiceEndpoint {
  readonly serviceId: string;
  readonly host: string;
  readonly port: number;
}

interface CallOptions {
  readonly signal?: AbortSignal;
}

const aliveTimeoutMs = 10_000;

/** Registers one service with the agent and finds others: go-mod-registry's client, with its request shapes and error texts. */
export class RegistryClient {
  readonly #settings: RegistryClientSettings;
  readonly #http: HttpClient;

  constructor(settings: RegistryClientSettings) {
    this.#settings = settings;
    this.#http = settings.http;
  }

  /** True when the agent answers and knows a leader or is one; never throws. */
  async isAlive(): Promise<boolean> {
    try {
      const { status } = await this.#http.request({ path: "/v1/status/leader", timeoutMs: aliveTimeoutMs });
      return status >= 200 && status < 300;
    } catch {
      return false;
    }
  }

  /** Registers the service, then its check. When the check is refused the service is taken back: all or nothing. */
  async register(options: CallOptions = {}): Promise<void> {
    this.#assertComplete();
    await this.#put("/v1/agent/service/register", this.#service(), options.signal);
    try {
      await this.#put("/v1/agent/check/register", this.#check(), options.signal);
    } catch (thrown) {
      // Without the caller's signal: the roll-back is what matters most when that is what aborted.
      await this.#put(this.#deregisterPath()).catch(() => undefined);
      throw thrown;
    }
  }

  /** Idempotent: a service or check that the agent does not know is fine. */
  async unregister(options: CallOptions = {}): Promise<void> {
    await this.#put(this.#deregisterPath(), undefined, options.signal);
    // Goes with its service; left over only when somebody had moved it to another one.
    await this.#put(`/v1/agent/check/deregister/${encodeURIComponent(this.#checkId)}`, undefined, options.signal);
  }

  /** @throws OperatingError not-found when no service has this ID */
  async getServiceEndpoint(serviceId: string, options: CallOptions = {}): Promise<ServiceEndpoint> {
    const endpoint = (await this.#services(options.signal)).get(serviceId);
    if (!endpoint) throw new OperatingError("not-found", "service-not-found", "no matching service endpoint found");
    return endpoint;
  }

  /**
   * Resolves when the service is registered and each of its checks passes.
   * @throws OperatingError not-found (not registered, or no checks) or unavailable (not healthy)
   */
  async isServiceAvailable(serviceKey: string, options: CallOptions = {}): Promise<void> {
    if (!(await this.#services(options.signal)).has(serviceKey)) {
      const message = `${serviceKey} service is not registered. Might not have started... `;
      throw new OperatingError("not-found", "service-not-registered", message);
    }
    const path = `/v1/health/checks/${encodeURIComponent(serviceKey)}`;
    const checks = decodeChecks(jsonOf(await this.#http.requestOk({ path, signal: options.signal })));
    if (checks.length === 0) {
      throw new OperatingError(
        "not-found",
        "service-without-checks",
        `no health checks for service ${serviceKey}: <nil>`,
      );
    }
    if (!checks.every(isPassing)) {
      throw new OperatingError("unavailable", "service-not-healthy", ` ${serviceKey} service not healthy...`);
    }
  }

  async #services(signal: AbortSignal | undefined): Promise<ReadonlyMap<string, ServiceEndpoint>> {
    return decodeServices(jsonOf(await this.#http.requestOk({ path: "/v1/agent/services", signal })));
  }

  async #put(path: string, body?: object, signal?: AbortSignal): Promise<void> {
    await this.#http.requestOk({ method: "PUT", path, body: body ? JSON.stringify(body) : "", signal });
  }

  #deregisterPath(): string {
    return `/v1/agent/service/deregister/${encodeURIComponent(this.#settings.serviceKey)}`;
  }

  /** The agent makes the check's name its ID when the registration gives none. */
  get #checkId(): string {
    return `Health Check: ${this.#settings.serviceKey}`;
  }

  #service(): object {
    return { Name: this.#settings.serviceKey, Address: this.#settings.serviceHost, Port: this.#settings.servicePort };
  }

  #check(): object {
    const { serviceKey, serviceHost, servicePort, checkRoute, checkInterval } = this.#settings;
    return {
      Name: this.#checkId,
      Notes: "Check the health of the API",
      ServiceID: serviceKey,
      Interval: checkInterval,
      HTTP: `http://${serviceHost}:${servicePort}${checkRoute}`,
    };
  }

  #assertComplete(): void {
    const { serviceKey, serviceHost, servicePort, checkRoute, checkInterval } = this.#settings;
    if ([serviceKey, serviceHost, checkRoute, checkInterval].includes("") || servicePort === 0) {
      const message = "unable to register service with consul: Service information not set";
      throw new OperatingError("invalid", "service-information-missing", message);
    }
  }
}

function isPassing(check: ServiceCheck): boolean {
  return check.status === "passing";
}

function decodeServices(json: unknown): ReadonlyMap<string, ServiceEndpoint> {
  const endpoints = new Map<string, ServiceEndpoint>();
  for (const [serviceId, service] of Object.entries(fieldsOf(json))) {
    const { Address: host, Port: port } = fieldsOf(service);
    if (typeof host === "string" && typeof port === "number") endpoints.set(serviceId, { serviceId, host, port });
  }
  return endpoints;
}
