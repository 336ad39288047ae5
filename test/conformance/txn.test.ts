import { describe, expect, test } from "bun:test";
import { expectWoken, whileBlocked } from "../support/blocked.ts";
import {
  expectError,
  get,
  keyFolder,
  masked,
  put,
  registerNode,
  send,
  sharedTarget,
  unique,
} from "../support/conformance.ts";
import type { Answer } from "../support/exchange.ts";
import { createSession } from "../support/session.ts";

await sharedTarget();

const stranger = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11";
const readMeta = ',"Index":0,"LastContact":0,"KnownLeader":true,"ConsistencyLevel":""';

const txn = (operations: unknown, query = ""): Promise<Answer> => put(`/v1/txn${query}`, operations);
const kv = (Verb: string, Key: string, more: object = {}): object => ({ KV: { Verb, Key, ...more } });
const base64 = (text: string): string => Buffer.from(text).toString("base64");

interface Wanted {
  readonly value?: string;
  readonly flags?: number;
  readonly lockIndex?: number;
  readonly session?: string;
}

function kvText(key: string, { value, flags = 0, lockIndex = 0, session }: Wanted = {}): string {
  const holder = session === undefined ? "" : `"Session":"${session}",`;
  const shown = value === undefined ? "null" : `"${base64(value)}"`;
  return `{"KV":{"LockIndex":${lockIndex},"Key":"${key}","Flags":${flags},"Value":${shown},${holder}"CreateIndex":0,"ModifyIndex":0}}`;
}

/** Replaces the indexes in an answer by 0, and keeps session ids. */
function unindexed(text: string): string {
  return text.replace(/"(CreateIndex|ModifyIndex)":\d+/g, '"$1":0');
}

function expectResults(answer: Answer, results: readonly string[], meta = ""): void {
  const text = `{"Results":[${results.join(",")}],"Errors":null${meta}}`;
  expect({ status: answer.status, text: unindexed(answer.text) }).toEqual({ status: 200, text });
  expect(answer.header("Content-Type")).toBe("application/json");
}

function expectErrors(answer: Answer, errors: readonly (readonly [at: number, what: string])[], meta = ""): void {
  const list = errors.map(([OpIndex, What]) => JSON.stringify({ OpIndex, What })).join(",");
  const text = `{"Results":null,"Errors":[${list}]${meta}}`;
  expect({ status: answer.status, text: answer.text }).toEqual({ status: 409, text });
}

async function modifyIndexOf(key: string): Promise<number> {
  return ((await get(`/v1/kv/${key}`)).json as { ModifyIndex: number }[])[0]?.ModifyIndex ?? 0;
}

