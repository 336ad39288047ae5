import { messageOf, OperatingError } from "../../lib/errors.ts";
import type { ToldOrigin } from "../../model/value-origin.ts";
import type { Environment } from "../agent-address.ts";
import { ConfigurationClient } from "../configuration-client.ts";
import type { HttpClient } from "../http.ts";
import { askAlive } from "./ask-alive.ts";
import { overrideByEnvironment } from "./environment-overrides.ts";
import type { ServiceConfiguration, WritableOf } from "./service-configuration.ts";
import type { ServiceLog } from "./service-log.ts";

export interface StoredConfigurationOptions<T> {
  readonly http: HttpClient;
  readonly basePath: string;
  /** The local configuration: the file overrides the defaults, and the environment overrides both. */
  readonly local: T;
  /** Returns where the value of a setting in the local configuration comes from. */
  readonly originOf: (name: string) => ToldOrigin;
  readonly env: Environment;
  readonly overwrite: boolean;
  readonly log: ServiceLog;
}

/** A service's configuration in the store. Stored values override local ones, and the environment overrides both. */
export class StoredConfiguration<T extends ServiceConfiguration> {
  readonly #options: StoredConfigurationOptions<T>;
  readonly #client: ConfigurationClient;
  /** Whether the next attempt must push even if a configuration is stored: `overwrite` is set, or an earlier push failed. */
  #mustPush: boolean;

  constructor(options: StoredConfigurationOptions<T>) {
    this.#options = options;
    this.#client = new ConfigurationClient(options);
    this.#mustPush = options.overwrite;
  }

  /**
   * Stores the local configuration if none is stored or `overwrite` is set, then returns the stored one. Without `overwrite`, a
   * key that an operator or the registry writes meanwhile keeps its value.
   */
  async synchronise(signal: AbortSignal): Promise<T> {
    const { http, local, originOf, overwrite, log } = this.#options;
    await askAlive(http, "configuration provider", signal);
    this.#mustPush ||= !(await this.#client.hasConfiguration({ signal }));
    if (this.#mustPush) {
      await this.#client.putConfiguration(local, { overwrite, originOf, signal }).catch((cause: unknown) => {
        throw failure("could not push configuration into Configuration Provider", cause);
      });
      this.#mustPush = false;
      log.info("Configuration has been pushed into Configuration Provider");
    }
    return this.pull(signal);
  }

  async pull(signal: AbortSignal): Promise<T> {
    const { local, env, log } = this.#options;
    const stored = await this.#client.getConfiguration(local, { signal }).catch((cause: unknown) => {
      throw failure("could not get configuration from Configuration provider", cause);
    });
    log.info("Configuration has been pulled from Configuration provider");
    return overrideByEnvironment(stored, env).configuration;
  }

  /**
   * Calls `onUpdate` with the stored Writable at once, so that no change since the pull is lost, and after each change. Settings
   * that the environment overrides keep the environment's values.
   */
  watchWritable(onUpdate: (writable: WritableOf<T>) => void, signal: AbortSignal): void {
    const { local, env, log } = this.#options;
    if (local.Writable === undefined || signal.aborted) return;
    const watch = this.#client.watchForChanges("Writable", {
      defaults: local.Writable,
      onUpdate: (stored) => onUpdate(overrideByEnvironment({ Writable: stored }, env).configuration.Writable),
      onError: (error) => log.warn(`watching Writable failed: ${error.message}`),
    });
    signal.addEventListener("abort", () => watch.stop(), { once: true });
  }
}

function failure(what: string, cause: unknown): OperatingError {
  return new OperatingError("unavailable", "configuration-not-exchanged", `${what}: ${messageOf(cause)}`, { cause });
}
