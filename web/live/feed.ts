import { effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Connection } from "./connection.ts";
import type { Indexes, Watched } from "./held-request.ts";
import { type FromHub, Hub, hereMs, type ToHub } from "./hub.ts";
import { api, workerUrl } from "./place.ts";
import { token } from "./session.ts";
import { isSparing } from "./sparing.ts";
import { browserSurroundings } from "./surroundings.ts";

/*
 * The tab's side of the hub: it tells the hub the topics of the screen, lets go while the tab is hidden, and keeps what the
 * hub says in signals.
 */

const connectionNow = signal<Connection>({ kind: "opening" });
const indexesNow = signal<Indexes>({});
const restartsNow = signal(0);
const returnsNow = signal(0);
const nowMsNow = signal(Date.now());

export const connection: ReadonlySignal<Connection> = connectionNow;
/** Topic to the index of its last change, as far as this tab has heard. */
export const indexes: ReadonlySignal<Indexes> = indexesNow;
/** Number of times that the agent's index fell. */
export const restarts: ReadonlySignal<number> = restartsNow;
/** Number of times that everything has to be read again: after a restart of the agent, and after a time without held request. */
export const returns: ReadonlySignal<number> = returnsNow;
/** The time, once a second while the tab is visible. */
export const nowMs: ReadonlySignal<number> = nowMsNow;
/** Whether the user paused all updates. */
export const isPaused: Signal<boolean> = signal(false);
/** The topics and the fallback of the screens that are shown. */
export const interest: Signal<Pick<Watched, "topics" | "fallback"> | undefined> = signal(undefined);

/** A hidden tab lets go of the held request after this time. */
const hiddenMsMax = 60_000;

const isHiddenLong = signal(false);

/** Starts the feed of this tab. The page calls it once. */
export function startFeed(): void {
  let wasAway = false;
  const send = connectToHub((message) => {
    switch (message.kind) {
      case "connection":
        if (message.connection.kind === "lost" || message.connection.kind === "released") wasAway = true;
        if (message.connection.kind === "held" && wasAway) {
          wasAway = false;
          returnsNow.value += 1;
        }
        connectionNow.value = message.connection;
        break;
      case "indexes":
        indexesNow.value = { ...indexesNow.peek(), ...message.indexes };
        break;
      case "restart":
        indexesNow.value = {};
        restartsNow.value += 1;
        returnsNow.value += 1;
        break;
    }
  });
  effect(() => {
    const wanted = interest.value;
    if (wanted && !isPaused.value && !isHiddenLong.value) {
      send({
        kind: "watch",
        watched: { api: api.href, token: token.value, ...wanted, ...(isSparing() && { isSparing: true }) },
      });
    } else {
      send({ kind: "release" });
      if (wanted) wasAway = true;
      connectionNow.value = { kind: "released" };
    }
  });
  setInterval(() => send({ kind: "here" }), hereMs);
  addEventListener("online", () => send({ kind: "again" }));
  addEventListener("pagehide", () => send({ kind: "release" }));
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) isHiddenLong.value = false;
  });
  followVisibility(() => send({ kind: "again" }));
}

function followVisibility(onReturn: () => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const isHidden = (): boolean => document.visibilityState === "hidden";
  setInterval(() => {
    if (!isHidden()) nowMsNow.value = Date.now();
  }, 1_000);
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (isHidden()) {
      timer = setTimeout(() => void (isHiddenLong.value = true), hiddenMsMax);
      return;
    }
    nowMsNow.value = Date.now();
    if (isHiddenLong.value) isHiddenLong.value = false;
    else if (connectionNow.value.kind !== "held") onReturn();
  });
}

/**
 * Connects to the hub in the shared worker. A browser without shared workers has the hub in the tab; of such tabs, those that
 * can use the Web Locks API hold the request one at a time.
 */
function connectToHub(take: (message: FromHub) => void): (message: ToHub) => void {
  if ("SharedWorker" in window) {
    const { port } = new SharedWorker(workerUrl, { type: "module", name: api.href });
    port.addEventListener("message", ({ data }: MessageEvent<FromHub>) => take(data));
    port.start();
    return (message) => port.postMessage(message);
  }
  const send = new Hub(browserSurroundings).add(take);
  return isSecureContext && "locks" in navigator ? sendWhileElected(send, take) : send;
}

/** Returns a function that passes messages on only while this tab is visible and has the lock of all tabs. */
function sendWhileElected(send: (message: ToHub) => void, take: (message: FromHub) => void): (message: ToHub) => void {
  let wanted: ToHub = { kind: "release" };
  let candidacy = new AbortController();
  let resign: (() => void) | undefined;
  const campaign = (): void => {
    candidacy.abort();
    resign?.();
    if (document.visibilityState !== "visible") return;
    const { signal } = (candidacy = new AbortController());
    const hold = (): Promise<void> | undefined => {
      // The browser may have granted the lock just before the tab was hidden.
      if (signal.aborted) return undefined;
      send(wanted);
      return new Promise<void>((resolve) => {
        resign = () => {
          resign = undefined;
          send({ kind: "release" });
          take({ kind: "connection", connection: { kind: "released" } });
          resolve();
        };
      });
    };
    navigator.locks.request("praetor-held-request", { signal }, hold).catch(() => {
      // The tab was hidden while it waited for the lock.
    });
  };
  document.addEventListener("visibilitychange", campaign);
  campaign();
  return (message) => {
    if (message.kind === "watch" || message.kind === "release") wanted = message;
    if (resign) send(message);
  };
}
