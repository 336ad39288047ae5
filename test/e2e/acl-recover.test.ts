import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";

const sandbox = openSandbox();
const isRoot = process.getuid?.() === 0;
/** Starts a program as a user who is neither the owner of this test's files nor root. */
const stranger = openSandbox("setpriv", "--reuid=2003", "--regid=2003", "--clear-groups");
const folder = join(sandbox.folder, "data");
const audit = join(sandbox.folder, "audit.json");

afterAll(() => Promise.all([sandbox.close(), stranger.close()]));

interface Token {
  readonly AccessorID: string;
  readonly SecretID: string;
}

function recover({ url, from = folder, by = sandbox }: { url: string; from?: string; by?: typeof sandbox }) {
  return by.run("acl", "recover", `-data-dir=${from}`, `-http-addr=${url}`, "-format=json");
}

function startGuarded(...words: readonly string[]): Promise<AgentProcess> {
  const config = join(sandbox.folder, "agent.hcl");
  writeFileSync(
    config,
    `acl { enabled = true, default_policy = "deny" }
     audit { enabled = true, sink "here" { type = "file", format = "json", path = "${audit}" } }`,
  );
  return sandbox.start("-config-file", config, "-data-dir", folder, ...words);
}

async function mayWriteTokens(agent: AgentProcess, { SecretID }: Token): Promise<boolean> {
  const answer = await agent.send("PUT", "/v1/acl/token", { headers: { "X-Consul-Token": SecretID }, body: "{}" });
  return answer.status === 200;
}

describe("with an agent that runs and was bootstrapped", () => {
  let agent: AgentProcess;
  let first: Token;

  beforeAll(async () => {
    agent = await startGuarded();
    await agent.ready();
    first = JSON.parse((await agent.send("PUT", "/v1/acl/bootstrap")).text) as Token;
  });

  test("the owner gets a new token at once, the old one stays, and log and audit name it without its secret", async () => {
    const { code, output } = await recover(agent);
    expect([code, output]).toEqual([0, output]);
    const token = JSON.parse(output) as Token;
    expect([await mayWriteTokens(agent, token), await mayWriteTokens(agent, first)]).toEqual([true, true]);
    expect(existsSync(join(folder, "acl-recover"))).toBe(false);
    expect(agent.output()).toMatch(new RegExp(`WARN.*Made a management token.*${token.AccessorID}`));
    const recorded = readFileSync(audit, "utf8");
    expect(recorded).toContain('"/v1/praetor/acl/recover"');
    expect(agent.output() + recorded).not.toContain(token.SecretID);
  });

  test("a request without the owner's file makes no token, and the answer to one with it has no secret", async () => {
    const ask = () => agent.send("PUT", "/v1/praetor/acl/recover");
    expect(await ask()).toMatchObject({ status: 403 });
    const path = join(folder, "acl-recover");
    const other = join(sandbox.folder, "empty");
    for (const name of [path, other]) writeFileSync(name, "", { mode: 0o644 });
    expect(await ask()).toMatchObject({ status: 403 });
    chmodSync(path, 0o600);
    const { status, text } = await ask();
    expect([status, Object.keys(JSON.parse(text) as object)]).toEqual([200, ["AccessorID"]]);
    expect(existsSync(path)).toBe(false);
    chmodSync(other, 0o600);
    symlinkSync(other, path);
    expect(await ask()).toMatchObject({ status: 403 });
    expect(statSync(other).size).toBe(0);
    // The command puts its own file in the place of what it finds there.
    expect(await recover(agent)).toMatchObject({ code: 0 });
    expect([statSync(other).size, existsSync(path)]).toEqual([0, false]);
  });

  test("requests of others at the same time do not take the token away", async () => {
    const asked: Promise<unknown>[] = [];
    const spam = setInterval(() => asked.push(agent.send("PUT", "/v1/praetor/acl/recover").catch(() => {})), 5);
    const { code, output } = await recover(agent);
    clearInterval(spam);
    await Promise.all(asked);
    expect([code, output]).toEqual([0, output]);
    expect(await mayWriteTokens(agent, JSON.parse(output) as Token)).toBe(true);
  });

  test("an agent at another address is asked for in vain, and the error says how to name it", async () => {
    const { code, output } = await recover({ url: "http://127.0.0.1:1" });
    expect(code).toBe(1);
    expect(output).toContain("connection refused");
    expect(output).toContain("-http-addr");
    const missing = await recover({ url: agent.url, from: join(sandbox.folder, "nothing") });
    expect(missing).toMatchObject({ code: 1, output: expect.stringContaining("No agent has its data in") });
    expect(existsSync(join(folder, "acl-recover"))).toBe(false);
  });

  test.if(isRoot)("another user of the machine is refused, and told who may", async () => {
    chmodSync(sandbox.folder, 0o755);
    chmodSync(folder, 0o755);
    const before = readdirSync(folder);
    const { code, output } = await recover({ url: agent.url, by: stranger });
    expect(code).toBe(1);
    expect(output).toContain(`belongs to the user with the id 0, and this command runs as 2003`);
    expect(readdirSync(folder)).toEqual(before);
    chmodSync(folder, 0o700);
    expect((await recover({ url: agent.url, by: stranger })).output).toContain("Run this as the owner");
  });

  test.if(isRoot)("a file that another user has put into a folder that all may write is not taken", async () => {
    chmodSync(folder, 0o777);
    const path = join(folder, "acl-recover");
    writeFileSync(path, "", { mode: 0o600 });
    chownSync(path, 2003, 2003);
    expect(await agent.send("PUT", "/v1/praetor/acl/recover")).toMatchObject({ status: 403 });
    expect([statSync(path).size, agent.output()]).toEqual([
      0,
      expect.stringContaining("not an empty file of the data folder's owner"),
    ]);
    chmodSync(folder, 0o700);
  });

  test("a stopped agent gets a token into its data, which holds after its start", async () => {
    agent.signal("SIGTERM");
    await agent.ended();
    const { code, output } = await recover(agent);
    expect([code, output]).toEqual([0, output]);
    agent = await startGuarded();
    await agent.ready();
    expect(await mayWriteTokens(agent, JSON.parse(output) as Token)).toBe(true);
    expect(await mayWriteTokens(agent, first)).toBe(true);
    agent.signal("SIGTERM");
    await agent.ended();
  });
});

