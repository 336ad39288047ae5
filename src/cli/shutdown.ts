import type { CommandIo } from "./command.ts";

/** An abort signal for a command that runs until it is interrupted. */
export interface Shutdown extends Disposable {
  readonly signal: AbortSignal;
}

const endings = ["SIGINT", "SIGTERM"] as const;

/** Returns an abort signal. Until disposal, SIGINT and SIGTERM abort it and do not end the process. */
export function listenForShutdown(io: Pick<CommandIo, "signal">): Shutdown {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  for (const name of endings) process.on(name, end);
  return {
    signal: io.signal ? AbortSignal.any([io.signal, ending.signal]) : ending.signal,
    [Symbol.dispose]() {
      for (const name of endings) process.off(name, end);
    },
  };
}

/** Calls `forward` with each SIGINT and SIGTERM until the returned function is called. */
export function forwardSignals(forward: (name: NodeJS.Signals) => void): () => void {
  for (const name of endings) process.on(name, forward);
  return () => {
    for (const name of endings) process.off(name, forward);
  };
}
