import { checkerNames, type CheckerTargets, runChecker } from "../../edgex/checkers.ts";
import { connect, connectionFlags, connectToOther } from "../agent-connection.ts";
import type { Command } from "../command.ts";
import { localCommand, type LocalCall } from "../local-command.ts";
import { wrongUsage } from "../wrong-usage.ts";

/**
 * Time limit of a checker, in milliseconds. EdgeX's script checks have a timeout of one second, which includes the program's
 * start.
 */
const timeoutMs = 700;
const secretsSetupDoneFile = "/tmp/edgex/secrets/ca/.security-secrets-setup.complete";

export const checkerCommand: Command = localCommand({
  name: "checker",
  summary: "Check one of EdgeX Geneva's security services",
  synopsis: "[options] NAME",
  about:
    `Script checks of EdgeX Geneva's security services, for an agent to run. NAME is ${checkerNames.join(", ")}.\n\n` +
    "The variable SECRETSTORE_SETUP_DONE_FLAG names the file that the secret store's set-up creates when it is done.\n\n" +
    "Exit code: 0 passing, 1 warning (set-up not finished), 2 critical.",
  examples: [{ what: "As a check definition runs it", command: "checker kong-db --kong-db=kong-db:5432" }],
  flags: [
    { name: "agent", kind: "text", value: "address", help: "The same as -http-addr." },
    {
      name: "kong",
      kind: "text",
      value: "URL",
      help: "URL of Kong's admin interface; default: http://kong:8001.",
    },
    { name: "kong-db", kind: "text", value: "host:port", help: "Address of Kong's database; default: kong-db:5432." },
  ],
  sharedFlags: connectionFlags,
  flagsAnywhere: true,
  // A failure exits with 2, since exit code 1 makes a check a warning.
  failureCode: 2,
  run: check,
});

async function check({ words, flags, io }: LocalCall): Promise<number> {
  const [name = "", ...more] = words;
  if (name === "" || more.length > 0) throw wrongUsage(`accepts 1 arg(s), received ${words.length}`);
  const outcome = await runChecker(name, checkerTargets({ words, flags, io }));
  if (outcome === undefined) throw wrongUsage(`there is no checker ${name}; expected ${checkerNames.join(", ")}`);
  io.stdout(`${outcome.text}\n`);
  return outcome.exitCode;
}

function checkerTargets({ flags, io }: LocalCall): CheckerTargets {
  const kong = { address: flags.text("kong") ?? "http://kong:8001", token: "", timeoutMs };
  return {
    clock: io.clock,
    timeoutMs,
    agent: connect(flags, io, { address: flags.text("agent"), timeoutMs }),
    kongAdmin: connectToOther(kong, { flags, io }),
    kongDatabase: hostAndPort(flags.text("kong-db") ?? "kong-db:5432"),
    secretsSetupDoneFile,
    secretStoreSetupDoneFile: io.env["SECRETSTORE_SETUP_DONE_FLAG"] || undefined,
  };
}

function hostAndPort(text: string): { host: string; port: number } {
  const [, host, port] = /^(.+):(\d+)$/.exec(text) ?? [];
  if (host === undefined || port === undefined) throw wrongUsage(`${JSON.stringify(text)} is not HOST:PORT`);
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}
