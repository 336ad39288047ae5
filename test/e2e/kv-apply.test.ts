import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Command } from "../../src/cli/command.ts";
import { kvApplyCommand } from "../../src/cli/commands/kv-apply.ts";
import { kvConfirmCommand, kvTrialsCommand, kvUndoCommand } from "../../src/cli/commands/kv-trial.ts";
import type { KvTrialJson } from "../../src/wire/kv-trial.ts";
import { type CommandRun, runCommandWith } from "../support/command-io.ts";
import { type Answer, exchange } from "../support/exchange.ts";
import { programOf, startTarget, type Target } from "../support/target.ts";
import { TestTerminal } from "../support/terminal.ts";
import { within } from "../support/within.ts";

const folder = mkdtempSync(join(tmpdir(), "apply-"));
let agent: Target;
let n = 0;

beforeAll(async () => void (agent = await startTarget()));
afterAll(async () => {
  await agent.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  n += 1;
  const check = { CheckID: "web-ttl", TTL: "1h", Status: "passing" };
  await send("PUT", "/v1/agent/service/register", JSON.stringify({ Name: "web", Check: check }));
  await send("PUT", "/v1/agent/check/pass/web-ttl");
});

function send(method: string, path: string, body?: string): Promise<Answer> {
  return exchange(agent.url, method, { path, ...(body !== undefined && { body }) });
}

function run(command: Command, ...args: readonly string[]): Promise<CommandRun> {
  return runCommandWith(command, args, { env: { CONSUL_HTTP_ADDR: agent.url } });
}

async function valueOf(key: string): Promise<string | undefined> {
  const { status, text } = await send("GET", `/v1/kv/${key}?raw`);
  return status === 404 ? undefined : text;
}

