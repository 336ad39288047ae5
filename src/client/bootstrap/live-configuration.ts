import { isDeepStrictEqual } from "node:util";
import { messageOf } from "../../lib/errors.ts";
import { flattenConfiguration } from "../configuration-values.ts";
import { type ServiceConfiguration, withPort, type WritableOf } from "./service-configuration.ts";
import type { LevelledLog } from "./service-log.ts";

export type WritableListener<T extends ServiceConfiguration> = (writable: WritableOf<T>) => void;

/** The present configuration of a service, and the callbacks that it calls when the Writable section changes. */
export class LiveConfiguration<T extends ServiceConfiguration> {
  readonly #log: LevelledLog;
  readonly #listeners = new Set<WritableListener<T>>();
  #current: T;

  constructor(configuration: T, log: LevelledLog) {
    this.#log = log;
    this.#current = configuration;
    log.setLevel(configuration.Writable);
  }

  get current(): T {
    return this.#current;
  }

  onWritableChange(run: WritableListener<T>): void {
    this.#listeners.add(run);
  }

  setPort(port: number): void {
    this.#current = withPort(this.#current, port);
  }

  /**
   * Replaces the configuration by the stored one with its port set to `port`. A service that already listens passes the port that
   * it listens on. Calls the callbacks if Writable changes.
   */
  adopt(stored: T, port: number = stored.Service.Port): void {
    const before = this.#current;
    this.#current = withPort(stored, port);
    const changed = differences(before, stored);
    if (changed.length > 0) this.#log.log.info(`the stored configuration differs in ${changed.join(", ")}`);
    if (!isDeepStrictEqual(before.Writable, stored.Writable)) this.#notifyWritable();
  }

  /** Replaces Writable and calls the callbacks. Does nothing if the new value equals the present one. */
  setWritable(writable: WritableOf<T>): void {
    if (isDeepStrictEqual(this.#current.Writable, writable)) return;
    this.#current = { ...this.#current, Writable: writable };
    this.#log.log.info("Writable configuration has been updated from the Configuration Provider");
    this.#notifyWritable();
  }

  /** Sets the level of the log from Writable and calls every callback, even if an earlier one throws. */
  #notifyWritable(): void {
    const { Writable: writable } = this.#current;
    this.#log.setLevel(writable);
    for (const listener of this.#listeners) {
      try {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Writable exists, since it has changed
        listener(writable as WritableOf<T>);
      } catch (thrown) {
        this.#log.log.error(`a listener of onWritableChange failed: ${messageOf(thrown)}`);
      }
    }
  }
}

/** Returns the path ("Clients.CoreData.Host") of each setting of `right` that differs from `left`. */
function differences(left: object, right: object): string[] {
  const before = new Map(flattenConfiguration(left));
  return flattenConfiguration(right)
    .filter(([key, text]) => before.get(key) !== text)
    .map(([key]) => key.replaceAll("/", "."));
}
