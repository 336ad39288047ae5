import type { CommandIo } from "./command.ts";

/** What ends a command that goes on by itself. */
export interface Shutdown extends Disposable {
  readonly signal: AbortSignal;
}

const endings = ["SIGINT", "SIGTERM"] as const;

/** From here on SIGINT and SIGTERM do not end the process, but abort the signal; until it is disposed of. */
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

/** Calls `forward` with each SIGINT and SIGTERM that comes, until what it returns is called. */
export function forwardSignals(forward: (name: NodeJS.Signals) => void): () => void {
  for (const name of endings) process.on(name, forward);
  return () => {
    for (const name of endings) process.off(name, forward);
  };
}
