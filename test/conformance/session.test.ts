import { describe, expect, onTestFinished, test } from "bun:test";
import { expectUndisturbed, expectWoken, whileBlocked } from "../support/blocked.ts";
import {
  expectError,
  expectTrue,
  get,
  masked,
  put,
  registerCheck,
  registerNode,
  registerService,
  send,
  sharedTarget,
  unique,
} from "../support/conformance.ts";
import { patienceMs } from "../support/patience.ts";
import { createSession } from "../support/session.ts";

await sharedTarget();

const stranger = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11";

interface Shown {
  readonly node?: string;
  readonly name?: string;
  readonly lockDelay?: number;
  readonly behavior?: string;
  readonly ttl?: string;
  readonly checks?: string;
}

/** Returns the JSON of a session, as in an answer, with masked id and indexes. */
function sessionText(shown: Shown = {}): string {
  const { node = "node1", name = "", lockDelay = 15e9, behavior = "release", ttl = "" } = shown;
  const checks = shown.checks ?? '"NodeChecks":["serfHealth"],"ServiceChecks":null';
  return (
    `{"ID":"<uuid>","Name":"${name}","Node":"${node}","LockDelay":${lockDelay},"Behavior":"${behavior}",` +
    `"TTL":"${ttl}",${checks},"CreateIndex":0,"ModifyIndex":0}`
  );
}

async function shown(id: string): Promise<string> {
  return masked((await get(`/v1/session/info/${id}`)).text);
}

