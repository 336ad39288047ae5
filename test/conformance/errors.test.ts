import { describe, expect, test } from "bun:test";
import { differs, expectError, get, put, send, sharedTarget, unique } from "../support/conformance.ts";

await sharedTarget();

const decode = "Request decode failed:";
const wrongType = `${decode} json: cannot unmarshal`;
const noInterval = "Invalid check: Interval must be > 0 for Script, HTTP, or TCP checks";
const noTtl = "Invalid check: TTL must be > 0 for TTL checks";
const meta = "Invalid Service Meta: Couldn't load metadata pair";
const HTTP = "http://127.0.0.1:1/";
const long = { key: "k".repeat(129), value: "v".repeat(513) };

/** The field that the error names for a wrong list of arguments. Consul names the object that contains the list. */
const wrongField = differs("praetor", "it names the field that is wrong") ? "ScriptArgs" : "Check";

describe("a service registration is refused with status 400", () => {
  const Name = "refused";

  test.each<[string, unknown, string]>([
    ["no body", "", `${decode} EOF`],
    ["half a body", "{", `${decode} unexpected EOF`],
    ["half a text", '{"Name":"x', `${decode} unexpected EOF`],
    ["null", "null", "Missing service name"],
    ["no name", {}, "Missing service name"],
    ["an empty name", { Name: "" }, "Missing service name"],
    ["an unknown field", { Name, Nope: 1 }, `${decode} json: unknown field "Nope"`],
    ["an unknown field of a check", { Name, Check: { ID: "x", TTL: "1h" } }, `${decode} json: unknown field "ID"`],
    ["a number as name", { Name: 5 }, `${wrongType} number into Go struct field .Name of type string`],
    ["a text as port", { Name, Port: "80" }, `${wrongType} string into Go struct field .Port of type int`],
    ["half a port", { Name, Port: 1.5 }, `${wrongType} number 1.5 into Go struct field .Port of type int`],
    ["a text as tags", { Name, Tags: "x" }, `${wrongType} string into Go struct field .Tags of type []string`],
    ["a number as tag", { Name, Tags: [1] }, `${wrongType} number into Go struct field .Tags of type string`],
    ["a text as meta", { Name, Meta: "x" }, `${wrongType} string into Go struct field .Meta of type map[string]string`],
    ["a number in meta", { Name, Meta: { k: 1 } }, `${wrongType} number into Go struct field .Meta of type string`],
    [
      "a text as flag",
      { Name, EnableTagOverride: "yes" },
      `${wrongType} string into Go struct field .EnableTagOverride of type bool`,
    ],
    [
      "an object as checks",
      { Name, Checks: {} },
      `${wrongType} object into Go struct field .Checks of type structs.CheckTypes`,
    ],
    [
      "a text as arguments",
      { Name, Check: { Args: "true" } },
      `${wrongType} string into Go struct field .${wrongField} of type []string`,
    ],
    ["no address at all", { Name, Address: "0.0.0.0" }, "Invalid service address"],
    ["no IPv6 address at all", { Name, Address: "::" }, "Invalid service address"],
    ["a weight of 0", { Name, Weights: { Passing: 0, Warning: 0 } }, "Invalid Weights: Passing must be greater than 0"],
    [
      "a weight below 0",
      { Name, Weights: { Passing: -1, Warning: 1 } },
      "Invalid Weights: Passing must be greater than 0",
    ],
    [
      "a weight too high",
      { Name, Weights: { Passing: 70_000, Warning: 1 } },
      "Invalid Weights: DNS Weight must be between 0 and 65535",
    ],
    ["a blank meta key", { Name, Meta: { "": "x" } }, `${meta} ('', 'x'): Key cannot be blank`],
    [
      "a meta key with a blank",
      { Name, Meta: { "k k": "x" } },
      `${meta} ('k k', 'x'): Key contains invalid characters`,
    ],
    [
      "a reserved meta key",
      { Name, Meta: { "consul-x": "y" } },
      `${meta} ('consul-x', 'y'): Key prefix 'consul-' is reserved for internal use`,
    ],
    [
      "a long meta key",
      { Name, Meta: { [long.key]: "x" } },
      `${meta} ('${long.key}', 'x'): Key is too long (limit: 128 characters)`,
    ],
    [
      "a long meta value",
      { Name, Meta: { k: long.value } },
      `${meta} ('k', '${long.value}'): Value is too long (limit: 512 characters)`,
    ],
    [
      "too many meta pairs",
      { Name, Meta: Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`k${at}`, "v"])) },
      "Invalid Service Meta: Node metadata cannot contain more than 64 key/value pairs",
    ],
    ["an empty check in a list", { Name, Checks: [{}] }, noTtl],
    ["an interval alone", { Name, Check: { Interval: "10s" } }, noTtl],
    ["a negative TTL", { Name, Check: { TTL: "-1s" } }, noTtl],
    ["a TTL that is no duration", { Name, Check: { TTL: "soon" } }, `${decode} time: invalid duration "soon"`],
    ["a TTL without a unit", { Name, Check: { TTL: "10" } }, `${decode} time: missing unit in duration "10"`],
    ["a bad interval", { Name, Check: { HTTP, Interval: "soon" } }, `${decode} time: invalid duration "soon"`],
    ["a bad timeout", { Name, Check: { HTTP, Interval: "1h", Timeout: "x" } }, `${decode} time: invalid duration "x"`],
    [
      "a bad unit",
      { Name, Check: { HTTP, Interval: "1h", Timeout: "1x" } },
      `${decode} time: unknown unit "x" in duration "1x"`,
    ],
    [
      "a bad end",
      { Name, Check: { HTTP, Interval: "1h", DeregisterCriticalServiceAfter: "x" } },
      `${decode} time: invalid duration "x"`,
    ],
    ["no interval for a URL", { Name, Check: { HTTP } }, noInterval],
    ["a negative interval", { Name, Check: { HTTP, Interval: "-1s" } }, noInterval],
    ["no interval for a port", { Name, Check: { TCP: "127.0.0.1:1" } }, noInterval],
    ["no interval for a script", { Name, Check: { Args: ["true"] } }, noInterval],
    ["no interval for gRPC", { Name, Check: { GRPC: "127.0.0.1:1" } }, noInterval],
    [
      "TTL and interval",
      { Name, Check: { TTL: "10s", HTTP, Interval: "10s" } },
      "Invalid check: Interval and TTL cannot both be specified",
    ],
    [
      "an unknown status",
      { Name, Check: { TTL: "10s", Status: "weird" } },
      "Status for checks must 'passing', 'warning', 'critical'",
    ],
    [
      "a kind of check of later versions",
      { Name, Check: { UDP: "127.0.0.1:1", Interval: "1s" } },
      `${decode} json: unknown field "UDP"`,
    ],
    [
      "another such kind",
      { Name, Check: { H2PING: "127.0.0.1:1", Interval: "1s" } },
      `${decode} json: unknown field "H2PING"`,
    ],
    [
      "a script of earlier versions",
      { Name, Check: { Script: "true", Interval: "1s" } },
      `${decode} json: unknown field "Script"`,
    ],
    [
      "a negative size of output",
      { Name, Check: { HTTP, Interval: "1h", OutputMaxSize: -5 } },
      "Invalid check: MaxOutputMaxSize must be positive",
    ],
  ])("if it has %s", async (_what, body, text) => {
    expectError(await put("/v1/agent/service/register", body), { status: 400, text });
    expect((await get("/v1/agent/service/refused")).status).toBe(404);
  });

  test.each(["[]", '"x"', "5", "true"])("if its body is not an object: %s", async (body) => {
    const answer = await put("/v1/agent/service/register", body);
    expect(answer.status).toBe(400);
    expect(answer.text).toStartWith(`${wrongType} `);
  });

  test.each(["{Name:1}", "{'Name':'x'}", '{"Name":"x",}', "\u0000", "name=x", "<xml/>"])(
    "if its body is invalid JSON: %j",
    async (body) => {
      const answer = await put("/v1/agent/service/register", body);
      expect(answer.status).toBe(400);
      expect(answer.text).toStartWith(`${decode} invalid character `);
    },
  );
});

