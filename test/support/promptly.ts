import { patienceMs } from "./patience.ts";

/**
 * Time limit on a quiet machine, in milliseconds. It is far longer than any immediate answer takes, and far shorter than the ten
 * minutes for which tests ask an agent to hold a request.
 */
const quietMs = 30_000;

/**
 * Resolves with the promise's value, which shows that the agent answered a request and did not hold it. Tests ask the
 * agent to hold requests for ten minutes, so that a late answer of a slow machine is not taken for a held one.
 * @throws Error when there is no answer after half a minute on a quiet machine, or the scaled time on a slower one
 */
export async function promptly<Result>(promise: Promise<Result>): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const startMs = performance.now();
  const look = (): void => {
    const leftMs = startMs + patienceMs(quietMs) - performance.now();
    if (leftMs > 0) timer = setTimeout(look, leftMs);
    else late.reject(new Error(`no answer within ${Math.round(performance.now() - startMs)} ms`));
  };
  let timer = setTimeout(look, quietMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
