import { messageOf, OperatingError } from "../lib/errors.ts";
import { BurstFilter, type QuietPeriod } from "./burst-filter.ts";
import {
  type ConfigurationObject,
  type ConfigurationPair,
  flattenConfiguration,
  overlayConfiguration,
} from "./configuration-values.ts";
import { type HttpAnswer, type HttpClient, jsonOf, unexpectedStatus } from "./http.ts";
import { type Stop, watchKeys } from "./key-watch.ts";
import { decodePairs, keyPath, type StoredPair } from "./key-value.ts";

export interface ConfigurationClientSettings {
  readonly http: HttpClient;
  /** "edgex/core/1.0/edgex-core-data"; a final "/" makes no difference. */
  readonly basePath: string;
}

interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface ConfigurationWatch<T extends ConfigurationObject> {
  readonly defaults: T;
  /** First with what is stored, at once; then with each change, after the quiet period. */
  readonly onUpdate: (configuration: T) => void;
  /** The store cannot be reached or holds what cannot be read; the watch goes on. */
  readonly onError: (error: OperatingError) => void;
  /** Default: told after 500 ms without a further change, at the latest after 5 s. */
  readonly quietPeriod?: QuietPeriod;
}

const defaultQuietPeriod: QuietPeriod = { quietMs: 500, maxMs: 5_000 };
/** At a time; enough to hide the round trips, few enough to leave the agent's connections to others. */
const putsMax = 8;

/** One service's configuration in the key-value store: go-mod-configuration's client, with its key layout and error texts. */
export class ConfigurationClient {
  readonly #http: HttpClient;
  /** Ends in "/": without it "edgex-core-data-2/..." would be ours, too. */
  readonly #base: string;

  constructor(settings: ConfigurationClientSettings) {
    this.#http = settings.http;
    this.#base = settings.basePath.endsWith("/") ? settings.basePath : `${settings.basePath}/`;
  }

  async hasConfiguration(options: CallOptions = {}): Promise<boolean> {
    try {
      const answer = await this.#get({ query: { keys: "" }, ...options });
      const keys = answer === undefined ? [] : jsonOf(answer);
      return Array.isArray(keys) && keys.length > 0;
    } catch (cause) {
      options.signal?.throwIfAborted();
      const message = `checking configuration existence from Consul failed: ${messageOf(cause)}`;
      throw new OperatingError("unavailable", "configuration-unknown", message, { cause });
    }
  }

  /**
   * Stores each value under its own key. Without `overwrite`, keys that exist keep their value, even one that somebody
   * stores at the same moment. Never deletes. Stops at the first error, so a part may have been stored.
   */
  async putConfiguration(
    configuration: ConfigurationObject,
    options: CallOptions & { overwrite: boolean },
  ): Promise<void> {
    const waiting = flattenConfiguration(configuration);
    const query = options.overwrite ? {} : { cas: "0" }; // 0: only where there is none
    const putAll = async (): Promise<void> => {
      for (let pair = waiting.shift(); pair; pair = waiting.shift()) await this.#put(pair, { query, ...options });
    };
    const putOrStop = (): Promise<void> =>
      putAll().catch((thrown: unknown) => {
        waiting.length = 0; // the others end after the request that they have under way
        throw thrown;
      });
    await Promise.all(Array.from({ length: putsMax }, putOrStop));
  }

  /** A copy of `defaults` with what is stored laid over it. */
  async getConfiguration<T extends ConfigurationObject>(defaults: T, options: CallOptions = {}): Promise<T> {
    const answer = await this.#get({ query: { recurse: "" }, ...options });
    if (answer === undefined) {
      const message = `the Configuration service (Consul) doesn't contain configuration for ${this.#base}`;
      throw new OperatingError("not-found", "configuration-not-found", message);
    }
    return overlayConfiguration(defaults, textsBelow(this.#base, decodePairs(answer)));
  }

  /** Follows the values below `key` ("Writable") until stopped. */
  watchForChanges<T extends ConfigurationObject>(key: string, watch: ConfigurationWatch<T>): Stop {
    const prefix = `${this.#base}${key.replace(/^\/+|\/+$/g, "")}/`;
    const fail = (thrown: unknown): void => watch.onError(asOperatingError(thrown));
    const deliver = (pairs: readonly StoredPair[]): void => {
      let configuration: T;
      try {
        configuration = overlayConfiguration(watch.defaults, textsBelow(prefix, pairs));
      } catch (thrown) {
        return fail(thrown);
      }
      watch.onUpdate(configuration);
    };
    const filter = new BurstFilter(this.#http.clock, watch.quietPeriod ?? defaultQuietPeriod, deliver);
    const loop = watchKeys({ http: this.#http, prefix, onPairs: (pairs) => filter.push(pairs), onError: fail });
    return {
      stop() {
        loop.stop();
        filter.stop();
      },
    };
  }

  async #get(request: CallOptions & { query: Readonly<Record<string, string>> }): Promise<HttpAnswer | undefined> {
    const answer = await this.#http.request({ path: keyPath(this.#base), ...request });
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw unexpectedStatus(answer);
    return answer;
  }

  async #put(
    [key, text]: ConfigurationPair,
    request: CallOptions & { query: Readonly<Record<string, string>> },
  ): Promise<void> {
    const { query, signal } = request;
    await this.#http.requestOk({ method: "PUT", path: keyPath(this.#base + key), query, body: text, signal });
  }
}

function textsBelow(prefix: string, pairs: readonly StoredPair[]): ConfigurationPair[] {
  return pairs
    .filter(({ key }) => key.startsWith(prefix))
    .map(({ key, value }) => [key.slice(prefix.length), new TextDecoder().decode(value)]);
}

function asOperatingError(thrown: unknown): OperatingError {
  return thrown instanceof OperatingError
    ? thrown
    : new OperatingError("unavailable", "watch-failed", messageOf(thrown), { cause: thrown });
}
