import { messageOf, OperatingError } from "../../lib/errors.ts";
import { type ApiCall, apiCommand } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import type { Gathered } from "../doctor/gather.ts";
import { formatFlag, wantsJson } from "../output-format.ts";

const exitCodes = { nothingFound: 0, found: 1, notReachable: 2 } as const;

/** `praetor doctor`. */
export const doctorCommand: Command = apiCommand({
  name: "doctor",
  summary: "Finds common mistakes on a gateway",
  synopsis: "[options]",
  about:
    "Asks an agent about itself, its services and its checks, looks at the machine that it runs on, and says what is " +
    "wrong, where, and what to do. It changes nothing.\n\nExit code: 0 when nothing was found, 1 when something was, 2 " +
    "when the agent cannot be asked.",
  examples: [
    { what: "This gateway", command: "doctor" },
    { what: "Another one, for a program", command: "doctor -http-addr=gateway-7:8500 -format=json" },
  ],
  flags: [formatFlag],
  asksServers: false,
  words: 0,
  run: examine,
});

async function examine(call: ApiCall): Promise<number> {
  const asJson = wantsJson(call);
  const gathered = await gather(call);
  const { findingsIn } = await import("../doctor/rules.ts");
  const { formatReport, reportJson } = await import("../doctor/report.ts");
  const findings = findingsIn(gathered.facts);
  const report = asJson
    ? `${JSON.stringify(reportJson(findings, gathered), undefined, 4)}\n`
    : formatReport(findings, gathered, call.io);
  call.io.stdout(report);
  return findings.length === 0 ? exitCodes.nothingFound : exitCodes.found;
}

async function gather({ api }: ApiCall): Promise<Gathered> {
  const { gatherFacts } = await import("../doctor/gather.ts");
  try {
    return await gatherFacts(api);
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    const advice = "see whether it runs, and name it with -http-addr if it is elsewhere";
    throw new CommandFailure(`The agent cannot be asked: ${messageOf(error)}; ${advice}`, exitCodes.notReachable);
  }
}
