import { messageOf, OperatingError } from "../lib/errors.ts";
import type { CallOptions } from "./call-options.ts";

/**
 * Makes a call; of one that fails it tells first what it was for, as EdgeX's Go clients do: "unable to get value for
 * edgex/a from Consul: Unexpected response code: 500". An abort is passed on as it is.
 * @throws OperatingError of the same kind as the failure
 */
export async function saying<T>(what: string, options: CallOptions, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    options.signal?.throwIfAborted();
    const kind = cause instanceof OperatingError ? cause.kind : "unavailable";
    throw new OperatingError(kind, "call-failed", `${what}: ${messageOf(cause)}`, { cause });
  }
}

/** Calls back the owner of a watch; what the callback throws, or its promise is rejected with, is told to `onError`. */
export function callBack(call: () => unknown, onError: (error: OperatingError) => void): void {
  const calling = async (): Promise<unknown> => call();
  calling().catch((thrown: unknown) => onError(asWatchError(thrown)));
}

/** What a watch tells its owner of something that was thrown: by the agent's answer, or by the owner's callback. */
export function asWatchError(thrown: unknown): OperatingError {
  if (thrown instanceof OperatingError) return thrown;
  return new OperatingError("unavailable", "watch-failed", messageOf(thrown), { cause: thrown });
}
