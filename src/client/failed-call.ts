import { messageOf, OperatingError } from "../lib/errors.ts";
import type { CallOptions } from "./call-options.ts";

/**
 * Makes a call, and puts its purpose before the message of a failure, as EdgeX's Go clients do: "unable to get value for
 * edgex/a from Consul: Unexpected response code: 500". The reason of an aborted signal is thrown unchanged.
 * @throws OperatingError of the same kind as the failure
 */
export async function withErrorPrefix<T>(what: string, options: CallOptions, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    options.signal?.throwIfAborted();
    const kind = cause instanceof OperatingError ? cause.kind : "unavailable";
    throw new OperatingError(kind, "call-failed", `${what}: ${messageOf(cause)}`, { cause });
  }
}

/** Runs a watch's callback; passes what it throws, or its promise rejects with, to `onError`. */
export function callBack(call: () => unknown, onError: (error: OperatingError) => void): void {
  const calling = async (): Promise<unknown> => call();
  calling().catch((thrown: unknown) => onError(asWatchError(thrown)));
}

/** Returns the error for a watch's `onError`, from an agent's answer or from the owner's callback. */
export function asWatchError(thrown: unknown): OperatingError {
  if (thrown instanceof OperatingError) return thrown;
  return new OperatingError("unavailable", "watch-failed", messageOf(thrown), { cause: thrown });
}
