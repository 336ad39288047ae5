import { OperatingError } from "../lib/errors.ts";
import { isAgentAlive } from "./agent-status.ts";
import type { Stop } from "./answer-watch.ts";
import type { CallOptions } from "./call-options.ts";
import { type EndpointWatch, watchEndpoint } from "./endpoint-watch.ts";
import { withErrorPrefix } from "./failed-call.ts";
import { type HttpAnswer, type HttpClient, jsonOf } from "./http.ts";
import { PortChanges, type PortWatch } from "./port-changes.ts";
import { decodePortChanged } from "./port-record.ts";
import { decodeChecks, type ServiceCheck } from "./service-check.ts";
import { decodeAgentServices, type ServiceEndpoint } from "./service-endpoint.ts";

/** Settings of the client, and of the service that it registers. */
export interface RegistryClientSettings {
  readonly http: HttpClient;
  /** The name of the service in the registry: "edgex-core-data". */
  readonly serviceKey: string;
  readonly serviceHost: string;
  readonly servicePort: number;
  /** The meta of the service; default: none. */
  readonly serviceMeta?: Readonly<Record<string, string>>;
  /** Protocol of the service's HTTP checks; default "http". */
  readonly serviceProtocol?: string;
  /** Path of the service's health check: "/api/v1/ping". */
  readonly checkRoute: string;
  /** Interval of the health check, as a Go duration: "10s". */
  readonly checkInterval: string;
}

/** A further HTTP check of the service. */
export interface RouteCheck {
  /** The check's ID; by default its name. */
  readonly id?: string;
  readonly name: string;
  readonly notes?: string;
  /** Path that the check requests: "/api/v1/ready". */
  readonly route: string;
  /** Interval of the check, as a Go duration: "10s". */
  readonly interval: string;
  /** Timeout of one run of the check, as a Go duration; by default 10 s. */
  readonly timeout?: string;
}

/** Registers one service with the agent and looks up others, with the requests and error texts of go-mod-registry's client. */
export class RegistryClient {
  readonly #settings: RegistryClientSettings;
  readonly #http: HttpClient;
  /** The service's checks by ID. A port change registers them again. */
  readonly #checks = new Map<string, RouteCheck>();
  #port: number;
  #isRegistered = false;
  #portChanges: PortChanges | undefined;

  constructor(settings: RegistryClientSettings) {
    this.#settings = settings;
    this.#http = settings.http;
    this.#port = settings.servicePort;
    const name = `Health Check: ${settings.serviceKey}`;
    const { checkRoute: route, checkInterval: interval } = settings;
    this.#checks.set(name, { name, notes: "Check the health of the API", route, interval });
  }

  /** Whether this client has registered the service and not unregistered it. The registry may have lost the registration. */
  get isRegistered(): boolean {
    return this.#isRegistered;
  }

