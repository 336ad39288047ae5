import { messageOf, OperatingError } from "../../lib/errors.ts";
import { type ApiCall, apiCommand } from "../api-command.ts";
import type { Command } from "../command.ts";
import type { Gathered } from "../doctor/gather.ts";
import type { Report } from "../doctor/report.ts";
import { formatFlag, wantsJson } from "../output-format.ts";

const exitCodes = { nothingFound: 0, found: 1, unreachable: 2 } as const;

export const doctorCommand: Command = apiCommand({
  name: "doctor",
  summary: "Finds common mistakes on a gateway",
  synopsis: "[options]",
  about:
    "Examines an agent, its services and checks, and the machine on which it runs, and reports each problem with its place " +
    "and what to do. It changes nothing.\n\nIf the agent does not answer, doctor examines only the machine: which process has " +
    "the agent's data folder and ports, whether the configuration loads and the data is intact, the disk and the clock. Give " +
    "-config-file, -config-dir and -data-dir as for the agent; their defaults are those of praetor edgex.\n\n" +
    "Exit code: 0 without findings, 1 with findings, 2 if the agent does not answer.",
  examples: [
    { what: "This gateway", command: "doctor" },
    { what: "An agent that does not start", command: "doctor -config-dir=/etc/praetor.d -data-dir=/var/lib/praetor" },
    { what: "Another gateway, as JSON", command: "doctor -http-addr=gateway-7:8500 -format=json" },
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
      help: "A folder of configuration files. Both flags are repeatable.",
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
    return { report, code: exitCodes.unreachable };
  }
  const [{ findingsIn }, { scopeOf }] = await Promise.all([
    import("../doctor/rules.ts"),
    import("../doctor/report.ts"),
  ]);
  const findings = findingsIn(gathered.facts);
  const report = { findings, notExamined: gathered.notExamined, scope: scopeOf(gathered.facts) };
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
