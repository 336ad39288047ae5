import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { type Answer, exchange } from "../support/exchange.ts";
import { freePorts } from "../support/free-ports.ts";

/*
 * The audit log has each request of each API that changed a key, whatever kills the agent, and a change of the log afterwards is noticed.
 */

const sandbox = openSandbox();
afterAll(() => sandbox.close());

const master = "6f1c2c1e-0000-4000-8000-00000000beef";

interface Line {
  readonly sequence: number;
  readonly payload: {
    readonly type: string;
    readonly stage?: string;
    readonly auth?: { readonly accessor_id?: string };
    readonly request?: { readonly operation: string; readonly endpoint: string };
    readonly response?: { readonly status: string };
    readonly changes?: readonly { readonly command: string; readonly key?: string }[];
  };
}

class Audited {
  readonly folder: string;
  readonly #hcl: string;
  readonly keeperPort: number;

  private constructor(folder: string, keeperPort: number, sink: string) {
    this.folder = folder;
    this.keeperPort = keeperPort;
    this.#hcl = `acl { enabled = true, default_policy = "deny", tokens { master = "${master}" } }
      ports { keeper = ${keeperPort} } addresses { keeper = "127.0.0.1" }
      audit { enabled = true sink "file" { type = "file" path = "${join(folder, "audit.json")}" ${sink} } }`;
  }

  static async prepare(name: string, sink = ""): Promise<Audited> {
    const folder = join(sandbox.folder, name);
    mkdirSync(folder);
    const [keeperPort = 0] = await freePorts(1);
    return new Audited(folder, keeperPort, sink);
  }

  async start(): Promise<AgentProcess> {
    const agent = await sandbox.start("-hcl", this.#hcl, "-data-dir", join(this.folder, "data"));
    await agent.ready();
    return agent;
  }

  files(): string[] {
    return readdirSync(this.folder)
      .filter((name) => name.startsWith("audit"))
      .map((name) => join(this.folder, name));
  }

  lines(): Line[] {
    return this.files()
      .flatMap((file) => readFileSync(file, "utf8").split("\n").slice(0, -1))
      .map((line) => JSON.parse(line) as Line)
      .toSorted((a, b) => a.sequence - b.sequence);
  }

  /** Returns the ends of requests to paths that begin so. */
  ended(path: string): readonly Line["payload"][] {
    return this.lines()
      .map(({ payload }) => payload)
      .filter(({ stage, request }) => stage === "OperationComplete" && request?.endpoint.startsWith(path));
  }

  verify(): Promise<{ readonly code: number; readonly output: string }> {
    return sandbox.run("audit", "verify", "-data-dir", join(this.folder, "data"), ...this.files());
  }
}

async function ended(agent: AgentProcess, signal: NodeJS.Signals): Promise<void> {
  agent.signal(signal);
  await agent.ended();
}

describe("who changed a key is in the audit log", () => {
  let audited: Audited;
  let accessor: string;

  beforeAll(async () => {
    audited = await Audited.prepare("faces");
    const agent = await audited.start();
    const headers = { "X-Consul-Token": master };
    const keeper = (method: string, path: string, body?: unknown, token = master): Promise<Answer> =>
      exchange(`http://127.0.0.1:${audited.keeperPort}`, method, {
        ...{ path: `/api/v3${path}`, body, headers: token === "" ? {} : { Authorization: `Bearer ${token}` } },
      });
    accessor = ((await agent.send("GET", "/v1/acl/token/self", { headers })).json as { AccessorID: string }).AccessorID;
    await agent.send("PUT", "/v1/kv/a/put", { headers, body: "planted-value" });
    const session = (await agent.send("PUT", "/v1/session/create", { headers, body: {} })).json as { ID: string };
    await agent.send("PUT", `/v1/kv/a/lock?acquire=${session.ID}`, { headers, body: "1" });
    await agent.send("DELETE", "/v1/kv/a/?recurse", { headers });
    const operation = (Verb: string, Key: string): object => ({ KV: { Verb, Key, Value: "cGxhbnRlZC12YWx1ZQ==" } });
    const body = [operation("set", "t/one"), operation("get", "t/one"), operation("delete", "t/two")];
    await agent.send("PUT", "/v1/txn", { headers, body });
    await keeper("PUT", "/kvs/key/edgex/v4/x?flatten=true", { value: { A: 1, B: { C: "planted-value" } } });
    await keeper("DELETE", "/kvs/key/edgex/v4/x?prefixMatch=true");
    await keeper("PUT", "/kvs/key/edgex/v4/y", { value: 1 }, "");
    await keeper("GET", "/kvs/key/edgex/v4/y");
    await keeper("GET", "/version", undefined, "");
    const snapshot = await agent.send("GET", "/v1/snapshot", { headers });
    expect((await agent.send("PUT", "/v1/snapshot", { headers, body: snapshot.bytes })).status).toBe(200);
    await ended(agent, "SIGINT");
  });

  test.each([
    ["PUT /v1/kv", "/v1/kv/a/put", [{ command: "kv-set", key: "a/put" }]],
    ["a lock", "/v1/kv/a/lock", [{ command: "kv-lock", key: "a/lock" }]],
    ["DELETE /v1/kv", "/v1/kv/a/?recurse", [{ command: "kv-delete-tree", key: "a/" }]],
    [
      "PUT /v1/txn",
      "/v1/txn",
      [
        { command: "kv set", key: "t/one" },
        { command: "kv delete", key: "t/two" },
      ],
    ],
    [
      "core-keeper's PUT",
      "/api/v3/kvs/key/edgex/v4/x?flatten",
      [
        { command: "kv-set-branch", key: "edgex/v4/x/A" },
        { command: "kv-set-branch", key: "edgex/v4/x/B/C" },
      ],
    ],
    [
      "core-keeper's DELETE",
      "/api/v3/kvs/key/edgex/v4/x?prefixMatch",
      [{ command: "kv-delete-branch", key: "edgex/v4/x" }],
    ],
    ["a snapshot's restore", "/v1/snapshot", [{ command: "restore" }]],
  ])("by %s", (_face, path, changes) => {
    const found = audited.ended(path);
    expect(found).toHaveLength(1);
    expect(found).toMatchObject([{ auth: { accessor_id: accessor }, response: { status: "200" } }]);
    expect(found[0]?.changes).toEqual(changes.map((change) => ({ ...change, index: expect.any(Number) as number })));
  });

  test("and so is who was refused by core-keeper's API, for reads, too, but no other read", () => {
    const [refusedPut, ...reads] = audited.ended("/api/v3/kvs/key/edgex/v4/y");
    expect(refusedPut).toMatchObject({ request: { operation: "PUT" }, response: { status: "401" } });
    expect(refusedPut?.changes).toBeUndefined();
    expect(reads).toEqual([]);
    expect(audited.ended("/api/v3/version")).toMatchObject([{ response: { status: "401" } }]);
  });

  test("without its value or the secret of a token", () => {
    const text = audited
      .files()
      .map((file) => readFileSync(file, "utf8"))
      .join("");
    for (const secret of ["planted-value", "cGxhbnRlZC12YWx1ZQ", master]) expect(text).not.toContain(secret);
  });
});

