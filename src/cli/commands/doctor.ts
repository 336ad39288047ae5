import { messageOf, OperatingError } from "../../lib/errors.ts";
import { type ApiCall, apiCommand } from "../api-command.ts";
import type { Command } from "../command.ts";
import type { Gathered } from "../doctor/gather.ts";
import type { Report } from "../doctor/report.ts";
import { formatFlag, wantsJson } from "../output-format.ts";

const exitCodes = { nothingFound: 0, found: 1, notReachable: 2 } as const;

/** `praetor doctor`. */
export const doctorCommand: Command = apiCommand({
  name: "doctor",
  summary: "Finds common mistakes on a gateway",
  synopsis: "[options]",
  about:
    "Asks an agent about itself, its services and its checks, looks at the machine that it runs on, and says what is " +
    "wrong, where, and what to do. It changes nothing.\n\nWhen the agent does not answer, it looks at the machine alone: who " +
    "has the agent's data folder and ports, whether its configuration loads and its data is sound, and at disk and clock. " +
    "-config-file, -config-dir and -data-dir say then where these are, as for the agent; without them they are where " +
    "praetor edgex has them.\n\nExit code: 0 when nothing was found, 1 when something was, 2 when the agent does not answer.",
  examples: [
    { what: "This gateway", command: "doctor" },
    { what: "One that does not start", command: "doctor -config-dir=/etc/praetor.d -data-dir=/var/lib/praetor" },
    { what: "Another one, for a program", command: "doctor -http-addr=gateway-7:8500 -format=json" },
  ],
  flags: [
    {
      name: "config-file",
      kind: "text",
      value: "path",
      help: "A configuration file of an agent that does not answer.",
    },
    {
      name: "config-dir",
      kind: "text",
      value: "folder",
      help: "A folder of such files. Both may be given several times.",
    },
    { name: "data-dir", kind: "text", value: "folder", help: "The data folder of an agent that does not answer." },
    formatFlag,
  ],
  asksServers: false,
  words: 0,
  run: examine,
});

async function examine(call: ApiCall): Promise<number> {
  const asJson = wantsJson(call);
  const { formatReport, reportJson } = await import("../doctor/report.ts");
  const { report, code } = await examined(call);
  call.io.stdout(asJson ? `${JSON.stringify(reportJson(report), undefined, 4)}\n` : formatReport(report, call.io));
  return code;
}

async function examined(call: ApiCall): Promise<{ readonly report: Report; readonly code: number }> {
  const gathered = await gather(call);
  if (gathered instanceof OperatingError) {
    const { examineOffline } = await import("../doctor/offline.ts");
    const { api, flags, io } = call;
    const reason = messageOf(gathered);
    const report = examineOffline({ url: api.url, reason, flags, env: io.env, clock: io.clock });
    return { report, code: exitCodes.notReachable };
  }
  const [{ findingsIn }, { lookedAt }] = await Promise.all([
    import("../doctor/rules.ts"),
    import("../doctor/report.ts"),
  ]);
  const findings = findingsIn(gathered.facts);
  const report = { findings, unseen: gathered.unseen, looked: lookedAt(gathered.facts) };
  return { report, code: findings.length === 0 ? exitCodes.nothingFound : exitCodes.found };
}

async function gather({ api }: ApiCall): Promise<Gathered | OperatingError> {
  const { gatherFacts } = await import("../doctor/gather.ts");
  try {
    return await gatherFacts(api);
  } catch (error) {
    if (error instanceof OperatingError) return error;
    throw error;
  }
}
