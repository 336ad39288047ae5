import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Command } from "../../src/cli/command.ts";
import { kvDiffCommand } from "../../src/cli/commands/kv-diff.ts";
import { kvHistoryCommand } from "../../src/cli/commands/kv-history.ts";
import { kvRollbackCommand } from "../../src/cli/commands/kv-rollback.ts";
import { kvWatchCommand } from "../../src/cli/commands/kv-watch.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { type CommandRun, runCommandWith } from "../support/command-io.ts";
import { exchange } from "../support/exchange.ts";
import { startTarget, type Target } from "../support/target.ts";
import { within } from "../support/within.ts";

let agent: Target;

beforeAll(async () => void (agent = await startTarget()));
afterAll(() => agent.stop());

function run(command: Command, ...args: readonly string[]): Promise<CommandRun> {
  return runCommandWith(command, args, { env: { CONSUL_HTTP_ADDR: agent.url } });
}

async function put(key: string, value: string, reason: string): Promise<number> {
  const headers = { "X-Praetor-Reason": reason, "User-Agent": "tool/1.0" };
  const { status } = await exchange(agent.url, "PUT", { path: `/v1/kv/${key}`, body: value, headers });
  expect(status).toBe(200);
  const answer = await exchange(agent.url, "GET", { path: `/v1/kv/${key}` });
  return (JSON.parse(answer.text) as { ModifyIndex: number }[])[0]?.ModifyIndex ?? 0;
}

describe("kv history", () => {
  test("lists the versions of a key with writer and reason, and survives kill -9", async () => {
    const first = await put("h/rate", "10", "start");
    const second = await put("h/rate", "20", "too slow");
    await agent.restart("SIGKILL");
    const { code, stdout } = await run(kvHistoryCommand, "h/rate");
    expect(code).toBe(0);
    const [heading = "", newest = "", oldest = "", ...more] = stdout.trimEnd().split("\n");
    expect([heading.split(/ +/), more]).toEqual([["Index", "Time", "Change", "Origin", "By", "Reason", "Value"], []]);
    expect(newest).toMatch(new RegExp(`^${second} +\\d{4}-\\S+Z +set +- +tool/1\\.0 127\\.0\\.0\\.1 +too slow +20$`));
    expect(oldest).toMatch(new RegExp(`^${first} +- +set +- +- +- +10$`));
    const json = await run(kvHistoryCommand, "-format=json", "-n=1", "h/rate");
    expect(JSON.parse(json.stdout)).toMatchObject([{ Index: second, Reason: "too slow" }]);
  });

  test("lists the changes of a folder, and says when a key never was", async () => {
    await put("f/a", "1", "");
    const index = await put("f/a", "2", "second");
    const { stdout } = await run(kvHistoryCommand, "-recurse", "f/");
    expect(stdout).toMatch(new RegExp(`^${index} .* f/a +set .* second +1$`, "m"));
    expect(await run(kvHistoryCommand, "none")).toMatchObject({
      ...{ code: 1, stderr: "Error! No key has been written at: none\n" },
    });
  });
});

test("kv diff and kv rollback show the keys that differ, and give them back", async () => {
  const from = await put("r/a", "1", "");
  await put("r/a", "2", "");
  await put("r/b", "1", "");
  expect((await run(kvDiffCommand, "-from", String(from), "r/")).stdout).toBe("- r/a = 1\n+ r/a = 2\n+ r/b = 1\n");
  const dry = await run(kvRollbackCommand, "-recurse", "-dry-run", "-to", String(from), "r/");
  const lines = "- r/a = 2\n+ r/a = 1\n- r/b = 1\n";
  expect(dry.stdout).toBe(`${lines}2 keys would change. Nothing was changed.\n`);
  const done = await run(kvRollbackCommand, "-recurse", "-reason", "déjà vu", "-to", String(from), "r/");
  expect(done.stdout).toBe(`${lines}Success! Rolled back 2 keys.\n`);
  expect((await run(kvDiffCommand, "-from", String(from), "r/")).stdout).toBe("The keys are the same.\n");
  expect((await run(kvHistoryCommand, "-n=1", "r/a")).stdout).toContain("déjà vu");
  const refused = await run(kvRollbackCommand, "-cas", "1", "-to", String(from), "r/a");
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toContain('the key "r/a" changed at index');
});

test("kv watch prints each change once, also over a restart of the agent", async () => {
  const ending = new AbortController();
  let stdout = "";
  const watching = kvWatchCommand.run(["w/"], {
    stdout: (text) => void (stdout += String(text)),
    stderr: () => {},
    stdin: () => Promise.resolve(new Uint8Array()),
    env: { CONSUL_HTTP_ADDR: agent.url },
    ...{ clock: systemClock, isTerminal: false, signal: ending.signal },
  });
  // The stream begins with what comes, so it must be open first.
  let n = 0;
  await within(10_000, async () => {
    await put("w/open", `${n++}`, "");
    expect(stdout).not.toBe("");
  });
  stdout = "";
  const first = await put("w/a", "1", "");
  await within(10_000, () => Promise.resolve(expect(stdout).toContain("w/a = 1")));
  await agent.restart("SIGKILL");
  const second = await put("w/a", "2", "");
  await within(20_000, () => Promise.resolve(expect(stdout).toContain("w/a = 2")));
  ending.abort();
  expect(await watching).toBe(0);
  const printed = stdout.split("\n").filter((line) => line.includes("w/a"));
  expect(printed).toEqual([`${first}  set     w/a = 1`, `${second}  set     w/a = 2`]);
});
