import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { type Answer, exchange } from "../support/exchange.ts";
import { freePorts } from "../support/free-ports.ts";
import { within } from "../support/within.ts";

const sandbox = openSandbox();
const configuration = join(sandbox.folder, "agent.hcl");
const schema = join(sandbox.folder, "app.schema.json");
const limits = { properties: { Limit: { type: "integer", maximum: 10 }, Password: { type: "string", minLength: 12 } } };
const master = "6f1c2c1e-0000-4000-8000-00000000cafe";
const port = "edgex/core/1.0/a/Service/Port";
const portRefusal = `the value "abc" of the key "${port}" is not valid: EdgeX takes a port from 1 to 65535 for Service/Port
Nothing was written`;
let agent: AgentProcess;
let keeperUrl: string;

beforeAll(async () => {
  writeFileSync(schema, JSON.stringify(limits));
  configure("enforce");
  const [keeperPort = 0] = await freePorts(1);
  keeperUrl = `http://127.0.0.1:${keeperPort}`;
  agent = await sandbox.start("-config-file", configuration, "-keeper-port", String(keeperPort));
  await agent.ready();
});
afterAll(() => sandbox.close());
beforeEach(() => agent.send("DELETE", "/v1/kv/?recurse"));

function configure(mode: string): void {
  const files = `files { "app" = "${schema}" }`;
  const others = `data_dir = "${join(sandbox.folder, "data")}"`;
  writeFileSync(configuration, `kv_schemas { mode = "${mode}", edgex = true, ${files} } ${others}`);
}

const put = (key: string, body: string, query = ""): Promise<Answer> =>
  agent.send("PUT", `/v1/kv/${key}${query}`, { body });
const reload = (): Promise<Answer> => agent.send("PUT", "/v1/agent/reload");

async function keys(): Promise<unknown> {
  const { status, json } = await agent.send("GET", "/v1/kv/?keys");
  return status === 404 ? [] : json;
}

function set(key: string, value: string, verb = "set"): object {
  return { KV: { Verb: verb, Key: key, Value: Buffer.from(value).toString("base64") } };
}

function putByKeeper(key: string, value: unknown, query = ""): Promise<Answer> {
  return exchange(keeperUrl, "PUT", { path: `/api/v3/kvs/key/${key}${query}`, body: { value } });
}

