import { sleep } from "../lib/clock.ts";
import { indexOfAnswer } from "./answer-index.ts";
import { type HttpClient, unexpectedStatus } from "./http.ts";
import { decodePairs, keyPath, type StoredPair } from "./key-value.ts";

export interface KeyWatchSettings {
  readonly http: HttpClient;
  /** Keys below it are watched; ends in "/". */
  readonly prefix: string;
  /** The keys below the prefix, whenever they may have changed; none when they were all deleted. */
  readonly onPairs: (pairs: readonly StoredPair[]) => void;
  /** A failed request; the watch goes on by itself. */
  readonly onError: (thrown: unknown) => void;
}

export interface Stop {
  /** Idempotent; nothing is called any more when it returns. */
  stop(): void;
}

/** Short enough to notice within about a minute that an agent lost its power and will never answer; a request a minute costs nothing. */
const waitMs = 60_000;
/** Consul adds up to a sixteenth of the wait. */
const answerTimeoutMs = waitMs + waitMs / 16 + 10_000;
const backoffMinMs = 1_000;
const backoffMaxMs = 10_000;

/**
 * Watches the keys below a prefix with blocking queries. The first answer is told at once, a later one when its index moved.
 * An index that did not move means that the wait ran out, or that something on the way answers for the agent: the loop
 * pauses, where Consul's own client would ask again at once and without end.
 * An index that fell (the store was replaced) is followed downwards.
 */
export function watchKeys(settings: KeyWatchSettings): Stop {
  const stopping = new AbortController();
  void follow(settings, stopping.signal);
  return { stop: () => stopping.abort() };
}

async function follow(settings: KeyWatchSettings, signal: AbortSignal): Promise<void> {
  const { clock } = settings.http;
  let seenIndex: number | undefined;
  let backoffMs = backoffMinMs;
  while (!signal.aborted) {
    try {
      const { index, pairs } = await ask(settings, { index: seenIndex, signal });
      if (signal.aborted) return;
      backoffMs = backoffMinMs;
      if (seenIndex !== undefined && index === seenIndex) {
        await sleep(clock, backoffMinMs, signal);
        continue;
      }
      seenIndex = index;
      settings.onPairs(pairs);
    } catch (thrown) {
      if (signal.aborted) return;
      settings.onError(thrown);
      await sleep(clock, backoffMs, signal);
      backoffMs = Math.min(backoffMs * 2, backoffMaxMs);
    }
  }
}

interface Question {
  readonly index: number | undefined;
  readonly signal: AbortSignal;
}

async function ask(settings: KeyWatchSettings, { index, signal }: Question): Promise<Answered> {
  const query = { recurse: "", ...(index === undefined ? {} : { index: String(index), wait: `${waitMs}ms` }) };
  const path = keyPath(settings.prefix);
  const answer = await settings.http.request({ path, query, timeoutMs: answerTimeoutMs, signal });
  if (answer.status !== 200 && answer.status !== 404) throw unexpectedStatus(answer);
  return { index: indexOfAnswer(answer), pairs: answer.status === 404 ? [] : decodePairs(answer) };
}

interface Answered {
  readonly index: number;
  readonly pairs: readonly StoredPair[];
}