describe("session/create", () => {
  test.each([undefined, "", "{}", "null", '{"Unknown":1,"ID":"mine","Namespace":"x","CreateIndex":7}', "{} and more"])(
    "without fields in the body (%j) creates a session of the agent's node",
    async (body) => {
      const answer = await put("/v1/session/create", body);
      expect(answer.status).toBe(200);
      expect(masked(answer.text)).toBe('{"ID":"<uuid>"}');
      const { ID } = answer.json as { ID: string };
      onTestFinished(async () => void (await put(`/v1/session/destroy/${ID}`)));
      expect(await shown(ID)).toBe(`[${sessionText()}]`);
    },
  );

  test("accepts a name, a Behavior, a TTL and a lock delay", async () => {
    const id = await createSession({ Name: "n", Behavior: "delete", TTL: "600s", LockDelay: "20s" });
    const wanted = sessionText({ name: "n", behavior: "delete", ttl: "600s", lockDelay: 20e9 });
    expect(await shown(id)).toBe(`[${wanted}]`);
  });

  test("accepts field names in any letter case", async () => {
    expect(await shown(await createSession({ name: "low", ttl: "10s" }))).toBe(
      `[${sessionText({ name: "low", ttl: "10s" })}]`,
    );
  });

  test.each([
    ["90s", 90e9],
    ["0s", 0],
    ["500ns", 500e9],
    [20, 20e9],
    [999, 999e9],
    [1000, 1000],
    [2000, 2000],
    [1.5, 1e9],
    [0, 0],
    [true, 0],
    [[], 0],
    [null, 15e9],
  ])("reads the lock delay %j as %d ns", async (delay, ns) => {
    expect(await shown(await createSession({ LockDelay: delay }))).toBe(`[${sessionText({ lockDelay: ns })}]`);
  });

  test.each(["", "0s", "10s", "24h", "60000ms"])("accepts the TTL %j", async (ttl) => {
    expect(await shown(await createSession({ TTL: ttl }))).toBe(`[${sessionText({ ttl })}]`);
  });

  test.each([
    [{ TTL: "5s" }, 500, "Invalid Session TTL '5000000000', must be between [10s=24h0m0s]"],
    [{ TTL: "9.9s" }, 500, "Invalid Session TTL '9900000000', must be between [10s=24h0m0s]"],
    [{ TTL: "25h" }, 500, "Invalid Session TTL '90000000000000', must be between [10s=24h0m0s]"],
    [{ TTL: "-10s" }, 500, "Invalid Session TTL '-10000000000', must be between [10s=24h0m0s]"],
    [{ TTL: "x" }, 500, `Session TTL 'x' invalid: time: invalid duration "x"`],
    [{ TTL: "1e3" }, 500, `Session TTL '1e3' invalid: time: unknown unit "e" in duration "1e3"`],
    [{ Behavior: "foo" }, 500, "Invalid Behavior setting 'foo'"],
    [{ Behavior: "foo", TTL: "1s", Node: "nope" }, 500, "Invalid Behavior setting 'foo'"],
    [{ Node: "" }, 500, "Must provide Node"],
    [{ Node: "nope" }, 500, "Missing node registration"],
    [{ Checks: ["nope"] }, 500, "Missing check 'nope' registration"],
    [{ NodeChecks: ["nope"] }, 500, "Missing check 'nope' registration"],
    [{ NodeChecks: [""] }, 500, "Missing check '' registration"],
    [{ ServiceChecks: [{ ID: "nope" }] }, 500, "Missing check 'nope' registration"],
    [{ ServiceChecks: [{}] }, 500, "Missing check '' registration"],
    [{ LockDelay: "x" }, 400, `Request decode failed: time: invalid duration "x"`],
    [{ LockDelay: "" }, 400, `Request decode failed: time: invalid duration ""`],
    [{ TTL: 10 }, 400, "Request decode failed: json: cannot unmarshal number into Go struct field .TTL of type string"],
    [
      { Node: 3 },
      400,
      "Request decode failed: json: cannot unmarshal number into Go struct field .Node of type string",
    ],
    [
      { Behavior: 3 },
      400,
      "Request decode failed: json: cannot unmarshal number into Go struct field .Behavior of type structs.SessionBehavior",
    ],
    [
      { NodeChecks: "serfHealth" },
      400,
      "Request decode failed: json: cannot unmarshal string into Go struct field .NodeChecks of type []string",
    ],
    [
      { ServiceChecks: ["nope"] },
      400,
      "Request decode failed: json: cannot unmarshal string into Go struct field .ServiceChecks of type structs.ServiceCheck",
    ],
  ])("refuses the body %j", async (body, status, text) => {
    expectError(await put("/v1/session/create", body), { status, text });
  });

  test.each([
    ["x", "invalid character 'x' looking for beginning of value"],
    ["   ", "EOF"],
  ])("refuses invalid JSON: %j", async (body, what) => {
    expectError(await put("/v1/session/create", body), { status: 400, text: `Request decode failed: ${what}` });
  });

  test("refuses to create a session in another datacenter", async () => {
    expectError(await put("/v1/session/create?dc=nope", "{}"), { status: 500, text: "No path to datacenter" });
  });

  describe("with checks", () => {
    const node = unique("ext");

    async function registerChecked(): Promise<void> {
      await registerNode({
        Node: node,
        Service: { Service: "web" },
        Checks: [
          { Name: "alive", Status: "passing" },
          { Name: "alive2", Status: "passing" },
          { Name: "crit", Status: "critical" },
          { Name: "web-up", ServiceID: "web", Status: "passing" },
        ],
      });
    }

    test.each([
      [{ NodeChecks: ["alive"] }, '"NodeChecks":["alive"],"ServiceChecks":null'],
      [
        { NodeChecks: ["alive"], Checks: ["alive2"] },
        '"NodeChecks":["alive"],"ServiceChecks":null,"Checks":["alive2"]',
      ],
      [{ NodeChecks: [], Checks: ["alive2"] }, '"NodeChecks":[],"ServiceChecks":null'],
      [{ NodeChecks: null, Checks: ["alive2"] }, '"NodeChecks":null,"ServiceChecks":null'],
      [{ NodeChecks: ["alive"], Checks: [] }, '"NodeChecks":[],"ServiceChecks":null'],
      [{ NodeChecks: ["alive"], Checks: null }, '"NodeChecks":[],"ServiceChecks":null'],
      [
        { NodeChecks: [], ServiceChecks: [{ ID: "web-up", Namespace: "x", More: 1 }] },
        '"NodeChecks":[],"ServiceChecks":[{"ID":"web-up","Namespace":"x"}]',
      ],
      [{ NodeChecks: ["web-up"], ServiceChecks: [] }, '"NodeChecks":["web-up"],"ServiceChecks":[]'],
    ])("given as %j stores the checks %s", async (wishes, checks) => {
      await registerChecked();
      expect(await shown(await createSession({ Node: node, ...wishes }))).toBe(`[${sessionText({ node, checks })}]`);
    });

    test("requires the node's check serfHealth by default", async () => {
      await registerChecked();
      const text = "Missing check 'serfHealth' registration";
      expectError(await put("/v1/session/create", { Node: node }), { status: 500, text });
      expectError(await put("/v1/session/create", { Node: node, Checks: ["alive"] }), { status: 500, text });
    });

    test("refuses a check that is critical", async () => {
      await registerChecked();
      const text = "Check 'crit' is in critical state";
      expectError(await put("/v1/session/create", { Node: node, Checks: ["crit"] }), { status: 500, text });
      expectError(await put("/v1/session/create", { Node: node, NodeChecks: ["crit"] }), { status: 500, text });
    });

    test("finds names of nodes and checks in any letter case, and stores the given spelling", async () => {
      await registerChecked();
      const id = await createSession({ Node: node.toUpperCase(), NodeChecks: ["ALIVE"] });
      const checks = '"NodeChecks":["ALIVE"],"ServiceChecks":null';
      const text = sessionText({ node: node.toUpperCase(), checks });
      expect(masked((await get(`/v1/session/node/${node}`)).text)).toBe(`[${text}]`);
      await put(`/v1/session/destroy/${id}`);
    });
  });
});

