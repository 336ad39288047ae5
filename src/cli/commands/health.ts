import { agentUrlFrom, type Environment } from "../../client/agent-address.ts";
import { askAgentReady } from "../../client/agent-ready.ts";
import { askServiceHealth, type HealthSource, type ServiceHealth } from "../../client/service-health.ts";
import { systemClock } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import type { Command, CommandIo } from "../command.ts";
import { type HealthOptions, parseHealthOptions } from "./health-options.ts";

const exitCode = { yes: 0, usage: 1, no: 2 } as const;
/** Docker keeps 2 for itself. */
const exitCodeNotSelf = 1;

const defaultUrl = "http://edgex-core-consul:8500/v1/agent/checks";
const localUrl = "http://127.0.0.1:8500";

const help = `Usage: praetor health SERVICE [flags]
       praetor health --self [--timeout DURATION]

  Asks an agent one question: can this service be used? Prints the service's status; says on standard
  error why it is not the desired one. SERVICE is a name, or the ID of one instance. An instance is as
  well as its worst check, a service as well as its best instance.

  With --self: does the agent itself serve? For a container's own health check.

  Exit code: 0 yes; 2 no, or the agent cannot be asked (with --self: 1); 1 wrong usage.

Flags:

  --url URL               list of checks to ask for: .../v1/agent/checks or .../v1/health/checks/NAME, or
                          just an agent's http://host:port; default ${defaultUrl},
                          or the agent in PRAETOR_HTTP_ADDR or CONSUL_HTTP_ADDR
  --desired-state STATE   passing (default), warning or critical
  --timeout DURATION      to wait for the answer; default 800ms, less than a script check's second
  --config FILE           file with "url", "desired-state" and "timeout", as JSON or NAME=VALUE lines;
                          flags come first
  --verbose               name each check that does not pass
`;

export const healthCommand: Command = {
  name: "health",
  summary: "Tell by exit code whether a service can be used",
  help,
  run: runHealth,
};

async function runHealth(args: readonly string[], io: CommandIo): Promise<number> {
  let options: HealthOptions;
  try {
    options = await parseHealthOptions(args);
  } catch (thrown) {
    io.stderr(`Error: ${messageOf(thrown)}\n\n${help}`);
    return exitCode.usage;
  }
  if (options.isHelpAsked) {
    io.stdout(help);
    return exitCode.yes;
  }
  return options.service === undefined ? answerForSelf(options, io) : answerForService(options.service, options, io);
}

async function answerForService(service: string, options: HealthOptions, io: CommandIo): Promise<number> {
  let health: ServiceHealth;
  try {
    health = await askServiceHealth(service, sourceOf(options, io));
  } catch (thrown) {
    return no(io, messageOf(thrown));
  }
  if (health.status === undefined) return no(io, `no match for service name: ${service}`);
  io.stdout(`${health.status}\n`);
  if (options.isVerbose) for (const complaint of health.complaints) io.stderr(`${complaint}\n`);
  if (health.status === options.desiredState) return exitCode.yes;
  return no(io, `${service} is ${health.status || "without status"}, not ${options.desiredState}`);
}

async function answerForSelf(options: HealthOptions, io: CommandIo): Promise<number> {
  try {
    await askAgentReady({ ...sourceOf(options, io), url: options.url ?? agentUrlFrom(io.env) ?? localUrl });
    return exitCode.yes;
  } catch (thrown) {
    io.stderr(`${messageOf(thrown)}\n`);
    return exitCodeNotSelf;
  }
}

function sourceOf(options: HealthOptions, io: CommandIo): HealthSource {
  return {
    url: options.url ?? agentUrlFrom(io.env) ?? defaultUrl,
    clock: systemClock,
    timeoutMs: options.timeoutMs,
    token: tokenFrom(io.env),
    signal: io.signal,
  };
}

function tokenFrom(env: Environment): string | undefined {
  return env["CONSUL_HTTP_TOKEN"];
}

function no(io: CommandIo, why: string): number {
  io.stderr(`${why}\n`);
  return exitCode.no;
}
