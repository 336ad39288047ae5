import { expect, test } from "bun:test";
import { decodeCheckDefinition, encodeCheckDefinition } from "./check-definition.ts";

const api = { source: "api" } as const;
const file = { source: "file" } as const;

test("a check definition without optional fields has Consul's default values", () => {
  const check = decodeCheckDefinition({ Name: "c", HTTP: "http://x", Interval: "10s" }, api);
  expect(check).toMatchObject({
    id: "c",
    name: "c",
    serviceId: "",
    initialStatus: "critical",
    method: { kind: "http", url: "http://x", method: "", intervalMs: 10_000, timeoutMs: 10_000, tlsSkipVerify: false },
    successBeforePassing: 0,
    failuresBeforeCritical: 0,
    deregisterCriticalServiceAfterMs: 0,
    outputBytesMax: 4096,
  });
});

test.each([
  ["TCP", "a:1", 10_000],
  ["GRPC", "a:1", 10_000],
  ["Args", ["true"], 30_000],
])("a check with %s and no positive timeout has the default timeout of its kind", (field, target, timeoutMs) => {
  for (const Timeout of [undefined, "0s", "-1s"]) {
    const check = decodeCheckDefinition(
      { Name: "c", [field]: target, Interval: "1s", ...(Timeout && { Timeout }) },
      api,
    );
    expect(check.method).toMatchObject({ timeoutMs });
  }
});

test("a check's Interval is raised to at least a second, and its DeregisterCriticalServiceAfter to at least a minute", () => {
  const check = decodeCheckDefinition(
    { Name: "c", TCP: "a:1", Interval: "10ms", DeregisterCriticalServiceAfter: "1s" },
    api,
  );
  expect(check.method).toMatchObject({ intervalMs: 1_000 });
  expect(check.deregisterCriticalServiceAfterMs).toBe(60_000);
});

test("a duration that is a JSON number means nanoseconds in the API and is an error in a file", () => {
  expect(decodeCheckDefinition({ Name: "c", TTL: 5_000_000_000 }, api).method).toEqual({ kind: "ttl", ttlMs: 5_000 });
  expect(() => decodeCheckDefinition({ name: "c", ttl: 5 }, file)).toThrow("'check.ttl' expected type 'string'");
});

test("a check definition can lower the agent's limit of the output's size but not raise it", () => {
  const limit = (OutputMaxSize: number): number =>
    decodeCheckDefinition({ Name: "c", TTL: "1s", OutputMaxSize }, { ...api, outputBytesMax: 8_192 }).outputBytesMax;
  expect([limit(0), limit(100), limit(10_000)]).toEqual([8_192, 100, 8_192]);
});

test("a check definition with several methods uses the first of TTL, HTTP, TCP, gRPC, script and alias", () => {
  const kind = (fields: object): string =>
    decodeCheckDefinition({ Name: "c", Interval: "1s", ...fields }, api).method.kind;
  expect(kind({ HTTP: "x", TCP: "x" })).toBe("http");
  expect(kind({ GRPC: "x", TCP: "x" })).toBe("tcp");
  expect(kind({ Args: ["x"], GRPC: "x" })).toBe("grpc");
});

test.each([
  [{ name: "c", interval: "5s", args: ["x"] }, "script"],
  [{ name: "c", interval: "5s", ScriptArgs: ["x"] }, "script"],
  [{ Name: "c", TTL: "5s" }, "ttl"],
  [[{ name: "c", ttl: ["5s"] }], "ttl"],
  [{ name: "c", grpc: "a", interval: "1s", grpc_use_tls: true, tls_skip_verify: true }, "grpc"],
  [{ id: "only-an-id", ttl: "1s", serviceid: "s", notes: "n", token: "t" }, "ttl"],
  [{ name: "c", alias_service: "s" }, "alias"],
  [{ name: "c", http: "x", interval: "1s", header: [{ A: ["b"] }], success_before_passing: 3 }, "http"],
])("a configuration file may define the check %j", (json, kind) => {
  expect(decodeCheckDefinition(json, file).method.kind).toBe(kind as "ttl");
});

test.each([
  [{ name: "c", interval: "5s", script_args: ["x"] }, "invalid config key check.script_args"],
  [{ name: "c", ttl: "1s", OutputMaxSize: 5 }, "invalid config key check.OutputMaxSize"],
  [{ name: "c", ttl: "1s", check_id: "x" }, "invalid config key check.check_id"],
  [{ name: "c", ttl: "x" }, 'invalid duration: "x": time: invalid duration "x"'],
  [{ name: 5, ttl: "1s" }, "'check.name' expected type 'string', got unconvertible type 'float64'"],
  [{ name: "c", grpc: "a", interval: "1s", grpc_use_tls: "true" }, "'check.grpc_use_tls' expected type 'bool'"],
  [{ ttl: "1s" }, "Missing check name"],
  [{ name: "c" }, "TTL must be > 0 for TTL checks"],
  ["x", "'check' expected a map, got 'string'"],
])("a configuration file may not define the check %j", (json, why) => {
  expect(() => decodeCheckDefinition(json, file)).toThrow(why);
});

test.each([
  { HTTP: "http://x/?a&b", Method: "PUT", Header: { A: ["b", "c"] }, Body: "x", TLSSkipVerify: true, Interval: "90s" },
  { TCP: "x:1", Interval: "1.5s", Timeout: "2s", SuccessBeforePassing: 2, FailuresBeforeCritical: 3 },
  { GRPC: "x:1/s", GRPCUseTLS: true, Interval: "10s", Notes: "n", DeregisterCriticalServiceAfter: "1h" },
  { ScriptArgs: ["a", "b c"], Interval: "10s", Timeout: "1m", OutputMaxSize: 7 },
  { TTL: "30s", Status: "warning", ServiceID: "s" },
  { AliasNode: "n", AliasService: "s" },
])("the check %j decodes to the same definition after encoding", (json) => {
  const definition = decodeCheckDefinition({ ID: "id", Name: "c", ...json }, api);
  expect(decodeCheckDefinition(encodeCheckDefinition(definition), api)).toEqual(definition);
});

test("an encoded check definition omits the fields that have their default value", () => {
  const definition = decodeCheckDefinition({ Name: "c", TCP: "x:1", Interval: "10s", Timeout: "10s" }, api);
  expect(encodeCheckDefinition(definition)).toEqual({ ID: "c", Name: "c", TCP: "x:1", Interval: "10s" });
});
