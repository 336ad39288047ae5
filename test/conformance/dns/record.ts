/** Records a real Consul's answers in answers.json. CONFORMANCE_TARGET and CONSUL_BINARY name the Consul. */
import { programOf } from "../../support/target.ts";
import { askGroup } from "./ask-group.ts";
import { questionGroups } from "./questions.ts";
import { writeDnsRecording, type DnsExchange } from "./recording.ts";

if (process.env["CONFORMANCE_TARGET"] !== "consul") throw new Error("set CONFORMANCE_TARGET=consul");
const said = Bun.spawnSync([...programOf("consul"), "version"]).stdout.toString();
const [version = "unknown"] = /(?<=^Consul v)[\d.]+/.exec(said) ?? [];
const groups: Record<string, readonly DnsExchange[]> = {};
for (const group of questionGroups) {
  groups[group.name] = await askGroup(group);
  console.log(`${group.name}: ${group.questions.length} questions`);
}
await writeDnsRecording({ consul: version, recorded: new Date().toISOString().slice(0, 10), groups });
process.exit(0);
