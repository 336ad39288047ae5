import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { newTestAuthority } from "../support/authority.ts";
import { exchange } from "../support/exchange.ts";
import { freePorts } from "../support/free-ports.ts";
import { within } from "../support/within.ts";
import { issuerPublicKey, time, webToken } from "../conformance/access-control/scripts/web-tokens.ts";

const sandbox = openSandbox();
afterAll(() => sandbox.close());

const planted = (number: number): string => `5ec2e700-5ec2-4ec2-8ec2-5ec2e70000${String(number).padStart(2, "0")}`;
const certificate = newTestAuthority().issue();

/** Each secret by the way in which an agent gets it. None may leave the agent but in the answer that hands it out. */
const secrets: Record<string, string> = {
  "the master token": planted(1),
  "the agent's token": planted(2),
  "the default token": planted(3),
  "the agent's master token": planted(4),
  "the replication token": planted(5),
  "a created token": planted(6),
  "a token that a request gives the agent": planted(7),
  "a service's token": planted(8),
  "a token that does not exist": planted(9),
  "a token in the query": planted(10),
  "a token in the path": planted(11),
  "a token in a body that is not JSON": planted(12),
  "a token in a field of the wrong type": planted(13),
  "a check's header": planted(14),
  "the password in a check's URL": planted(15),
  "an argument of a check's script": planted(16),
  "a service's token in a file": planted(17),
  "a prepared query's token": planted(18),
  "a token in a refused setting": planted(19),
  "a token of core-keeper's API": planted(20),
  "a token in an unreadable path": planted(21),
  "the key between agents": Buffer.from("5ec2e75ec2e75ec2e75ec2e75ec2e75e").toString("base64"),
  "the private key": certificate.key.split("\n")[1] ?? "",
  "a web token": webToken({ exp: time(100), sub: planted(23) }),
  "a web token that is refused": webToken({ exp: time(100), sub: planted(24) }).slice(0, -4),
  "a value of a secret": planted(25),
  "a token of a login": "",
};

/** Answers that hand out a secret, which whoever asks as master may see. */
const handedOut = new Set(["agent/checks?definitions", "query"]);

/** The texts that left the agent, by the way on which they left. */
const left = new Map<string, string>();
const notes = { folder: sandbox.folder, data: join(sandbox.folder, "data"), audit: join(sandbox.folder, "audit.json") };
const secretOf = (name: string): string => secrets[name] ?? "";
const asMaster = { "X-Consul-Token": secretOf("the master token") };

let agent: AgentProcess;
let keeperUrl = "";

function settings(keeper: number, https: number): string {
  const tokens = ["master", "agent", "default", "replication"].map((name) => {
    const at = { master: "the master token", agent: "the agent's token" }[name] ?? `the ${name} token`;
    return `${name} = "${secretOf(at)}"`;
  });
  return `
    log_level = "trace"
    encrypt = "${secretOf("the key between agents")}"
    cert_file = "${join(notes.folder, "cert.pem")}"
    key_file = "${join(notes.folder, "key.pem")}"
    ports { keeper = ${keeper} https = ${https} }
    addresses { keeper = "127.0.0.1" https = "127.0.0.1" }
    acl {
      enabled = true
      default_policy = "deny"
      enable_token_persistence = true
      tokens { ${tokens.join(" ")} agent_master = "${secretOf("the agent's master token")}" }
    }
    audit {
      enabled = true
      record_all = true
      sink "all" { type = "file" format = "json" path = "${notes.audit}" delivery_guarantee = "best-effort" }
    }
    service {
      name = "of-file"
      token = "${secretOf("a service's token in a file")}"
      port = 7
    }`;
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = asMaster,
): Promise<void> {
  const answer = await agent.send(method, path, { body, headers });
  // A redirect repeats the path that its receiver has sent.
  if (answer.status === 301) return;
  keep(
    `the answer to ${method} ${path} as ${callerOf(headers)}`,
    `${answer.status} ${JSON.stringify(answer.headers)} ${answer.text}`,
  );
}