describe("session/info", () => {
  test("finds an id in any letter case", async () => {
    const id = await createSession();
    expect(await shown(id.toUpperCase())).toBe(`[${sessionText()}]`);
  });

  test("with an unknown id is an empty list with an index", async () => {
    const answer = await get(`/v1/session/info/${stranger}`);
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: "[]" });
    expect(answer.index).toBeGreaterThan(0);
    expect(answer.header("X-Consul-Effective-Consistency")).toBeUndefined();
  });

  test("returns indented JSON with ?pretty", async () => {
    const id = await createSession();
    const answer = await get(`/v1/session/info/${id}?pretty`);
    expect(answer.text).toStartWith(`[\n    {\n        "ID": "${id}",\n        "Name": "",`);
    expect(answer.text).toEndWith("\n    }\n]\n");
  });

  test("ends a blocking query when the session ends", async () => {
    const id = await createSession();
    const woken = await whileBlocked(`/v1/session/info/${id}`, () => put(`/v1/session/destroy/${id}`));
    expectWoken(woken);
    expect(woken.after.text).toBe("[]");
  });

  test("holds a blocking query while the session is renewed", async () => {
    const id = await createSession({ TTL: "10s" });
    await expectUndisturbed(`/v1/session/info/${id}`, () => put(`/v1/session/renew/${id}`));
  });
});

describe.each(["info", "destroy", "renew"])("session/%s", (verb) => {
  const method = verb === "info" ? "GET" : "PUT";

  test.each([
    ["", 400, "Missing session"],
    ["abc", 500, "failed session lookup: index error: UUID must be 36 characters"],
    [
      "zzzzzzzz-b653-5664-2391-41d7098f1b7d",
      500,
      "failed session lookup: index error: Invalid UUID: encoding/hex: invalid byte: U+007A 'z'",
    ],
    [`${stranger}?dc=nope`, 500, "No path to datacenter"],
  ])("refuses the id %j", async (id, status, text) => {
    expectError(await send(method, `/v1/session/${verb}/${id}`), { status, text });
  });

  test("refuses a method that its header Allow does not list", async () => {
    const other = method === "GET" ? "PUT" : "GET";
    const answer = await send(other, `/v1/session/${verb}/${stranger}`);
    expectError(answer, { status: 405, text: `method ${other} not allowed` });
    expect(answer.header("Allow")).toBe(`OPTIONS,${method}`);
  });
});

describe("session/list and session/node", () => {
  test("list sessions in order of their ids, until the sessions end", async () => {
    const node = unique("ext");
    await registerNode({ Node: node });
    const ids = [];
    for (let at = 0; at < 3; at += 1) ids.push(await createSession({ Node: node, NodeChecks: [] }));
    const text = sessionText({ node, checks: '"NodeChecks":[],"ServiceChecks":null' });
    const listed = await get(`/v1/session/node/${node}`);
    expect(masked(listed.text)).toBe(`[${text},${text},${text}]`);
    expect((listed.json as { ID: string }[]).map(({ ID }) => ID)).toEqual(ids.toSorted());
    const all = (await get("/v1/session/list")).json as { ID: string }[];
    expect(all.map(({ ID }) => ID)).toEqual(expect.arrayContaining(ids));
    for (const id of ids) expectTrue(await put(`/v1/session/destroy/${id}`));
    expect((await get(`/v1/session/node/${node}`)).text).toBe("[]");
  });

  test("return no sessions for an unknown node, and an error for a missing node name", async () => {
    expect((await get("/v1/session/node/nope")).text).toBe("[]");
    expectError(await get("/v1/session/node/"), { status: 400, text: "Missing node name" });
  });

  test.each(["list", "node/node1"])(
    "end a blocking query when a session is created and when it ends: %s",
    async (path) => {
      let id = "";
      expectWoken(await whileBlocked(`/v1/session/${path}`, async () => (id = await createSession())));
      expectWoken(await whileBlocked(`/v1/session/${path}`, () => put(`/v1/session/destroy/${id}`)));
    },
  );

  test("are refused with stale and consistent together", async () => {
    const text = "Cannot specify ?stale with ?consistent, conflicting semantics.";
    expectError(await get("/v1/session/list?stale&consistent"), { status: 400, text });
  });
});