/** Writes a file, and returns its path. */
function file(name: string, text: string): string {
  const path = join(folder, `${n}`, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

async function pending(): Promise<KvTrialJson> {
  return within(5_000, async () => {
    const { json } = await send("GET", "/v1/praetor/kv-trials");
    const found = (json as KvTrialJson[]).find(({ Outcome }) => Outcome === "pending");
    if (!found) throw new Error("no trial is pending");
    return found;
  });
}

describe("kv apply", () => {
  test("shows the differences, keeps them when the service passes, and exits with 0", async () => {
    await send("PUT", `/v1/kv/k${n}/rate`, "10");
    await send("PUT", `/v1/kv/k${n}/same`, "x");
    await send("PUT", `/v1/kv/k${n}/gone`, "1");
    const path = file("keys.json", JSON.stringify({ [`k${n}/rate`]: 20, [`k${n}/same`]: "x", [`k${n}/gone`]: null }));
    const { code, stdout, stderr } = await run(kvApplyCommand, path, "-watch", "web", "-for=300ms", "-reason=déjà vu");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.replace(/[0-9a-f-]{36}/, "ID")).toBe(
      `- k${n}/rate = 10\n+ k${n}/rate = 20\n- k${n}/gone = 1\n2 keys on trial for 300ms: ID\nweb passing\n` +
        "Kept 2 keys: all services passed when the time was over\n",
    );
    expect([await valueOf(`k${n}/rate`), await valueOf(`k${n}/gone`)]).toEqual(["20", undefined]);
    expect((await run(kvApplyCommand, path, "-watch=web")).stdout).toBe("Nothing differs: no key was changed.\n");
    const { stdout: listed } = await run(kvTrialsCommand);
    expect(listed.split("\n")[1]).toMatch(/ 2 +web +kept +\S+Z +all services passed/);
  });

  test("takes the changes back when the service turns critical, says why, and exits with 2", async () => {
    const path = file("keys.txt", `# settings\nk${n}/rate = 20\n\nk${n}/text=a = b \n`);
    const running = run(kvApplyCommand, "-format=json", "-watch=web", "-for=1h", path);
    const { ID } = await pending();
    expect([await valueOf(`k${n}/rate`), await valueOf(`k${n}/text`)]).toEqual(["20", "a = b "]);
    await send("PUT", "/v1/agent/check/fail/web-ttl");
    const { code, stdout } = await running;
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      ID,
      Outcome: "undone",
      Why: expect.stringContaining('"web" is critical'),
    });
    expect(await valueOf(`k${n}/rate`)).toBeUndefined();
    const refused = await run(kvApplyCommand, path, "-watch=web");
    expect([refused.code, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toContain(
      'Error starting the trial: Unexpected response code: 409 (the service "web" is critical',
    );
  });

  test("applies a folder with a file for each key, and prints each stage", async () => {
    file(`tree/k${n}/web/50%25`, "new\n");
    file(`tree/k${n}/db/x`, "new");
    file("tree/.git/config", "no key");
    await send("PUT", "/v1/agent/service/register", '{"Name": "db"}');
    const words = ["-watch=db", "-watch=web", "-for=200ms", "-staged"];
    const { code, stdout } = await run(kvApplyCommand, join(folder, `${n}`, "tree"), ...words);
    expect(code).toBe(0);
    expect(stdout).toContain("2 keys on trial for 200ms after each of 2 stages: ");
    expect(stdout).toContain(
      "\nstage 1 of 2: db passing, web passing\nstage 2 of 2: db passing, web passing\nKept 2 keys: ",
    );
    expect(await valueOf(`k${n}/web/50%25`)).toBe("new\n");
  });

  test("goes on over a restart of the agent, which takes the changes back", async () => {
    await send("PUT", `/v1/kv/k${n}/a`, "old");
    const running = run(kvApplyCommand, file("keys.txt", `k${n}/a = new\n`), "-watch=web", "-for=1h");
    await pending();
    await agent.restart("SIGKILL");
    const { code, stdout, stderr } = await running;
    expect([code, await valueOf(`k${n}/a`)]).toEqual([2, "old"]);
    expect(stdout).toContain("Undone: the agent restarted meanwhile");
    expect(stdout).toEndWith("1 key has its old value again.\n");
    expect(stderr).toContain("The agent does not answer");
  });

  test("without waiting prints the id, which kv confirm and kv undo take, or the only pending one", async () => {
    const path = file("keys.json", `[{"key": "k${n}/a", "flags": 7, "value": "${btoa("1")}"}]`);
    const words = [path, "-watch=web", "-for=1h", "-confirm", "-detach"];
    const { stdout: id } = await run(kvApplyCommand, ...words);
    expect((await run(kvConfirmCommand, id.trim())).stdout).toBe("Kept 1 key: it was confirmed\n");
    expect((await send("GET", `/v1/kv/k${n}/a`)).text).toContain('"Flags":7');
    expect(await run(kvUndoCommand)).toMatchObject({ code: 1, stderr: "Error! No trial is pending\n" });
    writeFileSync(path, `{"k${n}/a": "2"}`);
    await run(kvApplyCommand, ...words);
    const undone = await run(kvUndoCommand);
    expect(undone.stdout).toBe("Undone: it was taken back by hand\n1 key has its old value again.\n");
    expect((await send("GET", `/v1/kv/k${n}/a`)).text).toContain('"Flags":7');
  });

  test.each<readonly [string, string, readonly string[], string]>([
    ["no service", "a = 1", [], "Error! -watch is missing"],
    ["a line without a value", "a = 1\nb\n", ["-watch=web"], 'line 2 is not "key = value"'],
    ["a key twice", "a = 1\na = 2", ["-watch=web"], 'has the key "a" twice'],
    ["a nested object", '{"a": {"b": 1}}', ["-watch=web"], 'the value of "a" is no text'],
    ["invalid JSON", '{"a"', ["-watch=web"], "Error! Cannot use"],
    ["no time", "a = 1", ["-watch=web", "-for=soon"], 'invalid value "soon" for flag -for'],
  ])("refuses %s, and changes nothing", async (_, text, words, error) => {
    const { code, stdout, stderr } = await run(kvApplyCommand, file("keys", text), ...words);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(error);
    expect(await valueOf("a")).toBeUndefined();
  });
});

describe("kv apply on a terminal", () => {
  function terminal(...words: readonly string[]): TestTerminal {
    const env = { CONSUL_HTTP_ADDR: agent.url };
    return new TestTerminal([...programOf("praetor"), "kv", "apply", ...words], { env });
  }

  test.each([
    ["y", 0, /Kept 1 key: it was confirmed/, "new"],
    ["n", 2, /Undone: it was taken back by hand/, undefined],
    ["\u0003", 2, /Interrupted: taking the changes back[^]*Undone: it was taken back by hand/, undefined],
  ] as const)("asks whether to keep the changes, and obeys %j", async (key, code, shown, value) => {
    await using tty = terminal(file("keys.txt", `k${n}/a = new\n`), "-watch=web", "-for=1h", "-confirm");
    await tty.shows(/\d+ s left\. Keep the changes\? y\/n/, 10_000);
    tty.type(key);
    await tty.shows(shown, 10_000);
    expect([await tty.exited, await valueOf(`k${n}/a`)]).toEqual([code, value]);
  });

  test("counts the time down, and an interrupt takes the changes back", async () => {
    await using tty = terminal(file("keys.txt", `k${n}/a = new\n`), "-watch=web", "-for=1h");
    await tty.shows(/3600 s left\./, 10_000);
    await tty.shows(/359\d s left\./, 10_000);
    tty.type("\u0003");
    await tty.shows(/Interrupted: taking the changes back/, 10_000);
    expect([await tty.exited, await valueOf(`k${n}/a`)]).toEqual([2, undefined]);
  });
});
