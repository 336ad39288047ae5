import { OperatingError } from "../lib/errors.ts";
import type { ToldOrigin } from "../model/value-origin.ts";
import { isAgentAlive } from "./agent-status.ts";
import type { Stop } from "./answer-watch.ts";
import { BurstFilter, type QuietPeriod } from "./burst-filter.ts";
import type { CallOptions } from "./call-options.ts";
import {
  type ConfigurationObject,
  type ConfigurationPair,
  flattenConfiguration,
  overlayConfiguration,
} from "./configuration-values.ts";
import { asWatchError, callBack, withErrorPrefix } from "./failed-call.ts";
import { type HttpAnswer, type HttpClient, jsonOf, unexpectedStatus } from "./http.ts";
import { decodePairs, keyPath, type StoredPair } from "./key-value.ts";
import { originHeaders } from "./origin-header.ts";
import { watchKeys } from "./key-watch.ts";

export interface ConfigurationClientSettings {
  readonly http: HttpClient;
  /** The folder of the service's keys: "edgex/core/1.0/edgex-core-data". A final "/" makes no difference. */
  readonly basePath: string;
}

export interface ConfigurationWatch<T extends ConfigurationObject> {
  readonly defaults: T;
  /**
   * Called with the stored configuration at once, then with each change after the quiet period. A returned promise is not
   * awaited.
   */
  readonly onUpdate: (configuration: T) => unknown;
  /** Called if the store cannot be reached, a stored value cannot be parsed, or `onUpdate` failed; the watch continues. */
  readonly onError: (error: OperatingError) => void;
  /** Default: `onUpdate` is called after 500 ms without a further change, at the latest after 5 s. */
  readonly quietPeriod?: QuietPeriod;
  /** When this signal aborts, the watch stops, as after stop(). */
  readonly signal?: AbortSignal;
}

export interface ConfigurationPush extends CallOptions {
  readonly overwrite: boolean;
  /** Returns where a value comes from, by its name, such as "Writable/LogLevel". Default: the service, without saying more. */
  readonly originOf?: (name: string) => ToldOrigin;
}

type Parameters = Readonly<Record<string, string>>;

const defaultQuietPeriod: QuietPeriod = { quietMs: 500, maxMs: 5_000 };
/** Maximum number of concurrent PUTs: enough to hide round-trip times, and few enough to leave other clients connections. */
const putsMax = 8;
const existenceFailed = "checking configuration existence from Consul failed";

/** A client of one service's stored configuration, with the key layout and the error texts of go-mod-configuration's client. */
export class ConfigurationClient {
  readonly #http: HttpClient;
  /** The base path with a final "/", or "". Without the slash the prefix would match "edgex-core-data-2/...", too. */
  readonly #base: string;

  constructor(settings: ConfigurationClientSettings) {
    this.#http = settings.http;
    this.#base = folder(settings.basePath);
  }