describe.each([
  ["by size", `rotate_bytes = 20000`],
  ["by age", `rotate_duration = "100ms"`],
  ["by size, of which a hundred files are kept", `rotate_bytes = 5000 rotate_max_files = 100`],
])("an agent that is killed while many clients write, with rotation %s", (_how, sink) => {
  test("has recorded each request that it has answered, once and in one chain", async () => {
    const audited = await Audited.prepare(`kill-${sink.replaceAll(/\W/g, "")}`, sink);
    const answered = new Set<string>();
    for (let life = 0; life < 3; life += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one life of the agent after the other
      const agent = await audited.start();
      const target = 60 * (life + 1);
      const writers = Array.from({ length: 12 }, async (_, writer) => {
        for (let round = 0; ; round += 1) {
          const path = `/v1/kv/k/${life}/${writer}/${round}`;
          // oxlint-disable-next-line no-await-in-loop -- a client sends one request after the other
          const answer = await agent
            .send("PUT", path, { headers: { "X-Consul-Token": master }, body: "1" })
            .catch(() => undefined);
          if (answer?.status !== 200) return;
          answered.add(path);
          if (answered.size >= target) agent.signal("SIGKILL");
        }
      });
      // oxlint-disable-next-line no-await-in-loop -- as above
      await Promise.all(writers);
      // oxlint-disable-next-line no-await-in-loop -- as above
      await agent.ended();
    }
    const last = await audited.start();
    await ended(last, "SIGINT");
    expect(last.output()).not.toContain("Lines at the end of the audit log are missing");
    const recorded = audited.ended("/v1/kv/k/").map(({ request }) => request?.endpoint ?? "");
    expect(answered.size).toBeGreaterThanOrEqual(180);
    expect([...answered].filter((path) => !recorded.includes(path))).toEqual([]);
    expect(new Set(recorded).size).toBe(recorded.length);
    expect(audited.files().length).toBeGreaterThan(2);
    const { code, output } = await audited.verify();
    expect(output).toStartWith(`The chain is whole: ${audited.lines().length} lines`);
    expect(code).toBe(0);
  });
});

