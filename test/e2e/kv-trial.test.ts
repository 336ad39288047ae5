import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { type Answer, exchange } from "../support/exchange.ts";
import { within } from "../support/within.ts";
import type { KvTrialJson } from "../../src/wire/kv-trial.ts";

const sandbox = openSandbox();
const port = "edgex/core/1.0/web/Service/Port";
let agent: AgentProcess;
let n = 0;

beforeAll(async () => {
  const configuration = join(sandbox.folder, "agent.hcl");
  writeFileSync(
    configuration,
    `data_dir = "${join(sandbox.folder, "data")}" kv_schemas { mode = "enforce", edgex = true }`,
  );
  agent = await sandbox.start("-config-file", configuration);
  await agent.ready();
});
afterAll(() => sandbox.close());
beforeEach(() => void (n += 1));

/** Registers a service with a TTL check that passes. */
async function register(name: string): Promise<void> {
  const body = JSON.stringify({ Name: name, Check: { CheckID: `${name}-ttl`, TTL: "1h", Status: "passing" } });
  expect((await agent.send("PUT", "/v1/agent/service/register", { body })).status).toBe(200);
  // A check that is registered again keeps its status.
  expect((await agent.send("PUT", `/v1/agent/check/pass/${name}-ttl`)).status).toBe(200);
}

const fail = (name: string): Promise<Answer> => agent.send("PUT", `/v1/agent/check/fail/${name}-ttl`);

const put = (key: string, body: string): Promise<Answer> => agent.send("PUT", `/v1/kv/${key}`, { body });

async function valueOf(key: string): Promise<string | undefined> {
  const { status, text } = await agent.send("GET", `/v1/kv/${key}?raw`);
  return status === 404 ? undefined : text;
}

type Changes = Readonly<Record<string, string | null>>;

function start(changes: Changes, more: object = {}, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const listed = Object.entries(changes).map(([Key, value]) =>
    value === null ? { Key, Delete: true } : { Key, Value: btoa(value) },
  );
  const body = JSON.stringify({ Changes: listed, Services: ["web"], For: "1h", ...more });
  return agent.send("PUT", "/v1/praetor/kv-trial", { body, headers });
}

async function started(changes: Changes, more: object = {}): Promise<KvTrialJson> {
  const answer = await start(changes, more);
  expect([answer.status, answer.text.slice(0, 500)]).toEqual([200, expect.stringContaining('"Outcome":"pending"')]);
  return answer.json as KvTrialJson;
}

async function trial(id: string): Promise<KvTrialJson> {
  return (await agent.send("GET", `/v1/praetor/kv-trial/${id}`)).json as KvTrialJson;
}

