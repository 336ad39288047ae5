import { exchange, type Answer } from "./exchange.ts";

/** How a service asks: Go's with `recurse=`, the C SDK with `recurse=true` and its name. */
export interface Asking {
  readonly recurse: "" | "true";
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * What a Geneva service does to follow a folder of keys: it asks, and asks again with the index that it was told, with no
 * pause in between. An answer without an index, or with the same one, makes it spin; an answer that does not come leaves
 * it with an old picture.
 */
export class ConfigurationWatcher {
  readonly prefix: string;
  /** Each key with its value in base64, as it was told last. */
  picture: Readonly<Record<string, string | null>> = {};
  /** How many were answered. */
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

  /** Ends when it was told to stop and the last request was answered. @throws Error for what a service would not stand */
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
