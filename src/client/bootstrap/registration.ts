import { messageOf, OperatingError } from "../../lib/errors.ts";
import type { HttpClient } from "../http.ts";
import { RegistryClient } from "../registry-client.ts";
import { askAlive } from "./ask-alive.ts";
import type { ServiceConfiguration } from "./service-configuration.ts";
import type { ServiceLog } from "./service-log.ts";

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
  readonly log: ServiceLog;
}

const checkIntervalDefault = "10s";

/** A service's entry in the registry, from the port that it listens on. */
export class Registration {
  readonly #options: RegistrationOptions;
  #client: RegistryClient;
  /** What was begun may have been done, also when its answer did not come. */
  #isBegun = false;

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

  /** For where the service listens now. What follows the service's port while it runs begins here, and calls `move`. */
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