function callerOf(headers: Record<string, string>): string {
  const sent = Object.values(headers).join();
  return Object.entries(secrets).find(([, secret]) => secret !== "" && sent.includes(secret))?.[0] ?? "anonymous";
}

function keep(way: string, text: string): void {
  left.set(way, `${left.get(way) ?? ""}${text}`);
}

/** Runs a command with a token from a file, and keeps its output. */
async function command(...words: readonly string[]): Promise<void> {
  const { output } = await sandbox.run(...words, "-http-addr", agent.url, "-token-file", join(notes.folder, "token"));
  keep(`praetor ${words.join(" ")}`, output);
}

async function plant(): Promise<void> {
  const setUp = (method: string, path: string, body: unknown): Promise<unknown> =>
    agent.send(method, path, { body, headers: asMaster });
  const rights = (access: string): string =>
    `node_prefix "" { policy = "${access}" } service_prefix "" { policy = "${access}" } agent_prefix "" { policy = "read" }
     query_prefix "" { policy = "read" } acl = "read" key_prefix "" { policy = "read" } operator = "read"`;
  await setUp("PUT", "/v1/acl/policy", { Name: "reader", Rules: rights("read") });
  await setUp("PUT", "/v1/acl/policy", { Name: "writer", Rules: rights("write") });
  const link = (policy: string, ...names: readonly string[]): Promise<unknown[]> =>
    Promise.all(
      names.map((name) => setUp("PUT", "/v1/acl/token", { SecretID: secretOf(name), Policies: [{ Name: policy }] })),
    );
  await link("reader", "a created token", "the default token", "a token in the query", "a prepared query's token");
  await link("writer", "the agent's token", "a service's token", "a token of core-keeper's API");
  await setUp("PUT", "/v1/agent/token/replication", { Token: secretOf("a token that a request gives the agent") });
  await setUp("PUT", "/v1/acl/auth-method", {
    Name: "jwt",
    Type: "jwt",
    Config: { JWTValidationPubKeys: [issuerPublicKey] },
  });
  await setUp("PUT", "/v1/acl/binding-rule", { AuthMethod: "jwt", BindType: "service", BindName: "web" });
  const query = { Name: "q", Service: { Service: "web" }, Token: secretOf("a prepared query's token") };
  await setUp("POST", "/v1/query", query);
  await setUp("PUT", "/v1/kv/a", "value");
}

async function registerChecks(): Promise<void> {
  const own = { "X-Consul-Token": secretOf("a service's token") };
  const Header = { Authorization: [`Bearer ${secretOf("a check's header")}`] };
  const url = new URL(`${agent.url}/v1/status/leader`);
  url.username = "user";
  url.password = secretOf("the password in a check's URL");
  const Args = ["sh", "-c", "echo ran; exit 1", secretOf("an argument of a check's script")];
  await ask("PUT", "/v1/agent/service/register", { Name: "web", Token: secretOf("a service's token") }, own);
  await ask(
    "PUT",
    "/v1/agent/check/register",
    { Name: "by header", HTTP: `${agent.url}/x`, Header, Interval: "100ms" },
    own,
  );
  await ask("PUT", "/v1/agent/check/register", { Name: "by URL", HTTP: url.href, Interval: "100ms" }, own);
  await ask("PUT", "/v1/agent/check/register", { Name: "by script", Args, Interval: "100ms" }, own);
  await within(10_000, async () => {
    const { json } = await agent.send("GET", "/v1/agent/checks", { headers: asMaster });
    const checks = Object.values(json as Record<string, { Output: string; Type: string }>).filter(
      ({ Type }) => Type !== "",
    );
    if (checks.length < 3 || checks.some(({ Output }) => Output === "")) throw new Error(JSON.stringify(checks));
  });
}

