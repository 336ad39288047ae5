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

/** With 0, as EdgeX's services do after --help and when a signal has ended them. */
export function endProcess(): never {
  // oxlint-disable-next-line unicorn/no-process-exit -- bootstrap is what a service's main program begins and ends with
  return process.exit(0);
}
