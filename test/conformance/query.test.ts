import { describe, expect, test } from "bun:test";
import { expectUndisturbed, expectWoken, whileBlocked } from "../support/blocked.ts";
import { del, expectEmpty, expectError, get, masked, put, send, sharedTarget, unique } from "../support/conformance.ts";
import { promptly } from "../support/promptly.ts";
import type { Answer } from "../support/exchange.ts";
import { createPreparedQuery } from "../support/prepared-query.ts";
import { createSession } from "../support/session.ts";

await sharedTarget();

const stranger = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11";
const noUuid = "failed prepared query lookup: index error: UUID must be 36 characters";

function post(body: unknown, path = "/v1/query"): Promise<Answer> {
  return send("POST", path, { body });
}

function named(definition: object = {}): { Name: string; Service: object } {
  return { Name: unique("named"), Service: { Service: "web" }, ...definition };
}

/** Returns the JSON of a prepared query, as in an answer, with masked id and indexes. */
function queryText(shown: { readonly name: string; readonly session?: string; readonly service?: object }): string {
  return JSON.stringify({
    ...{ ID: "<uuid>", Name: shown.name, Session: shown.session ?? "", Token: "" },
    Template: { Type: "", Regexp: "", RemoveEmptyTags: false },
    Service: {
      ...{ Service: "web", Failover: { NearestN: 0, Datacenters: null }, OnlyPassing: false, IgnoreCheckIDs: null },
      ...{ Near: "", Tags: null, NodeMeta: null, ServiceMeta: null, Connect: false },
      ...shown.service,
    },
    DNS: { TTL: "" },
    ...{ CreateIndex: 0, ModifyIndex: 0 },
  });
}

