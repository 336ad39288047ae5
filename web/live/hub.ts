import type { Connection } from "./connection.ts";
import { HeldRequest, type Indexes, type Surroundings, type Watched } from "./held-request.ts";

/*
 * The hub of a browser's tabs. Tabs tell it their topics; it holds one request for all of them. HTTP/1.1 has six connections a host: a
 * request held by each tab would leave none for reads and writes. Tabs whose tokens differ see different data, so each token
 * has a request of its own.
 */

export type ToHub =
  | { readonly kind: "watch"; readonly watched: Watched }
  /** The tab is hidden, paused or closed. */
  | { readonly kind: "release" }
  /** The tab still exists. A closed one cannot always say so. */
  | { readonly kind: "here" }
  | { readonly kind: "again" };

export type FromHub =
  | { readonly kind: "connection"; readonly connection: Connection }
  | { readonly kind: "indexes"; readonly indexes: Indexes }
  | { readonly kind: "restart" };

export type Send = (message: FromHub) => void;

interface Tab {
  readonly send: Send;
  watched: Watched | undefined;
  heardMs: number;
}

/** Interval in which a tab says that it is here. */
export const hereMs = 20_000;
const silentMsMax = 3.5 * hereMs;

export class Hub {
  readonly #around: Surroundings;
  readonly #tabs = new Set<Tab>();
  readonly #held = new Map<string, HeldRequest>();

  constructor(around: Surroundings) {
    this.#around = around;
    this.#dropSilent();
  }

  /** Adds a tab. Returns the function for the tab's messages. */
  add(send: Send): (message: ToHub) => void {
    const tab: Tab = { send, watched: undefined, heardMs: this.#around.nowMs() };
    return (message) => {
      tab.heardMs = this.#around.nowMs();
      this.#tabs.add(tab);
      switch (message.kind) {
        case "watch":
          tab.watched = message.watched;
          return this.#settle(tab);
        case "release":
          tab.watched = undefined;
          return this.#settle();
        case "again":
          return tab.watched && this.#held.get(tab.watched.token)?.again();
        case "here":
          return undefined;
      }
    };
  }

  /** Makes the held requests what the tabs need now. @param asking the tab that has to know the state of its connection */
  #settle(asking?: Tab): void {
    const tabs = [...this.#tabs].filter((tab) => tab.watched !== undefined);
    for (const [token, held] of this.#held) {
      if (tabs.some(({ watched }) => watched?.token === token)) continue;
      held.release();
      this.#held.delete(token);
    }
    if (!asking?.watched) return;
    const { api, token, fallback, isSparing } = asking.watched;
    const topics = tabs.flatMap(({ watched }) => (watched?.token === token ? watched.topics : []));
    let held = this.#held.get(token);
    if (held) asking.send({ kind: "connection", connection: held.connection });
    else this.#held.set(token, (held = this.#hold(token)));
    // The tab that spoke last is the one in front.
    const watched = { api, token, fallback, topics: [...new Set(topics)].toSorted() };
    held.watch({ ...watched, ...(isSparing !== undefined && { isSparing }) });
  }

  #hold(token: string): HeldRequest {
    const tell = (message: FromHub): void => {
      for (const { watched, send } of this.#tabs) if (watched?.token === token) send(message);
    };
    return new HeldRequest(this.#around, {
      onConnection: (connection) => tell({ kind: "connection", connection }),
      onIndexes: (indexes) => tell({ kind: "indexes", indexes }),
      onRestart: () => tell({ kind: "restart" }),
    });
  }

  #dropSilent(): void {
    this.#around.after(hereMs, () => {
      const now = this.#around.nowMs();
      for (const tab of this.#tabs) if (now - tab.heardMs > silentMsMax) this.#tabs.delete(tab);
      this.#settle();
      this.#dropSilent();
    });
  }
}