describe("a change on trial", () => {
  test("is taken back when the TTL check of a watched service turns critical, and record, history, event and log tell why", async () => {
    await register("web");
    await put(`t${n}/rate`, "10");
    const headers = { "X-Praetor-Reason": "a faster sensor", "User-Agent": "tool/1.0" };
    const answer = await start({ [`t${n}/rate`]: "20", [`t${n}/new`]: "1" }, {}, headers);
    const { ID } = answer.json as KvTrialJson;
    expect(answer.json).toMatchObject({
      ...{ Outcome: "pending", Stage: 1, Stages: 1, StageMs: 3_600_000, Confirm: false, Reason: "a faster sensor" },
      Services: [{ Service: "web", Status: "passing" }],
      By: { Address: "127.0.0.1", Client: "tool/1.0" },
    });
    expect([await valueOf(`t${n}/rate`), await valueOf(`t${n}/new`)]).toEqual(["20", "1"]);
    const index = (await agent.send("GET", "/v1/praetor/kv-trials")).index;
    const waiting = agent.send("GET", `/v1/praetor/kv-trials?index=${index}&wait=1m`);
    await fail("web");
    expect((await waiting).index).toBeGreaterThan(index);
    await within(5_000, async () => expect((await trial(ID)).Outcome).toBe("undone"));
    expect([await valueOf(`t${n}/rate`), await valueOf(`t${n}/new`)]).toEqual(["10", undefined]);
    const record = await trial(ID);
    expect(record.Why).toBe('the service "web" is critical: its check "web-ttl" on the node "node1"');
    expect(record.Keys).toEqual([
      { Key: `t${n}/rate`, Operation: "set", Stage: 1, State: "restored" },
      { Key: `t${n}/new`, Operation: "set", Stage: 1, State: "restored" },
    ]);
    expect(record.EndedBy).toBeUndefined();
    const history = await agent.send("GET", `/v1/praetor/kv-history/t${n}/rate`);
    expect(history.json).toMatchObject([
      { Means: "trial undone", Reason: record.Why },
      { Means: "trial", Reason: "a faster sensor", By: { Client: "tool/1.0" } },
      { Value: btoa("10") },
    ]);
    const events = (await agent.send("GET", "/v1/event/list?name=praetor-kv-trial")).json as { Payload: string }[];
    expect(events.slice(-2).map(({ Payload }) => JSON.parse(atob(Payload)) as unknown)).toEqual([
      { ID, Outcome: "pending", Stage: 1, Stages: 1 },
      { ID, Outcome: "undone", Stage: 1, Stages: 1 },
    ]);
    await within(5_000, async () => expect(agent.output()).toContain(`A trial was undone: trial=${ID}`));
  });

  test("is kept when the services pass until its time is over", async () => {
    await register("web");
    const { ID } = await started({ [`t${n}/a`]: "1" }, { For: "200ms" });
    await within(10_000, async () => expect((await trial(ID)).Outcome).toBe("kept"));
    expect(await valueOf(`t${n}/a`)).toBe("1");
  });

  test("is refused with a text that names the service and its check, and changes nothing", async () => {
    await register("web");
    await fail("web");
    const answer = await start({ [`t${n}/a`]: "1" });
    expect([answer.status, answer.text]).toEqual([
      409,
      'the service "web" is critical: its check "web-ttl" on the node "node1"; nothing was changed. A trial begins with services that pass.',
    ]);
    const absent = await start({ [`t${n}/a`]: "1" }, { Services: ["none"] });
    expect([absent.status, absent.text]).toEqual([409, expect.stringContaining('the service "none" has no instance')]);
    expect(await valueOf(`t${n}/a`)).toBeUndefined();
  });

  test("is confirmed or undone by a person, once, and the record says by whom", async () => {
    await register("web");
    const kept = await started({ [`t${n}/a`]: "1" }, { Confirm: true });
    const again = await start({ [`t${n}/a`]: "2" });
    expect([again.status, again.text]).toEqual([
      409,
      `the key "t${n}/a" is in another trial that is pending; nothing was changed.`,
    ]);
    const confirmed = await agent.send("PUT", `/v1/praetor/kv-trial-confirm/${kept.ID}`);
    expect(confirmed.json).toMatchObject({
      Outcome: "kept",
      Why: "it was confirmed",
      EndedBy: { Address: "127.0.0.1" },
    });
    const late = await agent.send("PUT", `/v1/praetor/kv-trial-undo/${kept.ID}`);
    expect([late.status, late.text]).toEqual([409, "the trial has ended, and was kept: it was confirmed"]);
    const undone = await started({ [`t${n}/a`]: null });
    expect(await valueOf(`t${n}/a`)).toBeUndefined();
    const answer = await agent.send("PUT", `/v1/praetor/kv-trial-undo/${undone.ID}`);
    expect(answer.json).toMatchObject({ Outcome: "undone", Why: "it was taken back by hand" });
    expect(await valueOf(`t${n}/a`)).toBe("1");
    expect((await agent.send("PUT", "/v1/praetor/kv-trial-undo/none")).status).toBe(404);
    expect((await agent.send("GET", "/v1/praetor/kv-trial/none")).status).toBe(404);
  });

  test("goes to one service after the other, and all stages are undone when a later one fails", async () => {
    await register("web");
    await register("db");
    await put(`app/web/${n}`, "old");
    const changes = { [`app/web/${n}`]: "new", [`app/db/${n}`]: "new", [`app/all/${n}`]: "new" };
    const { ID } = await started(changes, { Services: ["db", "web"], Staged: true, For: "300ms" });
    expect([await valueOf(`app/db/${n}`), await valueOf(`app/all/${n}`), await valueOf(`app/web/${n}`)]).toEqual([
      "new",
      "new",
      "old",
    ]);
    const early = await agent.send("PUT", `/v1/praetor/kv-trial-confirm/${ID}`);
    expect([early.status, early.text]).toEqual([409, expect.stringContaining("stage 1 of 2 is on trial")]);
    await within(10_000, async () => expect((await trial(ID)).Outcome).toBe("kept"));
    expect(await valueOf(`app/web/${n}`)).toBe("new");
    const second = await started(
      { [`app/web/${n}`]: "3", [`app/db/${n}`]: "3" },
      { Services: ["db", "web"], Staged: true, For: "300ms" },
    );
    await fail("web");
    await within(10_000, async () => expect((await trial(second.ID)).Outcome).toBe("undone"));
    expect([await valueOf(`app/db/${n}`), await valueOf(`app/web/${n}`)]).toEqual(["new", "new"]);
  });

  test("obeys kv_schemas as a whole, also in its later stages", async () => {
    await register("web");
    await register("db");
    const answer = await start({ [`app/db/${n}`]: "1", [port]: "abc" }, { Services: ["db", "web"], Staged: true });
    expect([answer.status, answer.text]).toEqual([
      400,
      expect.stringContaining(`the value "abc" of the key "${port}" is not valid`),
    ]);
    expect(await valueOf(`app/db/${n}`)).toBeUndefined();
  });

  test.each<readonly [object, string]>([
    [{ Changes: [] }, "Changes is empty"],
    [{ Services: [] }, "Services is empty"],
    [{ For: "1ms" }, "For is a time from 100ms to 24h0m0s"],
    [{ For: "soon" }, 'invalid duration "soon"'],
    [{ Changes: [{ Key: "a" }, { Key: "a" }] }, 'Changes has the key "a" twice'],
    [{ Changes: [{ Key: "" }] }, "a change has no Key"],
    [{ Changes: [{ Key: "a", Value: "!" }] }, 'the Value of the key "a" is not base64'],
    [{ Changes: [{ Key: "a", Value: "", Delete: true }] }, "has Delete and a Value"],
    [{ Unknown: 1 }, 'unknown field "Unknown"'],
  ])("is refused with a body like %j", async (body, text) => {
    const answer = await start({ a: "1" }, body);
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(text)]);
  });
});