describe("the body of a transaction", () => {
  test.each(["[]", "null", "[{}]", '[{"KV":null}]'])(
    "without operations (%s) gives an empty list of results",
    async (body) => {
      expectResults(await txn(body), [], readMeta);
    },
  );

  test.each([
    ["", "EOF"],
    ["x", "invalid character 'x' looking for beginning of value"],
    ["{}", "json: cannot unmarshal object into Go value of type api.TxnOps"],
    ['[{"Foo":1}]', 'json: unknown field "Foo"'],
    ['[{"Session":{"Verb":"delete"}}]', 'json: unknown field "Session"'],
    ['[{"KV":[]}]', "json: cannot unmarshal array into Go struct field TxnOp.KV of type api.KVTxnOp"],
    ['[{"KV":{"Verb":"set","Key":"a","Foo":1}}]', 'json: unknown field "Foo"'],
    [
      '[{"KV":{"Verb":"set","Key":"a","Value":3}}]',
      "json: cannot unmarshal number into Go struct field KVTxnOp.KV.Value of type []uint8",
    ],
    [
      '[{"KV":{"Verb":"get","Key":"a","Index":"x"}}]',
      "json: cannot unmarshal string into Go struct field KVTxnOp.KV.Index of type uint64",
    ],
    [
      '[{"KV":{"Verb":"get","Key":"a","Index":-1}}]',
      "json: cannot unmarshal number -1 into Go struct field KVTxnOp.KV.Index of type uint64",
    ],
    ['[{"Node":{"Verb":"set","Node":{"Foo":"x"}}}]', 'json: unknown field "Foo"'],
    ["[{]", "invalid character ']' looking for beginning of object key string"],
  ])("that cannot be decoded is refused: %s", async (body, what) => {
    expectError(await txn(body), { status: 400, text: `Failed to parse body: ${what}` });
  });

  test.each([
    ["!!!", 0],
    ["aGk", 0],
    ["aGk=x", 4],
    ["aG==aG", 4],
    ["a", 0],
    ["a===", 1],
    ["aG=", 3],
    ["aG=x", 2],
    ["aGkx*A==", 4],
    ["aGkxa", 4],
  ])("with invalid base64 is refused: %s", async (value, at) => {
    const answer = await txn([kv("set", "a", { Value: value })]);
    expectError(answer, { status: 400, text: `Failed to parse body: illegal base64 data at input byte ${at}` });
  });

  test("may have line breaks in base64", async () => {
    const key = `${keyFolder()}a`;
    await txn([kv("set", key, { Value: "aG\r\nk=\n" })]);
    expect((await get(`/v1/kv/${key}?raw`)).text).toBe("hi");
  });

  test("may have at most 64 operations", async () => {
    const folder = keyFolder();
    const operations = (count: number): object[] =>
      Array.from({ length: count }, (_, at) => kv("set", `${folder}${at}`, { Value: base64(`${at}`) }));
    const text = "Transaction contains too many operations (65 > 64)";
    expectError(await txn(operations(65)), { status: 413, text });
    expect((await get(`/v1/kv/${folder}?keys`)).status).toBe(404);
    expect((await txn(operations(64))).status).toBe(200);
    expect((await get(`/v1/kv/${folder}?keys`)).json).toHaveLength(64);
  });

  test("is refused if it is larger than 524288 bytes", async () => {
    const key = `${keyFolder()}a`;
    const answer = await txn([kv("set", key, { Value: base64("x".repeat(524_289)) })]);
    expect(answer.status).toBe(413);
    expect(answer.text).toMatch(
      /^Request body\(\d+ bytes\) too large, max size: 524288 bytes\. See .*#txn_max_req_len\.$/,
    );
  });

  test("may have field names in any letter case, but verbs only in lower case", async () => {
    const key = `${keyFolder()}a`;
    expectResults(await txn([{ kv: { verb: "set", key, value: "aGk=", flags: 7 } }]), [kvText(key, { flags: 7 })]);
    expectErrors(await txn([kv("SET", key)]), [[0, 'unknown KV verb "SET"']], readMeta);
  });

  test("is accepted only by PUT and for this datacenter", async () => {
    expectError(await send("GET", "/v1/txn"), { status: 405, text: "method GET not allowed" });
    expectError(await txn("[]", "?dc=nope"), { status: 500, text: "No path to datacenter" });
    expectError(await txn([kv("set", "a")], "?dc=nope"), { status: 500, text: "No path to datacenter" });
    const text = "Cannot specify ?stale with ?consistent, conflicting semantics.";
    expectError(await txn("[]", "?stale&consistent"), { status: 400, text });
  });
});

