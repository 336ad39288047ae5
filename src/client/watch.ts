import { type Clock, sleep } from "../lib/clock.ts";
import { renderGoJson } from "../wire/go-json.ts";
import { indexTextOfAnswer } from "./answer-index.ts";
import { type HttpClient, unexpectedStatus } from "./http.ts";
import { fieldsOf } from "./json-object.ts";
import type { WatchPlan } from "./watch-plan.ts";

/** The content that a handler gets, with its index. */
export interface Change {
  /** X-Consul-Index as text, since it has 64 bits. */
  readonly index: string;
  readonly content: unknown;
}

export interface WatchOptions {
  readonly clock: Clock;
  /** When this signal aborts, the watch ends. */
  readonly signal: AbortSignal;
  /**
   * Called with the first content, then with each content that differs from the previous one. The next query starts when the
   * returned promise has resolved.
   */
  readonly onChange: (change: Change) => Promise<void> | void;
  /** Called if a query failed. The query is repeated after `retryMs` milliseconds. */
  readonly onError: (thrown: unknown, retryMs: number) => void;
}

const waitMs = 60_000;
/** Time limit of a blocking query, in milliseconds. Consul lengthens the wait by up to a sixteenth. */
const answerTimeoutMs = waitMs + waitMs / 16 + 10_000;
/** Pause in milliseconds after an answer with an unchanged index. It limits requests to a proxy that ignores the index. */
const unchangedPauseMs = 1_000;
const retryMs = 5_000;
const retryMsMax = 180_000;

/**
 * Runs a watch plan with blocking queries until the signal aborts. Calls `onChange` with the first content and with each changed
 * content. After a failed query it calls `onChange` only if the content has changed meanwhile. The content of a watch of events
 * has only the events that no earlier content had.
 */
export async function watch(
  http: Pick<HttpClient, "request">,
  plan: WatchPlan,
  { clock, signal, onChange, onError }: WatchOptions,
): Promise<void> {
  const news = plan.type === "event" ? new NewEvents() : new NewContent();
  let index: string | undefined;
  for (let failures = 0; !signal.aborted;) {
    let change: Change;
    try {
      change = await ask(http, plan, { index, signal });
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      index = undefined;
      const delayMs = Math.min(retryMs * failures ** 2, retryMsMax);
      onError(error, delayMs);
      await sleep(clock, delayMs, signal);
      continue;
    }
    failures = 0;
    const isSame = change.index === index;
    index = change.index;
    if (isSame) await sleep(clock, unchangedPauseMs, signal);
    else for (const content of news.of(change.content)) await onChange({ index, content });
  }
}

async function ask(
  http: Pick<HttpClient, "request">,
  { path, read }: WatchPlan,
  { index, signal }: { readonly index: string | undefined; readonly signal: AbortSignal },
): Promise<Change> {
  const query = index === undefined ? {} : { index, wait: `${waitMs}ms` };
  const answer = await http.request({ path, query, timeoutMs: answerTimeoutMs, signal });
  const isAbsent = answer.status === 404 && path.startsWith("/v1/kv/");
  if (answer.status !== 200 && !isAbsent) throw unexpectedStatus(answer);
  return { index: indexTextOfAnswer(answer), content: read(answer) };
}

/** Selects content that differs from the last content. */
class NewContent {
  #seen: string | undefined;

  of(content: unknown): readonly unknown[] {
    const text = renderGoJson(content, { pretty: false });
    if (text === this.#seen) return [];
    this.#seen = text;
    return [content];
  }
}

/** Selects the events after the last one seen. From the first answer it selects all events, even an empty list. */
class NewEvents {
  #lastId: unknown;
  #isFirst = true;

  of(content: unknown): readonly unknown[] {
    const events: unknown[] = Array.isArray(content) ? content : [];
    const ids = events.map((event) => fieldsOf(event)["ID"]);
    // A restarted agent lacks the last event, so lastIndexOf returns -1 and all its events are new.
    const fresh = events.slice(ids.lastIndexOf(this.#lastId) + 1);
    this.#lastId = ids.at(-1) ?? this.#lastId;
    if (fresh.length === 0 && !this.#isFirst) return [];
    this.#isFirst = false;
    return [fresh];
  }
}
