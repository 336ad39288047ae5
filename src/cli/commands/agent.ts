import { readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentFlags } from "../../config/flag-table.ts";
import type { RuntimeConfig } from "../../config/runtime-config.ts";
import { thisMachine } from "../../config/this-machine.ts";
import { formatAgentUsage } from "../../config/usage.ts";
import type { Clock } from "../../lib/clock.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import { createLog, type Log, LogHistory, type LogLevel, type LogSettings } from "../../lib/log.ts";
import { openLogFile } from "../../lib/log-file.ts";
import { Systemd } from "../../lib/systemd.ts";
import { AgentSignals, type Ending } from "../agent-signals.ts";
import { AgentWatches } from "../agent-watches.ts";
import type { Command, CommandIo } from "../command.ts";
import { usageHint } from "../wrong-usage.ts";

/** A running agent, as `praetor agent` controls it. */
export interface RunningAgent {
  readonly nodeId: string;
  readonly httpAddresses: readonly string[];
  /**
   * Reads the configuration again and applies it.
   * @throws OperatingError if the new configuration is invalid; the agent keeps the old one
   */
  reload(): Promise<void>;
  /** Returns the metrics, which the command writes to stderr on SIGUSR1, as Consul does. */
  metricsText(): string;
  /** Resolves when the store has answered; rejects if the store can no longer write. */
  ping(): Promise<void>;
  /** Tells the servers that this agent leaves the cluster. Never rejects. */
  leave(): Promise<void>;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** The version of Praetor. */
  readonly version: string;
  readonly log: Log;
  readonly readConfig: () => RuntimeConfig;
  readonly setLogLevel: (level: LogLevel) => void;
  /** Called when a client requests over HTTP that the agent leaves. */
  readonly onLeave: () => void;
  /** Called when the agent cannot go on, after it has logged why. */
  readonly onFailed: () => void;
  readonly onReloading: () => void;
  /** Called when a new configuration is in effect. */
  readonly onReloaded: (config: RuntimeConfig) => void;
  readonly onReloadFailed: (reason: string) => void;
}

export interface AgentCommandOptions {
  readonly version: string;
  readonly clock: Clock;
  readonly start: (config: RuntimeConfig, options: StartOptions) => Promise<RunningAgent>;
  /** Called once the agent listens, after the banner is printed. */
  readonly onServing?: (() => void) | undefined;
}

/** Returns the command `praetor agent`, which runs an agent until a signal or a request to leave. */
export function agentCommand(options: AgentCommandOptions): Command {
  return {
    name: "agent",
    summary: "Runs a Praetor agent",
    get help() {
      return formatAgentUsage();
    },
    get flags() {
      return agentFlags.map((flag) => ({ ...flag, value: flag.placeholder }));
    },
    async run(args, io) {
      if (args.some((word) => /^--?(h|help)$/.test(word))) {
        io.stdout(formatAgentUsage());
        return 0;
      }
      try {
        return await runAgent(args, io, options);
      } catch (error) {
        if (!(error instanceof OperatingError)) throw error;
        io.stderr(`==> ${error.message}\n${usageHint(error, this)}`);
        return 1;
      }
    },
  };
}

async function runAgent(args: readonly string[], io: CommandIo, options: AgentCommandOptions): Promise<number> {
  // Handles signals from the first step on: those that arrive during the start take effect when the agent has started.
  using signals = new AgentSignals();
  const { loadConfig } = await import("../../config/load.ts");
  const readConfig = (): RuntimeConfig => loadConfig({ args, env: io.env, ...thisMachine() });
  const config = readConfig();
  const settings = logSettings(config, io, options.clock);
  const log = createLog(settings, "agent");
  const systemd = await Systemd.find({ env: process.env, warn: (problem) => log.warn(problem) });
  io.stdout("==> Starting Praetor agent...\n");
  try {
    return await Promise.race([
      serve(config, { readConfig, settings, log, systemd, signals, io, options }),
      signals.forced.then(() => endAtOnce(log)),
    ]);
  } catch (error) {
    systemd?.status(`Failed: ${messageOf(error)}`);
    throw error;
  } finally {
    removePidFile(config.pidFile);
  }
}

interface Serving {
  readonly readConfig: () => RuntimeConfig;
  readonly settings: LogSettings;
  readonly log: Log;
  readonly systemd: Systemd | undefined;
  readonly signals: AgentSignals;
  readonly io: CommandIo;
  readonly options: AgentCommandOptions;
}

