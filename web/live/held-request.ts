import { type Connection, type ConnectionEvent, nextConnection, pauseAfter } from "./connection.ts";
import type { Answer, Ask, Outcome } from "./request.ts";

/*
 * The held request. It asks `GET v1/praetor/changes?index=&topics=`, which the agent holds until a topic moves, and which answers
 * `{"Index": 17, "Topics": {"services": 17, "health": 12}}`. An agent without that endpoint, such as a Consul, answers 404; then
 * the request is a blocking query for the data of the screen in front, whose index stands for all topics.
 */

/** Topic to the index of its last change. */
export type Indexes = Readonly<Record<string, number>>;

/** Subjects of the held request. */
export interface Watched {
  readonly api: string;
  readonly token: string;
  readonly topics: readonly string[];
  /** A read that can block, for an agent that has no `changes`: "v1/health/state/critical". */
  readonly fallback: string;
  /** Whether few requests matter more than an early notice of a lost connection. */
  readonly isSparing?: boolean;
}

export interface Surroundings {
  readonly ask: (asked: Ask) => Promise<Outcome>;
  readonly nowMs: () => number;
  readonly chance: () => number;
  /** Runs `action` after a time, and returns a function that prevents it. */
  readonly after: (ms: number, action: () => void) => () => void;
}

export interface Listener {
  readonly onConnection: (connection: Connection) => void;
  readonly onIndexes: (indexes: Indexes) => void;
  /** The agent has restarted: it says so, or its index fell, as it has lost its memory or is another agent. Everything has to be read anew. */
  readonly onRestart: () => void;
}

/** The wait of a request; the second is the longest that Consul allows. */
const [waitSeconds, waitSecondsSparing] = [55, 600];

function waitOf({ isSparing = false }: Watched): number {
  return isSparing ? waitSecondsSparing : waitSeconds;
}

/** Returns the time in milliseconds after which silence is a lost connection. Consul lengthens `wait` by up to a sixteenth of it. */
function silenceMsMax(watched: Watched): number {
  return waitOf(watched) * 1_000 * (17 / 16) + 10_000;
}

/** Holds one request at a time, from `watch` until `release`. */
export class HeldRequest {
  readonly #around: Surroundings;
  readonly #listener: Listener;
  #connection: Connection = { kind: "opening" };
  #watched: Watched | undefined;
  #running: AbortController | undefined;
  #cancelPause: (() => void) | undefined;
  #index = 0;
  /** When the agent started, as its last answer says; undefined for a Consul, which does not say it. */
  #startedAt: string | undefined;
  #failures = 0;
  #hasChanges = true;

  constructor(around: Surroundings, listener: Listener) {
    this.#around = around;
    this.#listener = listener;
  }

  get connection(): Connection {
    return this.#connection;
  }

  /** Watches these topics from now on. */
  watch(watched: Watched): void {
    const isSame = this.#asked(watched) === (this.#watched && this.#asked(this.#watched));
    this.#watched = watched;
    if (isSame) return;
    // The index of an answer is that of its topics. Without an index the agent answers at once with those of the new ones.
    this.#index = 0;
    this.again();
  }

  /** Returns what the request depends on: an agent with `changes` does not need the fallback. */
  #asked({ fallback, ...rest }: Watched): string {
    return JSON.stringify(this.#hasChanges ? rest : { ...rest, fallback });
  }

  /** Asks at once, for example when the browser is online again. */
  again(): void {
    this.#failures = 0;
    this.#stop();
    void this.#run();
  }

  release(): void {
    this.#watched = undefined;
    this.#stop();
    this.#note({ kind: "released" });
  }

  #stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#cancelPause?.();
    this.#cancelPause = undefined;
  }

  async #run(): Promise<void> {
    const watched = this.#watched;
    if (!watched) return;
    const running = new AbortController();
    this.#running = running;
    this.#note({ kind: "asked" });
    const cancelSilence = this.#around.after(silenceMsMax(watched), () => running.abort());
    const { api, token } = watched;
    const outcome = await this.#around.ask({ api, token, path: this.#pathOf(watched), signal: running.signal });
    cancelSilence();
    // Another run has taken this one's place.
    if (this.#running !== running) return;
    if ("answer" in outcome) return this.#take(outcome.answer, watched);
    const { kind, text } = outcome.failure;
    if (kind === "gone" && this.#hasChanges) {
      this.#hasChanges = false;
      this.#index = 0;
      return this.#run();
    }
    if (kind === "denied") return this.#note({ kind: "denied", text });
    this.#failures += 1;
    const pauseMs = pauseAfter(this.#failures, this.#around.chance());
    this.#note({ kind: "failed", nowMs: this.#around.nowMs(), pauseMs, text });
    this.#cancelPause = this.#around.after(pauseMs, () => void this.#run());
  }

  #pathOf(watched: Watched): string {
    const { topics, fallback } = watched;
    const path = this.#hasChanges ? `v1/praetor/changes?topics=${topics.map(sentTopic).join(",")}` : fallback;
    // Without an index the agent answers at once, which tells that the connection is back.
    if (this.#index === 0 || this.#connection.kind !== "held") return path;
    return `${path}${path.includes("?") ? "&" : "?"}index=${this.#index}&wait=${waitOf(watched)}s`;
  }

  #take(answer: Answer, watched: Watched): Promise<void> {
    this.#failures = 0;
    // Consul: an index below 1 must be read as 1, or the next request would not be held.
    const index = Math.max(1, answer.index);
    const startedAt = startOf(answer.value);
    const isOther = startedAt !== undefined && startedAt !== (this.#startedAt ?? startedAt);
    this.#startedAt = startedAt ?? this.#startedAt;
    const hasRestarted = isOther || this.#index > index;
    const isNew = this.#index !== index;
    this.#index = hasRestarted ? 0 : index;
    this.#note({ kind: "answered", nowMs: this.#around.nowMs() });
    if (hasRestarted) this.#listener.onRestart();
    else if (isNew) this.#listener.onIndexes(this.#indexesOf(answer, watched));
    return this.#run();
  }

  #indexesOf({ value, index }: Answer, { topics }: Watched): Indexes {
    const moved = this.#hasChanges ? topicsOf(value) : undefined;
    return moved ?? Object.fromEntries(topics.map((topic) => [topic, index]));
  }

  #note(event: ConnectionEvent): void {
    const next = nextConnection(this.#connection, event);
    if (next === this.#connection) return;
    this.#connection = next;
    this.#listener.onConnection(next);
  }
}

/** Returns when the agent started, from an answer of `changes`; undefined if it does not say it. */
function startOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("StartedAt" in value)) return undefined;
  return typeof value.StartedAt === "string" ? value.StartedAt : undefined;
}

/** Returns the topics of an answer of `changes`; undefined if it has none. */
function topicsOf(value: unknown): Indexes | undefined {
  if (typeof value !== "object" || value === null || !("Topics" in value)) return undefined;
  const { Topics: topics } = value;
  if (typeof topics !== "object" || topics === null) return undefined;
  const known = Object.entries(topics).filter(([, index]) => typeof index === "number");
  return Object.fromEntries(known.map(([name, index]) => [name.replaceAll("%2C", ",").replaceAll("%25", "%"), index]));
}

/** Returns a topic as the query string has it. A comma in a name would end the topic, so it is encoded once more, as is "%". */
function sentTopic(topic: string): string {
  return encodeURIComponent(topic.replaceAll("%", "%25").replaceAll(",", "%2C"));
}
