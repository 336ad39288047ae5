import { sleep } from "../lib/clock.ts";
import { indexOfAnswer } from "./answer-index.ts";
import { Backoff } from "./backoff.ts";
import { type HttpAnswer, type HttpClient, unexpectedStatus } from "./http.ts";

export interface AnswerWatchSettings {
  readonly http: HttpClient;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /**
   * Called with the first answer, and with each that can differ from the last; the status is 200, or 404 if nothing is stored.
   */
  readonly onAnswer: (answer: HttpAnswer) => void;
  /** Called with the error of a failed request, or the one that `onAnswer` throws; the watch continues. */
  readonly onError: (thrown: unknown) => void;
  /** Stops the watch, as stop() does. */
  readonly signal?: AbortSignal | undefined;
}

export interface Stop {
  /** Idempotent. No callback starts after it returns; only a callback that is still running can report its failure. */
  stop(): void;
}

/** The `wait` of each blocking query: short enough to detect a dead agent within about a minute. */
const waitMs = 60_000;
/** Time limit of a blocking query in milliseconds; Consul adds up to a sixteenth to the wait. */
const answerTimeoutMs = waitMs + waitMs / 16 + 10_000;
const unchangedPauseMs = 1_000;

/**
 * Watches an answer with blocking queries. `onAnswer` gets the first answer at once, and a later one when its index changed.
 * After an unchanged index, at the end of the wait or from a proxy that answers for the agent, the loop pauses, where Consul's
 * own client would repeat the request at once. A lower index, after the store was replaced, counts as a change.
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

interface BlockingOptions {
  readonly index: number | undefined;
  readonly signal: AbortSignal;
}

async function ask(
  { http, path, query = {} }: AnswerWatchSettings,
  { index, signal }: BlockingOptions,
): Promise<{ readonly index: number; readonly answer: HttpAnswer }> {
  const blocking = index === undefined ? {} : { index: String(index), wait: `${waitMs}ms` };
  const answer = await http.request({ path, query: { ...query, ...blocking }, timeoutMs: answerTimeoutMs, signal });
  if (answer.status !== 200 && answer.status !== 404) throw unexpectedStatus(answer);
  return { index: indexOfAnswer(answer), answer };
}
