import { planWatch, type WatchPlan } from "../../client/watch-plan.ts";
import { type Change, watch } from "../../client/watch.ts";
import { formatDuration } from "../../lib/duration.ts";
import { messageOf } from "../../lib/errors.ts";
import { parseBool } from "../../lib/go-bool.ts";
import { createLog } from "../../lib/log.ts";
import { renderGoJson } from "../../wire/go-json.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { Child } from "../child.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import type { Flags } from "../flags.ts";
import { listenForShutdown } from "../shutdown.ts";
import { wrongUsage } from "../wrong-usage.ts";

export const watchCommand: Command = apiCommand({
  name: "watch",
  summary: "Watches keys, services, nodes, checks and events for changes",
  synopsis: "[options] [PROGRAM...]",
  about:
    "Runs a program with the present data, and again on each change, until an interrupt or a failure of the program. The program " +
    "reads the data as JSON from its standard input, and the index from CONSUL_INDEX in its environment. Without a program, " +
    "prints the data once and ends.\n\n" +
    "The watch reconnects to a lost agent, and runs the program again only if the data has changed meanwhile.",
  examples: [
    { what: "Print the keys of a folder", command: "watch -type=keyprefix -prefix=edgex/core/" },
    { what: "Reload a proxy when a service moves", command: "watch -type=service -service=web ./reload.sh" },
    { what: "Act on events", command: "watch -type=event -name=deploy ./deploy.sh" },
  ],
  flags: [
    text("key", "name", "The key; with -type=key."),
    text("name", "name", "Only events of this name; with -type=event."),
    text("passingonly", "true|false", "Only instances whose checks all pass; with -type=service."),
    text("prefix", "text", "Prefix of the keys; with -type=keyprefix."),
    text("service", "name", "The service; with -type=service, and with -type=checks."),
    {
      name: "shell",
      kind: "bool",
      value: "",
      help: "Run the program in the shell that SHELL names, by default /bin/sh. -shell=false runs it directly.",
    },
    text("state", "state", "Only checks in this state: passing, warning, critical, any; with -type=checks."),
    text("tag", "tag", "Only instances with this tag; with -type=service."),
    text("type", "type", "key, keyprefix, services, nodes, service, checks or event."),
  ],
  asksServers: true,
  run: runWatch,
});

function text(name: string, value: string, help: string): NonNullable<Command["flags"]>[number] {
  return { name, kind: "text", value, help };
}

async function runWatch(call: ApiCall): Promise<number> {
  const { api, flags, io, words } = call;
  const plan = planOf(flags);
  using shutdown = listenForShutdown(io);
  const ended = new AbortController();
  const signal = AbortSignal.any([shutdown.signal, ended.signal]);
  const log = createLog(
    { level: "info", json: false, clock: io.clock, sink: (line) => io.stderr(`${line}\n`) },
    "watch",
  );
  await attempting("Error querying Consul agent", () => api.json("/v1/agent/self"));
  let code = 0;
  await watch(api, plan, {
    clock: io.clock,
    signal,
    async onChange(change) {
      if (words.length === 0) io.stdout(renderGoJson(change.content, { pretty: true }));
      else code = await handle(call, change, shutdown.signal);
      if (words.length === 0 || code !== 0) ended.abort();
    },
    onError(thrown, retryMs) {
      log.error("Watch errored", { type: plan.type, error: messageOf(thrown), retry: formatDuration(retryMs) });
    },
  });
  return shutdown.signal.aborted ? 0 : code;
}

/**
 * Returns the watch that the flags describe.
 * @throws CommandFailure with Consul's text for types that only agents can watch
 */
function planOf(flags: Flags): WatchPlan {
  const type = flags.text("type") ?? "";
  if (type === "") throw wrongUsage("Watch type must be specified");
  // Consul: only agents can watch the types of the service mesh.
  if (/^(connect_roots|connect_leaf|agent_service)$/.test(type))
    throw new CommandFailure(`Type ${type} is not supported in the CLI tool`);
  const names = ["key", "prefix", "service", "tag", "state", "name"];
  const given = Object.fromEntries(names.map((name): [string, unknown] => [name, flags.text(name) || undefined]));
  return planWatch(type, { ...given, passingonly: passingOnly(flags.text("passingonly") ?? "") });
}

function passingOnly(given: string): boolean | undefined {
  if (given === "") return undefined;
  const flag = parseBool(given);
  if (flag !== undefined) return flag;
  const reason = `strconv.ParseBool: parsing ${JSON.stringify(given)}: invalid syntax`;
  throw new CommandFailure(`Failed to parse passingonly flag: ${reason}`);
}

/** Runs the program with a change; resolves with exit code 1 if the program failed, else with 0. */
async function handle({ flags, io, words }: ApiCall, change: Change, shutdown: AbortSignal): Promise<number> {
  const child = await Child.start(words, {
    shell: flags.text("shell") !== "false",
    env: { ...io.env, CONSUL_INDEX: change.index },
    input: { text: `${renderGoJson(change.content, { pretty: false })}\n` },
  });
  const failure = await child.ended;
  if (failure === undefined || shutdown.aborted) return 0;
  io.stderr(`Error executing handler: ${failure}\n`);
  return 1;
}