describe("a transaction on keys", () => {
  test("with set writes a key and returns its entry without the value", async () => {
    const key = `${keyFolder()}a`;
    expectResults(await txn([kv("set", key, { Value: base64("v"), Flags: 7 })]), [kvText(key, { flags: 7 })]);
    expect((await get(`/v1/kv/${key}?raw`)).text).toBe("v");
    const before = await modifyIndexOf(key);
    await txn([kv("set", key, { Value: base64("v"), Flags: 7 })]);
    expect(await modifyIndexOf(key)).toBe(before);
  });

  test("with get and get-tree returns entries with their values", async () => {
    const folder = keyFolder();
    await txn([kv("set", `${folder}a`, { Value: base64("1") }), kv("set", `${folder}b`)]);
    const [a, b] = [kvText(`${folder}a`, { value: "1" }), kvText(`${folder}b`)];
    expectResults(await txn([kv("get", `${folder}a`)]), [a], readMeta);
    expectResults(await txn([kv("get-tree", folder), kv("get", `${folder}b`)]), [a, b, b], readMeta);
    expectResults(await txn([kv("get-tree", `${folder}none/`)]), [], readMeta);
    expectErrors(await txn([kv("get", `${folder}c`)]), [[0, `key "${folder}c" doesn't exist`]], readMeta);
  });

  test("with cas and delete-cas succeeds only with the key's index", async () => {
    const key = `${keyFolder()}a`;
    expectErrors(await txn([kv("cas", key, { Index: 7 })]), [[0, `failed to set key "${key}", index is stale`]]);
    expectResults(await txn([kv("cas", key, { Index: 0, Value: base64("1") })]), [kvText(key)]);
    expectErrors(await txn([kv("cas", key, { Index: 0 })]), [[0, `failed to set key "${key}", index is stale`]]);
    const stale = `failed to delete key "${key}", index is stale`;
    for (const Index of [0, 1]) expectErrors(await txn([kv("delete-cas", key, { Index })]), [[0, stale]]);
    const Index = await modifyIndexOf(key);
    expectResults(await txn([kv("cas", key, { Index, Value: base64("2") })]), [kvText(key)]);
    expectResults(await txn([kv("delete-cas", key, { Index: await modifyIndexOf(key) })]), []);
    expectResults(await txn([kv("delete-cas", key, { Index: 4 })]), []);
  });

  test("with delete and delete-tree returns no results, even if the key is missing", async () => {
    const folder = keyFolder();
    for (const name of ["a", "b/c", "b/d"]) await put(`/v1/kv/${folder}${name}`, "v");
    expectResults(await txn([kv("delete", `${folder}a`), kv("delete-tree", `${folder}b/`)]), []);
    expectResults(await txn([kv("delete", `${folder}a`), kv("delete-tree", `${folder}b/`)]), []);
    expect((await get(`/v1/kv/${folder}?keys`)).status).toBe(404);
  });

  test("with check-index, check-session and check-not-exists changes nothing", async () => {
    const folder = keyFolder();
    const [key, none] = [`${folder}a`, `${folder}none`];
    await put(`/v1/kv/${key}`, "v");
    const Index = await modifyIndexOf(key);
    expectResults(await txn([kv("check-index", key, { Index })]), [kvText(key)], readMeta);
    expectResults(await txn([kv("check-session", key, { Session: "" })]), [kvText(key)], readMeta);
    expectResults(await txn([kv("check-not-exists", none)]), [], readMeta);
    const operations = [
      kv("check-index", key, { Index: 1 }),
      kv("check-index", none, { Index: 0 }),
      kv("check-session", key, { Session: stranger }),
      kv("check-session", none, { Session: stranger }),
      kv("check-not-exists", key),
    ];
    const errors = [
      [0, `failed index check for key "${key}", current modify index ${Index} != 1`],
      [1, `failed to check index, key "${none}" doesn't exist`],
      [2, `failed session check for key "${key}", current session "" != "${stranger}"`],
      [3, `failed to check session, key "${none}" doesn't exist`],
      [4, `key "${key}" exists`],
    ] as const;
    expectErrors(await txn(operations), errors, readMeta);
  });

  test("with lock and unlock acquires and releases a session's lock", async () => {
    const key = `${keyFolder()}a`;
    const [session, other] = [await createSession(), await createSession()];
    const lock = (Session: string): object => kv("lock", key, { Session, Value: base64("v") });
    const unlock = (Session: string): object => kv("unlock", key, { Session, Value: base64("w") });
    const held = kvText(key, { lockIndex: 1, session });
    const notHeld = `failed to unlock key "${key}", lock isn't held, or is held by another session`;
    expectErrors(await txn([unlock(session)]), [[0, notHeld]]);
    expectResults(await txn([lock(session)]), [held]);
    expectResults(await txn([lock(session)]), [held]);
    expectResults(await txn([kv("check-session", key, { Session: session })]), [held], readMeta);
    expectErrors(await txn([lock(other)]), [[0, `failed to lock key "${key}", lock is already held`]]);
    expectErrors(await txn([unlock(other)]), [[0, notHeld]]);
    expectResults(await txn([unlock(session)]), [kvText(key, { lockIndex: 1 })]);
    expect((await get(`/v1/kv/${key}?raw`)).text).toBe("w");
  });

  test("with lock is refused without an existing session, and during a key's lock delay", async () => {
    const key = `${keyFolder()}a`;
    const lock = (Session: string): object => kv("lock", key, { Session });
    expectErrors(await txn([lock("")]), [[0, "missing session"]]);
    expectErrors(await txn([kv("unlock", key, { Session: "" })]), [[0, "missing session"]]);
    expectErrors(await txn([lock("abc")]), [[0, "failed session lookup: index error: UUID must be 36 characters"]]);
    expectErrors(await txn([lock(stranger)]), [[0, `invalid session "${stranger}"`]]);
    const session = await createSession();
    await txn([lock(session)]);
    await put(`/v1/session/destroy/${session}`);
    const delayed = `failed to lock key "${key}" due to lock delay`;
    expectErrors(await txn([lock(await createSession()), kv("get", `${key}none`)]), [[0, delayed]]);
  });

  test.each(["set", "get", "delete", "get-tree", "nope"])("with %s is refused without a key", async (verb) => {
    const meta = ["set", "delete"].includes(verb) ? "" : readMeta;
    expectErrors(await txn([kv(verb, "")]), [[0, "Must provide key"]], meta);
  });
});

