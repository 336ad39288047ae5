import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { AgentProcess } from "../../support/agent-process.ts";
import { ServerWithClients } from "../../support/client-agents.ts";
import { differs } from "../../support/conformance.ts";
import { within } from "../../support/within.ts";

/* The answers of a client agent with access control to requests with tokens of different rights, with and without its server. */

const master = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0001";
const agentMaster = "for-repairs";
const host = "127.0.0.2";
const ttlMs = 3_000;

/** The tokens, by name; undefined for a request without one. */
const secrets: Record<TokenName, string | undefined> = {
  none: undefined,
  unknown: "11111111-2222-3333-4444-555555555555",
  agentRead: "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0002",
  web: "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0003",
  node: "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0004",
  agentMaster,
  master,
};
type TokenName = "none" | "unknown" | "agentRead" | "web" | "node" | "agentMaster" | "master";
const names: readonly TokenName[] = ["none", "unknown", "agentRead", "web", "node", "agentMaster", "master"];

const rules: Partial<Record<TokenName, string>> = {
  agentRead: 'agent_prefix "" { policy = "read" }',
  web: 'service "web" { policy = "write" } event_prefix "" { policy = "read" }',
  node: 'node_prefix "" { policy = "read" }',
};

function as(secret: string | undefined) {
  return secret === undefined ? {} : { headers: { "X-Consul-Token": secret } };
}

async function startServer(): Promise<ServerWithClients> {
  const tokens = `tokens { master = "${master}" agent = "${master}" }`;
  const all = await ServerWithClients.startAs(master, [
    "-hcl",
    `acl { enabled = true default_policy = "deny" ${tokens} }`,
  ]);
  const put = async (path: string, body: unknown): Promise<void> => {
    expect((await all.server.send("PUT", path, { body, ...as(master) })).status).toBe(200);
  };
  for (const [name, text] of Object.entries(rules)) {
    await put("/v1/acl/policy", { Name: name, Rules: text });
    const secret = Object.entries(secrets).find(([each]) => each === name)?.[1];
    await put("/v1/acl/token", { SecretID: secret, Policies: [{ Name: name }] });
  }
  return all;
}

async function startClient(all: ServerWithClients, downPolicy: string): Promise<AgentProcess> {
  const ttls = ["token_ttl", "policy_ttl", "role_ttl"].map((name) => `${name} = "${ttlMs}ms"`).join(" ");
  const tokens = `tokens { agent = "${master}" agent_master = "${agentMaster}" }`;
  const acl = `acl { enabled = true default_policy = "deny" down_policy = "${downPolicy}" ${ttls} ${tokens} }`;
  const client = await all.joinClient(host, "-hcl", acl);
  // Consul's agent has asked for the anonymous token before it knew a server, and forgets that only after the token_ttl.
  await within(10_000, async () => expect((await answerTo(client, self, "none")).answer).toBe(denied));
  return client;
}

const denied = "403 Permission denied";
const notFound = "403 ACL not found";
const deniedThere = "403 rpc error making call: Permission denied";
const notFoundThere = "403 rpc error making call: ACL not found";
const lacksWeb = `${denied}: Missing service:write on web`;
const lacksApi = `${denied}: Missing service:write on api`;
const lacksNode = `${denied}: Missing node:write on client-2`;
const noService = 'Unknown service {"nope" {}}';
const noCheck = 'Unknown check "nope"';

const web = { Name: "web", Check: { TTL: "60s", CheckID: "web-ttl" } };
const onNode = { Name: "c1", TTL: "60s" };

/** The answers by token: status, or status and text. `others` holds for the tokens that exist and are not named. */
type Answers = Partial<Record<TokenName, string>> & { readonly others: string };
type Row = readonly [method: string, path: string, answers: Answers, body?: unknown];