test("who may not write all keys, or read the services, starts and ends no trial, and does not see it", async () => {
  const master = "6f1c2c1e-0000-4000-8000-00000000cafe";
  const tokens = `acl { enabled = true, default_policy = "deny", tokens { master = "${master}" } }`;
  const guarded = await sandbox.start("-data-dir", join(sandbox.folder, "guarded"), "-hcl", tokens);
  await guarded.ready();
  const send = (secret: string, method: string, path: string, body?: object): Promise<Answer> =>
    exchange(guarded.url, method, {
      path,
      headers: { "X-Consul-Token": secret },
      ...(body && { body: JSON.stringify(body) }),
    });
  const check = { CheckID: "ttl", TTL: "1h", Status: "passing" };
  await send(master, "PUT", "/v1/agent/service/register", { Name: "web", Check: check });
  const rules = async (name: string, text: string): Promise<string> => {
    await send(master, "PUT", "/v1/acl/policy", { Name: name, Rules: text });
    const { json } = await send(master, "PUT", "/v1/acl/token", { Policies: [{ Name: name }] });
    return (json as { SecretID: string }).SecretID;
  };
  const writer = await rules("writer", 'key_prefix "app/" { policy = "write" } service "web" { policy = "read" }');
  const half = await rules("half", 'key "app/a" { policy = "write" } service "web" { policy = "read" }');
  const blind = await rules("blind", 'key_prefix "app/" { policy = "write" }');
  const body = { Changes: [{ Key: "app/a" }, { Key: "app/b" }], Services: ["web"], For: "1h" };
  expect((await send(half, "PUT", "/v1/praetor/kv-trial", body)).status).toBe(403);
  expect((await send(blind, "PUT", "/v1/praetor/kv-trial", body)).status).toBe(403);
  const { ID } = (await send(writer, "PUT", "/v1/praetor/kv-trial", body)).json as KvTrialJson;
  expect((await send(half, "PUT", `/v1/praetor/kv-trial-undo/${ID}`)).status).toBe(403);
  expect((await send(half, "PUT", `/v1/praetor/kv-trial-confirm/${ID}`)).status).toBe(403);
  expect((await send(half, "GET", "/v1/praetor/kv-trials")).json).toEqual([]);
  expect((await send(half, "GET", `/v1/praetor/kv-trial/${ID}`)).status).toBe(404);
  expect((await send(blind, "GET", "/v1/praetor/kv-trials")).json).toMatchObject([{ ID, Services: [] }]);
  const undone = await send(writer, "PUT", `/v1/praetor/kv-trial-undo/${ID}`);
  expect(undone.json).toMatchObject({ Outcome: "undone", EndedBy: { AccessorID: expect.any(String) } });
});