describe("an agent that enforces schemas refuses an invalid value", () => {
  test.each(["", "?cas=0", "?acquire=1", "?release=1"])("by PUT /v1/kv with %p, and says why", async (query) => {
    const answer = await put(port, "abc", query);
    expect([answer.status, answer.text]).toEqual([400, portRefusal]);
    expect(await keys()).toEqual([]);
  });

  test("by a transaction, whole", async () => {
    const body = [set("app/other", "x"), set("app/Limit", "11"), set(port, "abc", "cas")];
    const answer = await agent.send("PUT", "/v1/txn", { body });
    expect([answer.status, answer.text]).toEqual([
      400,
      `the value "11" of the key "app/Limit" is not valid: the schema of "app" at /properties/Limit: must be <= 10\n${portRefusal}`,
    ]);
    expect(await keys()).toEqual([]);
  });

  test("by core-keeper's API, flattened too", async () => {
    const one = await putByKeeper(port, "abc");
    expect([one.status, one.json]).toEqual([400, { apiVersion: "v3", message: portRefusal, statusCode: 400 }]);
    const flat = await putByKeeper("app", { other: 1, Limit: 11 }, "?flatten=true");
    expect([flat.status, flat.json]).toMatchObject([400, { message: expect.stringContaining("must be <= 10") }]);
    expect(await keys()).toEqual([]);
  });

  test("by the commands that write keys", async () => {
    const tree = join(sandbox.folder, "tree.json");
    writeFileSync(tree, JSON.stringify([{ key: port, flags: 0, value: Buffer.from("abc").toString("base64") }]));
    for (const words of [
      ["kv", "put", `-http-addr=${agent.url}`, port, "abc"],
      ["kv", "import", `-http-addr=${agent.url}`, `@${tree}`],
    ]) {
      const { code, output } = await sandbox.run(...words);
      expect([code, output]).toEqual([1, expect.stringContaining(portRefusal)]);
    }
    expect(await keys()).toEqual([]);
  });

  test("by praetor import, which names the key that it does not import", async () => {
    configure("observe");
    await reload();
    await put(port, "abc");
    await put("free", "x");
    const exported = join(sandbox.folder, "exported");
    expect((await sandbox.run("export", `-http-addr=${agent.url}`, exported)).code).toBe(0);
    await agent.send("DELETE", "/v1/kv/?recurse");
    configure("enforce");
    await reload();
    const { code, output } = await sandbox.run("import", `-http-addr=${agent.url}`, exported);
    expect([code, output]).toEqual([1, expect.stringContaining(portRefusal.replace("\n", " "))]);
    expect(await keys()).not.toContain(port);
  });

  test("without showing the value of a secret, in the answer and in the log", async () => {
    const answer = await put("app/Password", "hunter2");
    expect([answer.status, answer.text]).toEqual([
      400,
      'the value of the key "app/Password" is not valid: the schema of "app" at /properties/Password: must NOT have fewer than 12 characters\nNothing was written',
    ]);
    await within(2_000, async () => expect(agent.output()).toContain("key=app/Password"));
    expect(agent.output()).not.toContain("hunter2");
  });

  test("and no valid one, no delete, and no snapshot", async () => {
    for (const value of ["48080", "48081"]) expect((await put(port, value)).text).toBe("true");
    expect((await put("app/Limit", "10")).status).toBe(200);
    expect((await put("app2/Limit", "11")).status).toBe(200);
    expect((await putByKeeper("edgex/v4/core-data/Service/Port", 59880)).status).toBe(200);
    configure("observe");
    await reload();
    await put(port, "abc");
    const saved = await agent.send("GET", "/v1/snapshot");
    configure("enforce");
    await reload();
    expect((await agent.send("DELETE", `/v1/kv/${port}`)).status).toBe(200);
    expect((await agent.send("PUT", "/v1/snapshot", { body: saved.bytes })).status).toBe(200);
    expect((await agent.send("GET", `/v1/kv/${port}?raw`)).text).toBe("abc");
  });

  test("by whatever face it comes, in any sequence", async () => {
    const valid = (key: string, value: string): boolean => (key === port ? /^[1-9]\d*$/.test(value) : value !== "11");
    const refused: boolean[] = [];
    const faces: readonly ((key: string, value: string) => Promise<Answer>)[] = [
      (key, value) => put(key, value),
      (key, value) => put(key, value, "?cas=0"),
      (key, value) => agent.send("PUT", "/v1/txn", { body: [set("free", "x"), set(key, value)] }),
      (key, value) => putByKeeper(key, value),
    ];
    const write = fc.record({
      face: fc.nat(faces.length - 1),
      key: fc.constantFrom(port, "app/Limit"),
      value: fc.constantFrom("1", "11", "abc", ""),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(write, { minLength: 1, maxLength: 8 }), async (steps) => {
        await agent.send("DELETE", "/v1/kv/?recurse");
        for (const { face, key, value } of steps) {
          const answer = await faces[face]?.(key, value);
          // The schema of app/Limit takes no text.
          const isValid = valid(key, value) && (key === port || value === "1");
          expect(answer?.status === 400).toBe(!isValid);
          refused.push(!isValid);
        }
        for (const key of (await keys()) as string[])
          if (key !== "free")
            expect((await agent.send("GET", `/v1/kv/${key}?raw`)).text).toMatch(key === port ? /^(1|11)$/ : /^1$/);
      }),
      { numRuns: 25 },
    );
    expect(new Set(refused).size).toBe(2);
  });
});