describe("a transaction", () => {
  test("applies each operation to the result of the operations before it", async () => {
    const folder = keyFolder();
    const key = `${folder}a`;
    const operations = [
      kv("set", key, { Value: base64("x") }),
      kv("get", key),
      kv("delete", key),
      kv("check-not-exists", key),
      kv("set", `${folder}b`),
      kv("get-tree", folder),
    ];
    const b = kvText(`${folder}b`);
    expectResults(await txn(operations), [kvText(key), kvText(key, { value: "x" }), b, b]);
    expect((await get(`/v1/kv/${folder}?keys`)).json).toEqual([`${folder}b`]);
  });

  test("with failed operations changes nothing and returns an error for each of them", async () => {
    const folder = keyFolder();
    const operations = [
      kv("set", `${folder}a`, { Value: base64("x") }),
      kv("get", `${folder}none`),
      kv("delete", `${folder}a`),
      kv("cas", `${folder}a`, { Index: 1 }),
    ];
    expectErrors(await txn(operations), [
      [1, `key "${folder}none" doesn't exist`],
      [3, `failed to set key "${folder}a", index is stale`],
    ]);
    expect((await get(`/v1/kv/${folder}?keys`)).status).toBe(404);
  });

  test("gives all of its writes one index", async () => {
    const folder = keyFolder();
    await txn([kv("set", `${folder}a`), kv("set", `${folder}b`)]);
    const entries = (await get(`/v1/kv/${folder}?recurse`)).json as { ModifyIndex: number }[];
    expect(new Set(entries.map(({ ModifyIndex }) => ModifyIndex)).size).toBe(1);
  });

  test("wakes the watchers of the keys that it writes", async () => {
    const key = `${keyFolder()}a`;
    expectWoken(await whileBlocked(`/v1/kv/${key}`, () => txn([kv("set", key, { Value: base64("x") })])));
  });
});

describe("a read-only transaction", () => {
  test.each(["", "?stale", "?consistent", "?index=1"])("has the headers of a read (%s)", async (query) => {
    const answer = await txn("[]", query);
    expect(answer.header("X-Consul-Knownleader")).toBe("true");
    expect(answer.header("X-Consul-Lastcontact")).toBe("0");
    expect(answer.header("X-Consul-Index")).toBeUndefined();
  });

  test("has the header X-Consul-Knownleader, which a transaction that writes lacks", async () => {
    const answer = await txn([kv("set", `${keyFolder()}a`)]);
    expect(answer.header("X-Consul-Knownleader")).toBeUndefined();
  });

  test("returns indented JSON with ?pretty", async () => {
    expect((await txn("[]", "?pretty")).text).toBe(
      '{\n    "Results": [],\n    "Errors": null,\n    "Index": 0,\n    "LastContact": 0,\n    "KnownLeader": true,\n    "ConsistencyLevel": ""\n}\n',
    );
  });
});

