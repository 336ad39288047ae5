import { isDeepStrictEqual } from "node:util";
import { messageOf } from "../../lib/errors.ts";
import { flattenConfiguration } from "../configuration-values.ts";
import { type ServiceConfiguration, withPort, type WritableOf } from "./service-configuration.ts";
import type { LevelledLog } from "./service-log.ts";

export type WritableListener<T extends ServiceConfiguration> = (writable: WritableOf<T>) => void;

/** The configuration that a service has now, and who is told when its Writable section changes. */
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

  /** Takes up what the store turned out to have. A service that listens keeps its port: `port`. */
  takeUp(stored: T, port: number = stored.Service.Port): void {
    const before = this.#current;
    this.#current = withPort(stored, port);
    const changed = differences(before, stored);
    if (changed.length > 0) this.#log.log.info(`the stored configuration differs in ${changed.join(", ")}`);
    if (!isDeepStrictEqual(before.Writable, stored.Writable)) this.#tellWritable();
  }

  /** The same again tells nobody. */
  takeWritable(writable: WritableOf<T>): void {
    if (isDeepStrictEqual(this.#current.Writable, writable)) return;
    this.#current = { ...this.#current, Writable: writable };
    this.#log.log.info("Writable configuration has been updated from the Configuration Provider");
    this.#tellWritable();
  }

  /** One listener that fails keeps nothing from the others. */
  #tellWritable(): void {
    const { Writable: writable } = this.#current;
    this.#log.setLevel(writable);
    for (const listener of this.#listeners) {
      try {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- there is one: it has changed
        listener(writable as WritableOf<T>);
      } catch (thrown) {
        this.#log.log.error(`a listener of onWritableChange failed: ${messageOf(thrown)}`);
      }
    }
  }
}

/** "Clients.CoreData.Host" of each setting that is not the same. */
function differences(left: object, right: object): string[] {
  const before = new Map(flattenConfiguration(left));
  return flattenConfiguration(right)
    .filter(([key, text]) => before.get(key) !== text)
    .map(([key]) => key.replaceAll("/", "."));
}