describe("a log that was changed while the agent was stopped", () => {
  test("is found by verify and by the agent's start, and stays visible in the log", async () => {
    const audited = await Audited.prepare("changed");
    const put = async (key: string): Promise<AgentProcess> => {
      const agent = await audited.start();
      await agent.send("PUT", `/v1/kv/${key}`, { headers: { "X-Consul-Token": master }, body: "1" });
      await agent.send("PUT", `/v1/kv/${key}`, { headers: { "X-Consul-Token": master }, body: "2" });
      await ended(agent, "SIGINT");
      return agent;
    };
    await put("a");
    const path = join(audited.folder, "audit.json");
    const [keyFile, endFile] = ["audit.key", "audit.end"].map((name) => join(audited.folder, "data", name));
    for (const file of [keyFile, endFile]) expect(statSync(file ?? "").mode & 0o777).toBe(0o600);
    expect(readFileSync(path, "utf8")).not.toContain(readFileSync(keyFile ?? "", "utf8").trim());
    expect((await audited.verify()).output).toStartWith("The chain is whole: 4 lines");
    const withoutKey = await sandbox.run("audit", "verify", path);
    expect(withoutKey.output).toContain("name that folder with -data-dir");
    expect(withoutKey.code).toBe(1);

    const text = readFileSync(path, "utf8");
    truncateSync(path, text.indexOf("\n") + 1);
    const cut = await audited.verify();
    expect(cut.output).toContain("audit.json:1: 3 lines at the end are missing\nThe chain is broken at 1 place");
    expect(cut.code).toBe(1);
    expect((await put("b")).output()).toContain("Lines at the end of the audit log are missing, or were changed");
    expect(audited.lines()).toMatchObject([
      { sequence: 1 },
      { sequence: 5, payload: { type: "LinesMissing", found: 1, kept: 4 } },
      ...[6, 7, 8, 9].map((sequence) => ({ sequence })),
    ]);
    expect((await audited.verify()).output).toContain("audit.json:2: 3 lines before it are missing");

    const elsewhere = join(audited.folder, "audit-copy.json");
    writeFileSync(elsewhere, text);
    const copy = await sandbox.run("audit", "verify", "-data-dir", join(audited.folder, "data"), elsewhere);
    expect(copy.output).toContain("The chain is whole: 4 lines");
    expect(copy.output).toContain("Not checked: the end of the log");
    expect(copy.code).toBe(0);
    rmSync(path);
    const deleted = await sandbox.run("audit", "verify", "-data-dir", join(audited.folder, "data"), elsewhere);
    expect(deleted.output).toContain("5 lines at the end are missing");
    expect(deleted.code).toBe(1);
  });
});
