import { sleep } from "../lib/clock.ts";
import { indexOfAnswer } from "./answer-index.ts";
import { Backoff } from "./backoff.ts";
import { type HttpAnswer, type HttpClient, unexpectedStatus } from "./http.ts";

export interface AnswerWatchSettings {
  readonly http: HttpClient;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /**
   * Called with the first answer, and with each later answer whose index differs from that of the answer before. The status is
   * 200, or 404 if nothing is stored.
   */
  readonly onAnswer: (answer: HttpAnswer) => void;
  /** Called with the error of a failed request, or with the error that `onAnswer` throws. The watch continues. */
  readonly onError: (thrown: unknown) => void;
  /** Stops the watch when it aborts, as stop() does. */
  readonly signal?: AbortSignal | undefined;
}

export interface Stop {
  /** Stops the watch. Idempotent. Afterwards no callback starts, except to report the error of one that was still running. */
  stop(): void;
}

/** The `wait` of each blocking query, in milliseconds: short enough to detect a dead agent within about a minute. */
const waitMs = 60_000;
/** Time limit of a blocking query, in milliseconds. Consul lengthens the wait by up to a sixteenth. */
const answerTimeoutMs = waitMs + waitMs / 16 + 10_000;
const unchangedPauseMs = 1_000;

/**
 * Watches the answer to a request with blocking queries. `onAnswer` gets the first answer at once, and each later answer whose
 * index has changed. A lower index counts as a change, since the store can be replaced. If the index is unchanged, because the
 * wait ended or a proxy answered for the agent, the watch pauses for a second. Consul's own client would repeat the request at
 * once.
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
