import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";

const sandbox = openSandbox();
const log = join(sandbox.folder, "audit.json");
const master = "6f1c2c1e-0000-4000-8000-00000000cafe";
const wrong = "6f1c2c1e-0000-4000-8000-00000000dead";

afterAll(() => sandbox.close());

interface Recorded {
  readonly payload: {
    readonly auth: { readonly accessor_id?: string };
    readonly request: { readonly operation: string; readonly endpoint: string };
    readonly response?: { readonly status: string };
    readonly stage: string;
    readonly changes?: readonly { readonly command: string; readonly key?: string; readonly index: number }[];
  };
}

function files(): string[] {
  const names = readdirSync(sandbox.folder).filter((name) => /^audit.*\.json$/.test(name));
  return names.map((name) => join(sandbox.folder, name));
}

function linesOf(path: string): string[] {
  return readFileSync(path, "utf8").split("\n").slice(0, -1);
}

function records(): Recorded[] {
  return files()
    .flatMap(linesOf)
    .map((line) => JSON.parse(line) as Recorded & { readonly sequence: number })
    .toSorted((a, b) => a.sequence - b.sequence);
}

async function start(): Promise<AgentProcess> {
  const agent = await sandbox.start(
    "-config-file",
    join(sandbox.folder, "agent.hcl"),
    "-data-dir",
    join(sandbox.folder, "data"),
  );
  await agent.ready();
  return agent;
}

async function killed(agent: AgentProcess): Promise<void> {
  agent.signal("SIGKILL");
  await agent.ended();
}

const asMaster = { headers: { "X-Consul-Token": master } };

beforeAll(async () => {
  writeFileSync(
    join(sandbox.folder, "agent.hcl"),
    `acl { enabled = true, default_policy = "deny", tokens { master = "${master}" } }
     audit {
       enabled = true
       sink "here" {
         type = "file"
         format = "json"
         path = "${log}"
         delivery_guarantee = "best-effort"
         rotate_bytes = 20000
       }
     }`,
  );
  const first = await start();
  await first.send("PUT", `/v1/kv/planted?token=${master}`, { body: "planted-value" });
  await first.send("PUT", `/v1/kv/planted?token=${wrong}`, { body: "planted-value" });
  await first.send("GET", "/v1/kv/planted", asMaster);
  await first.send("GET", "/v1/agent/self");
  await first.send("PUT", `/v1//acl/destroy/${wrong}`, asMaster);
  await first.send("PUT", `/v1/acl/%64estroy/${wrong}`, asMaster);
  for (let each = 0; each < 20; each += 1) await first.send("PUT", `/v1/kv/many/${each}`, { ...asMaster, body: "1" });
  await killed(first);
  const second = await start();
  for (let each = 0; each < 20; each += 1) await second.send("DELETE", `/v1/kv/many/${each}`, asMaster);
  second.signal("SIGINT");
  await second.ended();
});

test("the audit log names the token, the key and the index of a write", () => {
  const written = records().filter(
    ({ payload }) => payload.request.endpoint.startsWith("/v1/kv/planted") && payload.request.operation === "PUT",
  );
  expect(written.map(({ payload }) => [payload.stage, payload.response?.status])).toEqual([
    ["OperationStart", undefined],
    ["OperationComplete", "200"],
    ["OperationStart", undefined],
    ["OperationComplete", "403"],
  ]);
  const [, done] = written;
  expect(done?.payload.request.endpoint).toBe("/v1/kv/planted?token=<hidden>");
  expect(done?.payload.auth.accessor_id).toMatch(/^[0-9a-f-]{36}$/);
  expect(done?.payload.changes).toEqual([{ command: "kv-set", key: "planted", index: expect.any(Number) }]);
  expect(written[3]?.payload.changes).toBeUndefined();
});

test("the audit log has each request up to the agent's stop", () => {
  const deleted = records().filter(({ payload }) => payload.request.operation === "DELETE");
  expect(deleted).toHaveLength(40);
});

test("the audit log has the reads that were refused, and no others", () => {
  const reads = records().filter(({ payload }) => payload.request.operation === "GET");
  expect(reads.map(({ payload }) => [payload.request.endpoint, payload.response?.status])).toEqual([
    ["/v1/agent/self", undefined],
    ["/v1/agent/self", "403"],
  ]);
});

test("the audit log holds no secret and no value, and only its owner can read it", () => {
  for (const file of files()) {
    const text = readFileSync(file, "utf8");
    for (const secret of [master, wrong, "planted-value", Buffer.from("planted-value").toString("base64")])
      expect(text).not.toContain(secret);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  }
});

test("the chain of the audit log is whole over rotation and the kill of the agent", async () => {
  expect(files().length).toBeGreaterThan(1);
  const { code, output } = await sandbox.run("audit", "verify", "-data-dir", join(sandbox.folder, "data"), ...files());
  const { length } = records();
  expect(output).toStartWith(`The chain is whole: ${length} lines, the last is number ${length} `);
  expect(output).not.toContain("Not checked");
  expect(code).toBe(0);
});

test.each([
  [
    "changed",
    (lines: string[]) => lines.with(3, (lines[3] ?? "").replace("DELETE", "GET")),
    "audit.json:4: the line is not as",
  ],
  ["removed", (lines: string[]) => lines.toSpliced(3, 1), "audit.json:4: 1 lines before it are missing"],
  ["inserted", (lines: string[]) => lines.toSpliced(3, 0, lines[1] ?? ""), "audit.json:4: it does not follow the line"],
])("praetor audit verify finds a line that was %s", async (_what, change, expected) => {
  const lines = linesOf(log);
  writeFileSync(log, `${change(lines).join("\n")}\n`);
  try {
    const { code, output } = await sandbox.run(
      "audit",
      "verify",
      "-data-dir",
      join(sandbox.folder, "data"),
      ...files(),
    );
    expect(output).toContain(expected);
    expect(code).toBe(1);
  } finally {
    writeFileSync(log, `${lines.join("\n")}\n`);
  }
});
