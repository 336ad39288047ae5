/**
 * What main.ts imports first, since a signal that comes before its handler is installed ends the process. Importing it is
 * all that is needed.
 *
 * Consul, like every Go program, survives these signals, whose default action is to end a process. Real-time signals
 * can't be caught here: the runtime has no names for them. What a fault of the program raises (SIGSEGV, SIGABRT and the
 * like) ends it, as it ends Consul.
 */
const survived = ["SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGIO", "SIGXCPU"] as const;
for (const name of survived) process.on(name, () => {});

/** An agent reads its configuration after this, so a hangup that comes sooner has nothing left to reload. */
const agents: readonly (string | undefined)[] = ["agent", "edgex"];
if (agents.includes(process.argv[2])) process.on("SIGHUP", () => {});
