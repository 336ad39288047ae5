import { askAgentReady } from "../../client/agent-status.ts";
import type { HttpClient } from "../../client/http.ts";
import { askServiceHealth, type ServiceHealth } from "../../client/service-health.ts";
import { messageOf } from "../../lib/errors.ts";
import { connect, connectionFlags } from "../agent-connection.ts";
import type { Command, CommandIo } from "../command.ts";
import { localCommand, type LocalCall } from "../local-command.ts";
import { type HealthOptions, healthFlags, readHealthOptions } from "./health-options.ts";

const exitCode = { yes: 0, no: 2 } as const;
/** Exit code of a failed --self. It is not 2, which Docker reserves for health checks. */
const exitCodeNotSelf = 1;

export const healthCommand: Command = localCommand({
  name: "health",
  summary: "Tells by its exit code whether a service is healthy",
  synopsis: "[options] SERVICE|--self",
  about:
    "Prints the status of a service, and on standard error why it differs from the desired one. SERVICE is a name, or the ID of " +
    "one instance. An instance has the status of its worst check, a service that of its best instance.\n\n" +
    "With --self it checks whether the agent itself answers and knows a leader, for a container's health check.\n\n" +
    "Exit code: 0 for the desired status; 2 for another one, or if the agent does not answer (with --self: 1); 1 for invalid " +
    "arguments.",
  examples: [
    { what: "Is core-data healthy?", command: "health edgex-core-data --http-addr=127.0.0.1:8500" },
    { what: "Is the agent of this container healthy?", command: "health --self" },
  ],
  flags: healthFlags,
  sharedFlags: connectionFlags,
  flagsAnywhere: true,
  run: answer,
});

async function answer({ words, flags, io }: LocalCall): Promise<number> {
  const options = await readHealthOptions(words, flags);
  const { url, service, timeoutMs } = options;
  // In the container network of EdgeX Geneva, the agent has this host name.
  const fallback = service === undefined ? undefined : "http://edgex-core-consul:8500";
  const http = connect(flags, io, { address: url?.origin, fallback, timeoutMs });
  return service === undefined ? answerForSelf(http, io) : answerForService(service, { http, options, io });
}

interface Asked {
  readonly http: HttpClient;
  readonly options: HealthOptions;
  readonly io: CommandIo;
}

async function answerForService(service: string, { http, options, io }: Asked): Promise<number> {
  const path = options.url === undefined ? undefined : `${options.url.pathname}${options.url.search}`;
  let health: ServiceHealth;
  try {
    health = await askServiceHealth(service, { http, path, signal: io.signal });
  } catch (thrown) {
    return no(io, messageOf(thrown));
  }
  if (health.status === undefined) return no(io, `no match for service name: ${service}`);
  io.stdout(`${health.status}\n`);
  if (options.isVerbose) for (const complaint of health.complaints) io.stderr(`${complaint}\n`);
  if (health.status === options.desiredState) return exitCode.yes;
  return no(io, `${service} is ${health.status || "without status"}, not ${options.desiredState}`);
}

async function answerForSelf(http: HttpClient, io: CommandIo): Promise<number> {
  try {
    await askAgentReady(http, { signal: io.signal });
    return exitCode.yes;
  } catch (thrown) {
    io.stderr(`${messageOf(thrown)}\n`);
    return exitCodeNotSelf;
  }
}

function no(io: CommandIo, why: string): number {
  io.stderr(`${why}\n`);
  return exitCode.no;
}
