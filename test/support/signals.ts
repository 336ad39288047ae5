import { constants } from "node:os";

/** The signals of Linux by their effect on an agent, which is the same on Consul. */
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

/** The number of SIGSTKFLT, which no kernel sends and the runtime has no name for. It ends the agent, and Consul, too. */
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
