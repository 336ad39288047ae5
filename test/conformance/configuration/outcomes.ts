import { join } from "node:path";
import type { Outcome } from "./piece.ts";

export interface OutcomeRecording {
  readonly consul: string;
  readonly recorded: string;
  readonly outcomes: readonly Outcome[];
}

const outcomesFile = join(import.meta.dir, "outcomes.json");

export async function readOutcomes(): Promise<OutcomeRecording> {
  const file = Bun.file(outcomesFile);
  if (!(await file.exists())) throw new Error(`${outcomesFile} is missing: write it with make record`);
  return file.json();
}

/** Writes outcomes.json with one line for each piece, so that a changed result is one changed line. */
export async function writeOutcomes({ consul, recorded, outcomes }: OutcomeRecording): Promise<void> {
  const head = `  "consul": ${JSON.stringify(consul)},\n  "recorded": ${JSON.stringify(recorded)},\n`;
  const lines = outcomes.map((outcome) => `    ${JSON.stringify(outcome)}`);
  await Bun.write(outcomesFile, `{\n${head}  "outcomes": [\n${lines.join(",\n")}\n  ]\n}\n`);
}

/** The fields of DebugConfig that are compared. The other fields depend on the machine or the command line. */
const settingNames: readonly string[] = [
  ...["AllowWriteHTTPFrom", "Bootstrap", "BootstrapExpect", "CheckOutputMaxSize", "CheckUpdateInterval"],
  ...["ConnectSidecarMaxPort", "ConnectSidecarMinPort", "DNSARecordLimit", "DNSAltDomain", "DNSDisableCompression"],
  ...["DNSDomain", "DNSEnableTruncate", "DNSNodeMetaTXT", "DNSNodeTTL", "DNSOnlyPassing", "DNSRecursorTimeout"],
  ...["DNSRecursors", "DNSSOA", "DNSServiceTTL", "DNSUDPAnswerLimit", "Datacenter", "DefaultQueryTime"],
  ...["DisableCoordinates", "DiscardCheckOutput", "EnableLocalScriptChecks", "EnableRemoteScriptChecks", "EnableUI"],
  ...["HTTPBlockEndpoints", "HTTPMaxConnsPerClient", "HTTPResponseHeaders", "HTTPUseCache", "KVMaxValueSize"],
  ...["LeaveOnTerm", "MaxQueryTime", "NodeMeta", "SessionTTLMin", "SkipLeaveOnInt"],
  ...["TLSMinVersion", "TLSPreferServerCipherSuites", "TxnMaxReqLen", "UIContentPath", "UIDir"],
];

/** Returns the fields of a DebugConfig that differ from those of an agent without the piece. */
export function changedSettings(debugConfig: object, plain: object): Readonly<Record<string, unknown>> {
  const before = new Map<string, unknown>(Object.entries(plain));
  const changed = Object.entries(debugConfig).filter(
    ([name, value]) => settingNames.includes(name) && JSON.stringify(value) !== JSON.stringify(before.get(name)),
  );
  return Object.fromEntries(changed);
}

/** Returns the answer of agent/checks without the results of checks. The status is a result, except that of a TTL check. */
export function withoutFindings(checks: object): Readonly<Record<string, unknown>> {
  const entries = Object.entries(checks).map(([id, check]: [string, Readonly<Record<string, unknown>>]) => {
    const { CheckID, Name, Notes, ServiceID, ServiceName, ServiceTags, Type } = check;
    const { Status } = Type === "ttl" ? check : {};
    return [id, { CheckID, Name, Notes, ServiceID, ServiceName, ServiceTags, Type, Status }];
  });
  return Object.fromEntries(entries);
}
