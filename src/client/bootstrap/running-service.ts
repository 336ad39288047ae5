import { type Clock, keepProcessAlive } from "../../lib/clock.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import type { KeyOverride } from "../../model/key-override.ts";
import { HttpClient } from "../http.ts";
import type { RegistryClient } from "../registry-client.ts";
import { type CloseListener, Listener } from "./listener.ts";
import { LiveConfiguration, type WritableListener } from "./live-configuration.ts";
import { Registration } from "./registration.ts";
import { type ServiceConfiguration, withPort } from "./service-configuration.ts";
import type { LevelledLog } from "./service-log.ts";
import { registryUrlOf, type StartSettings } from "./start-settings.ts";
import type { Attempt, StartTimer } from "./start-timer.ts";
import type { StoredConfiguration } from "./stored-configuration.ts";

export interface RunningServiceOptions<T extends ServiceConfiguration> {
  readonly serviceKey: string;
  readonly checkRoute: string;
  readonly requireRegistry: boolean;
  readonly listen: (port: number, configuration: T) => CloseListener | Promise<CloseListener>;
  readonly settings: StartSettings;
  /** The local configuration: the file overrides the defaults, and the environment overrides both. */
  readonly local: T;
  /** Whether the environment sets Service/Port, so that assigned ports are ignored. */
  readonly isPortFixed: boolean;
  /** The keys of the store that the environment overrides. */
  readonly overrides: readonly KeyOverride[];
  /** The configuration in the store; undefined without a configuration provider. */
  readonly stored: StoredConfiguration<T> | undefined;
  readonly clock: Clock;
  readonly log: LevelledLog;
  readonly timer: StartTimer;
  readonly stopping: AbortController;
}

/**
 * A service from its start to its end:
 *
 *   configuration pulled or pushed -> listener open -> registered -> Writable watched ... listener closed -> unregistered
 *
 * A registered service moves to a port that the registry assigns, and registers again if its registration is lost. If the
 * registry does not answer in time, the start continues without it and further attempts follow in the background.
 */
export class RunningService<T extends ServiceConfiguration> {
  readonly #options: RunningServiceOptions<T>;
  readonly #live: LiveConfiguration<T>;
  readonly #listener: Listener;
  /** The promises of the tasks that stop() waits for. */
  readonly #underWay: Promise<void>[] = [];
  #registration: Registration | undefined;
  #stopped: Promise<void> | undefined;
  /** Lets the process end. Until it is called the process stays alive, even while the service has no open socket. */
  readonly #letProcessEnd: () => void = keepProcessAlive();

  constructor(options: RunningServiceOptions<T>) {
    this.#options = options;
    this.#live = new LiveConfiguration(options.local, options.log);
    this.#listener = new Listener({
      listen: (port) => options.listen(port, withPort(this.#live.current, port)),
      clock: options.clock,
      log: options.log.log,
    });
  }

  get configuration(): T {
    return this.#live.current;
  }

  get registry(): RegistryClient | undefined {
    return this.#registration?.client;
  }

  get signal(): AbortSignal {
    return this.#options.stopping.signal;
  }

  onWritableChange(run: WritableListener<T>): void {
    this.#live.onWritableChange(run);
  }

  /** Starts the service. Call it once. @throws OperatingError if the start fails; stop() then closes what was opened */
  start(): Promise<void> {
    const started = this.#start();
    this.#underWay.push(started);
    return started;
  }

  /** Stops the service. Idempotent. Never rejects; logs failures. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #start(): Promise<void> {
    const isConfigured = await this.#synchronise();
    this.signal.throwIfAborted();
    const { Port: wanted } = this.configuration.Service;
    this.#live.setPort(await this.#listener.open(wanted, () => this.#askAssigned(this.signal)));
    if (isConfigured) this.#watchWritable();
    await this.#register();
  }

  /** Pulls or pushes the configuration. Resolves with false if the store did not answer in time. */
  async #synchronise(): Promise<boolean> {
    const { stored, timer } = this.#options;
    if (stored === undefined) return true;
    const adopt = async (signal: AbortSignal): Promise<void> => this.#live.adopt(await stored.synchronise(signal));
    if (await timer.tryUntilLimit(adopt)) return true;
    this.#goOnWithout("the configuration provider: the local configuration counts");
    this.#inBackground(async (signal) => {
      this.#live.adopt(await stored.synchronise(signal), this.configuration.Service.Port);
      this.#watchWritable();
    });
    return false;
  }

  async #register(): Promise<void> {
    const { settings, timer } = this.#options;
    const url = registryUrlOf(settings, this.configuration);
    if (url === undefined) return;
    const registration = this.#openRegistration(url);
    this.#registration = registration;
    const register = (signal: AbortSignal): Promise<void> => registration.register(signal);
    if (await timer.tryUntilLimit(register)) return;
    this.#goOnWithout("the registry: nobody finds this service there");
    this.#inBackground(register);
  }

  /** Logs that the start continues without registry or store. @throws OperatingError unavailable if the registry is required */
  #goOnWithout(missing: string): void {
    const { requireRegistry, timer, log } = this.#options;
    if (requireRegistry) {
      const message = `unable to register with Registry in allotted time: ${timer.lastFailure}`;
      throw new OperatingError("unavailable", "start-limit-reached", message);
    }
    log.log.error(`going on without ${missing} until it answers; ${timer.lastFailure}`);
  }

  #inBackground(attempt: Attempt): void {
    this.#underWay.push(this.#options.timer.tryInBackground(attempt));
  }

  #watchWritable(): void {
    this.#options.stored?.watchWritable((writable) => this.#live.setWritable(writable), this.signal);
  }

  /** Resolves with Service/Port from the store, where the registry may have just assigned another port. */
  async #askAssigned(signal: AbortSignal): Promise<number> {
    const { stored } = this.#options;
    if (stored === undefined) throw new Error("no configuration provider is used");
    return (await stored.pull(signal)).Service.Port;
  }

  async #stop(): Promise<void> {
    const { stopping } = this.#options;
    stopping.abort(new OperatingError("unavailable", "service-stopping", "the service was stopped while it started"));
    await Promise.allSettled(this.#underWay);
    await this.#registration?.stopFollowing();
    await this.#listener.close();
    await this.#unregister();
    this.#letProcessEnd();
  }

  async #unregister(): Promise<void> {
    try {
      await this.#registration?.unregister();
    } catch (thrown) {
      this.#options.log.log.error(`Unable to Un-Register service from the Registry: ${messageOf(thrown)}`);
    }
  }

  async #move(port: number): Promise<void> {
    if (this.#options.isPortFixed) throw new Error("the environment has set it");
    await this.#listener.move(port);
    this.#live.setPort(port);
  }

  #openRegistration(baseUrl: string): Registration {
    const { serviceKey, checkRoute, clock, log, settings, overrides } = this.#options;
    return new Registration({
      http: new HttpClient({ baseUrl, clock, token: settings.token }),
      serviceKey,
      checkRoute,
      overrides,
      service: () => this.configuration.Service,
      askAssigned: (signal) => this.#askAssigned(signal),
      move: (port) => this.#move(port),
      inBackground: (attempt) => this.#inBackground(attempt),
      log: log.log,
    });
  }
}