const ofWeb = { others: lacksWeb, web: "200", master: "200" };
const rows: readonly Row[] = [
  ["GET", "/v1/agent/self", { others: denied, agentRead: "200", agentMaster: "200", master: "200" }],
  ["GET", "/v1/agent/metrics", { others: denied, agentRead: "200", agentMaster: "200", master: "200" }],
  ["GET", "/v1/agent/members", { others: "200 []", node: "200", agentMaster: "200", master: "200" }],
  ["GET", "/v1/agent/host", { others: denied, master: "200" }],
  ["PUT", "/v1/agent/service/register", ofWeb, web],
  ["PUT", "/v1/agent/service/register", { others: lacksApi, master: "200" }, { Name: "api" }],
  ["PUT", "/v1/agent/check/register", { others: lacksNode, master: "200" }, onNode],
  ["GET", "/v1/agent/services", { others: "200 {}", web: "200", master: "200" }],
  ["GET", "/v1/agent/checks", { others: "200", none: "200 {}", agentRead: "200 {}" }],
  ["GET", "/v1/agent/service/web", { others: denied, web: "200", master: "200" }],
  ["GET", "/v1/agent/service/nope", { others: "404 unknown service ID: nope" }],
  ["GET", "/v1/agent/health/service/id/web", { others: denied, web: "503", master: "503" }],
  ["GET", "/v1/agent/health/service/name/web", { others: denied, web: "503", master: "503" }],
  ["GET", "/v1/agent/health/service/name/nope", { others: denied, master: "404 []" }],
  ["PUT", "/v1/agent/check/pass/web-ttl", ofWeb],
  ["PUT", "/v1/agent/check/pass/nope", { others: `500 ${noCheck}` }],
  ["PUT", "/v1/agent/check/update/web-ttl", ofWeb, { Status: "passing" }],
  ["PUT", "/v1/agent/maintenance?enable=true", { others: denied, master: "200" }],
  ["PUT", "/v1/agent/maintenance?enable=false", { others: denied, master: "200" }],
  ["PUT", "/v1/agent/service/maintenance/web?enable=true", ofWeb],
  ["PUT", "/v1/agent/service/maintenance/web?enable=false", ofWeb],
  ["PUT", "/v1/agent/service/maintenance/nope?enable=true", { others: `500 ${noService}` }],
  ["PUT", "/v1/agent/force-leave/nosuch", { others: denied, master: "500 agent: No node found with name 'nosuch'" }],
  ["PUT", "/v1/agent/reload", { others: denied, agentMaster: "200", master: "200" }],
  ["PUT", "/v1/agent/token/replication", { others: denied, agentMaster: "200", master: "200" }, { Token: "x" }],
  ["PUT", "/v1/event/fire/deploy", { others: denied, master: "200", ...firedWithoutToken() }],
  ["GET", "/v1/kv/a", { others: deniedThere, unknown: notFoundThere, agentMaster: notFoundThere, master: "404" }],
  [
    "PUT",
    "/v1/kv/b",
    { others: deniedThere, unknown: notFoundThere, agentMaster: notFoundThere, master: "200 true" },
    "x",
  ],
  [
    "GET",
    "/v1/catalog/nodes",
    { others: "200 []", unknown: notFoundThere, node: "200", agentMaster: notFoundThere, master: "200" },
  ],
  ["GET", "/v1/acl/token/self", { others: "200", none: notFound, agentMaster: notFound }],
  ["GET", "/v1/acl/tokens", { others: deniedThere, unknown: notFoundThere, agentMaster: notFoundThere, master: "200" }],
  [
    "POST",
    "/v1/internal/acl/authorize",
    { others: "200", ...(differs("praetor", "the server does not know it") && { agentMaster: notFound }) },
    [{ Resource: "key", Segment: "a", Access: "read" }],
  ],
  [
    "GET",
    "/debug/pprof/",
    { others: "403 ", unknown: "403 ", master: differs("praetor", "no profiles") ? "404 " : "200" },
  ],
  ["PUT", "/v1/agent/check/deregister/c1", { others: lacksNode, master: "200" }],
  ["PUT", "/v1/agent/service/deregister/nope", { others: `500 ${noService}` }],
  ["PUT", "/v1/agent/service/deregister/web", ofWeb],
  ["GET", "/v1/agent/monitor?loglevel=bogus", { others: denied, ...badLevel() }],
];

/** Consul's agents leave the question to a server, whose refusal is a 500; Praetor's agent decides as for its other endpoints. */
function firedWithoutToken(): Partial<Answers> {
  if (differs("praetor", "the agent itself decides")) return {};
  return {
    unknown: "500 rpc error making call: ACL not found",
    agentMaster: "500 rpc error making call: ACL not found",
  };
}

function badLevel(): Partial<Answers> {
  const text = "400 Bad request: Unknown log level: bogus";
  return { agentRead: text, agentMaster: text, master: text };
}