describe("a transaction on nodes", () => {
  const node = (Verb: string, Node: object): object => ({ Node: { Verb, Node } });
  const nodeText = (name: string, address: string, more = '"TaggedAddresses":null,"Meta":null'): string =>
    `{"Node":{"ID":"","Node":"${name}","Address":"${address}","Datacenter":"dc1",${more},"CreateIndex":0,"ModifyIndex":0}}`;

  test("can set, get and delete a node", async () => {
    const name = unique("ext");
    await registerNode({ Node: name });
    const shown = nodeText(name, "192.0.2.9", '"TaggedAddresses":{"lan":"x"},"Meta":{"a":"b"}');
    const wanted = {
      Node: name,
      Address: "192.0.2.9",
      TaggedAddresses: { lan: "x" },
      Meta: { a: "b" },
      Datacenter: "dc1",
    };
    expectResults(await txn([node("set", wanted)]), [shown]);
    expectResults(await txn([node("get", { Node: name })]), [shown], readMeta);
    expectResults(await txn([node("delete", { Node: name })]), []);
    expectResults(await txn([node("delete", { Node: name })]), []);
    expectErrors(await txn([node("get", { Node: name })]), [[0, `node "${name}" doesn't exist`]], readMeta);
  });

  test("with cas and delete-cas succeeds only with the node's index", async () => {
    const name = unique("ext");
    await registerNode({ Node: name });
    const wanted = { Node: name, Address: "192.0.2.9", Datacenter: "dc1" };
    const listed = (await get(`/v1/catalog/node/${name}`)).json as { Node: { ModifyIndex: number } };
    const { ModifyIndex } = listed.Node;
    const stale = (verb: string): string => `failed to ${verb} node "${name}", index is stale`;
    for (const wrong of [0, 1])
      expectErrors(await txn([node("cas", { ...wanted, ModifyIndex: wrong })]), [[0, stale("set")]]);
    expectResults(await txn([node("cas", { ...wanted, ModifyIndex })]), [nodeText(name, "192.0.2.9")]);
    expectErrors(await txn([node("delete-cas", { Node: name, ModifyIndex })]), [[0, stale("delete")]]);
    expectErrors(await txn([node("delete-cas", { Node: "nope", ModifyIndex: 1 })]), [
      [0, 'failed to delete node "nope", index is stale'],
    ]);
  });

  test.each([
    [{ Address: "x" }, "Must provide node"],
    [{ Node: "n", ID: "x", Address: "x" }, "Bad node ID: uuid string is wrong length"],
  ])("with set refuses %j", async (wanted, what) => {
    expectErrors(await txn([node("set", wanted)]), [[0, what]]);
  });

  test("with an unknown verb is an error", async () => {
    expectErrors(await txn([node("nope", { Node: "nope" })]), [[0, 'unknown Node verb "nope"']]);
  });
});

describe("a transaction on services", () => {
  const service = (Verb: string, Node: string, Service: object): object => ({ Service: { Verb, Node, Service } });
  const web = { ID: "web1", Service: "web", Port: 80, Tags: ["a"], Meta: { x: "y" }, Address: "192.0.2.7" };
  const shown =
    '{"Service":{"ID":"web1","Service":"web","Tags":["a"],"Address":"192.0.2.7","Meta":{"x":"y"},"Port":80,' +
    '"Weights":{"Passing":1,"Warning":1},"EnableTagOverride":false,"Proxy":{"MeshGateway":{},"Expose":{}},"Connect":{},' +
    '"CreateIndex":0,"ModifyIndex":0}}';

  test("can set, get, cas, delete-cas and delete a service", async () => {
    const name = unique("ext");
    await registerNode({ Node: name });
    const on = `service "web1" on node "${name}"`;
    expectResults(await txn([service("set", name, web)]), [shown]);
    expectResults(await txn([service("get", name, { ID: "web1" })]), [shown], readMeta);
    const listed = (await get(`/v1/catalog/node-services/${name}`)).json as { Services: { ModifyIndex: number }[] };
    const ModifyIndex = listed.Services[0]?.ModifyIndex;
    const stale = await txn([service("cas", name, { ...web, Port: 81, ModifyIndex: 1 })]);
    expectErrors(stale, [[0, `failed to set ${on}, index is stale`]]);
    expectErrors(await txn([service("delete-cas", name, { ...web, ModifyIndex: 1 })]), [
      [0, `failed to delete ${on}, index is stale`],
    ]);
    expectResults(await txn([service("cas", name, { ...web, ModifyIndex })]), [shown]);
    expectResults(await txn([service("delete-cas", name, { ...web, ModifyIndex })]), []);
    expectResults(await txn([service("delete", name, web)]), []);
    expectErrors(await txn([service("get", name, { ID: "web1" })]), [[0, `${on} doesn't exist`]], readMeta);
    expectErrors(await txn([service("delete-cas", name, { ...web, ModifyIndex: 1 })]), [
      [0, `failed to delete ${on}, index is stale`],
    ]);
  });

  test("with a service without an ID uses its name as ID", async () => {
    const name = unique("ext");
    await registerNode({ Node: name });
    const answer = await txn([service("set", name, { Service: "web" })]);
    const wanted = shown
      .replace("web1", "web")
      .replace('["a"]', "null")
      .replace("192.0.2.7", "")
      .replace('{"x":"y"}', "null");
    expectResults(answer, [wanted.replace('"Port":80', '"Port":0')]);
  });

  test.each([
    ["set", "nope", web, "Missing node registration"],
    ["set", "node1", { ID: "web2" }, "Must provide service name with ID"],
    ["delete", "node1", { ID: "web2" }, "Must provide service name with ID"],
    ["nope", "node1", web, 'unknown Service verb "nope"'],
  ])("with %s on node %s refuses %j", async (verb, on, wanted, what) => {
    expectErrors(await txn([service(verb, on, wanted)]), [[0, what]]);
  });
});