describe("a check registration is refused", () => {
  const Name = "refused";

  test.each<[string, unknown, number, string]>([
    ["no body", "", 400, `${decode} EOF`],
    ["half a body", "{", 400, `${decode} unexpected EOF`],
    ["null", "null", 400, "Missing check name"],
    ["no name", {}, 400, "Missing check name"],
    ["an ID but no name", { ID: "x", TTL: "10m" }, 400, "Missing check name"],
    ["a number as name", { Name: 5 }, 400, `${wrongType} number into Go struct field .Name of type string`],
    ["nothing to do", { Name }, 400, noTtl],
    ["the ID of another place", { Name, CheckID: "x", TTL: "10m" }, 400, `${decode} json: unknown field "CheckID"`],
    ["an unknown service", { Name, TTL: "10m", ServiceID: "nobody" }, 500, 'ServiceID "nobody" does not exist'],
    ["an unknown status", { Name, TTL: "10m", Status: "weird" }, 400, "Bad check status"],
    ["a bad TTL", { Name, TTL: "x" }, 400, `${decode} time: invalid duration "x"`],
    ["no interval", { Name, HTTP }, 400, noInterval],
    ["an unknown field", { Name, Nope: 1 }, 400, `${decode} json: unknown field "Nope"`],
    [
      "a kind of check of later versions",
      { Name, UDP: "127.0.0.1:1", Interval: "10m" },
      400,
      `${decode} json: unknown field "UDP"`,
    ],
  ])("if it has %s", async (_what, body, status, text) => {
    expectError(await put("/v1/agent/check/register", body), { status, text });
    expect((await get("/v1/agent/checks?filter=CheckID==refused")).text).toBe("{}");
  });
});