test("without access control there is nothing to recover, whether the agent runs or not", async () => {
  const from = join(sandbox.folder, "open");
  const agent = await sandbox.start("-data-dir", from);
  await agent.ready();
  const running = await recover({ url: agent.url, from });
  expect(running).toMatchObject({ code: 1, output: expect.stringContaining("access control is off on this agent") });
  agent.signal("SIGTERM");
  await agent.ended();
  const stopped = await recover({ url: agent.url, from });
  expect(stopped).toMatchObject({ code: 1, output: expect.stringContaining("this folder has no tokens") });
});

test.if(isRoot)(
  "root gets a token from an agent that runs as another user, but does not touch its data while it is stopped",
  async () => {
    chmodSync(sandbox.folder, 0o755);
    const from = join(sandbox.folder, "strangers");
    mkdirSync(from, { mode: 0o700 });
    chownSync(from, 2003, 2003);
    const agent = await stranger.start("-data-dir", from, "-hcl", 'acl { enabled = true, default_policy = "deny" }');
    await agent.ready();
    const { code, output } = await recover({ url: agent.url, from });
    expect([code, output]).toEqual([0, output]);
    expect(await mayWriteTokens(agent, JSON.parse(output) as Token)).toBe(true);
    // It was the first token, and the agent has no bootstrap any more.
    expect((await agent.send("PUT", "/v1/acl/bootstrap")).status).toBe(403);
    agent.signal("SIGTERM");
    await agent.ended();
    const stopped = await recover({ url: agent.url, from });
    expect(stopped).toMatchObject({ code: 1, output: expect.stringContaining("who has the id 2003") });
  },
);
