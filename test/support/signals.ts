import { constants } from "node:os";

/** The effect of each of Linux's 31 signals on an agent. It is the same on Consul. */
export const signalTable: Readonly<Record<"survived" | "suspends" | "ends" | "faults", readonly string[]>> = {
  survived: [
    ...["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGCHLD", "SIGCONT", "SIGURG", "SIGXCPU", "SIGXFSZ"],
    ...["SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR"],
  ],
  suspends: ["SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU"],
  ends: ["SIGINT", "SIGTERM", "SIGQUIT", "SIGKILL"],
  /** The processor or the kernel sends these for a fault of the program; a report goes to stderr. */
  faults: ["SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGSEGV", "SIGSYS"],
};

/** The number of SIGSTKFLT: no system sends it, the runtime has no name for it, and it ends Consul too. */
export const unnamedSignal = 16;

export function signalNumber(name: string): number {
  const found = Object.entries(constants.signals).find(([known]) => known === name);
  if (found === undefined) throw new Error(`${name} is no signal`);
  return found[1];
}

/** Sends the signals by their numbers, because the runtime lacks names for some. */
export function sendSignals(pid: number, names: readonly string[]): void {
  for (const name of names) process.kill(pid, signalNumber(name));
}