describe("POST /v1/query", () => {
  test("creates a prepared query, which the list and a read by id then return", async () => {
    const query = named();
    const answer = await post(query);
    expect(answer.status).toBe(200);
    expect(masked(answer.text)).toBe('{"ID":"<uuid>"}');
    expect(answer.header("X-Consul-Index")).toBeUndefined();
    const { ID } = answer.json as { ID: string };
    const read = await get(`/v1/query/${ID}`);
    expect(masked(read.text)).toBe(`[${queryText({ name: query.Name })}]`);
    expect(read.header("X-Consul-Effective-Consistency")).toBe("leader");
    expect((await get("/v1/query")).text).toContain(read.text.slice(1, -1));
    expectEmpty(await del(`/v1/query/${ID}`));
    expect((await get("/v1/query")).text).not.toContain(ID);
  });

  test("stores every field, and distinguishes null from empty", async () => {
    const Name = unique("full");
    const definition = {
      Name,
      Token: "t",
      Template: { Type: "name_prefix_match", Regexp: "^x(.*)$", RemoveEmptyTags: true },
      Service: {
        Service: "${match(1)}",
        Failover: { NearestN: 3, Datacenters: ["dc2", "dc3"] },
        OnlyPassing: true,
        IgnoreCheckIDs: ["a"],
        Near: "_agent",
        Tags: ["a", "!b"],
        NodeMeta: { b: "1", a: "2", "consul-x": "" },
        ServiceMeta: { "any <key>": "${name.full}" },
        Connect: true,
      },
      DNS: { TTL: "10s" },
    };
    const id = await createPreparedQuery(definition);
    const text = JSON.stringify({ ID: "<uuid>", ...definition, CreateIndex: 0, ModifyIndex: 0 })
      .replace('"Token"', '"Session":"","Token"')
      .replace('{"b":"1","a":"2","consul-x":""}', '{"a":"2","b":"1","consul-x":""}')
      .replace("<key>", "\\u003ckey\\u003e");
    expect(masked((await get(`/v1/query/${id}`)).text)).toBe(`[${text}]`);
    const empty = {
      Failover: { NearestN: 0, Datacenters: [] },
      IgnoreCheckIDs: [],
      Tags: [],
      NodeMeta: {},
      ServiceMeta: {},
    };
    const other = named({ Service: { Service: "web", ...empty } });
    const shown = masked((await get(`/v1/query/${await createPreparedQuery(other)}`)).text);
    expect(shown).toBe(`[${queryText({ name: other.Name, service: empty })}]`);
  });

  test("accepts fields in any letter case, treats null as absent, and ignores indexes in the body", async () => {
    const name = unique("case");
    const definition = `{"name":"${name}","SERVICE":{"service":"web","tags":null},"CreateIndex":7,"DNS":null} and more`;
    const answer = await post(definition);
    const { ID } = answer.json as { ID: string };
    expect(masked((await get(`/v1/query/${ID}`)).text)).toBe(`[${queryText({ name })}]`);
    await del(`/v1/query/${ID}`);
  });

  test.each([
    ["", "EOF"],
    ["{", "unexpected EOF"],
    ["[]", "json: cannot unmarshal array into Go value of type structs.PreparedQuery"],
    ["3", "json: cannot unmarshal number into Go value of type structs.PreparedQuery"],
    ['{"Unknown":1}', 'json: unknown field "Unknown"'],
    ['{"Near":3}', 'json: unknown field "Near"'],
    ['{"ID":3}', "json: cannot unmarshal number into Go struct field PreparedQuery.ID of type string"],
    ['{"Name":3}', "json: cannot unmarshal number into Go struct field PreparedQuery.Name of type string"],
    [
      '{"DNS":3}',
      "json: cannot unmarshal number into Go struct field PreparedQuery.DNS of type structs.QueryDNSOptions",
    ],
    ['{"DNS":{"TTL":3}}', "json: cannot unmarshal number into Go struct field QueryDNSOptions.DNS.TTL of type string"],
    [
      '{"Template":3}',
      "json: cannot unmarshal number into Go struct field PreparedQuery.Template of type structs.QueryTemplateOptions",
    ],
    [
      '{"Template":{"RemoveEmptyTags":3}}',
      "json: cannot unmarshal number into Go struct field QueryTemplateOptions.Template.RemoveEmptyTags of type bool",
    ],
    [
      '{"Service":3}',
      "json: cannot unmarshal number into Go struct field PreparedQuery.Service of type structs.ServiceQuery",
    ],
    ['{"Service":{"Unk":1}}', 'json: unknown field "Unk"'],
    [
      '{"Service":{"OnlyPassing":"x"}}',
      "json: cannot unmarshal string into Go struct field ServiceQuery.Service.OnlyPassing of type bool",
    ],
    [
      '{"Service":{"Tags":3}}',
      "json: cannot unmarshal number into Go struct field ServiceQuery.Service.Tags of type []string",
    ],
    [
      '{"Service":{"Tags":[3]}}',
      "json: cannot unmarshal number into Go struct field ServiceQuery.Service.Tags of type string",
    ],
    [
      '{"Service":{"IgnoreCheckIDs":3}}',
      "json: cannot unmarshal number into Go struct field ServiceQuery.Service.IgnoreCheckIDs of type []types.CheckID",
    ],
    [
      '{"Service":{"IgnoreCheckIDs":[3]}}',
      "json: cannot unmarshal number into Go struct field ServiceQuery.Service.IgnoreCheckIDs of type types.CheckID",
    ],
    [
      '{"Service":{"NodeMeta":{"a":3}}}',
      "json: cannot unmarshal number into Go struct field ServiceQuery.Service.NodeMeta of type string",
    ],
    [
      '{"Service":{"Failover":3}}',
      "json: cannot unmarshal number into Go struct field ServiceQuery.Service.Failover of type structs.QueryDatacenterOptions",
    ],
    [
      '{"Service":{"Failover":{"NearestN":1.5}}}',
      "json: cannot unmarshal number 1.5 into Go struct field QueryDatacenterOptions.Service.Failover.NearestN of type int",
    ],
    [
      '{"Service":{"Failover":{"Datacenters":3}}}',
      "json: cannot unmarshal number into Go struct field QueryDatacenterOptions.Service.Failover.Datacenters of type []string",
    ],
  ])("refuses a body that cannot be decoded: %s", async (body, text) => {
    expectError(await post(body), { status: 400, text: `Request decode failed: ${text}` });
  });

  test.each([
    [{}, "Must be bound to a session"],
    [{ Service: { Service: "web" } }, "Must be bound to a session"],
    [{ Name: "x" }, "Must provide a Service name to query"],
    [
      { Name: "x", Token: "<hidden>" },
      "Bad Token '<hidden>', it looks like a query definition with a redacted token was submitted",
    ],
    [{ Name: "x", Service: { Service: "s", Failover: { NearestN: -1 } } }, "Bad NearestN '-1', must be >= 0"],
    [
      { Name: "x", Service: { Service: "s", NodeMeta: { "": "x" } } },
      "Couldn't load metadata pair ('', 'x'): Key cannot be blank",
    ],
    [
      { Name: "x", Service: { Service: "s", NodeMeta: { "a b": "c" } } },
      "Couldn't load metadata pair ('a b', 'c'): Key contains invalid characters",
    ],
    [{ Name: "x", Service: { Service: "s" }, DNS: { TTL: "x" } }, `Bad DNS TTL 'x': time: invalid duration "x"`],
    [{ Name: "x", Service: { Service: "s" }, DNS: { TTL: "-1s" } }, "DNS TTL '-1000000000', must be >=0"],
  ])("refuses the definition %j", async (body, text) => {
    expectError(await post(body), { status: 500, text: `Invalid prepared query: ${text}` });
  });

  test("refuses an id in the body", async () => {
    const text = "ID must be empty when creating a new prepared query";
    expectError(await post({ ...named(), ID: stranger }), { status: 500, text });
  });

  test("refuses a name that exists in any letter case, and a name that is another query's id", async () => {
    const query = named();
    const id = await createPreparedQuery(query);
    const Name = query.Name.toUpperCase();
    expectError(await post({ ...query, Name }), { status: 500, text: `name '${Name}' aliases an existing query name` });
    expectError(await post({ ...query, Name: id }), { status: 500, text: `name '${id}' aliases an existing query ID` });
  });

  test("refuses to create a prepared query in another datacenter", async () => {
    expectError(await post(named(), "/v1/query?dc=other"), { status: 500, text: "No path to datacenter" });
  });

  test("returns indented JSON with ?pretty", async () => {
    const answer = await post(named(), "/v1/query?pretty");
    expect(masked(answer.text)).toBe('{\n    "ID": "<uuid>"\n}\n');
    await del(`/v1/query/${(answer.json as { ID: string }).ID}`);
  });
});

