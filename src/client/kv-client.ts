import type { KvEntry } from "../model/kv-entry.ts";
import { decodeKvEntries } from "../wire/kv-entry.ts";
import { indexOfAnswer } from "./answer-index.ts";
import { type HttpAnswer, type HttpClient, jsonOf, textOf, unexpectedStatus } from "./http.ts";
import { keyPath } from "./key-value.ts";

type Parameters = Readonly<Record<string, string>>;

export interface KvPut {
  readonly key: string;
  readonly value: Uint8Array<ArrayBuffer>;
  readonly flags: bigint;
  /** The parameter "cas", "acquire" or "release" with its value; without it the write is unconditional. */
  readonly condition?: Parameters;
}

export interface KvWait {
  readonly index: number;
  readonly waitMs: number;
  readonly query?: Parameters;
  readonly signal?: AbortSignal | undefined;
}

export interface KvSeen {
  readonly entries: readonly KvEntry[];
  readonly index: number;
}

/** Milliseconds added to the wait of a blocking query to get its timeout, which detects an agent that hangs. */
const answerMsMax = 5_000;

/** A client of an agent's keys, with flags, lock and indexes. Errors have the text of Consul's client. */
export class KvClient {
  readonly #http: Pick<HttpClient, "request">;

  constructor(http: Pick<HttpClient, "request">) {
    this.#http = http;
  }

  /** Reads a key; resolves with undefined if it does not exist. */
  async get(key: string): Promise<KvEntry | undefined> {
    return (await this.#entries(key, {}))[0];
  }

  /**
   * Sends a blocking query for a key, or with `recurse` in `query` for all keys that begin with it. Resolves with the entries,
   * none if no key exists, and their index. With `index` 0 the query does not wait.
   */
  async wait(key: string, { index, waitMs, query = {}, signal }: KvWait): Promise<KvSeen> {
    const blocking = index === 0 ? {} : { index: String(index), wait: `${Math.ceil(waitMs)}ms` };
    // Consul lengthens each wait by up to a sixteenth.
    const timeoutMs = index === 0 ? {} : { timeoutMs: waitMs * (1 + 1 / 16) + answerMsMax };
    const path = keyPath(key);
    const answer = await this.#http.request({ path, query: { ...query, ...blocking }, signal, ...timeoutMs });
    if (answer.status !== 200 && answer.status !== 404) throw unexpectedStatus(answer);
    const entries = answer.status === 404 ? [] : decodeKvEntries(answer.body);
    return { entries, index: indexOfAnswer(answer) };
  }

  /** Resolves with the entries whose keys begin with `prefix`, sorted by key. */
  list(prefix: string): Promise<readonly KvEntry[]> {
    return this.#entries(prefix, { recurse: "" });
  }

  /**
   * Resolves with the keys that begin with `prefix`. Each key is cut after the first `separator` that follows the prefix; with
   * the separator "" the keys are complete.
   */
  async names(prefix: string, separator: string): Promise<readonly string[]> {
    const answer = await this.#read(prefix, { keys: "", ...(separator !== "" && { separator }) });
    const json = answer === undefined ? [] : jsonOf(answer);
    return Array.isArray(json) ? json.map(String) : [];
  }

  /** Writes a key; resolves with false if the condition does not hold. */
  async put({ key, value, flags, condition }: KvPut): Promise<boolean> {
    const query = { ...(flags !== 0n && { flags: String(flags) }), ...condition };
    return isTrue(await this.#http.request({ method: "PUT", path: keyPath(key), query, body: value }));
  }

  /** Deletes a key. Resolves with false only if `cas` is set and differs from the key's ModifyIndex; a missing key gives true. */
  async delete(key: string, condition: Parameters = {}): Promise<boolean> {
    return isTrue(await this.#http.request({ method: "DELETE", path: keyPath(key), query: condition }));
  }

  async deleteTree(prefix: string): Promise<void> {
    await this.delete(prefix, { recurse: "" });
  }

  async #entries(key: string, query: Parameters): Promise<readonly KvEntry[]> {
    const answer = await this.#read(key, query);
    return answer === undefined ? [] : decodeKvEntries(answer.body);
  }

  async #read(key: string, query: Parameters): Promise<HttpAnswer | undefined> {
    const answer = await this.#http.request({ path: keyPath(key), query });
    if (answer.status === 404) return undefined;
    if (answer.status === 200) return answer;
    // Consul's client shows only the status of a failed read. This error also has the agent's reason.
    throw unexpectedStatus(answer);
  }
}

/** Returns whether the answer's body is "true". @throws OperatingError for any status but 200 */
function isTrue(answer: HttpAnswer): boolean {
  if (answer.status !== 200) throw unexpectedStatus(answer);
  return textOf(answer).includes("true");
}
