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

/** `praetor lock`. */
export const lockCommand: Command = apiCommand({
  name: "lock",
  summary: "Runs a program while it holds a lock",
  synopsis: "[options] PREFIX PROGRAM...",
  about:
    "Takes a lock, or with -n a place of a semaphore, at a prefix of keys, runs a program, and gives the lock back when " +
    "it has ended. Everybody who uses the same prefix waits meanwhile, Consul's own command line too. When the lock is " +
    "lost the program is sent SIGTERM, and SIGKILL when it has not ended 5 seconds later.\n\n" +
    "The program finds CONSUL_LOCK_HELD=true in its environment. SIGINT and SIGTERM are passed on to it.",
  examples: [
    { what: "Run a job on one gateway at a time", command: "lock jobs/backup ./backup.sh" },
    { what: "Let three run it, and give up after a minute", command: "lock -n=3 -timeout=1m jobs/backup ./backup.sh" },
  ],
  flags: [
    {
      name: "child-exit-code",
      kind: "bool",
      value: "",
      help: "End with 2 when the program fails; without it, with 0.",
    },
    {
      name: "monitor-retry",
      kind: "int",
      value: "n",
      help: "How many failures of the agent, a second apart, are borne while the lock is held; 3 unless told.",
    },
    {
      name: "n",
      kind: "int",
      value: "limit",
      help: "How many may hold it at once; 1 unless told. Who uses the same prefix must tell the same.",
    },
    { name: "name", kind: "text", value: "text", help: "Name of the lock's session." },
    { name: "pass-stdin", kind: "bool", value: "", help: "The program reads this command's standard input." },
    {
      name: "shell",
      kind: "bool",
      value: "",
      help: "The program's words are one line for the shell that SHELL names, /bin/sh unless told. -shell=false runs them as they are.",
    },
    {
      name: "timeout",
      kind: "text",
      value: "duration",
      help: "How long to wait for the lock, as in 30s; without end unless told.",
    },
    { name: "try", kind: "text", value: "duration", help: "The former name of -timeout." },
    { name: "verbose", kind: "bool", value: "", help: "Tell each step." },
  ],
  asksServers: true,
  run: lock,
});

const killGraceMs = 5_000;

async function lock(call: ApiCall): Promise<number> {
  const { flags, io } = call;
  const asked = readCall(call);
  using shutdown = listenForShutdown(io);
  // Without the command's own signal: it must not keep the lock from being given back.
  const api = openAgentApi(flags, { ...io, signal: undefined });
  await attempting("Error querying Consul agent", () => api.json("/v1/agent/self"));
  const recipe = recipeOf(call, new KvClient(api), asked);
  tell(call, "Attempting lock acquisition");
  const options = { ...asked, clock: io.clock, signal: shutdown.signal };
  const held = await attempting("Lock acquisition failed", () => takeLock(api, recipe, options));
  if (held === undefined) throw new CommandFailure("Shutdown triggered or timeout during lock acquisition");
  const isHealthy = await runHolding(call, { words: asked.words, held, shutdown: shutdown.signal });
  await giveBack(call, held, recipe);
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

/** @throws CommandFailure */
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
    tell(call, `Setting up lock at path: ${mutex.key}`);
    return mutex;
  }
  tell(call, `Setting up semaphore (limit ${limit}) at prefix: ${prefix}`);
  if (prefix === "") throw new CommandFailure("Lock setup failed: missing prefix");
  return new Semaphore(kv, { prefix, limit });
}

interface Holding {
  readonly words: readonly string[];
  readonly held: HeldLock;
  readonly shutdown: AbortSignal;
}

/** Whether the program ended well, or was ended because the command was. */
async function runHolding(call: ApiCall, { words, held, shutdown }: Holding): Promise<boolean> {
  const { flags, io } = call;
  if (shutdown.aborted) {
    io.stderr("Shutdown triggered during lock acquisition\n");
    return true;
  }
  tell(call, "Starting handler");
  if (flags.bool("pass-stdin")) tell(call, "Stdin passed to handler process");
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
    tell(call, "Child terminated, releasing lock");
    return isHealthy;
  }
  tell(call, `${shutdown.aborted ? "Shutdown triggered" : "Lock lost"}, killing child`);
  await endChild(call, child, ended);
  // Consul: a program that was ended with the command has not failed.
  return true;
}

async function endChild(call: ApiCall, child: Child, ended: Promise<unknown>): Promise<void> {
  tell(call, `Terminating child pid ${child.pid}`);
  child.send("SIGTERM");
  const over = await Promise.race([ended.then(() => true), sleep(call.io.clock, killGraceMs).then(() => false)]);
  if (over) return tell(call, "Child terminated");
  tell(call, `Child did not exit after grace period of ${formatDuration(killGraceMs)}`);
  tell(call, `Killing child pid ${child.pid}`);
  child.send("SIGKILL");
  await ended;
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

async function giveBack(call: ApiCall, held: HeldLock, recipe: LockRecipe): Promise<void> {
  await attempting("Lock release failed", () => held.release());
  const isGone = await attempting("Lock cleanup failed", () => recipe.cleanUp());
  tell(call, isGone ? "Cleanup succeeded" : "Cleanup aborted, lock in use");
}

function tell({ flags, io }: ApiCall, step: string): void {
  if (flags.bool("verbose")) io.stdout(`${step}\n`);
}
