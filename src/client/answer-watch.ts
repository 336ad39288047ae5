import { sleep } from "../lib/clock.ts";
import { indexOfAnswer } from "./answer-index.ts";
import { Backoff } from "./backoff.ts";
import { type HttpAnswer, type HttpClient, unexpectedStatus } from "./http.ts";

export interface AnswerWatchSettings {
  readonly http: HttpClient;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** The answer, whenever it may have changed: its status is 200, or 404 where nothing is there. */
  readonly onAnswer: (answer: HttpAnswer) => void;
  /** A failed request, or what `onAnswer` throws; the watch goes on by itself. */
  readonly onError: (thrown: unknown) => void;
  /** Stops the watch, as stop() does. */
  readonly signal?: AbortSignal | undefined;
}

export interface Stop {
  /** Idempotent; nothing is told any more when it returns, but a failure of a callback that was called before. */
  stop(): void;
}

/** Short enough to notice within about a minute that an agent lost its power and will never answer; a request a minute costs nothing. */
const waitMs = 60_000;
/** Consul adds up to a sixteenth of the wait. */
const answerTimeoutMs = waitMs + waitMs / 16 + 10_000;
const unchangedPauseMs = 1_000;

/**
 * Watches an answer with blocking queries. The first is told at once, a later one when its index moved.
 * An index that did not move means that the wait ran out, or that something on the way answers for the agent: the loop
 * pauses, where Consul's own client would ask again at once and without end.
 * An index that fell (the store was replaced) is followed downwards.
 */
export function watchAnswers(settings: AnswerWatchSettings): Stop {
  const stopping = new AbortController();
  const signal = settings.signal ? AbortSignal.any([settings.signal, stopping.signal]) : stopping.signal;
  void follow(settings, signal);
  return { stop: () => stopping.abort() };
}

async function follow(settings: AnswerWatchSettings, signal: AbortSignal): Promise<void> {
  const { clock } = settings.http;
  const backoff = new Backoff();
  let seenIndex: number | undefined;
  while (!signal.aborted) {
    try {
      const { index, answer } = await ask(settings, { index: seenIndex, signal });
      if (signal.aborted) return;
      backoff.reset();
      if (seenIndex !== undefined && index === seenIndex) {
        await sleep(clock, unchangedPauseMs, signal);
        continue;
      }
      seenIndex = index;
      settings.onAnswer(answer);
    } catch (thrown) {
      if (signal.aborted) return;
      settings.onError(thrown);
      await sleep(clock, backoff.next(), signal);
    }
  }
}

interface Question {
  readonly index: number | undefined;
  readonly signal: AbortSignal;
}

async function ask(
  { http, path, query = {} }: AnswerWatchSettings,
  { index, signal }: Question,
): Promise<{ readonly index: number; readonly answer: HttpAnswer }> {
  const blocking = index === undefined ? {} : { index: String(index), wait: `${waitMs}ms` };
  const answer = await http.request({ path, query: { ...query, ...blocking }, timeoutMs: answerTimeoutMs, signal });
  if (answer.status !== 200 && answer.status !== 404) throw unexpectedStatus(answer);
  return { index: indexOfAnswer(answer), answer };
}
