import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { AnswerValidator, type DescribedRoute, operationsOf, readDescription } from "../support/api-description.ts";
import { type Answer, exchange } from "../support/exchange.ts";
import { type KeeperTarget, registrationBody, startKeeperTarget } from "../support/keeper.ts";
import { generatePythonClient } from "../support/python-client.ts";

const description = await readDescription();
const validator = new AnswerValidator(description);
const sandbox = openSandbox();
const master = "6f1c2c1e-0000-4000-8000-00000000cafe";
let keeper: KeeperTarget;
let guarded: AgentProcess;
let session = "";
let query = "";
let trial = "";

beforeAll(async () => {
  keeper = await startKeeperTarget();
  await furnish();
  const acl = `acl { enabled = true, mode = "observe", default_policy = "deny", tokens { master = "${master}" } }`;
  guarded = await sandbox.start("-hcl", acl, "-data-dir", join(sandbox.folder, "data"));
  await guarded.ready();
  await guarded.send("GET", "/v1/kv/refused");
  const method = { Name: "people", Type: "userpass", Config: {} };
  await asMaster("PUT", "/v1/acl/auth-method", method);
  await asMaster("PUT", "/v1/praetor/acl/user", { AuthMethod: "people", Name: "ann", Password: "a long password" });
  await asMaster("PUT", "/v1/acl/role", { Name: "readers", ServiceIdentities: [{ ServiceName: "web" }] });
});

afterAll(async () => {
  await keeper.target.stop();
  await sandbox.close();
});

function asMaster(method: string, path: string, body?: unknown): Promise<Answer> {
  return guarded.send(method, path, { body, headers: { "X-Consul-Token": master } });
}

/** Gives the agent something of each kind that it can answer with. */
async function furnish(): Promise<void> {
  const { consul, ask } = keeper;
  const check = { CheckID: "web-alive", TTL: "10m", Status: "warning", Notes: "of the test" };
  const web = { Name: "web", Port: 49_900, Address: "127.0.0.1", Tags: ["a"], Meta: { unit: "celsius" }, Check: check };
  const proxy = { DestinationServiceName: "web", Upstreams: [{ DestinationName: "db", LocalBindPort: 1 }] };
  await consul("PUT /agent/service/register", web);
  await consul("PUT /agent/service/register", { Name: "web-proxy", Kind: "connect-proxy", Port: 1, Proxy: proxy });
  await consul("PUT /catalog/register", { Node: "plc-7", Address: "10.0.0.7", NodeMeta: { hall: "2" } });
  await consul("PUT /kv/a", "1");
  await consul("PUT /kv/a", "2");
  await consul("PUT /kv/edgex/registry/ports/web", portRecord);
  ({ ID: session } = (await consul("PUT /session/create", { Name: "s" })).json as { ID: string });
  ({ ID: query } = (await consul("POST /query", { Name: "q", Service: { Service: "web" } })).json as { ID: string });
  await consul("PUT /event/fire/deploy", "now");
  await consul("PUT /agent/service/register", { Name: "press" });
  const tried = { Changes: [{ Key: "tried", Value: btoa("1") }], Services: ["press"], For: "1h" };
  ({ ID: trial } = (await consul("PUT /praetor/kv-trial", tried)).json as { ID: string });
  expect((await ask("PUT /kvs/key/plant/limit", { apiVersion: "v3", value: "12" })).status).toBe(200);
  expect((await ask("POST /registry", registrationBody({ serviceId: "sensor" }))).status).toBe(201);
}

const portRecord = {
  ...{ id: "i", revision: 1, service: "web", host: "127.0.0.1", oldPort: 1, newPort: 2, owner: "o", reason: "r" },
  ...{ at: "2026-01-31T12:00:00Z", state: "pending" },
};

/** Streams, which have no end. */
const streams = ["/v1/agent/monitor", "/v1/praetor/changes/{prefix}"];