test("an agent that observes writes invalid values, counts them, and logs each key once", async () => {
  configure("observe");
  await reload();
  await within(2_000, async () => expect(agent.output()).toEndWith("Configuration reloaded\n"));
  const before = agent.output().length;
  const counted = async (): Promise<number> => {
    const { text } = await agent.send("GET", "/v1/agent/metrics?format=prometheus");
    return Number(/^praetor_kv_invalid_values (\d+)/m.exec(text)?.[1] ?? 0);
  };
  const first = await counted();
  for (let each = 0; each < 3; each += 1) expect((await put(port, "abc")).text).toBe("true");
  expect((await agent.send("PUT", "/v1/txn", { body: [set("app/Limit", "11")] })).status).toBe(200);
  expect((await counted()) - first).toBe(4);
  await reload();
  await within(2_000, async () => {
    const lines = agent.output().slice(before).split("\n");
    // The log of the reload comes after that of the writes.
    expect(lines.filter((line) => line.includes("Configuration reloaded"))).toHaveLength(1);
    const told = lines.filter((line) => line.includes("is not valid"));
    expect(told.map((line) => /key=(\S+)/.exec(line)?.[1])).toEqual([port, "app/Limit"]);
  });
  configure("enforce");
  await reload();
  expect((await put(port, "abc")).status).toBe(400);
});

test("a reload with an unusable schema names the fault and keeps the schemas, and validate names it too", async () => {
  writeFileSync(schema, '{"properties":\n  {"Limit": {"type": "integr"}}}');
  const fault = `failed to parse ${schema}: At 2:14: unusable schema: must be equal to one of the allowed values`;
  const refused = await reload();
  expect([refused.status, refused.text]).toEqual([500, expect.stringContaining(fault)]);
  expect((await put("app/Limit", "11")).status).toBe(400);
  const validated = await sandbox.run("validate", configuration);
  expect([validated.code, validated.output]).toEqual([1, expect.stringContaining(fault)]);
  unlinkSync(schema);
  expect((await sandbox.run("validate", configuration)).output).toContain('cannot read the schema of "app"');
  writeFileSync(schema, JSON.stringify({ properties: { Limit: { maximum: 20 } } }));
  expect((await reload()).status).toBe(200);
  expect((await put("app/Limit", "11")).status).toBe(200);
  expect((await put("app/Limit", "21")).status).toBe(400);
});

test("a caller who may not write a key is refused for that, whatever the value", async () => {
  const guarded = await sandbox.start(
    ...["-data-dir", join(sandbox.folder, "guarded"), "-hcl", 'kv_schemas { mode = "enforce", edgex = true }'],
    ...["-hcl", `acl { enabled = true, default_policy = "deny", tokens { master = "${master}" } }`],
  );
  await guarded.ready();
  expect((await guarded.send("PUT", `/v1/kv/${port}`, { body: "abc" })).status).toBe(403);
  const headers = { "X-Consul-Token": master };
  const refused = await guarded.send("PUT", `/v1/kv/${port}`, { body: "abc", headers });
  expect([refused.status, refused.text]).toEqual([400, portRefusal]);
});

test("the agent's own writes are done whatever the schemas say, and logged", async () => {
  const closed = join(sandbox.folder, "closed.json");
  writeFileSync(closed, "false");
  const other = await sandbox.start(
    ...["-data-dir", join(sandbox.folder, "ports"), "-hcl", 'edgex { ports { policy = "reassign" } }'],
    ...["-hcl", `kv_schemas { mode = "enforce", files { "edgex/registry/ports" = "${closed}" } }`],
  );
  await other.ready();
  const register = (Name: string): Promise<Answer> =>
    other.send("PUT", "/v1/agent/service/register", { body: { Name, Address: "10.0.0.9", Port: 7000 } });
  await register("first");
  expect((await register("second")).header("X-EdgeX-Port-Changed")).toStartWith("7000->");
  const record = await other.send("GET", "/v1/kv/edgex/registry/ports/second?raw");
  expect(record.status).toBe(200);
  const line =
    'was written all the same: key=edgex/registry/ports/second rule="the schema of \\"edgex/registry/ports\\": must not be there"';
  await within(2_000, async () => expect(other.output()).toContain(line));
  expect((await other.send("PUT", "/v1/kv/edgex/registry/ports/second", { body: record.bytes })).status).toBe(400);
});
