/** Calls `run` at the first SIGINT or SIGTERM; a further one ends the process, as it would have without. Returns what undoes it. */
export function onTermination(run: () => void): () => void {
  const signals = ["SIGINT", "SIGTERM"] as const;
  const undo = (): void => {
    for (const signal of signals) process.off(signal, runOnce);
  };
  const runOnce = (): void => {
    undo();
    run();
  };
  for (const signal of signals) process.on(signal, runOnce);
  return undo;
}

/** EdgeX's services end with 0 after --help and after a signal, and with 1 after a mistake on the command line. */
export function endProcess(code: 0 | 1): never {
  // oxlint-disable-next-line unicorn/no-process-exit -- bootstrap is what a service's main program begins and ends with
  return process.exit(code);
}