  /** Resolves with true if the agent answers /v1/status/leader with a 2xx status. Never throws. */
  isAlive(options: CallOptions = {}): Promise<boolean> {
    return isAgentAlive(this.#http, options);
  }

  async hasConfiguration(options: CallOptions = {}): Promise<boolean> {
    return withErrorPrefix(existenceFailed, options, async () => (await this.#keys(this.#base, options)).length > 0);
  }

  /** Resolves with whether any key is stored at or below a name, such as "Writable". */
  async hasSubConfiguration(name: string, options: CallOptions = {}): Promise<boolean> {
    const what = "checking sub configuration existence from Consul failed";
    return withErrorPrefix(what, options, async () => (await this.#keysOf(name, options)).length > 0);
  }

  /**
   * Stores each value under its own key, and tells the agent where it comes from. Without `overwrite`, a key that exists keeps its
   * value, even one that another client stores at the same moment. Never deletes keys. Stops at the first error; the values stored
   * before it stay stored.
   */
  async putConfiguration(
    configuration: ConfigurationObject,
    { overwrite, originOf = () => "service", ...options }: ConfigurationPush,
  ): Promise<void> {
    const waiting = flattenConfiguration(configuration);
    const query = overwrite ? {} : { cas: "0" }; // 0: only if the key does not exist
    const putAll = async (): Promise<void> => {
      for (let pair = waiting.shift(); pair; pair = waiting.shift())
        await this.#put(pair, { query, origin: originOf(pair[0]) }, options);
    };
    const putOrStop = (): Promise<void> =>
      putAll().catch((thrown: unknown) => {
        waiting.length = 0; // the other loops end after their current request
        throw thrown;
      });
    await Promise.all(Array.from({ length: putsMax }, putOrStop));
  }

  /** Resolves with a copy of `defaults` that has the stored values. @throws OperatingError not-found if no key is stored */
  async getConfiguration<T extends ConfigurationObject>(defaults: T, options: CallOptions = {}): Promise<T> {
    const answer = await withErrorPrefix(existenceFailed, options, () =>
      this.#get(this.#base, { recurse: "" }, options),
    );
    if (answer === undefined) {
      const message = `the Configuration service (Consul) doesn't contain configuration for ${this.#base}`;
      throw new OperatingError("not-found", "configuration-not-found", message);
    }
    return overlayConfiguration(defaults, textsBelow(this.#base, decodePairs(answer)));
  }

  /** Watches the values below `key` ("Writable"; "" for all values) until stop() is called or the signal aborts. */
  watchForChanges<T extends ConfigurationObject>(key: string, watch: ConfigurationWatch<T>): Stop {
    const { signal, onUpdate } = watch;
    const prefix = this.#base + folder(key.replace(/^\/+|\/+$/g, ""));
    const onError = (thrown: unknown): void => watch.onError(asWatchError(thrown));
    const deliver = (pairs: readonly StoredPair[]): void => {
      callBack(() => onUpdate(overlayConfiguration(watch.defaults, textsBelow(prefix, pairs))), watch.onError);
    };
    const filter = new BurstFilter(this.#http.clock, watch.quietPeriod ?? defaultQuietPeriod, deliver);
    const loop = watchKeys({ http: this.#http, key: prefix, signal, onPairs: (pairs) => filter.push(pairs), onError });
    const stop = (): void => {
      loop.stop();
      filter.stop();
      signal?.removeEventListener("abort", stop);
    };
    signal?.addEventListener("abort", stop, { once: true });
    return { stop };
  }

  async configurationValueExists(name: string, options: CallOptions = {}): Promise<boolean> {
    const key = this.#base + name;
    const what = `unable to check existence of ${key} in Consul`;
    return (await withErrorPrefix(what, options, () => this.#get(key, {}, options))) !== undefined;
  }

  /** Resolves with the value's bytes; undefined if the key does not exist. */
  getConfigurationValue(name: string, options: CallOptions = {}): Promise<Uint8Array | undefined> {
    return this.getConfigurationValueByFullPath(this.#base + name, options);
  }

  /** Does the same as getConfigurationValue() for a full key, as getConfigurationKeys() returns it. */
  async getConfigurationValueByFullPath(key: string, options: CallOptions = {}): Promise<Uint8Array | undefined> {
    const what = `unable to get value for ${key} from Consul`;
    const answer = await withErrorPrefix(what, options, () => this.#get(key, {}, options));
    return answer && decodePairs(answer)[0]?.value;
  }

  async putConfigurationValue(name: string, value: Uint8Array | string, options: CallOptions = {}): Promise<void> {
    await this.#put([name, value], { query: {}, origin: "service" }, options);
  }

  /**
   * Resolves with the full keys at and below a name, such as "edgex/core/1.0/edgex-core-data/Writable/LogLevel" for "Writable".
   * The name "" selects all keys.
   */
  async getConfigurationKeys(name: string, options: CallOptions = {}): Promise<readonly string[]> {
    const what = `unable to get list of keys for ${this.#base}${name} from Consul`;
    return withErrorPrefix(what, options, () => this.#keysOf(name, options));
  }

  /** Resolves with the full keys at and below a name. For "Writable" Consul also returns "Writable2", which is dropped. */
  async #keysOf(name: string, options: CallOptions): Promise<readonly string[]> {
    const key = this.#base + name;
    const keys = await this.#keys(key, options);
    return keys.filter((found) => found === key || found.startsWith(folder(key)));
  }

  async #keys(prefix: string, options: CallOptions): Promise<readonly string[]> {
    const answer = await this.#get(prefix, { keys: "" }, options);
    const keys = answer === undefined ? [] : jsonOf(answer);
    return Array.isArray(keys) ? keys.map(String) : [];
  }

  async #get(key: string, query: Parameters, options: CallOptions): Promise<HttpAnswer | undefined> {
    const answer = await this.#http.request({ path: keyPath(key), query, ...options });
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw unexpectedStatus(answer);
    return answer;
  }

  async #put(
    [name, value]: readonly [name: string, value: Uint8Array | string],
    { query, origin }: { readonly query: Parameters; readonly origin: ToldOrigin },
    options: CallOptions,
  ): Promise<void> {
    const key = this.#base + name;
    const headers = originHeaders(origin);
    await withErrorPrefix(`unable to put value for ${key} into Consul`, options, () =>
      this.#http.requestOk({ method: "PUT", path: keyPath(key), query, headers, body: bodyOf(value), ...options }),
    );
  }
}

/** Returns the prefix of the keys below a path: "a/" for "a", "" for "". */
function folder(path: string): string {
  return path === "" || path.endsWith("/") ? path : `${path}/`;
}

/** Returns a value as a body for fetch. Copies bytes, since fetch does not accept shared memory. */
function bodyOf(value: Uint8Array | string): Uint8Array<ArrayBuffer> | string {
  return typeof value === "string" ? value : Uint8Array.from(value);
}

function textsBelow(prefix: string, pairs: readonly StoredPair[]): ConfigurationPair[] {
  return pairs
    .filter(({ key }) => key.startsWith(prefix))
    .map(({ key, value }) => [key.slice(prefix.length), new TextDecoder().decode(value)]);
}