describe("session/destroy", () => {
  test("returns true for an unknown session, too", async () => {
    const id = await createSession();
    expectTrue(await put(`/v1/session/destroy/${id}`));
    expectTrue(await put(`/v1/session/destroy/${id}`));
    expectTrue(await put(`/v1/session/destroy/${stranger}`));
  });
});

describe("session/renew", () => {
  test("returns the session, and no index", async () => {
    const id = await createSession({ TTL: "10s" });
    const answer = await put(`/v1/session/renew/${id}`);
    expect(masked(answer.text)).toBe(`[${sessionText({ ttl: "10s" })}]`);
    expect(answer.header("X-Consul-Index")).toBeUndefined();
  });

  test("accepts a session without a TTL", async () => {
    expect((await put(`/v1/session/renew/${await createSession()}`)).status).toBe(200);
  });

  test("is a 404 for an unknown session", async () => {
    const text = `Session id '${stranger}' not found`;
    expectError(await put(`/v1/session/renew/${stranger}`), { status: 404, text });
  });
});

describe("a session ends", () => {
  const gone = async (id: string): Promise<void> => expect((await get(`/v1/session/info/${id}`)).text).toBe("[]");
  const lives = async (id: string): Promise<void> => expect((await get(`/v1/session/info/${id}`)).text).not.toBe("[]");

  async function checkedNode(): Promise<string> {
    const node = unique("ext");
    const service = { ID: "web", Service: "web" };
    const checks = [
      { Name: "alive", Status: "passing" },
      { Name: "other", Status: "passing" },
      { Name: "web-up", ServiceID: "web", Status: "passing" },
    ];
    await registerNode({ Node: node, Service: service, Checks: checks });
    return node;
  }

  const report = (Node: string, Check: object) =>
    put("/v1/catalog/register", { Node, Address: "192.0.2.1", SkipNodeUpdate: true, Check });

  test("when a node check that it names turns critical, and not when another check does", async () => {
    const node = await checkedNode();
    const id = await createSession({ Node: node, NodeChecks: ["alive"] });
    await report(node, { Name: "alive", Status: "warning" });
    await report(node, { Name: "other", Status: "critical" });
    await lives(id);
    await report(node, { Name: "alive", Status: "critical" });
    await gone(id);
  });

  test("when a service check that it names turns critical", async () => {
    const node = await checkedNode();
    const id = await createSession({ Node: node, NodeChecks: [], ServiceChecks: [{ ID: "web-up" }] });
    await report(node, { Name: "web-up", ServiceID: "web", Status: "critical" });
    await gone(id);
  });

  test("when a check that it names is removed", async () => {
    const node = await checkedNode();
    const id = await createSession({ Node: node, NodeChecks: ["alive"] });
    await put("/v1/catalog/deregister", { Node: node, CheckID: "alive" });
    await gone(id);
  });

  test("when the service of a check that it names is removed", async () => {
    const node = await checkedNode();
    const id = await createSession({ Node: node, NodeChecks: [], ServiceChecks: [{ ID: "web-up" }] });
    await put("/v1/catalog/deregister", { Node: node, ServiceID: "web" });
    await gone(id);
  });

  test("when its node is deregistered", async () => {
    const node = await checkedNode();
    const id = await createSession({ Node: node, NodeChecks: [] });
    await put("/v1/catalog/deregister", { Node: node });
    await gone(id);
    expect((await get(`/v1/session/node/${node}`)).text).toBe("[]");
  });

  test("when a check that it names is run by this agent and turns critical", async () => {
    const name = unique("web");
    await registerService({ Name: name });
    await registerCheck({ ID: `${name}-up`, Name: "up", ServiceID: name, TTL: "1h", Status: "passing" });
    await Bun.sleep(100);
    const id = await createSession({ ServiceChecks: [{ ID: `${name}-up` }] });
    const woken = await whileBlocked(`/v1/session/info/${id}`, () => put(`/v1/agent/check/fail/${name}-up`));
    expectWoken(woken);
    expect(woken.after.text).toBe("[]");
  });

  test("after its TTL, and before little more than twice the TTL, if no client renews it", async () => {
    const id = await createSession({ TTL: "10s", Behavior: "delete" });
    const startMs = performance.now();
    const { index } = await get(`/v1/session/info/${id}`);
    const after = await get(`/v1/session/info/${id}?index=${index}&wait=10m`);
    expect(after.text).toBe("[]");
    expect(performance.now() - startMs).toBeWithin(10_000, 20_000 + patienceMs(5_000));
  });
});
