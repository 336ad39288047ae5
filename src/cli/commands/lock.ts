import { KvClient } from "../../client/kv-client.ts";
import { type HeldLock, type LockRecipe, takeLock } from "../../client/lock.ts";
import { Mutex } from "../../client/mutex.ts";
import { Semaphore } from "../../client/semaphore.ts";
import { sleep } from "../../lib/clock.ts";
import { formatDuration } from "../../lib/duration.ts";
import { apiCommand, attempting, openAgentApi, type ApiCall } from "../api-command.ts";
import { Child } from "../child.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { listenForShutdown } from "../shutdown.ts";

export const lockCommand: Command = apiCommand({
  name: "lock",
  summary: "Runs a program while it holds a lock",
  synopsis: "[options] PREFIX PROGRAM...",
  about:
    "Acquires a lock, or with -n a slot of a semaphore, at a prefix of keys, runs a program, and releases the lock when the " +
    "program has ended. Other processes that use the same prefix wait meanwhile, including Consul's command line. If the lock " +
    "is lost, the program gets SIGTERM, and 5 seconds later SIGKILL.\n\n" +
    "The program's environment contains CONSUL_LOCK_HELD=true. SIGINT and SIGTERM are forwarded to it.",
  examples: [
    { what: "Run a job on one gateway at a time", command: "lock jobs/backup ./backup.sh" },
    {
      what: "Let three run it at once, and wait for a minute at most",
      command: "lock -n=3 -timeout=1m jobs/backup ./backup.sh",
    },
  ],
  flags: [
    {
      name: "child-exit-code",
      kind: "bool",
      value: "",
      help: "Exit with 2 if the program fails, not with 0.",
    },
    {
      name: "monitor-retry",
      kind: "int",
      value: "n",
      help: "How many failures of the agent, a second apart, to tolerate while the lock is held; default: 3.",
    },
    {
      name: "n",
      kind: "int",
      value: "limit",
      help: "How many processes may hold it at once; default: 1. All users of a prefix must give the same number.",
    },
    { name: "name", kind: "text", value: "text", help: "Name of the lock's session." },
    { name: "pass-stdin", kind: "bool", value: "", help: "Pass standard input to the program." },
    {
      name: "shell",
      kind: "bool",
      value: "",
      help: "Run the program in the shell that SHELL names, by default /bin/sh. -shell=false runs it directly.",
    },
    {
      name: "timeout",
      kind: "text",
      value: "duration",
      help: "How long to wait for the lock, as in 30s; default: no limit.",
    },
    { name: "try", kind: "text", value: "duration", help: "The former name of -timeout." },
    { name: "verbose", kind: "bool", value: "", help: "Print each step." },
  ],
  asksServers: true,
  run: lock,
});

const killGraceMs = 5_000;

async function lock(call: ApiCall): Promise<number> {
  const { flags, io } = call;
  const asked = readCall(call);
  using shutdown = listenForShutdown(io);
  // Requests ignore the command's abort signal, since an interrupt must not abort the release of the lock.
  const api = openAgentApi(flags, { ...io, signal: undefined });
  await attempting("Error querying Consul agent", () => api.json("/v1/agent/self"));
  const recipe = recipeOf(call, new KvClient(api), asked);
  printStep(call, "Attempting lock acquisition");
  const options = { ...asked, clock: io.clock, signal: shutdown.signal };
  const held = await attempting("Lock acquisition failed", () => takeLock(api, recipe, options));
  if (held === undefined) throw new CommandFailure("Shutdown triggered or timeout during lock acquisition");
  const isHealthy = await runHolding(call, { words: asked.words, held, shutdown: shutdown.signal });
  await release(call, held, recipe);
  return flags.bool("child-exit-code") && !isHealthy ? 2 : 0;
}

interface Asked {
  readonly prefix: string;
  readonly words: readonly string[];
  readonly limit: number;
  readonly sessionName: string;
  readonly timeoutMs: number | undefined;
  readonly monitorRetries: number;
}

/**
 * Reads the flags and arguments.
 * @throws CommandFailure if one is missing or invalid
 */