/** Returns status and text of an answer; only the status if the expected answer has no text. */
async function answerTo(client: AgentProcess, [method, path, answers, body = ""]: Row, name: TokenName) {
  const { status, text } = await client.send(method, path, { body, ...as(secrets[name]) });
  const expected = answers[name] ?? (name === "unknown" ? notFound : answers.others);
  return { expected, answer: expected.includes(" ") ? `${status} ${text.trimEnd()}` : String(status) };
}

describe("a client agent answers by the rights of a token", () => {
  let all: ServerWithClients;
  let client: AgentProcess;
  beforeAll(async () => {
    all = await startServer();
    client = await startClient(all, "extend-cache");
    await within(10_000, async () => expect(await membersOf(client)).toContain('"Name":"server"'));
  });
  afterAll(() => all.close());

  for (const name of names)
    test(name, async () => {
      for (const body of [web, { Name: "api" }])
        await client.send("PUT", "/v1/agent/service/register", { body, ...as(master) });
      await client.send("PUT", "/v1/agent/check/register", { body: onNode, ...as(master) });
      for (const row of rows) {
        const { answer, expected } = await answerTo(client, row, name);
        expect(`${row[0]} ${row[1]}: ${answer}`).toBe(`${row[0]} ${row[1]}: ${expected}`);
      }
    });
});

async function membersOf(agent: AgentProcess): Promise<string> {
  return (await agent.send("GET", "/v1/agent/members", as(master))).text;
}

const self: Row = ["GET", "/v1/agent/self", { others: denied, agentRead: "200", agentMaster: "200", master: "200" }];
const decided: readonly Row[] = [
  self,
  ["PUT", "/v1/agent/service/register", ofWeb, { Name: "web" }],
  ["PUT", "/v1/agent/maintenance?enable=false", { others: denied, master: "200" }],
];

/** The answers of Praetor to the three requests with a token that no server can decide about. */
const undecided = { allow: ["200", "200", "200"], deny: [denied, lacksWeb, denied] } as const;

/** The answers of Consul 1.8.7 to the first request with a token that no server can decide about, and to all later ones. */
const consulUndecided = { allow: ["200", notFound, notFound], deny: [denied, notFound, notFound] } as const;

function undecidedAnswers(right: "allow" | "deny"): readonly string[] {
  return differs("consul", "allows or denies one request, and then forgets the token")
    ? consulUndecided[right]
    : undecided[right];
}

describe("a client agent whose servers do not answer", () => {
  test.each(["extend-cache", "async-cache"])("goes on with %s as before, however long", async (downPolicy) => {
    const all = await startServer();
    try {
      const client = await startClient(all, downPolicy);
      await expectAsBefore(client);
      await all.killServer();
      await expectAsBefore(client);
      await Bun.sleep(ttlMs + 500);
      await expectAsBefore(client);
      // Consul 1.8.7 lets the first request with any new token do everything.
      const right = differs("consul", "fails open") ? "allow" : "deny";
      expect(await askAll(client, "22222222-3333-4444-5555-666666666666")).toEqual([...undecidedAnswers(right)]);
    } finally {
      await all.close();
    }
  });

  test.each(["allow", "deny"] as const)("does what %s says after the token_ttl", async (downPolicy) => {
    const all = await startServer();
    try {
      const client = await startClient(all, downPolicy);
      await expectAsBefore(client);
      await all.killServer();
      expect(await askAll(client, "22222222-3333-4444-5555-666666666666")).toEqual([...undecidedAnswers(downPolicy)]);
      await Bun.sleep(ttlMs + 500);
      for (const name of names)
        if (name !== "agentMaster")
          expect(await askAll(client, secrets[name])).toEqual([...undecidedAnswers(downPolicy)]);
      expect((await answerTo(client, self, "agentMaster")).answer).toBe("200");
      await all.restartServer();
      await within(20_000, () => expectAsBefore(client));
    } finally {
      await all.close();
    }
  });
});

async function expectAsBefore(client: AgentProcess): Promise<void> {
  for (const row of decided)
    for (const name of names) {
      const { answer, expected } = await answerTo(client, row, name);
      expect(`${name} ${row[1]}: ${answer}`).toBe(`${name} ${row[1]}: ${expected}`);
    }
}

async function askAll(client: AgentProcess, secret: string | undefined): Promise<readonly string[]> {
  const answers: string[] = [];
  for (const [method, path, , body = ""] of decided) {
    const { status, text } = await client.send(method, path, { body, ...as(secret) });
    answers.push(status === 200 ? "200" : `${status} ${text.trimEnd()}`);
  }
  return answers;
}