/** Sends secrets in every place of a request, mostly a wrong one. */
async function misuse(): Promise<void> {
  const [unknown, inPath, inText, inField] = [
    "a token that does not exist",
    "a token in the path",
    "a token in a body that is not JSON",
    "a token in a field of the wrong type",
  ].map(secretOf);
  await ask("GET", `/v1/kv/a?token=${secretOf("a token in the query")}`, undefined, {});
  await ask("GET", `/v1/kv/a?recurse&token=${unknown}&index=x`, undefined, {});
  await ask("PUT", `/v1/kv/a?tok%65n=${unknown}`, "x", {});
  await ask("PUT", "/v1/kv/a", "x", { "X-Consul-Token": unknown ?? "" });
  await ask("PUT", "/v1/kv/a", "x", { Authorization: `Bearer ${unknown}` });
  for (const request of ["GET info", "PUT destroy", "PUT clone", "PUT update", "GET list", "POST create"]) {
    const [method = "", path = ""] = request.split(" ");
    await ask(method, `/v1/acl/${path}/${inPath}`);
    await ask(method, `/v1//acl/${path}/${inPath}?pretty`, undefined, {});
    await ask(method, `/v1/acl/%${path.charCodeAt(0).toString(16)}${path.slice(1)}/x/${inPath}`, undefined, {});
  }
  await ask("GET", `/v1/acl/info/${secretOf("a token in an unreadable path")}%zz`);
  for (const path of [
    "acl/token",
    "acl/login",
    "agent/token/agent",
    "acl/create",
    "agent/service/register",
    "query",
    "txn",
  ]) {
    await ask(path === "acl/login" || path === "query" ? "POST" : "PUT", `/v1/${path}`, `{"SecretID":"${inText}`);
    const wrong = {
      SecretID: [inField],
      Token: { a: inField },
      BearerToken: [inField],
      ID: [inField],
      Name: [inField],
    };
    await ask(path === "acl/login" || path === "query" ? "POST" : "PUT", `/v1/${path}`, wrong);
  }
  await agent.send("POST", "/v1/acl/login", { body: { AuthMethod: "jwt", BearerToken: secretOf("a web token") } });
  const refused = { AuthMethod: "jwt", BearerToken: secretOf("a web token that is refused") };
  await ask("POST", "/v1/acl/login", refused, {});
  await ask("POST", "/v1/acl/login", { ...refused, AuthMethod: "nope" }, {});
  const asKeeper = { Authorization: `Bearer ${secretOf("a token of core-keeper's API")}` };
  for (const request of [
    "GET /api/v3/config",
    "GET /api/v3/registry/all",
    "POST /api/v3/secret",
    "PUT /api/v3/kvs/key/x",
  ]) {
    const [method = "", path = ""] = request.split(" ");
    const body =
      method === "GET" ? undefined : { path: "x", secretData: [{ key: "k", value: secretOf("a value of a secret") }] };
    const answer = await exchange(keeperUrl, method, { path, body, headers: asKeeper });
    keep(`core-keeper's answer to ${request}`, answer.text);
  }
}

