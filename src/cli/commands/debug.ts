import { mkdir, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { sleep, systemClock } from "../../lib/clock.ts";
import { formatDuration } from "../../lib/duration.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import { apiCommand, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { type CaptureTarget, captureTargets, DebugCapture } from "../debug-capture.ts";
import { JsonRow } from "../../client/json-row.ts";
import { listenForShutdown } from "../shutdown.ts";

export const debugCommand: Command = apiCommand({
  name: "debug",
  summary: "Captures data to diagnose problems of an agent",
  synopsis: "[options]",
  about:
    "Captures data of an agent over some time into an archive: the host, the agent's configuration, the members, and in every " +
    "interval the metrics, the log and, from agents of Consul with enable_debug, Go's profiles. An interrupt ends the " +
    "capture and writes the archive.\n\n" +
    "Agents do not send tokens and keys. Check the archive nevertheless before you share it.",
  examples: [
    { what: "Everything, for two minutes, into the current folder", command: "debug" },
    { what: "One minute, every ten seconds", command: "debug -duration=1m -interval=10s -output=/tmp/gateway" },
    { what: "Only some of it, as files", command: "debug -capture=metrics -capture=logs -archive=false" },
  ],
  flags: [
    { name: "archive", kind: "bool", value: "", help: "Pack the files into NAME.tar.gz; default: true." },
    {
      name: "capture",
      kind: "text",
      value: "what",
      help: `One of ${captureTargets.join(", ")}; default: all. Repeatable.`,
    },
    { name: "duration", kind: "text", value: "duration", help: "How long to capture, at least 10s; default: 2m." },
    { name: "interval", kind: "text", value: "duration", help: "Length of an interval, at least 5s; default: 30s." },
    {
      name: "output",
      kind: "text",
      value: "path",
      help: "Folder of the files, and the archive's name without .tar.gz.",
    },
  ],
  asksServers: false,
  run: debug,
});

const intervalMsMin = 5_000;
const durationMsMin = 10_000;
/** Extra time in milliseconds for the last interval, which ends at the same time as the whole capture. */
const graceMs = 2_000;

interface Plan {
  readonly version: string;
  readonly intervalMs: number;
  readonly durationMs: number;
  readonly folder: string;
  readonly targets: readonly CaptureTarget[];
}

async function debug(call: ApiCall): Promise<number> {
  const { api, flags, io, words } = call;
  if (words.length > 0) throw failure("debug: Too many arguments provided, expected 0");
  const plan = await prepare(call);
  const { folder, targets, intervalMs } = plan;
  const isArchived = flags.text("archive") !== "false";
  const result = isArchived ? `${folder}.tar.gz` : folder;
  printPlan(call, plan, result);
  using shutdown = listenForShutdown(io);
  const over = new AbortController();
  const signal = AbortSignal.any([shutdown.signal, over.signal]);
  const capture = new DebugCapture({ api, clock: systemClock, folder, targets: new Set(targets), intervalMs, signal });
  for (const error of await capture.captureStatic()) warn(call, `Static capture failed: ${messageOf(error)}`);
  if (capture.hasIntervals) await followChanges(call, plan, { capture, over, signal });
  await writeIndex(plan);
  if (isArchived) await archive(folder, result);
  info(call, `Saved debug archive: ${result}`);
  return 0;
}

/**
 * Reads the flags, asks the agent for its version and creates the folder.
 * @throws CommandFailure if a flag is invalid, the agent does not answer, or the folder exists or cannot be created
 */
async function prepare(call: ApiCall): Promise<Plan> {
  const { flags } = call;
  const times = timesOf(call);
  const self = await askSelf(call);
  const version = self.row("Config").text("Version");
  if (version === "") throw invalid("agent response did not contain version key");
  const targets = targetsOf(call, self.row("DebugConfig").bool("EnableDebug"));
  const folder = flags.text("output") ?? `consul-debug-${unixSeconds()}`;
  if (existsSync(folder)) throw invalid(`output directory already exists: ${folder}`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw invalid(`could not create output directory: ${messageOf(error)}`);
  }
  return { ...times, version, folder, targets };
}

function timesOf({ flags }: ApiCall): Pick<Plan, "durationMs" | "intervalMs"> {
  const durationMs = flags.durationMs("duration", 120_000);
  const intervalMs = flags.durationMs("interval", 30_000);
  if (durationMs < durationMsMin) throw invalid(`duration must be longer than ${formatDuration(durationMsMin)}`);
  // Consul: the error names the minimum duration here, not the minimum interval.
  if (intervalMs < intervalMsMin) throw invalid(`interval must be longer than ${formatDuration(durationMsMin)}`);
  if (durationMs < intervalMs) {
    const [duration, interval] = [formatDuration(durationMs), formatDuration(intervalMs)];
    throw invalid(`duration (${duration}) must be longer than interval (${interval})`);
  }
  return { durationMs, intervalMs };
}

async function askSelf({ api }: ApiCall): Promise<JsonRow> {
  try {
    return new JsonRow(await api.json("/v1/agent/self"));
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    throw invalid(`error querying target agent: ${error.message}. verify connectivity and agent address`);
  }
}

function targetsOf(call: ApiCall, hasProfiles: boolean): readonly CaptureTarget[] {
  const given = call.flags.all("capture");
  const targets = given.length === 0 ? captureTargets : given.map(targetOf);
  if (hasProfiles || !targets.includes("pprof")) return targets;
  warn(call, "[WARN] Unable to capture pprof. Set enable_debug to true on target agent to enable profiling.");
  return targets.filter((target) => target !== "pprof");
}

function targetOf(name: string): CaptureTarget {
  const target = captureTargets.find((known) => known === name);
  if (target === undefined) throw invalid(`target not found: ${name}`);
  return target;
}

function printPlan(call: ApiCall, plan: Plan, result: string): void {
  output(call, "Starting debugger and capturing static information...");
  info(call, ` Agent Version: '${plan.version}'`);
  info(call, `      Interval: '${formatDuration(plan.intervalMs)}'`);
  info(call, `      Duration: '${formatDuration(plan.durationMs)}'`);
  info(call, `        Output: '${result}'`);
  info(call, `       Capture: '${plan.targets.join(", ")}'`);
}

interface Following {
  readonly capture: DebugCapture;
  readonly over: AbortController;
  readonly signal: AbortSignal;
}

/**
 * Captures one interval after the other until the duration is over; keeps the data of the last interval even if it is incomplete.
 */
async function followChanges(call: ApiCall, plan: Plan, { capture, over, signal }: Following): Promise<void> {
  const timer = systemClock.schedule(plan.durationMs + graceMs, () => over.abort());
  output(call, `Beginning capture interval ${goTime()} (0)`);
  let successes = 0;
  while (!signal.aborted) {
    const begun = goTime();
    const [errors] = await Promise.all([
      capture.captureInterval(unixSeconds()),
      sleep(systemClock, plan.intervalMs, signal),
    ]);
    for (const error of errors) warn(call, `==> ${messageOf(error)}`);
    if (signal.aborted || errors.length > 0) continue;
    successes += 1;
    output(call, `Capture successful ${begun} (${successes})`);
  }
  timer.cancel();
  if (!over.signal.aborted)
    warn(call, "==> Error encountered during collection: stopping collection due to shutdown signal");
}

async function writeIndex({ folder, version, intervalMs, durationMs, targets }: Plan): Promise<void> {
  const index = {
    Version: 1,
    AgentVersion: version,
    Interval: formatDuration(intervalMs),
    Duration: formatDuration(durationMs),
    Targets: targets,
  };
  try {
    await writeFile(join(folder, "index.json"), JSON.stringify(index, undefined, "\t"), { mode: 0o600 });
  } catch (error) {
    throw failure(`Error creating index document: ${messageOf(error)}`);
  }
}

async function archive(folder: string, file: string): Promise<void> {
  const { archiveFolder } = await import("../debug-archive.ts");
  try {
    await archiveFolder(folder, file);
  } catch (error) {
    throw new CommandFailure(`Archive creation failed: ${messageOf(error)}. The files are in ${folder}.`);
  }
}

function unixSeconds(): string {
  return String(Math.floor(systemClock.wallMs() / 1_000));
}

/** Returns the present time in Go's format. */
function goTime(): string {
  return `${new Date(systemClock.wallMs()).toISOString().replace("T", " ").replace("Z", "")} +0000 UTC`;
}

function output({ io }: ApiCall, line: string): void {
  io.stdout(`==> ${line}\n`);
}

function info({ io }: ApiCall, line: string): void {
  io.stdout(`    ${line}\n`);
}

function warn({ io }: ApiCall, line: string): void {
  io.stderr(`${line}\n`);
}

function failure(what: string): CommandFailure {
  return new CommandFailure(`==> ${what}`);
}

function invalid(what: string): CommandFailure {
  return failure(`Capture validation failed: ${what}`);
}