/** The query parameters without which a request is refused, or shows less. */
const queries: Readonly<Record<string, string>> = {
  "/v1/agent/checks": "definitions&since",
  "/v1/connect/intentions/check": "source=web&destination=db",
  "/v1/connect/intentions/match": "by=source&name=web",
  "/v1/health/service/{name}": "since",
  "/v1/operator/autopilot/health": "detailed",
  "/v1/praetor/changes": "topics=services,kv:a",
  "/v1/praetor/kv/{key}": "at=0s",
  "/v1/praetor/kv-diff/{prefix}": "from=1h",
  "/v1/praetor/search": "q=2&in=values",
};

/** Returns values for the variable parts of a path: of what `furnish` has made. */
function pathOf(template: string): string {
  const values: Readonly<Record<string, string>> = {
    ...{ name: "web", service: "web", id: "web", key: "a", prefix: "a", status: "any", kindName: "service-defaults" },
    ...{ nameOrId: "node1", idOrName: "q", datacenter: "dc1", gateway: "web", serviceId: "sensor" },
  };
  const own: Readonly<Record<string, string>> = {
    "/v1/session/info/{id}": session,
    "/v1/session/node/{name}": "node1",
    "/v1/query/{id}": query,
    "/v1/praetor/kv-trial/{id}": trial,
    "/v1/health/node/{name}": "node1",
    "/v1/internal/ui/node/{name}": "node1",
    "/v1/coordinate/node/{name}": "node1",
    "/api/v3/kvs/key/{key}": "plant",
  };
  const filled = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => own[template] ?? values[name] ?? "nothing");
  return queries[template] === undefined ? filled : `${filled}?${queries[template]}`;
}

function faultsOf(route: DescribedRoute, answer: Answer): readonly string[] {
  const type = answer.header("Content-Type");
  const body = type?.startsWith("application/json") === true ? answer.json : answer.text;
  return validator.faultsOf(route, { status: answer.status, type, body });
}

const reads = operationsOf(description).filter(
  ({ method, template }) => method === "get" && !streams.includes(template),
);
const aclReads = reads.filter(({ template }) => template.includes("/acl/"));
const otherReads = reads.filter((route) => !aclReads.includes(route));

describe("the answers of an agent fit docs/openapi.json", () => {
  const done = new Map<string, number>();
  test.each(otherReads.map((route) => [route.template, route] as const))("GET %s", async (template, route) => {
    const url = template.startsWith("/api/") ? keeper.url : keeper.target.url;
    const answer = await exchange(url, "GET", { path: pathOf(template) });
    done.set(template, answer.status);
    expect(faultsOf(route, answer)).toEqual([]);
  });

  test("they are no errors but for what Praetor always refuses", () => {
    const refused = [...done].filter(([, status]) => status >= 400).map(([template]) => template);
    const always = otherReads.filter(({ operation }) => Object.keys(operation.responses).join() === "default");
    expect(refused.filter((template) => !mayFail.includes(template)).toSorted()).toEqual(
      always.map(({ template }) => template).toSorted(),
    );
  });
});

/** A service with a warning is answered with 429. */
const mayFail = ["/v1/agent/health/service/id/{id}", "/v1/agent/health/service/name/{name}"];

describe("the answers of an agent with access control fit docs/openapi.json", () => {
  const done = new Map<string, number>();
  test.each(aclReads.map((route) => [route.template, route] as const))("GET %s", async (template, route) => {
    const answer = await asMaster("GET", await aclPathOf(template));
    done.set(template, answer.status);
    expect(faultsOf(route, answer)).toEqual([]);
    expect(answer.status).toBe(200);
  });

  test("they show a refusal, a user, a role and an auth method", async () => {
    for (const path of ["praetor/acl/observed", "praetor/acl/users", "acl/roles", "acl/auth-methods"]) {
      const answer = (await asMaster("GET", `/v1/${path}`)).json as { readonly Tokens?: readonly unknown[] };
      expect((answer.Tokens ?? (answer as unknown as readonly unknown[])).length).toBeGreaterThan(0);
    }
  });
});