describe("a check update is refused", () => {
  test.each<[string, unknown, string]>([
    ["no body", "", `${decode} EOF`],
    ["half a body", "{", `${decode} unexpected EOF`],
    ["an unknown field", { Status: "passing", Nope: 1 }, `${decode} json: unknown field "Nope"`],
    ["no status", { Output: "x" }, "Invalid check status: ''"],
  ])("if it has %s", async (_what, body, text) => {
    expectError(await put("/v1/agent/check/update/nobody", body), { status: 400, text });
  });
});

describe("the agent keeps running after it received", () => {
  test.each(["/v1/kv/%zz", "/v1/agent/service/%2", "/v1/health/service/%", "/%%"])(
    "a path with a broken escape: %s",
    async (path) => {
      expect((await get(path)).status).toBe(400);
      expect((await get("/v1/status/leader")).status).toBe(200);
    },
  );

  test("a query string with a broken escape", async () => {
    expect([200, 400, 404, 500]).toContain((await get("/v1/kv/nobody?a=%zz")).status);
    expect((await get("/v1/status/leader")).status).toBe(200);
  });

  test("a body that is too large", async () => {
    const body = JSON.stringify({ Name: unique("big"), Nope: "x".repeat(5_000_000) });
    const answer = await send("PUT", "/v1/agent/service/register", { body }).catch(() => undefined);
    if (answer !== undefined) expect([400, 413]).toContain(answer.status);
    expect((await get("/v1/status/leader")).status).toBe(200);
  });

  test("a deeply nested body", async () => {
    const answer = await put("/v1/agent/service/register", "[".repeat(5_000));
    expect(answer.status).toBe(400);
  });

  test("a body on a read", async () => {
    const answer = await send("GET", "/v1/status/leader", { body: "{}" });
    expect(answer.status).toBe(200);
  });
});
