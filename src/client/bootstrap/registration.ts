import { messageOf, OperatingError } from "../../lib/errors.ts";
import { type KeyOverride, overrideMeta } from "../../model/key-override.ts";
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
  /** The keys of the store that the environment overrides. The registration tells them to those who change keys. */
  readonly overrides: readonly KeyOverride[];
  /** Returns the service's present address. */
  readonly service: () => ServiceConfiguration["Service"];
  /** Resolves with the service's port in the stored configuration. */
  readonly askAssigned: (signal: AbortSignal) => Promise<number>;
  /** Moves the service's listener to another port. */
  readonly move: (port: number) => Promise<void>;
  /** Repeats an attempt in the background, with pauses, until it succeeds or the service stops. */
  readonly inBackground: (attempt: Attempt) => void;
  readonly log: ServiceLog;
}

const checkIntervalDefault = "10s";

/**
 * The registration of a service on the port that it listens on:
 *
 *   registered and watched -> lost -> still known to the agent, or registered again -> watched ... unregistered
 *
 * It watches the port that the registry assigns, and whether the registry still has the service. The registration is lost if the
 * registry loses its data or another process deregisters the service. While the registration is lost, both watches are stopped,
 * so that no move to another port overlaps a registration.
 */
export class Registration {
  readonly #options: RegistrationOptions;
  #client: RegistryClient;
  /** Whether a registration was sent. It can have succeeded even if no answer arrived. */
  #hasTried = false;
  readonly #meta: Readonly<Record<string, string>>;
  #following = new AbortController();
  #moving: Promise<unknown> | undefined;

  constructor(options: RegistrationOptions) {
    this.#options = options;
    const { meta, leftOut } = overrideMeta(options.overrides);
    this.#meta = meta;
    if (leftOut > 0) options.log.warn(`the registration has no room for ${leftOut} of the environment's overrides`);
    this.#client = this.#openClient();
  }

  get client(): RegistryClient {
    return this.#client;
  }

  /** Registers the service and starts to watch it. @throws OperatingError unavailable with the reason */
  async register(signal: AbortSignal): Promise<void> {
    const { http, log } = this.#options;
    await askAlive(http, "registry", signal);
    this.#hasTried = true;
    this.#client = this.#openClient();
    try {
      await this.#registerWithPort(signal);
    } catch (cause) {
      const message = `could not register service with Registry: ${messageOf(cause)}`;
      throw new OperatingError("unavailable", "service-not-registered-yet", message, { cause });
    }
    log.info(`Registered with Registry on port ${this.#options.service().Port}`);
    this.#follow();
  }

  /** Registers the service; if the registry refuses the port, moves once to the port that it has assigned. */
  async #registerWithPort(signal: AbortSignal): Promise<void> {
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

  /** Deregisters the service; does nothing if no registration was sent. */
  async unregister(): Promise<void> {
    if (this.#hasTried) await this.#client.unregister();
  }

  /**
   * Stops the watches of the assigned port and of the service. If a move to another port is under way, resolves when the move has
   * ended.
   */
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
      onEndpoint: (endpoint) => endpoint ?? this.#registerAgain(),
      // The port watch above already logs each error of the registry as a warning.
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

  /** Registers the service again in the background, unless its own program has unregistered it. */
  #registerAgain(): void {
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

  /** Resolves with whether the agent still has the service. Queries the agent, since the catalog can be older. */
  async #isKnown(signal: AbortSignal): Promise<boolean> {
    const services = await this.#client.getAllServiceEndpoints({ signal });
    return services.some(({ serviceId }) => serviceId === this.#options.serviceKey);
  }

  /** Returns a client for the service's present port. */
  #openClient(): RegistryClient {
    const { http, serviceKey, checkRoute } = this.#options;
    const { Host, Port, CheckInterval, HealthCheckInterval } = this.#options.service();
    const checkInterval = CheckInterval ?? HealthCheckInterval ?? checkIntervalDefault;
    return new RegistryClient({
      http,
      serviceKey,
      serviceHost: Host,
      servicePort: Port,
      serviceMeta: this.#meta,
      checkRoute,
      checkInterval,
    });
  }
}