describe("a prepared query with a session", () => {
  test("needs no name, and is deleted when the session ends", async () => {
    const session = await createSession({ LockDelay: "0s" });
    const id = await createPreparedQuery({ Session: session, Service: { Service: "web" } });
    const other = named({ Session: session.toUpperCase() });
    await createPreparedQuery(other);
    const kept = await createPreparedQuery(named());
    expect((await get(`/v1/query/${id}`)).json).toMatchObject([{ Name: "", Session: session }]);
    expect((await get(`/v1/query/${id}/execute`)).status).toBe(200);
    expectWoken(await whileBlocked("/v1/query", () => put(`/v1/session/destroy/${session}`)));
    expect((await get(`/v1/query/${id}`)).status).toBe(404);
    expect((await get(`/v1/query/${other.Name}/execute`)).status).toBe(404);
    expect((await get(`/v1/query/${kept}`)).status).toBe(200);
  });

  test.each([
    ["x", "invalid session: index error: UUID must be 36 characters"],
    [stranger, `invalid session "${stranger}"`],
  ])("is refused for the session %s", async (Session, text) => {
    expectError(await post(named({ Session })), { status: 500, text });
  });
});

describe("PUT /v1/query/<id>", () => {
  test("replaces all fields of the query, and the id in the path takes precedence over an id in the body", async () => {
    const query = named({ Service: { Service: "web", Tags: ["a"] } });
    const id = await createPreparedQuery(query);
    const [before] = (await get(`/v1/query/${id}`)).json as [{ CreateIndex: number; ModifyIndex: number }];
    expectEmpty(await put(`/v1/query/${id}`, { ID: "other", Name: query.Name, Service: { Service: "web" } }));
    const after = await get(`/v1/query/${id}`);
    expect(masked(after.text)).toBe(`[${queryText({ name: query.Name })}]`);
    const [{ CreateIndex, ModifyIndex }] = after.json as [typeof before];
    expect(CreateIndex).toBe(before.CreateIndex);
    expect(ModifyIndex).toBeGreaterThan(before.ModifyIndex);
  });

  test("makes the old name available if it changes the name", async () => {
    const query = named();
    const id = await createPreparedQuery(query);
    expectEmpty(await put(`/v1/query/${id}`, named()));
    expect((await get(`/v1/query/${query.Name}/explain`)).status).toBe(404);
    await createPreparedQuery(query);
  });

  test("validates the definition like a POST", async () => {
    const [one, other] = [named(), named()];
    const id = await createPreparedQuery(one);
    await createPreparedQuery(other);
    const taken = `name '${other.Name}' aliases an existing query name`;
    expectError(await put(`/v1/query/${id}`, other), { status: 500, text: taken });
    const unbound = "Invalid prepared query: Must be bound to a session";
    expectError(await put(`/v1/query/${id}`), { status: 500, text: unbound });
    expectError(await put(`/v1/query/${id}`, "{"), { status: 400, text: "Request decode failed: unexpected EOF" });
    expectError(await put(`/v1/query/${id}?dc=x`, one), { status: 500, text: "No path to datacenter" });
  });
});

