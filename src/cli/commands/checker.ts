import { parseArgs, type ParseArgsConfig } from "node:util";
import { agentUrlFrom } from "../../client/agent-address.ts";
import { checkerNames, type CheckerWorld, runChecker } from "../../edgex/checkers.ts";
import { systemClock } from "../../lib/clock.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import type { Command, CommandIo } from "../command.ts";

const help = `Usage: praetor checker NAME [flags]

  Script checks of EdgeX Geneva's security services, for an agent to run.
  NAME is ${checkerNames.join(", ")}.

  Exit code: 0 passing, 1 warning (set-up not finished), 2 critical.

Flags:

  --agent URL      agent to ask for other services; default that in PRAETOR_HTTP_ADDR or
                   CONSUL_HTTP_ADDR, or http://127.0.0.1:8500
  --kong URL       Kong's admin interface; default http://kong:8001
  --kong-db ADDR   Kong's database; default kong-db:5432

Environment:

  SECRETSTORE_SETUP_DONE_FLAG   file that the secret store's set-up leaves when it is done
`;

const flags = {
  agent: { type: "string" },
  kong: { type: "string" },
  "kong-db": { type: "string" },
  help: { type: "boolean", short: "h" },
} as const satisfies ParseArgsConfig["options"];

/** A script check that is run every second may take a second, start of the program included. */
const timeoutMs = 700;
const secretsSetupDoneFile = "/tmp/edgex/secrets/ca/.security-secrets-setup.complete";

export const checkerCommand: Command = {
  name: "checker",
  summary: "Check one of EdgeX Geneva's security services",
  help,
  run: runCheckerCommand,
};

async function runCheckerCommand(args: readonly string[], io: CommandIo): Promise<number> {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: flags, allowPositionals: true });
    if (values.help) {
      io.stdout(help);
      return 0;
    }
    const outcome = await runChecker(nameFrom(positionals), worldFrom(values, io));
    if (outcome === undefined) throw usageError(`there is no checker ${positionals[0]}`);
    io.stdout(`${outcome.text}\n`);
    return outcome.exitCode;
  } catch (thrown) {
    io.stderr(`Error: ${messageOf(thrown)}\n\n${help}`);
    return 2; // not 1: as a check's outcome that would be a mere warning
  }
}

function nameFrom(positionals: readonly string[]): string {
  const [name, ...rest] = positionals;
  if (name === undefined || rest.length > 0) throw usageError(`accepts 1 arg(s), received ${positionals.length}`);
  return name;
}

function worldFrom(values: { agent?: string; kong?: string; "kong-db"?: string }, { env }: CommandIo): CheckerWorld {
  return {
    clock: systemClock,
    timeoutMs,
    agentUrl: values.agent ?? agentUrlFrom(env) ?? "http://127.0.0.1:8500",
    token: env["CONSUL_HTTP_TOKEN"],
    kongAdminUrl: values.kong ?? "http://kong:8001",
    kongDatabase: hostAndPort(values["kong-db"] ?? "kong-db:5432"),
    secretsSetupDoneFile,
    secretStoreSetupDoneFile: env["SECRETSTORE_SETUP_DONE_FLAG"] || undefined,
  };
}

function hostAndPort(text: string): { host: string; port: number } {
  const [, host, port] = /^(.+):(\d+)$/.exec(text) ?? [];
  if (host === undefined || port === undefined) throw usageError(`${JSON.stringify(text)} is not HOST:PORT`);
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}

function usageError(message: string): OperatingError {
  return new OperatingError("invalid", "wrong-usage", message);
}