async function collect(): Promise<void> {
  const reads = [
    "agent/self",
    "agent/metrics",
    "agent/metrics?format=prometheus",
    "agent/host",
    "agent/services",
    "agent/service/web",
    "agent/checks",
    "agent/checks?definitions",
    "catalog/services",
    "health/state/any",
    "event/list",
    "operator/raft/configuration",
    "acl/auth-methods",
    "query",
    "internal/ui/services",
    "agent/members",
    "acl/policies",
    "acl/replication",
    "config/proxy-defaults",
  ];
  for (const path of reads) {
    if (!handedOut.has(path)) await ask("GET", `/v1/${path}`);
    await ask("GET", `/v1/${path}`, undefined, { "X-Consul-Token": secretOf("a created token") });
    await ask("GET", `/v1/${path}`, undefined, {});
  }
  for (const path of ["/", "/ui/", "/ui/dc1/services", "/ui/dc1/kv"]) await ask("GET", path);
  await command("doctor");
  await command("doctor", "-format=json");
  await command("kv", "export");
  await command("export");
  await command("info");
  await command("members", "-detailed");
  await command("acl", "policy", "list");
  await command("acl", "auth-method", "read", "-name=jwt");
  await command("event", "-name=x");
  await command("snapshot", "save", join(notes.folder, "saved.snap"));
  const files = [
    `-bearer-token-file=${join(notes.folder, "bearer")}`,
    `-token-sink-file=${join(notes.folder, "sink")}`,
  ];
  expect(await sandbox.run("login", "-http-addr", agent.url, "-method=jwt", ...files)).toEqual({ code: 0, output: "" });
  secrets["a token of a login"] = readFileSync(join(notes.folder, "sink"), "utf8").trim();
  const asLoggedIn = { "X-Consul-Token": secretOf("a token of a login") };
  await ask("GET", "/v1/kv/a", undefined, asLoggedIn);
  expect((await agent.send("POST", "/v1/acl/logout", { headers: asLoggedIn })).text).toBe("true");
  keep("praetor snapshot inspect", (await sandbox.run("snapshot", "inspect", join(notes.folder, "saved.snap"))).output);
  await command("debug", "-duration=10s", "-interval=5s", `-output=${join(notes.folder, "captured")}`);
  keep("the archive of praetor debug", gunzipSync(readFileSync(join(notes.folder, "captured.tar.gz"))).toString());
  keep("a refused configuration", (await sandbox.run("validate", join(notes.folder, "refused.hcl"))).output);
}

/** Adds the command lines of the agent and its children. */
function lookAtProcesses(): void {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  for (const pid of pids)
    try {
      const [, parent] = /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      if (Number(pid) === agent.pid || (Number(parent) === agent.pid && !line.includes("echo ran")))
        keep("the list of processes", `${line}\n`);
    } catch {
      // The process ended meanwhile.
    }
}

beforeAll(async () => {
  const [keeper = 0, https = 0] = await freePorts(2);
  keeperUrl = `http://127.0.0.1:${keeper}`;
  const write = (name: string, text: string): void => writeFileSync(join(notes.folder, name), text, { mode: 0o600 });
  write("cert.pem", certificate.cert);
  write("key.pem", certificate.key);
  write("token", secretOf("the master token"));
  write("bearer", secretOf("a web token"));
  write(
    "refused.hcl",
    `acl { tokens { agent = ["${secretOf("a token in a refused setting")}"] } encrypt = { a = "${secretOf("a token in a refused setting")}" } }`,
  );
  write("agent.hcl", settings(keeper, https));
  agent = await sandbox.start(
    "-enable-script-checks",
    "-config-file",
    join(notes.folder, "agent.hcl"),
    "-data-dir",
    notes.data,
  );
  await agent.ready();
  await plant();
  await registerChecks();
  await misuse();
  await collect();
  lookAtProcesses();
  await agent.send("PUT", "/v1/agent/reload", { headers: asMaster });
  agent.signal("SIGTERM");
  await agent.ended();
  keep("the agent's log", agent.output());
  keep("the audit log", readFileSync(notes.audit, "utf8"));
});

describe("a secret does not leave the agent", () => {
  test.each(Object.keys(secrets))("%s", (name) => {
    const secret = secretOf(name);
    expect(secret.length).toBeGreaterThan(20);
    const spellings = [
      secret,
      Buffer.from(secret).toString("base64"),
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
    ];
    const ways = [...left].filter(([, text]) => spellings.some((spelling) => text.includes(spelling)));
    expect(ways.map(([way]) => way)).toEqual([]);
  });

  test("the texts in which they are searched are there", () => {
    expect([...left].filter(([, text]) => text === "").map(([way]) => way)).toEqual([]);
  });
});