  /** Resolves with true if the agent answers /v1/status/leader with a 2xx status. Never throws. */
  isAlive(options: CallOptions = {}): Promise<boolean> {
    return isAgentAlive(this.#http, options);
  }

  /** Registers the service, then its checks. If the registration of a check fails, deregisters the service and rejects. */
  async register(options: CallOptions = {}): Promise<void> {
    this.#assertComplete();
    const answer = await this.#putService(this.#port, options);
    try {
      await this.#putChecks(this.#port, options);
    } catch (thrown) {
      // Sent without the caller's signal, whose abort may have ended the registration of the checks.
      await this.#put(this.#deregisterPath()).catch(() => undefined);
      throw thrown;
    }
    this.#isRegistered = true;
    this.#portChanges?.wasRegistered(decodePortChanged(answer));
  }

  /** Adds a check to the registered service, or replaces the check with the same ID. */
  async registerCheck(check: RouteCheck, options: CallOptions = {}): Promise<void> {
    await this.#putCheck(check, this.#port, options);
    this.#checks.set(check.id ?? check.name, check);
  }

  /**
   * Deregisters the service and its checks, and ends onPortChanged(). Idempotent: a service or check that the agent does not
   * know is no error.
   */
  async unregister(options: CallOptions = {}): Promise<void> {
    this.#portChanges?.stop();
    this.#isRegistered = false;
    await withErrorPrefix("unable to de-register service with consul", options, () =>
      this.#put(this.#deregisterPath(), undefined, options),
    );
    // The agent deletes checks with their service. A check is left only if it was moved to another service.
    for (const id of this.#checks.keys()) {
      const path = `/v1/agent/check/deregister/${encodeURIComponent(id)}`;
      await withErrorPrefix("unable to de-register service health check with consul", options, () =>
        this.#put(path, undefined, options),
      );
    }
  }

  /** Resolves with the address of the service with this ID. @throws OperatingError not-found if no service has the ID */
  async getServiceEndpoint(serviceId: string, options: CallOptions = {}): Promise<ServiceEndpoint> {
    const endpoint = (await this.#services(options)).get(serviceId);
    if (!endpoint) throw new OperatingError("not-found", "service-not-found", "no matching service endpoint found");
    return endpoint;
  }

  /** Resolves with the addresses of all services that are registered with the agent. */
  async getAllServiceEndpoints(options: CallOptions = {}): Promise<readonly ServiceEndpoint[]> {
    return [...(await this.#services(options)).values()];
  }

  /** Watches the address of a service with blocking queries. */
  watchServiceEndpoint(serviceId: string, watch: EndpointWatch): Stop {
    return watchEndpoint(this.#http, serviceId, watch);
  }

  /**
   * Watches for ports that the registry assigns to this service, until the returned stop() or unregister() is called. A second
   * call of this method ends the first watch. Call it before register(), because the answer to a registration can contain a
   * change.
   */
  onPortChanged(watch: PortWatch): Stop {
    this.#portChanges?.stop();
    const registration = {
      port: () => (this.#isRegistered ? this.#port : undefined),
      move: (port: number, signal: AbortSignal) => this.#move(port, signal),
    };
    const changes = new PortChanges(this.#http, registration, watch);
    this.#portChanges = changes;
    changes.start(this.#settings.serviceKey);
    return { stop: () => changes.stop() };
  }

  /**
   * Resolves when the service is registered and each of its checks passes.
   * @throws OperatingError not-found (not registered, or no checks) or unavailable (not healthy)
   */
  async isServiceAvailable(serviceKey: string, options: CallOptions = {}): Promise<void> {
    const asking = `unable to check if service ${serviceKey} is available`;
    if (!(await withErrorPrefix(asking, options, () => this.#services(options))).has(serviceKey)) {
      const message = `${serviceKey} service is not registered. Might not have started... `;
      throw new OperatingError("not-found", "service-not-registered", message);
    }
    const path = `/v1/health/checks/${encodeURIComponent(serviceKey)}`;
    const checks = await withErrorPrefix(`unable to check health of service ${serviceKey}`, options, async () =>
      decodeChecks(jsonOf(await this.#http.requestOk({ path, ...options }))),
    );
    if (checks.length === 0) {
      const message = `no health checks for service ${serviceKey}: <nil>`;
      throw new OperatingError("not-found", "service-without-checks", message);
    }
    if (!checks.every(isPassing)) {
      throw new OperatingError("unavailable", "service-not-healthy", ` ${serviceKey} service not healthy...`);
    }
  }

  /** Registers service and checks on another port. If that fails, keeps the service registered, and the caller retries. */
  async #move(port: number, signal: AbortSignal): Promise<void> {
    const answer = await this.#putService(port, { signal });
    await this.#putChecks(port, { signal });
    this.#port = port;
    this.#portChanges?.wasRegistered(decodePortChanged(answer));
  }

  async #services(options: CallOptions): Promise<ReadonlyMap<string, ServiceEndpoint>> {
    return decodeAgentServices(jsonOf(await this.#http.requestOk({ path: "/v1/agent/services", ...options })));
  }

  #putService(port: number, options: CallOptions): Promise<HttpAnswer> {
    const { serviceKey: Name, serviceHost: Address, serviceMeta: Meta = {} } = this.#settings;
    const hasMeta = Object.keys(Meta).length > 0;
    return this.#put("/v1/agent/service/register", { Name, Address, Port: port, ...(hasMeta && { Meta }) }, options);
  }

  async #putChecks(port: number, options: CallOptions): Promise<void> {
    for (const check of this.#checks.values()) await this.#putCheck(check, port, options);
  }

  async #putCheck(check: RouteCheck, port: number, options: CallOptions): Promise<void> {
    const { serviceKey, serviceHost: host, serviceProtocol = "http" } = this.#settings;
    const body = {
      ID: check.id, // the agent uses the name if the ID is missing
      Name: check.name,
      Notes: check.notes,
      ServiceID: serviceKey,
      Interval: check.interval,
      Timeout: check.timeout,
      HTTP: `${serviceProtocol}://${host.includes(":") ? `[${host}]` : host}:${port}${check.route}`,
    };
    await this.#put("/v1/agent/check/register", body, options);
  }

  #put(path: string, body?: object, options: CallOptions = {}): Promise<HttpAnswer> {
    return this.#http.requestOk({ method: "PUT", path, body: body ? JSON.stringify(body) : "", ...options });
  }

  #deregisterPath(): string {
    return `/v1/agent/service/deregister/${encodeURIComponent(this.#settings.serviceKey)}`;
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
