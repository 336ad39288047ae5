import { afterAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { promptly } from "../support/promptly.ts";
import { within } from "../support/within.ts";

const sandbox = openSandbox();
afterAll(() => sandbox.close());

let folders = 0;

async function startAgent(...words: readonly string[]): Promise<AgentProcess> {
  folders += 1;
  const agent = await sandbox.start("-data-dir", join(sandbox.folder, String(folders)), ...words);
  await agent.ready();
  return agent;
}

/** Consul: SIGTERM does not make a server leave, and the exit code is 1. */
describe("the exit code of an agent", () => {
  test.each([
    ["SIGTERM", "terminated", 1, []],
    ["SIGTERM", "terminated", 0, ["-hcl", "leave_on_terminate = true"]],
    ["SIGINT", "interrupt", 1, []],
    ["SIGINT", "interrupt", 0, ["-hcl", "skip_leave_on_interrupt = false"]],
  ] as const)("after %s (in the log: %s) is %d with the additional arguments %p", async (signal, name, code, words) => {
    const agent = await startAgent(...words);
    agent.signal(signal);
    expect(await agent.ended()).toBe(code);
    expect(agent.output()).toContain(`[INFO]  agent: Caught: signal=${name}\n`);
    expect(agent.output().includes("Gracefully shutting down agent...")).toBe(code === 0);
    expect(agent.output()).toEndWith(`[INFO]  agent: Exit code: code=${code}\n`);
  });

  test("after PUT /v1/agent/leave is 0, and the request is answered", async () => {
    const agent = await startAgent();
    expect(await agent.send("PUT", "/v1/agent/leave")).toMatchObject({ status: 200, text: "" });
    expect(await agent.ended()).toBe(0);
  });
});

describe("an agent that stops", () => {
  test("answers the blocking queries that it holds, and ends at once", async () => {
    const agent = await startAgent();
    await agent.send("PUT", "/v1/kv/a", { body: "1" });
    const { index } = await agent.send("GET", "/v1/kv/a");
    const paths = ["/v1/kv/a", "/v1/catalog/services", "/v1/health/service/none", "/v1/kv/?recurse"];
    const before = await Promise.all(paths.map((path) => agent.send("GET", path)));
    const held = paths.map((path) =>
      agent.send("GET", `${path}${path.includes("?") ? "&" : "?"}index=${index}&wait=5m`),
    );
    await Bun.sleep(50);
    // The response to this request shows that the earlier requests have arrived.
    await agent.send("GET", "/v1/status/leader");
    agent.signal("SIGTERM");
    const answers = await promptly(Promise.all(held));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(answers.map((answer) => answer.index)).toEqual(before.map((answer) => answer.index));
    await promptly(agent.ended());
  });

  test("does not wait for a client that is idle, has sent half a request, or does not read its answer", async () => {
    const agent = await startAgent();
    await agent.send("PUT", "/v1/kv/large", { body: "x".repeat(500_000) });
    const { port } = new URL(agent.url);
    const head = "HTTP/1.1\r\nHost: a\r\n";
    const sent = ["", "GET /v1/kv", `PUT /v1/kv/a ${head}Content-Length: 9\r\n\r\nx`, `GET /v1/kv/a ${head}\r\n`];
    const silent = await Promise.all(
      [...sent, ...Array<string>(20).fill(`GET /v1/kv/large ${head}\r\n`)].map(async (text) => {
        const socket = await Bun.connect({ hostname: "127.0.0.1", port: Number(port), socket: { data() {} } });
        if (text.includes("large")) socket.pause();
        socket.write(text);
        return socket;
      }),
    );
    await Bun.sleep(50);
    agent.signal("SIGTERM");
    expect(await promptly(agent.ended())).toBe(1);
    for (const socket of silent) socket.end();
  });

  test("kills the scripts of its checks", async () => {
    const agent = await startAgent("-enable-script-checks");
    const mark = `${60_000 + agent.pid}`;
    const Check = { Name: "slow", Args: ["sleep", mark], Interval: "1s" };
    await agent.send("PUT", "/v1/agent/check/register", { body: Check });
    await within(3_000, async () => expect(processesRunning("sleep", mark)).toBe(1));
    agent.signal("SIGTERM");
    await agent.ended();
    await within(1_000, async () => expect(processesRunning("sleep", mark)).toBe(0));
  });

  test("keeps the writes that it acknowledges while it is stopping", async () => {
    const folder = join(sandbox.folder, "writes");
    const agent = await sandbox.start("-data-dir", folder);
    await agent.ready();
    const acknowledged: string[] = [];
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let count = 0; ; count += 1) {
        const key = `${writer}/${count}`;
        const answer = await agent.send("PUT", `/v1/kv/${key}`, { body: key }).catch(() => undefined);
        if (answer?.text !== "true") return;
        acknowledged.push(key);
      }
    });
    await within(5_000, async () => expect(acknowledged.length).toBeGreaterThan(50));
    agent.signal("SIGTERM");
    await Promise.all(writers);
    await agent.ended();
    const again = await sandbox.start("-data-dir", folder);
    await again.ready();
    const keys = new Set((await again.send("GET", "/v1/kv/?keys")).json as string[]);
    expect(acknowledged.filter((key) => !keys.has(key))).toEqual([]);
  });
});

function processesRunning(...words: readonly string[]): number {
  const commands = readdirSync("/proc").map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8");
    } catch {
      return "";
    }
  });
  return commands.filter((command) => command === words.map((word) => `${word}\0`).join("")).length;
}