/** Starts an agent, and stops it on a signal or a request to leave; resolves with the exit code. */
async function serve(first: RuntimeConfig, parts: Serving): Promise<number> {
  const { readConfig, settings, log, systemd, signals, io, options } = parts;
  let config = first;
  const watches = new AgentWatches({
    listening: first,
    env: io.env,
    clock: options.clock,
    log: log.named("watch"),
  });
  let servingStatus = "";
  const agent = await options.start(config, {
    version: options.version,
    log,
    readConfig,
    setLogLevel: (next) => void (settings.level = next),
    onLeave: () => signals.end("leave"),
    onFailed: () => signals.end("failed"),
    onReloading: () => systemd?.reloading(),
    onReloaded(next) {
      config = next;
      watches.run(next);
      systemd?.ready(servingStatus);
    },
    onReloadFailed: (reason) =>
      systemd?.ready(`${servingStatus}; the configuration before the last reload is in force: ${reason}`),
  });
  watches.run(config);
  // Writes the pid file before the banner, since programs wait for the banner and then read the file.
  writePidFile(first.pidFile);
  io.stdout(banner(first, agent, options.version));
  options.onServing?.();
  writePidFile(first.pidFile);
  servingStatus = `Serving on ${agent.httpAddresses.join(", ")}`;
  systemd?.ready(servingStatus);
  const stopped = new AbortController();
  void systemd?.feedWatchdog(() => agent.ping(), { clock: options.clock, signal: stopped.signal });
  signals.onReload(() => void reload(agent, log));
  signals.onMetrics(() => io.stderr(agent.metricsText()));
  try {
    const how = await signals.ending;
    systemd?.stopping();
    return await endAgent(agent, { config, how, log });
  } finally {
    stopped.abort();
    watches.stop();
  }
}

/** Stops the agent; returns the exit code. Consul: an agent that stops without leaving exits with 1. */
async function endAgent(
  agent: RunningAgent,
  { config, how, log }: { readonly config: RuntimeConfig; readonly how: Ending; readonly log: Log },
): Promise<number> {
  const graceful =
    how === "leave" ||
    (how === "SIGINT" && !config.skipLeaveOnInterrupt) ||
    (how === "SIGTERM" && config.leaveOnTerminate);
  if (how === "SIGINT" || how === "SIGTERM")
    log.info("Caught", { signal: how === "SIGINT" ? "interrupt" : "terminated" });
  if (graceful) {
    log.info("Gracefully shutting down agent...");
    await agent.leave();
  }
  await agent.stop();
  const code = graceful ? 0 : 1;
  log.info("Exit code", { code });
  return code;
}

function endAtOnce(log: Log): number {
  log.warn("Caught a second signal, ending without waiting for what is under way");
  return 1;
}

async function reload(agent: RunningAgent, log: Log): Promise<void> {
  log.info("Caught", { signal: "hangup" });
  try {
    await agent.reload();
  } catch (error) {
    log.error("Failed to reload configuration; the old one stays in force", { error: messageOf(error) });
  }
}

function logSettings(config: RuntimeConfig, io: CommandIo, clock: Clock): LogSettings {
  const { file, json, level, ...rotation } = config.log;
  const writeFile = file === undefined ? undefined : openLogFile({ path: logPath(file), clock, ...rotation });
  // Consul: indents log lines by four blanks.
  const indent = json ? "" : "    ";
  return {
    level,
    json,
    clock,
    history: new LogHistory(),
    sink(line) {
      io.stdout(`${indent}${line}\n`);
      writeFile?.(line);
    },
  };
}

function logPath(file: string): string {
  return file.endsWith("/") ? join(file, "praetor.log") : file;
}

function banner(config: RuntimeConfig, agent: RunningAgent, version: string): string {
  const { http, https } = config.ports;
  const lines = [
    ["Version", `'${version}'`],
    ["Node ID", `'${agent.nodeId}'`],
    ["Node name", `'${config.nodeName}'`],
    ["Datacenter", `'${config.datacenter}'`],
    ["Server", `${config.server} (Bootstrap: ${config.bootstrap})`],
    ["Client Addr", `[${config.httpAddresses.join(" ")}] (HTTP: ${http}, HTTPS: ${https})`],
    ["Data", config.dataDir ?? "in memory: nothing is kept"],
  ] as const;
  const table = lines.map(([name, value]) => `${name.padStart(18)}: ${value}\n`).join("");
  return `${table}\n==> Log data will now stream in as it occurs:\n\n==> Praetor agent running!\n`;
}

function writePidFile(path: string | undefined): void {
  if (path === undefined) return;
  try {
    writeFileSync(path, String(process.pid));
  } catch (cause) {
    const message = `cannot write the pid file ${path}: ${messageOf(cause)}. Choose another with -pid-file.`;
    throw new OperatingError("unavailable", "pid-file", message, { cause });
  }
}

/** Removes the pid file, unless another agent has written it. */
function removePidFile(path: string | undefined): void {
  if (path === undefined) return;
  try {
    if (readFileSync(path, "utf8") === String(process.pid)) unlinkSync(path);
  } catch {
    // The file does not exist or cannot be removed.
  }
}