function readCall({ flags, words: [first = "", ...words] }: ApiCall): Asked {
  const limit = flags.int("n", 1);
  if (limit <= 0) throw new CommandFailure("Lock holder limit must be positive");
  if (words.length === 0) throw new CommandFailure("Key prefix and child command must be specified");
  const timeoutMs = flags.durationMs("timeout", flags.durationMs("try", 0));
  if (timeoutMs < 0) throw new CommandFailure("Timeout must be positive");
  const monitorRetries = flags.int("monitor-retry", 3);
  if (monitorRetries < 0) throw new CommandFailure("Number for 'monitor-retry' must be >= 0");
  const prefix = first.replace(/^\//, "");
  const sessionName = flags.text("name") || `Consul lock for '${words.join(" ")}' at '${prefix}'`;
  return { prefix, words, limit, sessionName, timeoutMs: timeoutMs || undefined, monitorRetries };
}

function recipeOf(call: ApiCall, kv: KvClient, { prefix, limit }: Asked): LockRecipe {
  if (limit === 1) {
    const mutex = new Mutex(kv, prefix);
    printStep(call, `Setting up lock at path: ${mutex.key}`);
    return mutex;
  }
  printStep(call, `Setting up semaphore (limit ${limit}) at prefix: ${prefix}`);
  if (prefix === "") throw new CommandFailure("Lock setup failed: missing prefix");
  return new Semaphore(kv, { prefix, limit });
}

interface Holding {
  readonly words: readonly string[];
  readonly held: HeldLock;
  readonly shutdown: AbortSignal;
}

/**
 * Runs the program while the lock is held. Resolves with true if the program succeeded, or if a signal or the loss of the lock
 * ended the program; else with false.
 */
async function runHolding(call: ApiCall, { words, held, shutdown }: Holding): Promise<boolean> {
  const { flags, io } = call;
  if (shutdown.aborted) {
    io.stderr("Shutdown triggered during lock acquisition\n");
    return true;
  }
  printStep(call, "Starting handler");
  if (flags.bool("pass-stdin")) printStep(call, "Stdin passed to handler process");
  try {
    const child = await Child.start(words, {
      shell: flags.text("shell") !== "false",
      env: { ...io.env, CONSUL_LOCK_HELD: "true" },
      input: flags.bool("pass-stdin") ? "inherit" : "ignore",
    });
    return await untilEnded(call, child, { held, shutdown });
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    io.stderr(`${error.message}\n`);
    return false;
  }
}

async function untilEnded(call: ApiCall, child: Child, { held, shutdown }: Omit<Holding, "words">): Promise<boolean> {
  const ended = child.ended.then((how) => {
    if (how !== undefined) call.io.stderr(`Error running handler: ${how}\n`);
    return how === undefined;
  });
  const isHealthy = await Promise.race([ended, aborted(AbortSignal.any([held.lost, shutdown]))]);
  if (isHealthy !== undefined) {
    printStep(call, "Child terminated, releasing lock");
    return isHealthy;
  }
  printStep(call, `${shutdown.aborted ? "Shutdown triggered" : "Lock lost"}, killing child`);
  await endChild(call, child, ended);
  // Consul: a program that was killed after a signal or the loss of the lock counts as successful.
  return true;
}

async function endChild(call: ApiCall, child: Child, ended: Promise<unknown>): Promise<void> {
  printStep(call, `Terminating child pid ${child.pid}`);
  child.send("SIGTERM");
  const over = await Promise.race([ended.then(() => true), sleep(call.io.clock, killGraceMs).then(() => false)]);
  if (over) return printStep(call, "Child terminated");
  printStep(call, `Child did not exit after grace period of ${formatDuration(killGraceMs)}`);
  printStep(call, `Killing child pid ${child.pid}`);
  child.send("SIGKILL");
  await ended;
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

async function release(call: ApiCall, held: HeldLock, recipe: LockRecipe): Promise<void> {
  await attempting("Lock release failed", () => held.release());
  const isGone = await attempting("Lock cleanup failed", () => recipe.cleanUp());
  printStep(call, isGone ? "Cleanup succeeded" : "Cleanup aborted, lock in use");
}

function printStep({ flags, io }: ApiCall, step: string): void {
  if (flags.bool("verbose")) io.stdout(`${step}\n`);
}
