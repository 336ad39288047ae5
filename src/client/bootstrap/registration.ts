import { messageOf, OperatingError } from "../../lib/errors.ts";
import type { HttpClient } from "../http.ts";
import type { PortChange } from "../port-record.ts";
import { RegistryClient } from "../registry-client.ts";
import { askAlive } from "./ask-alive.ts";
import type { ServiceConfiguration } from "./service-configuration.ts";
import type { ServiceLog } from "./service-log.ts";
import type { Attempt } from "./start-timer.ts";

export interface RegistrationOptions {
  readonly http: HttpClient;
  readonly serviceKey: string;
  readonly checkRoute: string;
  /** Where the service listens now. */
  readonly service: () => ServiceConfiguration["Service"];
  /** The port that the stored configuration has for the service. */
  readonly askAssigned: (signal: AbortSignal) => Promise<number>;
  /** Has the service listen on another port. */
  readonly move: (port: number) => Promise<void>;
  /** Tries, after a pause, until it works or the service is to stop. */
  readonly inBackground: (attempt: Attempt) => void;
  readonly log: ServiceLog;
}

const checkIntervalDefault = "10s";

/**
 * A service's entry in the registry, from the port that it listens on:
 *
 *   registered and followed -> lost -> known to the agent, or registered once more -> followed ... unregistered
 *
 * Followed are the port that the registry assigns, and whether the entry is still there: a registry may lose its data, and
 * the end of another process of the same key takes the entry away. While it is lost nothing is followed, so that no move
 * crosses a registration.
 */
export class Registration {
  readonly #options: RegistrationOptions;
  #client: RegistryClient;
  /** What was begun may have been done, also when its answer did not come. */
  #isBegun = false;
  #following = new AbortController();
  #moving: Promise<unknown> | undefined;

  constructor(options: RegistrationOptions) {
    this.#options = options;
    this.#client = this.#openClient();
  }

  get client(): RegistryClient {
    return this.#client;
  }

  /** @throws OperatingError unavailable, with the reason */
  async register(signal: AbortSignal): Promise<void> {
    const { http, log } = this.#options;
    await askAlive(http, "registry", signal);
    this.#isBegun = true;
    this.#client = this.#openClient();
    try {
      await this.#registerSomewhere(signal);
    } catch (cause) {
      const message = `could not register service with Registry: ${messageOf(cause)}`;
      throw new OperatingError("unavailable", "service-not-registered-yet", message, { cause });
    }
    log.info(`Registered with Registry on port ${this.#options.service().Port}`);
    this.#follow();
  }

  /** A registry may refuse a port that is somebody else's: then the one that it has assigned is gone over to, once. */
  async #registerSomewhere(signal: AbortSignal): Promise<void> {
    try {
      await this.#client.register({ signal });
    } catch (refusal) {
      if (!(refusal instanceof OperatingError) || refusal.kind !== "conflict") throw refusal;
      const assigned = await this.#options.askAssigned(signal);
      if (assigned === this.#options.service().Port) throw refusal;
      await this.#options.move(assigned);
      this.#client = this.#openClient();
      await this.#client.register({ signal });
    }
  }

  /** Of no effect when nothing was registered. */
  async unregister(): Promise<void> {
    if (this.#isBegun) await this.#client.unregister();
  }

  /** Resolves when no move is under way, and none will begin. */
  async stopFollowing(): Promise<void> {
    this.#following.abort();
    await this.#moving;
  }

  #follow(): void {
    const { serviceKey, log } = this.#options;
    this.#following = new AbortController();
    const { signal } = this.#following;
    this.#client.onPortChanged({
      onChange: (change) => this.#move(change),
      onError: ({ message }) => log.warn(`following the port that the registry assigns: ${message}`),
      signal,
    });
    this.#client.watchServiceEndpoint(serviceKey, {
      onEndpoint: (endpoint) => endpoint ?? this.#returnLater(),
      // A registry that is away was told already.
      onError: ({ message }) => log.debug(`following the service's entry: ${message}`),
      signal,
    });
  }

  async #move({ newPort, reason }: PortChange): Promise<void> {
    const { service, move, log } = this.#options;
    const { Port: port } = service();
    const moved = move(newPort);
    this.#moving = Promise.allSettled([moved]);
    await moved.catch((cause: unknown) => {
      const message = `the service stays on port ${port}, asked for ${newPort}: ${messageOf(cause)}`;
      throw new OperatingError("conflict", "port-not-changed", message, { cause });
    });
    log.info(
      `moved from port ${port} to ${newPort}, which the registry has assigned: ${reason ?? "it gave no reason"}`,
    );
  }

  /** Of no effect when the service itself has unregistered. */
  #returnLater(): void {
    const { log, inBackground } = this.#options;
    if (!this.#client.isRegistered) return;
    void this.stopFollowing();
    inBackground(async (signal) => {
      await this.stopFollowing();
      if (await this.#isKnown(signal)) return this.#follow();
      log.warn("the registry does not know this service any more: it is registered again");
      await this.register(signal);
    });
  }

  /** By the agent: its catalog may be a moment late. */
  async #isKnown(signal: AbortSignal): Promise<boolean> {
    const services = await this.#client.getAllServiceEndpoints({ signal });
    return services.some(({ serviceId }) => serviceId === this.#options.serviceKey);
  }

  /** For where the service listens now. */
  #openClient(): RegistryClient {
    const { http, serviceKey, checkRoute } = this.#options;
    const { Host, Port, CheckInterval, HealthCheckInterval } = this.#options.service();
    const checkInterval = CheckInterval ?? HealthCheckInterval ?? checkIntervalDefault;
    return new RegistryClient({
      http,
      serviceKey,
      serviceHost: Host,
      servicePort: Port,
      checkRoute,
      checkInterval,
    });
  }
}
