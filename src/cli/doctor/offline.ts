import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, resolve } from "node:path";
import { loadConfig } from "../../config/load.ts";
import type { RuntimeConfig } from "../../config/runtime-config.ts";
import { formatPlace } from "../../config/syntax-tree.ts";
import { thisMachine } from "../../config/this-machine.ts";
import { planEdgex } from "../../edgex/plan.ts";
import { folderState } from "../../edgex/run-edgex.ts";
import { checkStore } from "../../engine/sqlite/check-store.ts";
import type { Clock } from "../../lib/clock.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import { ipVersion } from "../../lib/ip-version.ts";
import { type Endpoint, findPortHolders, nameProgram } from "../../lib/port-holders.ts";
import type { CommandIo } from "../command.ts";
import type { Flags } from "../flags.ts";
import { unusableDefinitions } from "../../doctor/agent.ts";
import { type Finding, isLoopback } from "../../doctor/facts.ts";
import { readFolder } from "../../doctor/gather-here.ts";
import { clock as clockRule, consulData, disk, files, volatileData } from "../../doctor/machine.ts";
import type { Report } from "../../doctor/examine.ts";

/*
 * Examines an agent that does not answer: its configuration, its data folder and the machine. Changes nothing, and opens no file
 * of a store that an agent has open.
 */

export interface OfflineOptions {
  readonly url: URL;
  /** Why the agent does not answer. */
  readonly reason: string;
  readonly flags: Flags;
  readonly env: CommandIo["env"];
  readonly clock: Clock;
}

export function examineOffline(options: OfflineOptions): Report {
  const { url, reason } = options;
  const notExamined: string[] = [];
  const unreachable = (advice: string): Finding => ({
    kind: "agent-unreachable",
    where: url.origin,
    problem: `The agent does not answer: ${reason}`,
    advice,
  });
  if (!isLoopback(url.hostname)) {
    const findings = [unreachable("Check that it runs, and give its address with -http-addr.")];
    return {
      findings,
      notExamined: ["the agent's machine: run praetor doctor there"],
      scope: "no agent answered",
    };
  }
  const { config, faults } = readConfiguration(options, notExamined);
  const dataDir = options.flags.text("data-dir") ?? config?.dataDir;
  const store = examineStore(dataDir, notExamined);
  const machine = {
    agent: { nodeName: config?.nodeName ?? hostname(), clockMs: options.clock.wallMs() },
    dataFolder: dataDir === undefined ? undefined : readFolder(dataDir),
  };
  const findings = [
    unreachable(store.holder === undefined ? adviceToStart : adviceOnHolder(store.holder)),
    ...faults,
    ...store.findings,
    ...(config === undefined ? [] : takenPorts(config, store.holder)),
    ...[clockRule, disk, files, volatileData, consulData].flatMap((rule) => rule(machine)),
  ];
  return { findings, notExamined, scope: "no agent answered, so this machine was examined" };
}

const adviceToStart =
  "Correct the findings below, if any, and start it; its output or its log (journalctl -u praetor, docker logs) says why it " +
  "does not run. If it listens at another address, give that with -http-addr.";

function adviceOnHolder(pid: number): string {
  return (
    `Process ${pid} (${commandOf(pid)}) has its data folder open, so an agent runs. If it listens at another address, give that with ` +
    `-http-addr. If it hangs, look at its log, then end it (kill ${pid}) and restart it.`
  );
}

/** Returns the program and subcommand of a process, without arguments, which may contain secrets. */
function commandOf(pid: number): string {
  try {
    const [program = "", command = ""] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return /^[a-z][a-z-]*$/.test(command) ? `${basename(program)} ${command}` : basename(program);
  } catch {
    return "whose command line this user cannot read";
  }
}

interface Configuration {
  readonly config: RuntimeConfig | undefined;
  readonly faults: readonly Finding[];
}

/** Loads the configuration that -config-file and -config-dir name, else the one of `praetor edgex` on this machine. */
function readConfiguration({ flags, env }: OfflineOptions, notExamined: string[]): Configuration {
  const args = agentArgs(flags, env);
  const paths = args.filter((arg) => arg.startsWith("-config-")).map((arg) => arg.replace(/^-config-\w+=/, ""));
  if (paths.length === 0)
    notExamined.push("the agent's configuration: name its files as for the agent, with -config-file and -config-dir");
  try {
    const config = loadConfig({ args, env, ...thisMachine() });
    const definitionFaults = config.definitionFaults.map(({ file, place, message }) => ({
      where: formatPlace(file, place),
      message,
    }));
    return { config, faults: unusableDefinitions({ agent: { definitionFaults } }) };
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    const fault = {
      kind: "configuration-invalid",
      where: paths.join(" and ") || "the flags",
      problem: error.message,
      advice: `Correct it, and check it: praetor validate ${paths.join(" ")}`.trim(),
    };
    return { config: undefined, faults: [fault] };
  }
}

