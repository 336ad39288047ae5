import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { JsonRow } from "../../client/json-row.ts";
import type { RemoteJob } from "../remote-exec.ts";
import { targetFlags, targetQuery } from "../target-flags.ts";
import { wrongUsage } from "../wrong-usage.ts";

export const execCommand: Command = apiCommand({
  name: "exec",
  summary: "Executes a command on Consul nodes",
  synopsis: "[options] [-|COMMAND...]",
  about:
    "Runs a command on the nodes of a datacenter and prints their output. The command - reads a script from standard input. " +
    "Only agents of Consul with disable_remote_exec = false run the commands; Praetor's agents never do.\n\n" +
    "Exit code: 0 if every node that acknowledged the command ended it with 0, else 2.",
  examples: [
    { what: "All nodes", command: "exec uptime" },
    { what: "Nodes with a certain service", command: "exec -service='^web$' 'systemctl reload web'" },
    { what: "A script", command: "exec - <update.sh" },
  ],
  flags: [
    ...targetFlags,
    {
      name: "prefix",
      kind: "text",
      value: "key",
      help: "Prefix of the keys of the job and its results; default: _rexec.",
    },
    { name: "shell", kind: "bool", value: "true|false", help: "Run the command in a shell; default: true." },
    { name: "verbose", kind: "bool", value: "", help: "Print each step." },
    {
      name: "wait",
      kind: "text",
      value: "duration",
      help: "End if no node has sent results for this time; default: 2s.",
    },
    {
      name: "wait-repl",
      kind: "text",
      value: "duration",
      help: "Time for the servers to replicate the job before the event is fired; default: 200ms.",
    },
  ],
  asksServers: true,
  run: execute,
});

async function execute(call: ApiCall): Promise<number> {
  const { api, flags, io } = call;
  const job = await jobOf(call);
  const targets = targetQuery(flags);
  const self = new JsonRow(await attempting("Error querying Consul agent", () => api.json("/v1/agent/self")));
  const { runRemotely } = await import("../remote-exec.ts");
  const config = self.row("Config");
  const outcome = await runRemotely(job, {
    api,
    io,
    clock: io.clock,
    targets,
    prefix: (flags.text("prefix") ?? "_rexec").replace(/\/+$/, ""),
    waitMs: flags.durationMs("wait", 2_000),
    replicationWaitMs: flags.durationMs("wait-repl", 200),
    onStep: (text) => void (flags.bool("verbose") && io.stdout(`${text}\n`)),
    agent: { node: config.text("NodeName"), datacenter: config.text("Datacenter") },
    datacenter: flags.text("datacenter") || config.text("Datacenter"),
  });
  return outcome.failed > 0 || outcome.completed < outcome.acknowledged ? 2 : 0;
}

async function jobOf({ flags, io, words }: ApiCall): Promise<RemoteJob> {
  const isShell = !flags.has("shell") || flags.bool("shell");
  const command = words.join(" ");
  if (command === "") throw wrongUsage("Must specify a command to execute");
  if (command !== "-") return isShell ? { Command: command } : { Args: words };
  if (!isShell) throw new CommandFailure("Cannot configure -shell=false when reading from stdin");
  const script = await io.stdin();
  if (script.length === 0) throw wrongUsage("Must specify a command to execute");
  return { Script: Buffer.from(script).toString("base64") };
}
