/**
 * Importing this module installs signal handlers. main.ts imports it first, since a signal that arrives before its handler is
 * installed ends the process.
 *
 * Consul: survives these signals, like every Go program, although their default action ends a process. Real-time signals cannot
 * be caught, since Bun has no names for them. Signals that report a fault (SIGSEGV, SIGABRT) end the process, as they end Consul.
 */
const survived = ["SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGIO", "SIGXCPU"] as const;
for (const name of survived) process.on(name, () => {});

/** Commands that run an agent. The agent can ignore a SIGHUP that arrives now, since it reads its configuration later. */
const agents: readonly (string | undefined)[] = ["agent", "edgex"];
if (agents.includes(process.argv[2])) process.on("SIGHUP", () => {});
