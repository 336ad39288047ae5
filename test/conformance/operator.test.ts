import { describe, expect, test } from "bun:test";
import { del, expectError, expectTrue, get, put, send, sharedTarget } from "../support/conformance.ts";
import { within } from "../support/within.ts";

await sharedTarget();

const autopilot = "/v1/operator/autopilot/configuration";
const noDatacenter = { status: 500, text: "No path to datacenter" };

describe("Raft's configuration", () => {
  test("has this server as its only server", async () => {
    const answer = await get("/v1/operator/raft/configuration");
    const leader = (await get("/v1/status/leader")).text;
    expect(answer.header("X-Consul-Index")).toBeUndefined();
    expect(answer.text.replace(/"ID":"[0-9a-f-]{36}"/, '"ID":"<uuid>"')).toBe(
      `{"Servers":[{"ID":"<uuid>","Node":"node1","Address":${leader},"Leader":true,"ProtocolVersion":"3","Voter":true}],"Index":0}`,
    );
  });

  test("of another datacenter is an error", async () => {
    expectError(await get("/v1/operator/raft/configuration?dc=other"), noDatacenter);
  });
});

describe("autopilot", () => {
  async function settings(): Promise<string> {
    return (await get(autopilot)).text.replace(/,"CreateIndex":\d+,"ModifyIndex":\d+\}$/, "}");
  }

  test("replaces its settings as a whole: omitted settings get their zero values", async () => {
    const all =
      '{"CleanupDeadServers":true,"LastContactThreshold":"200ms","MaxTrailingLogs":250,"MinQuorum":0,"ServerStabilizationTime":"10s","RedundancyZoneTag":"","DisableUpgradeMigration":false,"UpgradeVersionTag":""}';
    expect(await settings()).toBe(all);
    expectTrue(await put(autopilot, { CleanupDeadServers: false, LastContactThreshold: "300ms", MinQuorum: 3 }));
    expect(await settings()).toBe(
      '{"CleanupDeadServers":false,"LastContactThreshold":"300ms","MaxTrailingLogs":0,"MinQuorum":3,"ServerStabilizationTime":"0s","RedundancyZoneTag":"","DisableUpgradeMigration":false,"UpgradeVersionTag":""}',
    );
    expectTrue(await put(autopilot, all));
  });

  test("replaces its settings with cas only if cas is their index", async () => {
    const now = (await get(autopilot)).json as { readonly ModifyIndex: number };
    expect((await put(`${autopilot}?cas=${now.ModifyIndex + 5}`, now)).text).toBe("false");
    expect((await put(`${autopilot}?cas=0`, now)).text).toBe("false");
    expectTrue(await put(`${autopilot}?cas=${now.ModifyIndex}`, now));
  });

  test.each([
    ["", "", "Error parsing autopilot config: EOF"],
    ["", '{"foo":1}', 'Error parsing autopilot config: json: unknown field "foo"'],
    ["", '{"LastContactThreshold":"x"}', 'Error parsing autopilot config: time: invalid duration "x"'],
    ["?cas=x", "{}", 'Error parsing cas value: strconv.ParseUint: parsing "x": invalid syntax'],
  ])("refuses invalid settings, with the query string and body: %s %s", async (query, body, text) => {
    expectError(await put(autopilot + query, body), { status: 400, text: `Bad request: ${text}` });
  });

  test("reports the server as healthy", async () => {
    // Consul: the server's health is unknown before autopilot's first inspection.
    const answer = await within(4_000, async () => {
      const health = await get("/v1/operator/autopilot/health");
      if (!health.text.startsWith('{"Healthy":true')) throw new Error(health.text);
      return health;
    });
    const text = answer.text
      .replace(/"ID":"[0-9a-f-]{36}"/, '"ID":"<uuid>"')
      .replace(/"Last(Term|Index)":\d+/g, '"Last$1":0');
    expect(text).toMatch(
      /^\{"Healthy":true,"FailureTolerance":0,"Servers":\[\{"ID":"<uuid>","Name":"node1","Address":"[\d.:]+","SerfStatus":"alive","Version":"1\.8\.7","Leader":true,"LastContact":"0s","LastTerm":0,"LastIndex":0,"Healthy":true,"Voter":true,"StableSince":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"\}\]\}$/,
    );
    expectError(await get("/v1/operator/autopilot/health?dc=other"), noDatacenter);
  });
});

describe("a Raft peer", () => {
  const notFound = "was not found in the Raft configuration";

  test.each([
    ["", 400, "Bad request: Must specify either ?id with the server's ID or ?address with IP:port of peer to remove"],
    ["?id=x&address=y", 400, "Bad request: Must specify only one of ?id or ?address"],
    ["?id=x", 500, `id "x" ${notFound}`],
    ["?address=192.0.2.1:8300", 500, `address "192.0.2.1:8300" ${notFound}`],
    ["?id=x&dc=other", 500, "No path to datacenter"],
  ])("that is unknown cannot be removed: %p", async (query, status, text) => {
    expectError(await del(`/v1/operator/raft/peer${query}`), { status, text });
  });

  test("that is the only one cannot be removed", async () => {
    const leader = String((await get("/v1/status/leader")).json);
    expectError(await del(`/v1/operator/raft/peer?address=${leader}`), {
      status: 500,
      text: "Need at least one voter in configuration: {[]}",
    });
  });
});

describe("the keyring for gossip encryption", () => {
  function failure(reason: string): { readonly status: number; readonly text: string } {
    const text = `4 errors occurred:\n\t* WAN error: 1/1 nodes reported failure\n\t* node1.dc1: ${reason}\n\t* dc1 (LAN) error: 1/1 nodes reported failure\n\t* node1: ${reason}\n\n`;
    return { status: 500, text };
  }

  test("is empty", async () => {
    expectError(await get("/v1/operator/keyring"), failure("Keyring is empty (encryption not enabled)"));
  });

  test.each(["POST", "PUT", "DELETE"])("cannot be changed by %s", async (method) => {
    const body = { Key: "pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s=" };
    const answer = await send(method, "/v1/operator/keyring", { body });
    expectError(answer, failure("No keyring to modify (encryption not enabled)"));
  });

  test.each([
    ["[]", "cannot unmarshal array into Go value of type agent.keyringArgs"],
    ['{"Key":5}', "cannot unmarshal number into Go struct field keyringArgs.Key of type string"],
    ['{"Other":5}', 'unknown field "Other"'],
  ])("refuses the invalid change %s", async (body, text) => {
    const answer = await send("PUT", "/v1/operator/keyring", { body });
    expectError(answer, { status: 400, text: `Bad request: Request decode failed: json: ${text}` });
  });

  test.each([
    ["relay-factor=9", "Invalid relay-factor: Relay factor must be in range: [0, 5]"],
    ["relay-factor=x", 'Error parsing relay factor: strconv.Atoi: parsing "x": invalid syntax'],
    ["local-only=x", 'Error parsing local-only: strconv.ParseBool: parsing "x": invalid syntax'],
  ])("refuses the parameter %s", async (query, text) => {
    expectError(await get(`/v1/operator/keyring?${query}`), { status: 400, text: `Bad request: ${text}` });
  });
});
