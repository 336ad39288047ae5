import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";

const sandbox = openSandbox();
const master = "6f1c2c1e-0000-4000-8000-00000000cafe";
const asMaster = { headers: { "X-Consul-Token": master } };
const anonymous = "00000000-0000-0000-0000-000000000002";
let agent: AgentProcess;

interface Observed {
  readonly Tokens: readonly {
    readonly AccessorID: string;
    readonly Policy: string;
    readonly Refusals: readonly {
      readonly Resource: string;
      readonly Access: string;
      readonly Name: string;
      readonly Count: number;
    }[];
  }[];
}

async function observed(accessor: string): Promise<Observed["Tokens"][number] | undefined> {
  const answer = await agent.send("GET", "/v1/praetor/acl/observed", asMaster);
  const { Tokens } = JSON.parse(answer.text) as Observed;
  return Tokens.find(({ AccessorID }) => AccessorID === accessor);
}

beforeAll(async () => {
  const file = join(sandbox.folder, "agent.hcl");
  writeFileSync(
    file,
    `acl { enabled = true, mode = "observe", default_policy = "deny", tokens { master = "${master}" } }`,
  );
  agent = await sandbox.start("-config-file", file, "-data-dir", join(sandbox.folder, "data"));
  await agent.ready();
});

afterAll(() => sandbox.close());

test("an agent that observes answers what it would refuse, and lists it with the policy that is needed", async () => {
  expect((await agent.send("PUT", "/v1/kv/app/a", { body: "1" })).status).toBe(200);
  for (let each = 0; each < 3; each += 1) {
    const read = await agent.send("GET", "/v1/kv/app/a?raw");
    expect([read.status, read.text]).toEqual([200, "1"]);
  }
  expect((await agent.send("DELETE", "/v1/kv/app/?recurse")).status).toBe(200);
  expect((await agent.send("GET", "/v1/agent/self")).status).toBe(200);
  const registered = await agent.send("PUT", "/v1/agent/service/register", { body: '{"Name": "web"}' });
  expect(registered.status).toBe(200);
  const found = await observed(anonymous);
  expect(found?.Refusals.map(({ Resource, Access, Name, Count }) => [Resource, Access, Name, Count])).toEqual([
    ["agent", "read", "node1", 1],
    ["key", "write-prefix", "app/", 1],
    ["key", "read", "app/a", 3],
    ["key", "write", "app/a", 1],
    ["service", "write", "web", 1],
  ]);
  expect(found?.Policy).toBe(
    'agent "node1" {\n  policy = "read"\n}\n' +
      'key "app/a" {\n  policy = "write"\n}\n' +
      'key_prefix "app/" {\n  policy = "write"\n}\n' +
      'service "web" {\n  policy = "write"\n}\n',
  );
});

test("the policy that an agent lists is accepted by access control", async () => {
  const found = await observed(anonymous);
  const body = JSON.stringify({ Name: "needed", Rules: found?.Policy });
  expect((await agent.send("PUT", "/v1/acl/policy", { ...asMaster, body })).status).toBe(200);
});

test("requests with a token that does not exist are answered and listed without its secret", async () => {
  const secret = "6f1c2c1e-0000-4000-8000-00000000dead";
  const answer = await agent.send("PUT", `/v1/kv/lost?token=${secret}`, { body: "1" });
  expect(answer.status).toBe(200);
  const listed = await observed("");
  expect(listed?.Policy).toBe('key "lost" {\n  policy = "write"\n}\n');
  expect((await agent.send("GET", "/v1/praetor/acl/observed", asMaster)).text).not.toContain(secret);
});

test("an agent that observes still guards tokens, policies and the list of refusals", async () => {
  for (const path of ["/v1/acl/tokens", "/v1/acl/policies", "/v1/praetor/acl/observed", "/v1/snapshot"])
    expect((await agent.send("GET", path)).status).toBe(403);
});

test("praetor acl observed prints the policies", async () => {
  const { code, output } = await sandbox.run("acl", "observed", `-http-addr=${agent.url}`, `-token=${master}`);
  expect(output).toContain('#   key:read "app/a", 3 times, last ');
  expect(output).toContain('key_prefix "app/" {\n  policy = "write"\n}\n');
  expect(code).toBe(0);
});