function agentArgs(flags: Flags, env: CommandIo["env"]): readonly string[] {
  const given = (["config-file", "config-dir", "data-dir"] as const).flatMap((name) =>
    flags.all(name).map((value) => `-${name}=${value}`),
  );
  if (given.length > 0) return ["-server", "-bootstrap", ...given];
  const { agentArgs: planned } = planEdgex([], { env, folderState, executable: [] });
  return planned.filter((arg) => !arg.startsWith("-config-dir=") || existsSync(arg.slice("-config-dir=".length)));
}

interface StoreFindings {
  /** Id of the process that has the store open; undefined if no process has it open. */
  readonly holder: number | undefined;
  readonly findings: readonly Finding[];
}

function examineStore(dataDir: string | undefined, notExamined: string[]): StoreFindings {
  if (dataDir === undefined || !existsSync(dataDir)) {
    notExamined.push(
      dataDir === undefined
        ? "the data folder: name it as for the agent, with -data-dir"
        : `the data folder ${resolve(dataDir)}: it is not there yet; if it should be, name it with -data-dir`,
    );
    return { holder: undefined, findings: dataDir === undefined ? [] : unwritable(nearestFolder(resolve(dataDir))) };
  }
  try {
    const check = checkStore(dataDir);
    const damage = check.result === "damaged" ? [damaged(dataDir, check.reason)] : [];
    return {
      holder: check.result === "in-use" ? check.pid : undefined,
      findings: [...unwritable(dataDir), ...damage],
    };
  } catch (error) {
    notExamined.push(`whether the data is intact: it could not be copied to check it: ${messageOf(error)}`);
    return { holder: undefined, findings: unwritable(dataDir) };
  }
}

/** Returns the folder, or its nearest parent that exists, below which the agent creates missing folders. */
function nearestFolder(path: string): string {
  return existsSync(path) ? path : nearestFolder(dirname(path));
}

function damaged(dataDir: string, reason: string): Finding {
  return {
    kind: "data-unusable",
    where: dataDir,
    problem: reason,
    advice:
      "Copy the folder before you change anything. If an agent in another container uses the folder, stop it and run doctor again.",
  };
}

function unwritable(folder: string): readonly Finding[] {
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return [];
  } catch (error) {
    return [
      {
        kind: "data-folder-unwritable",
        where: folder,
        problem: `This user (uid ${process.getuid?.()}) cannot write there: ${messageOf(error)}`,
        advice:
          "If the agent runs as this user, give it the folder (chown), or mount the file system for writing; else run doctor " +
          "as the agent's user.",
      },
    ];
  }
}

/** Reports the ports of the agent's configuration on which another program listens. */
function takenPorts(config: RuntimeConfig, holder: number | undefined): readonly Finding[] {
  return endpointsOf(config).flatMap(({ name, ...endpoint }) => {
    const taken = findPortHolders(endpoint).find(({ state }) => state === "listening");
    if (taken === undefined || (holder !== undefined && taken.program?.pid === holder)) return [];
    const { network, address, port } = endpoint;
    const where = `${address.includes(":") ? `[${address}]` : address}:${port}`;
    return [
      {
        kind: "port-taken",
        where: `${where} (${network})`,
        problem: `The agent would serve ${name} there, and another program listens: ${nameProgram(taken.program)}.`,
        advice: "Stop that program, or give one of the two another port.",
      },
    ];
  });
}

function endpointsOf(config: RuntimeConfig): readonly (Endpoint & { readonly name: string })[] {
  const { ports } = config;
  const at = (name: string, port: number, addresses: readonly string[], network: Endpoint["network"] = "tcp") =>
    addresses
      .filter((address) => port > 0 && ipVersion(address) !== 0)
      .map((address) => ({ name, network, address, port }));
  return [
    ...at("HTTP", ports.http, config.httpAddresses),
    ...at("HTTPS", ports.https, config.httpsAddresses),
    ...at("DNS", ports.dns, config.dnsAddresses),
    ...at("DNS", ports.dns, config.dnsAddresses, "udp"),
    ...at("core-keeper's API", ports.keeper, config.keeperAddresses),
  ];
}
