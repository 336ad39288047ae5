import type { KvEntry } from "../model/kv-entry.ts";
import { decodeKvEntries } from "../wire/kv-entry.ts";
import { indexOfAnswer } from "./answer-index.ts";
import { type HttpAnswer, type HttpClient, jsonOf, textOf, unexpectedStatus } from "./http.ts";
import { keyPath } from "./key-value.ts";

type Query = Readonly<Record<string, string>>;

export interface KvPut {
  readonly key: string;
  readonly value: Uint8Array<ArrayBuffer>;
  readonly flags: bigint;
  /** "cas", "acquire" or "release" with its value; none writes in any case. */
  readonly condition?: Query;
}

export interface KvWait {
  readonly index: number;
  readonly waitMs: number;
  readonly query?: Query;
  readonly signal?: AbortSignal | undefined;
}

export interface KvSeen {
  readonly entries: readonly KvEntry[];
  readonly index: number;
}

/** An agent that hangs must be noticed. */
const answerMsMax = 5_000;

/** An agent's keys, with all that is stored of them. Errors carry the words of Consul's client. */
export class KvClient {
  readonly #http: Pick<HttpClient, "request">;

  constructor(http: Pick<HttpClient, "request">) {
    this.#http = http;
  }

  /** undefined when there is no such key. */
  async get(key: string): Promise<KvEntry | undefined> {
    return (await this.#entries(key, {}))[0];
  }

  /** What is at a key, or with `recurse` below it, once that may have changed after `index`; 0 answers at once. */
  async wait(key: string, { index, waitMs, query = {}, signal }: KvWait): Promise<KvSeen> {
    const blocking = index === 0 ? {} : { index: String(index), wait: `${Math.ceil(waitMs)}ms` };
    // Consul: a wait takes up to a sixteenth longer.
    const timeoutMs = index === 0 ? {} : { timeoutMs: waitMs * (1 + 1 / 16) + answerMsMax };
    const path = keyPath(key);
    const answer = await this.#http.request({ path, query: { ...query, ...blocking }, signal, ...timeoutMs });
    if (answer.status !== 200 && answer.status !== 404) throw unexpectedStatus(answer);
    const entries = answer.status === 404 ? [] : decodeKvEntries(answer.body);
    return { entries, index: indexOfAnswer(answer) };
  }

  /** Every key that begins with `prefix`, in order. */
  list(prefix: string): Promise<readonly KvEntry[]> {
    return this.#entries(prefix, { recurse: "" });
  }

  /** Names that begin with `prefix`, each up to the next `separator`; "" for whole names. */
  async names(prefix: string, separator: string): Promise<readonly string[]> {
    const answer = await this.#read(prefix, { keys: "", ...(separator !== "" && { separator }) });
    const json = answer === undefined ? [] : jsonOf(answer);
    return Array.isArray(json) ? json.map(String) : [];
  }

  /** Whether it was written: false when the condition does not hold. */
  async put({ key, value, flags, condition }: KvPut): Promise<boolean> {
    const query = { ...(flags !== 0n && { flags: String(flags) }), ...condition };
    return isTrue(await this.#http.request({ method: "PUT", path: keyPath(key), query, body: value }));
  }

  /** Also true when there was no such key; false when `cas` is given and the key is at another index. */
  async delete(key: string, condition: Query = {}): Promise<boolean> {
    return isTrue(await this.#http.request({ method: "DELETE", path: keyPath(key), query: condition }));
  }

  async deleteTree(prefix: string): Promise<void> {
    await this.delete(prefix, { recurse: "" });
  }

  async #entries(key: string, query: Query): Promise<readonly KvEntry[]> {
    const answer = await this.#read(key, query);
    return answer === undefined ? [] : decodeKvEntries(answer.body);
  }

  async #read(key: string, query: Query): Promise<HttpAnswer | undefined> {
    const answer = await this.#http.request({ path: keyPath(key), query });
    if (answer.status === 404) return undefined;
    if (answer.status === 200) return answer;
    // Consul: of a failed read only the status is told; the agent's reason helps more.
    throw unexpectedStatus(answer);
  }
}

/** @throws OperatingError for any status but 200 */
function isTrue(answer: HttpAnswer): boolean {
  if (answer.status !== 200) throw unexpectedStatus(answer);
  return textOf(answer).includes("true");
}