describe("a transaction on checks", () => {
  const check = (Verb: string, Check: object): object => ({ Check: { Verb, Check } });

  test("can set, get, cas, delete-cas and delete a check", async () => {
    const name = unique("ext");
    await registerNode({ Node: name, Service: { Service: "web", Tags: ["a"] } });
    const up = { Node: name, CheckID: "up", Name: "U", Status: "passing", ServiceID: "web", Notes: "n", Output: "o" };
    const on = `check "up" on node "${name}"`;
    const shown = (status: string): string =>
      `{"Check":{"Node":"${name}","CheckID":"up","Name":"U","Status":"${status}","Notes":"n","Output":"o","ServiceID":"web",` +
      '"ServiceName":"web","ServiceTags":["a"],"Type":"","Definition":{"Interval":"5s","HTTP":"http://x"},"CreateIndex":0,"ModifyIndex":0}}';
    const wanted = { ...up, Definition: { HTTP: "http://x", Interval: "5s" } };
    expectResults(await txn([check("set", wanted)]), [shown("passing")]);
    expectResults(await txn([check("get", { Node: name, CheckID: "up" })]), [shown("passing")], readMeta);
    const listed = (await get(`/v1/health/node/${name}`)).json as { ModifyIndex: number }[];
    const ModifyIndex = listed[0]?.ModifyIndex;
    expectErrors(await txn([check("cas", { ...wanted, ModifyIndex: 1 })]), [
      [0, `failed to set ${on}, index is stale`],
    ]);
    expectErrors(await txn([check("delete-cas", { ...wanted, ModifyIndex: 1 })]), [
      [0, `failed to delete ${on}, index is stale`],
    ]);
    const { Status: _, ...unsaid } = wanted;
    expectResults(await txn([check("cas", { ...unsaid, ModifyIndex })]), [shown("critical")]);
    expectResults(await txn([check("delete", { Node: name, CheckID: "up" })]), []);
    expectResults(await txn([check("delete", { Node: name, CheckID: "up" })]), []);
    expectErrors(await txn([check("get", { Node: name, CheckID: "up" })]), [[0, `${on} doesn't exist`]], readMeta);
  });

  test.each([
    ["set", { Node: "nope", CheckID: "c", Name: "c" }, "Missing node registration"],
    ["set", { CheckID: "c", Name: "c" }, "Missing node registration"],
    ["set", { Node: "node1", CheckID: "c", Name: "c", ServiceID: "nope" }, "Missing service registration"],
    ["nope", { Node: "node1", CheckID: "c", Name: "c" }, 'unknown Check verb "nope"'],
  ])("with %s refuses %j", async (verb, wanted, what) => {
    expectErrors(await txn([check(verb, wanted)]), [[0, what]]);
  });

  test("that turns a check critical ends the sessions that name the check, in the same transaction", async () => {
    const [name, key] = [unique("ext"), `${keyFolder()}a`];
    await registerNode({ Node: name, Checks: [{ Name: "up", Status: "passing" }] });
    const session = await createSession({ Node: name, NodeChecks: ["up"], LockDelay: "0s" });
    await put(`/v1/kv/${key}?acquire=${session}`, "v");
    await txn([check("set", { Node: name, CheckID: "up", Name: "up", Status: "critical" }), kv("check-session", key)]);
    expect(masked((await get(`/v1/session/info/${session}`)).text)).toBe("[]");
  });
});

test("a transaction with a node, its service, its check and a key writes all of them or none", async () => {
  const [name, folder] = [unique("ext"), keyFolder()];
  await registerNode({ Node: name });
  const operations = [
    { Node: { Verb: "set", Node: { Node: name, Address: "192.0.2.3" } } },
    { Service: { Verb: "set", Node: name, Service: { Service: "web" } } },
    { Check: { Verb: "set", Check: { Node: name, Name: "up", ServiceID: "web", Status: "passing" } } },
    kv("set", `${folder}a`),
  ];
  expect((await txn([...operations, kv("get", `${folder}none`)])).status).toBe(409);
  expect((await get("/v1/health/service/web")).text).not.toContain(name);
  expect((await get(`/v1/kv/${folder}?keys`)).status).toBe(404);
  expect((await txn(operations)).status).toBe(200);
  expect((await get("/v1/health/service/web?passing")).text).toContain(name);
});
