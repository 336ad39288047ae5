import { exchange, type Answer } from "./exchange.ts";

/** The form of a watcher's request. EdgeX's Go clients send `recurse=`, its C SDK `recurse=true`; User-Agent differs too. */
export interface Asking {
  readonly recurse: "" | "true";
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Follows a folder of keys as a service of EdgeX Geneva does: it sends one blocking query after another, each with the index of
 * the last answer. Answers without an index would make such a service send requests without end, and a missing answer would leave
 * the service's values out of date.
 */
export class ConfigurationWatcher {
  readonly prefix: string;
  /** Each key with its value in base64, as last received. */
  picture: Readonly<Record<string, string | null>> = {};
  /** The number of answers received. */
  answered = 0;
  readonly indexes: number[] = [];
  readonly asking: Asking;
  readonly #url: string;
  readonly #wait: string;
  #stopped = false;

  constructor(url: string, prefix: string, { wait, asking }: { readonly wait: string; readonly asking: Asking }) {
    this.#url = url;
    this.prefix = prefix;
    this.asking = asking;
    this.#wait = wait;
  }

  /** Sends blocking queries until `stop` is called, and then waits for the last answer. @throws Error for an unusable answer */
  async run(): Promise<void> {
    let index = 0;
    while (!this.#stopped) {
      const query = index === 0 ? "" : `index=${index}&`;
      const { recurse, headers } = this.asking;
      const path = `/v1/kv/${this.prefix}?${query}recurse=${recurse}&wait=${this.#wait}`;
      const answer = await exchange(this.#url, "GET", { path, headers });
      index = this.#take(answer);
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  #take(answer: Answer): number {
    if (answer.status !== 200 && answer.status !== 404) throw new Error(`${answer.status}: ${answer.text}`);
    if (!(answer.index >= 1)) throw new Error("an answer without an index: a service would ask again without end");
    this.answered += 1;
    this.indexes.push(answer.index);
    const pairs = answer.status === 404 ? [] : (answer.json as { Key: string; Value: string | null }[]);
    this.picture = Object.fromEntries(pairs.map(({ Key, Value }) => [Key, Value]));
    return answer.index;
  }
}
