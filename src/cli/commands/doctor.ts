import { jsonOf } from "../../client/http.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import { type ApiCall, apiCommand } from "../api-command.ts";
import type { Command } from "../command.ts";
import type { Report } from "../../doctor/examine.ts";
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
  run,
});

async function run(call: ApiCall): Promise<number> {
  const asJson = wantsJson(call);
  const [{ encodeReport }, { formatReport }] = await Promise.all([
    import("../../doctor/examine.ts"),
    import("../doctor/report.ts"),
  ]);
  const { report, code } = await examined(call);
  call.io.stdout(asJson ? `${JSON.stringify(encodeReport(report), undefined, 4)}\n` : formatReport(report, call.io));
  return code;
}

async function examined(call: ApiCall): Promise<{ readonly report: Report; readonly code: number }> {
  const report = await examineAgent(call);
  if (!(report instanceof OperatingError))
    return { report, code: report.findings.length === 0 ? exitCodes.nothingFound : exitCodes.found };
  const { examineOffline } = await import("../doctor/offline.ts");
  const { api, flags, io } = call;
  const offline = examineOffline({ url: api.url, reason: messageOf(report), flags, env: io.env, clock: io.clock });
  return { report: offline, code: exitCodes.unreachable };
}

/** Resolves with the error if the agent does not answer. */
async function examineAgent({ api }: ApiCall): Promise<Report | OperatingError> {
  const { decodeReport, examine } = await import("../../doctor/examine.ts");
  try {
    const own = await examine(api);
    if (own.isHere) return own;
    // An agent on another machine sees more of itself. Consul has no such endpoint, and a token may not be allowed to use it.
    const answer = await api.request({ path: "/v1/praetor/doctor" });
    return answer.status === 200 ? { ...own, ...decodeReport(jsonOf(answer)) } : own;
  } catch (error) {
    if (error instanceof OperatingError) return error;
    throw error;
  }
}
