import { type Clock, sleep } from "../lib/clock.ts";
import { renderGoJson } from "../wire/go-json.ts";
import { indexTextOfAnswer } from "./answer-index.ts";
import { type HttpClient, unexpectedStatus } from "./http.ts";
import { fieldsOf } from "./json-object.ts";
import type { WatchPlan } from "./watch-plan.ts";

/** What a handler is told. */
export interface Change {
  /** As the agent tells it: 64 bits. */
  readonly index: string;
  readonly content: unknown;
}

export interface WatchOptions {
  readonly clock: Clock;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** The first content, and each that is another than the last; no next one is asked for before this resolves. */
  readonly onChange: (change: Change) => Promise<void> | void;
  /** The agent could not be asked; it is asked again after `retryMs`. */
  readonly onError: (thrown: unknown, retryMs: number) => void;
}

const waitMs = 60_000;
/** Consul adds up to a sixteenth of the wait. */
const answerTimeoutMs = waitMs + waitMs / 16 + 10_000;
/** Against an agent, or something on the way, that answers at once whatever the index. */
const unchangedPauseMs = 1_000;
const retryMs = 5_000;
const retryMsMax = 180_000;

/**
 * Tells what a plan asks for, and each change of it, until the signal aborts. Content that is the same after an agent was
 * lost is not told again. Of events only those are told that came after the last one told.
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

/** The content, when it is another than before. */
class NewContent {
  #seen: string | undefined;

  of(content: unknown): readonly unknown[] {
    const text = renderGoJson(content, { pretty: false });
    if (text === this.#seen) return [];
    this.#seen = text;
    return [content];
  }
}

/** The events behind the last one seen; at first all there are, or that there are none. */
class NewEvents {
  #lastId: unknown;
  #isFirst = true;

  of(content: unknown): readonly unknown[] {
    const events: unknown[] = Array.isArray(content) ? content : [];
    const ids = events.map((event) => fieldsOf(event)["ID"]);
    // An agent that was started anew knows none of the earlier ones.
    const fresh = events.slice(ids.lastIndexOf(this.#lastId) + 1);
    this.#lastId = ids.at(-1) ?? this.#lastId;
    if (fresh.length === 0 && !this.#isFirst) return [];
    this.#isFirst = false;
    return [fresh];
  }
}