/** Returns the path of an object that is there. */
async function aclPathOf(template: string): Promise<string> {
  const ids: Readonly<Record<string, string>> = {
    "/v1/acl/policy/{id}": "00000000-0000-0000-0000-000000000001",
    "/v1/acl/policy/name/{name}": "global-management",
    "/v1/acl/role/name/{name}": "readers",
    "/v1/acl/auth-method/{name}": "people",
    "/v1/acl/info/{id}": master,
    "/v1/acl/token/{id}": "00000000-0000-0000-0000-000000000002",
  };
  const made: Readonly<Record<string, readonly [path: string, body: object, field: string]>> = {
    "/v1/acl/role/{id}": ["/v1/acl/role", { Name: "made" }, "ID"],
    "/v1/acl/binding-rule/{id}": [
      "/v1/acl/binding-rule",
      { AuthMethod: "people", BindType: "role", BindName: "readers" },
      "ID",
    ],
    "/v1/acl/rules/translate/{id}": [
      "/v1/acl/create",
      { Name: "old", Type: "client", Rules: 'key "" { policy = "read" }' },
      "ID",
    ],
  };
  const make = made[template];
  const id = make ? await idOf(make) : (ids[template] ?? "");
  return template.replace(/\{\w+\}/, id);
}

async function idOf([path, body, field]: readonly [string, object, string]): Promise<string> {
  const answer = (await asMaster("PUT", path, body)).json as Readonly<Record<string, string>>;
  const id = answer[field] ?? "";
  if (path !== "/v1/acl/create") return id;
  const token = (await asMaster("GET", `/v1/acl/tokens`)).json as readonly {
    readonly AccessorID: string;
    readonly Legacy?: true;
  }[];
  return token.find(({ Legacy }) => Legacy)?.AccessorID ?? id;
}

test("the agent serves docs/openapi.json, compressed for clients that take it so", async () => {
  const plain = await exchange(keeper.target.url, "GET", { path: "/v1/praetor/openapi.json" });
  expect(plain.json as object).toEqual(description as object);
  const headers = { "Accept-Encoding": "gzip" };
  const packed = await exchange(keeper.target.url, "GET", { path: "/v1/praetor/openapi.json", headers });
  expect(packed.header("Content-Encoding")).toBe("gzip");
  expect(JSON.parse(gunzipSync(packed.bytes).toString()) as object).toEqual(description as object);
});

const program = `
import json, sys
from generated import Client, Refused

client = Client(sys.argv[1])
client.put_agent_service_register({"Name": "python", "Port": 4711, "Check": {"TTL": "1m", "Status": "passing"}})
print(client.put_kv_by_key("made by/python", b"42", cas=0), client.put_kv_by_key("made by/python", b"43", cas=0))
print([entry["Value"] for entry in client.get_kv_by_key("made by/", recurse=True)])
print([entry["Service"]["Port"] for entry in client.get_health_service_by_name("python", passing=True, filter='Service.Port == 4711')])
result = client.put_txn([{"KV": {"Verb": "delete", "Key": "made by/python"}}, {"KV": {"Verb": "check-not-exists", "Key": "made by/python"}}])
print(result["Errors"])
try:
    client.get_kv_by_key("made by/python")
except Refused as refused:
    print("refused", str(refused)[:3])
`;

test("a client in Python that is generated from docs/openapi.json makes its calls", async () => {
  const folder = sandbox.folder;
  writeFileSync(join(folder, "generated.py"), generatePythonClient(description));
  writeFileSync(join(folder, "program.py"), program);
  const run = Bun.spawn(["python3", "-W", "error", join(folder, "program.py"), keeper.target.url], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [printed, said] = await Promise.all([new Response(run.stdout).text(), new Response(run.stderr).text()]);
  expect(said).toBe("");
  expect(printed.trim().split("\n")).toEqual(["True False", "['NDI=']", "[4711]", "None", "refused 404"]);
});