describe("a missing prepared query", () => {
  const missing = `Cannot modify non-existent prepared query: '${stranger}'`;

  test.each([`/v1/query/${stranger}`, "/v1/query/nope/execute", "/v1/query/nope/explain", "/v1/query/execute"])(
    "is a 404 for GET %s",
    async (path) => {
      const answer = await get(path);
      expectError(answer, { status: 404, text: "Query not found" });
      expect(answer.header("X-Consul-Index")).toBeUndefined();
    },
  );

  test("cannot be changed or deleted", async () => {
    expectError(await put(`/v1/query/${stranger}`, named()), { status: 500, text: missing });
    expectError(await put(`/v1/query/${stranger}`), { status: 500, text: missing });
    expectError(await del(`/v1/query/${stranger}`), { status: 500, text: missing });
  });

  test("does not hold a blocking query", async () => {
    const asked = get(`/v1/query/${stranger}?index=5&wait=10m`);
    expectError(await promptly(asked), { status: 404, text: "Query not found" });
  });

  test.each(["", "nope", "nope/execute/", stranger.slice(1)])("with the invalid id %j is an error", async (id) => {
    expectError(await get(`/v1/query/${id}`), { status: 500, text: noUuid });
    const text = `Prepared Query lookup failed: ${noUuid}`;
    expectError(await put(`/v1/query/${id}`, named()), { status: 500, text });
    expectError(await del(`/v1/query/${id}`), { status: 500, text });
  });
});

describe("a blocking query for prepared queries", () => {
  test("at /v1/query returns when a prepared query is created, and at the path of a prepared query when that query changes", async () => {
    const id = await createPreparedQuery(named());
    expectWoken(await whileBlocked("/v1/query", () => createPreparedQuery(named())));
    const renamed = named();
    const woken = await whileBlocked(`/v1/query/${id}`, () => put(`/v1/query/${id}`, renamed));
    expectWoken(woken);
    expect(woken.after.text).toContain(renamed.Name);
    await expectUndisturbed(`/v1/query/${id}`, () => put(`/v1/kv/${unique("other")}`, "1"));
  });

  test("by id returns a 404 when the prepared query is deleted", async () => {
    const id = await createPreparedQuery(named());
    const { after } = await whileBlocked(`/v1/query/${id}`, () => del(`/v1/query/${id}`));
    expectError(after, { status: 404, text: "Query not found" });
    expectError(await get(`/v1/query/${id}`), { status: 404, text: "Query not found" });
  });

  test.each(["/v1/query", `/v1/query/${stranger}`])("at %s refuses another datacenter", async (path) => {
    const answer = await get(`${path}?dc=other`);
    expectError(answer, { status: 500, text: "No path to datacenter" });
    expect(answer.header("X-Consul-Knownleader")).toBe("false");
  });
});

describe("the endpoints of prepared queries", () => {
  test("refuse a method that their header Allow does not list", async () => {
    expectError(await put("/v1/query", named()), { status: 405, text: "method PUT not allowed" });
    expect((await send("OPTIONS", "/v1/query")).header("Allow")).toBe("OPTIONS,GET,POST");
    expect((await send("OPTIONS", `/v1/query/${stranger}`)).header("Allow")).toBe("OPTIONS,GET,PUT,DELETE");
  });

  test.each(["execute", "explain"])("refuse any method but GET for %s", async (verb) => {
    const answer = await put(`/v1/query/any/${verb}`);
    expectError(answer, { status: 405, text: "method PUT not allowed" });
    expect(answer.header("Allow")).toBe("GET");
  });
});
