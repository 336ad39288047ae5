import { messageOf, OperatingError } from "../lib/errors.ts";
import type { CallOptions } from "./call-options.ts";

/**
 * Runs `call` and resolves with its result. Puts `what`, the purpose of the call, before the message of an error, as EdgeX's Go
 * clients do: "unable to get value for edgex/a from Consul: Unexpected response code: 500". Throws the reason of an aborted
 * signal unchanged.
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

/** Runs a watch's callback. Passes the error that it throws, or with which its promise rejects, to `onError`. */
export function callBack(call: () => unknown, onError: (error: OperatingError) => void): void {
  const calling = async (): Promise<unknown> => call();
  calling().catch((thrown: unknown) => onError(asWatchError(thrown)));
}

/** Returns the thrown value for a watch's `onError`: unchanged if it is an OperatingError, else as the cause of one. */
export function asWatchError(thrown: unknown): OperatingError {
  if (thrown instanceof OperatingError) return thrown;
  return new OperatingError("unavailable", "watch-failed", messageOf(thrown), { cause: thrown });
}
