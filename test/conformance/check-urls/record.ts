/**
 * Has a real Consul check each URL and address of recording.jsonl, and records the request and the check's output in
 * that file. To add a URL or an address, add a line that has only "url" or "address". CONFORMANCE_TARGET and
 * CONSUL_BINARY name the Consul.
 */
import { exchange } from "../../support/exchange.ts";
import { programOf, startTarget } from "../../support/target.ts";
import { within } from "../../support/within.ts";
import { caseHeader, RecordingServer, withPort } from "./recording-server.ts";
import { masked, maskedOutput, readRecording, writeRecording } from "./recording.ts";

if (process.env["CONFORMANCE_TARGET"] !== "consul") throw new Error("set CONFORMANCE_TARGET=consul");
const said = Bun.spawnSync([...programOf("consul"), "version"]).stdout.toString();
const [version = "unknown"] = /(?<=^Consul v)[\d.]+/.exec(said) ?? [];
const { checks, addresses } = await readRecording();
const server = await RecordingServer.open(checks);
const { port } = server;
const target = await startTarget();
const batch = 40;
const urlDefinitions = checks.map(({ url, method = "", header = {} }, at) => ({
  ...{ HTTP: withPort(url, port), Method: method, Header: { ...header, [caseHeader]: [String(at)] } },
}));
const targets = addresses.map(({ address }) => withPort(address, port));
try {
  const urlOutputs = await outputsOf(urlDefinitions);
  const tcpOutputs = await outputsOf(targets.map((TCP) => ({ TCP })));
  const grpcOutputs = await outputsOf(targets.map((GRPC) => ({ GRPC })));
  await writeRecording(version, {
    checks: checks.map((check, at) => ({
      ...check,
      requests: masked(server.requests[at] ?? [], port),
      output: urlOutputs[at] ?? "",
    })),
    addresses: addresses.map((each, at) => ({ ...each, tcp: tcpOutputs[at] ?? "", grpc: grpcOutputs[at] ?? "" })),
  });
} finally {
  await target.stop();
  server.close();
}
process.exit(0);

/** Registers the checks, and returns the output of each check's first run in the order of the definitions. */
async function outputsOf(definitions: readonly object[]): Promise<readonly string[]> {
  const outputs: string[] = [];
  for (let first = 0; first < definitions.length; first += batch) {
    const ids = definitions.slice(first, first + batch).map((_definition, at) => first + at);
    await Promise.all(ids.map((id) => register(id, definitions[id] ?? {})));
    await within(60_000, () => takeOutputs(ids, outputs));
  }
  return outputs.map((output) => maskedOutput(output, port));
}

async function register(id: number, definition: object): Promise<void> {
  const body = { Name: String(id), ...definition, Interval: "4s", Timeout: "900ms" };
  const answer = await exchange(target.url, "PUT", { path: "/v1/agent/check/register", body });
  if (answer.status !== 200) throw new Error(`${JSON.stringify(definition)} is refused: ${answer.text}`);
}

/**
 * Adds the output of each check that has run to `outputs`, and deregisters the check before its next run. @throws Error
 * if a check has not run yet
 */
async function takeOutputs(ids: readonly number[], outputs: string[]): Promise<void> {
  const { json } = await exchange(target.url, "GET", { path: "/v1/agent/checks" });
  const checks = json as Record<string, { Output: string }>;
  for (const id of ids) {
    const output = checks[id]?.Output ?? "";
    if (output === "" || outputs[id] !== undefined) continue;
    outputs[id] = output;
    await exchange(target.url, "PUT", { path: `/v1/agent/check/deregister/${id}` });
  }
  if (ids.some((id) => outputs[id] === undefined)) throw new Error("some checks have not said anything yet");
}
