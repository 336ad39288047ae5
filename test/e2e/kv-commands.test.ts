import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command, CommandIo } from "../../src/cli/command.ts";
import { kvCopyCommand } from "../../src/cli/commands/kv-copy.ts";
import { kvEditCommand } from "../../src/cli/commands/kv-edit.ts";
import { kvMoveCommand } from "../../src/cli/commands/kv-move.ts";
import { kvPutCommand } from "../../src/cli/commands/kv-put.ts";
import { kvSearchCommand } from "../../src/cli/commands/kv-search.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { HttpClient } from "../../src/client/http.ts";
import { KvClient } from "../../src/client/kv-client.ts";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { type CannedRequest, startCannedAgent } from "../support/canned-agent.ts";
import { type CommandRun, runCommandWith } from "../support/command-io.ts";
import { programOf } from "../support/target.ts";
import { TestTerminal } from "../support/terminal.ts";

const sandbox = openSandbox();
const program = programOf(process.env["CONFORMANCE_TARGET"] ?? "praetor");
let agent: AgentProcess;
let kv: KvClient;

beforeAll(async () => {
  agent = await sandbox.start("-dev");
  await agent.ready();
  kv = clientOf(agent.url);
});
beforeEach(() => kv.deleteTree(""));
afterAll(() => sandbox.close());

function clientOf(baseUrl: string): KvClient {
  return new KvClient(new HttpClient({ baseUrl, clock: systemClock }));
}

interface RunOptions extends Partial<Omit<CommandIo, "env">> {
  readonly url?: string;
  readonly env?: Readonly<Record<string, string>>;
}

function run(
  command: Command,
  args: readonly string[],
  { url = agent.url, env = {}, ...io }: RunOptions = {},
): Promise<CommandRun> {
  return runCommandWith(command, args, { env: { ...process.env, CONSUL_HTTP_ADDR: url, ...env }, ...io });
}

async function put(key: string, value: string | Uint8Array<ArrayBuffer> = "x", flags = 0n): Promise<void> {
  await kv.put({ key, flags, value: typeof value === "string" ? new TextEncoder().encode(value) : value });
}

/** Returns all keys with their values as text. */
async function keys(): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries((await kv.list("")).map(({ key, value }) => [key, new TextDecoder().decode(value)]));
}

/** Sends a request on to the agent. */
async function passOn({ method, target, body }: Pick<CannedRequest, "method" | "target" | "body">): Promise<Response> {
  const answer = await fetch(`${agent.url}${target}`, { method, ...(method === "PUT" && { body }) });
  return new Response(await answer.arrayBuffer(), { status: answer.status });
}

/** Creates a session, which locks the key. */
async function lock(key: string): Promise<string> {
  const { json } = await agent.send("PUT", "/v1/session/create", { body: "{}" });
  const { ID: id } = json as { readonly ID: string };
  await kv.put({ key, flags: 0n, value: new Uint8Array(), condition: { acquire: id } });
  return id;
}

const folderOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `a/${String(at).padStart(3, "0")}`);

describe("kv copy and kv move", () => {
  test("a copy has the value and the flags, byte for byte, and the source stays", async () => {
    const flags = 2n ** 64n - 1n;
    await put("a", new Uint8Array([0, 255, 10]), flags);
    expect(await run(kvCopyCommand, ["a", "/b"])).toEqual({ code: 0, stdout: "Copied: a to b\n", stderr: "" });
    expect(await kv.get("b")).toMatchObject({ flags, value: new Uint8Array([0, 255, 10]) });
    expect(await kv.get("a")).toBeDefined();
  });

  test("a move of a folder takes all its keys and no other", async () => {
    for (const key of ["a/", "a/1", "a/b/2", "ab"]) await put(key, key);
    const { code, stdout } = await run(kvMoveCommand, ["a", "c/d", "-recurse"]);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: "Moved: a/ to c/d/\nMoved: a/1 to c/d/1\nMoved: a/b/2 to c/d/b/2\n",
    });
    expect(await keys()).toEqual({ ab: "ab", "c/d/": "a/", "c/d/1": "a/1", "c/d/b/2": "a/b/2" });
  });

  test("32 keys are moved at one index, more in several transactions", async () => {
    for (const key of folderOf(33)) await put(key);
    await run(kvMoveCommand, ["-recurse", "a", "b"]);
    const moved = await kv.list("b/");
    const of = (index: number | undefined): number => moved.filter(({ createIndex }) => createIndex === index).length;
    // Each operation of a transaction of Praetor has the transaction's index.
    expect([of(moved[0]?.createIndex), of(moved[32]?.createIndex)]).toEqual([32, 1]);
    expect(await kv.list("a/")).toEqual([]);
  });

  test("values too long for a transaction are moved too, together with short ones", async () => {
    const long = "x".repeat(512 * 1024);
    for (const [key, value] of Object.entries({ "a/1": "1", "a/2": long, "a/3": "3" })) await put(key, value);
    expect((await run(kvMoveCommand, ["-recurse", "a", "b"])).code).toBe(0);
    expect(await keys()).toEqual({ "b/1": "1", "b/2": long, "b/3": "3" });
    expect((await run(kvCopyCommand, ["b/2", "c"])).code).toBe(0);
    expect((await keys())["c"]).toBe(long);
  });

  test("another value is overwritten only with -force", async () => {
    await put("a/1", "new");
    await put("b/1", "old");
    const refused = await run(kvMoveCommand, ["-recurse", "a", "b"]);
    expect(refused).toEqual({
      code: 1,
      stdout: "",
      stderr: "Error! Nothing was written: there are other values at b/1. -force overwrites them.\n",
    });
    expect(await keys()).toEqual({ "a/1": "new", "b/1": "old" });
    expect((await run(kvMoveCommand, ["-recurse", "-force", "a", "b"])).code).toBe(0);
    expect(await keys()).toEqual({ "b/1": "new" });
  });

  test("a locked key is copied and not moved", async () => {
    const session = await lock("a/locked");
    await put("a/free");
    const { code, stderr } = await run(kvMoveCommand, ["-recurse", "a", "b"]);
    expect(code).toBe(1);
    expect(stderr).toContain("sessions lock a/locked. Release the lock first");
    expect(stderr).toContain(`praetor kv put -release -session=${session} a/locked`);
    expect(Object.keys(await keys())).toEqual(["a/free", "a/locked"]);
    expect((await run(kvCopyCommand, ["-recurse", "a", "b"])).code).toBe(0);
    expect((await kv.get("b/locked"))?.session).toBe("");
  });

  test.each([
    [["-recurse", "a", "a/b"], "A folder cannot go into itself"],
    [["-recurse", "a/b", "a"], "A folder cannot go into itself"],
    [["-recurse", "", "a"], "A folder cannot go into itself"],
    [["a/b/1", "a/b/1"], "are the same key"],
    [["a/b/1", ""], "cannot be empty"],
    [["a/b/1"], "expected 2 arguments, got 1"],
    [["a/b", "c"], "No key exists at: a/b\nThere are keys below it: -recurse takes them all."],
    [["-recurse", "none", "c"], "No key exists below: none/"],
    [["-format=xml", "a/b/1", "c"], '-format is "xml"'],
  ])("%j is refused and changes nothing", async (args, message) => {
    await put("a/b/1", "1");
    for (const command of [kvCopyCommand, kvMoveCommand]) {
      const { code, stdout, stderr } = await run(command, args);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toContain(message);
    }
    expect(await keys()).toEqual({ "a/b/1": "1" });
  });

  /** Runs a command through a server that changes a key before it passes the transaction with this number on. */
  async function runWithChange(command: Command, args: readonly string[], number: number, change: () => Promise<void>) {
    let seen = 0;
    using between = startCannedAgent(async ({ method, target, body }) => {
      if (target.startsWith("/v1/txn") && (seen += 1) === number) await change();
      return passOn({ method, target, body });
    });
    return await run(command, args, { url: between.url });
  }

  test("a key that changes midway ends a move, which says what was done, and does the rest when it runs again", async () => {
    const names = folderOf(80);
    for (const key of names) await put(key, "before");
    const args = ["-recurse", "a", "b"];
    const changed = () => put("a/040", "other");
    const { code, stdout, stderr } = await runWithChange(kvMoveCommand, args, 2, changed);
    expect(code).toBe(1);
    expect(stdout).toBe(
      folderOf(32)
        .map((key) => `Moved: ${key} to b${key.slice(1)}\n`)
        .join(""),
    );
    expect(stderr).toBe(
      'Error! Moved 32 of 80 keys: failed to delete key "a/040", index is stale\n' +
        "Not done: 48, beginning with a/032\nRun the command again: it does what is missing.\n",
    );
    expect((await kv.list("a/")).length).toBe(48);
    expect((await kv.list("b/")).length).toBe(32);
    expect((await run(kvMoveCommand, args)).code).toBe(0);
    const moved = await keys();
    expect(Object.keys(moved)).toEqual(names.map((key) => `b${key.slice(1)}`));
    expect(moved["b/040"]).toBe("other");
  });

  test("-format=json says of each key whether it was copied, also after a failure", async () => {
    for (const key of folderOf(33)) await put(key, "before");
    const { code, stdout } = await runWithChange(kvCopyCommand, ["-recurse", "-format=json", "a", "b"], 2, () =>
      put("b/032", "theirs"),
    );
    expect(code).toBe(1);
    const answer = JSON.parse(stdout);
    expect(answer.Done).toHaveLength(32);
    expect(answer).toMatchObject({ Unknown: [], NotDone: [{ From: "a/032", To: "b/032" }] });
    expect(answer.Error).toContain("index is stale");
    expect((await keys())["b/032"]).toBe("theirs");
  });

  test("an agent that goes away midway leaves the keys of one transaction unknown, and the rest not done", async () => {
    for (const key of folderOf(80)) await put(key);
    let transactions = 0;
    using between = startCannedAgent(async ({ method, target, body }) => {
      if (target.startsWith("/v1/txn") && (transactions += 1) === 2) return new Response("no leader", { status: 500 });
      return passOn({ method, target, body });
    });
    const { code, stderr } = await run(kvCopyCommand, ["-recurse", "a", "b"], { url: between.url });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        "Error! Copied 32 of 80 keys: Unexpected response code: 500 (no leader)\n" +
        "Unknown, since the agent did not confirm it: 32, beginning with a/032\n" +
        "Not done: 16, beginning with a/064\nRun the command again: it does what is missing.\n",
    });
  });

  test("progress is shown on a terminal for errors alone, and is gone at the end", async () => {
    for (const key of folderOf(40)) await put(key);
    const shown = await run(kvCopyCommand, ["-recurse", "a", "b"], { isErrorTerminal: true });
    expect(shown.stderr).toContain("Copied 32 of 40 keys");
    expect(shown.stderr).toEndWith("\r\u001b[K");
    expect((await run(kvCopyCommand, ["-recurse", "a", "c"])).stderr).toBe("");
  });

  test("a copy that runs again overwrites nothing that is the same", async () => {
    for (const key of folderOf(3)) await put(key, key);
    await put("b/001", "a/001");
    const before = await kv.get("b/001");
    expect((await run(kvCopyCommand, ["-recurse", "a", "b"])).code).toBe(0);
    expect(await kv.get("b/001")).toEqual(before);
    expect((await kv.list("b/")).length).toBe(3);
  });
});

describe("kv search", () => {
  test("prints the keys with the text in name or value, and with -in and -prefix fewer", async () => {
    await put("edgex/a/Host", "localhost");
    await put("edgex/b", "Host=edgex-redis");
    await put("other/host", "\u001b[31mred");
    const { code, stdout, stderr } = await run(kvSearchCommand, ["host"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(
      "Key           Bytes  Text\n" +
        "edgex/a/Host  9      localhost\n" +
        "edgex/b       16     Host=edgex-redis\n" +
        "other/host    8\n",
    );
    const fewer = await run(kvSearchCommand, ["host", "-in=values", "-prefix=edgex/b"]);
    expect(fewer.stdout.split("\n")).toHaveLength(3);
  });

  test("-limit shows so many and says how many there are", async () => {
    for (const key of folderOf(5)) await put(key, "needle");
    const { stdout, stderr } = await run(kvSearchCommand, ["-limit=2", "-format=json", "NEEDLE"]);
    expect(JSON.parse(stdout)).toMatchObject({ Searched: 5, Found: 5, Matches: [{ Key: "a/000" }, { Key: "a/001" }] });
    expect(stderr).toBe("These are the first 2 of 5; -limit shows up to 1000.\n");
  });

  test("marks the text on a terminal alone, and shows no control characters of a value", async () => {
    await put("a", "\u001b[2Jneedle");
    const shown = await run(kvSearchCommand, ["needle"], { isTerminal: true, env: { NO_COLOR: "" } });
    expect(shown.stdout).toContain("[2J\u001b[1mneedle\u001b[0m");
    const plain = await run(kvSearchCommand, ["needle"], { isTerminal: true, env: { NO_COLOR: "1" } });
    expect(plain.stdout).not.toContain("\u001b");
  });

  test.each([
    [["-in=names", "x"], "in is keys, values or both with a comma"],
    [[], "Missing TEXT"],
    [["two", "words"], "quote a text with blanks"],
    [["-format=xml", "x"], "-format is"],
  ])("%j is refused", async (args, message) => {
    const { code, stderr } = await run(kvSearchCommand, args);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });

  test("finding nothing is no error, and an agent without the search is one", async () => {
    expect(await run(kvSearchCommand, ["nowhere"])).toEqual({
      code: 0,
      stdout: "",
      stderr: "No key has this text; 0 were searched.\n",
    });
    using consul = startCannedAgent(() => new Response("", { status: 404 }));
    const { code, stderr } = await run(kvSearchCommand, ["x"], { url: consul.url });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "Error searching keys: only Praetor's agents have it\n",
    });
  });
});

describe("kv edit", () => {
  /** Makes an editor of a shell script, whose $1 is the file, and a folder for temporary files. */
  function editor(script: string): Readonly<Record<string, string>> {
    const folder = mkdtempSync(join(sandbox.folder, "it's an editor-"));
    const path = join(folder, "editor");
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o700);
    const temporary = mkdtempSync(join(sandbox.folder, "it's temporary-"));
    return {
      VISUAL: `'${path.replaceAll("'", String.raw`'\''`)}' --flag-of-editor`,
      TMPDIR: temporary,
      SHELL: "/bin/sh",
    };
  }

  /** Runs kv edit with an editor that gets the file as $2, after its own flag. */
  async function edit(key: string, script: string, more: RunOptions = {}) {
    const env = editor(script);
    const result = await run(kvEditCommand, [key], { ...more, env: { ...env, ...more.env } });
    return { ...result, left: () => filesIn(env["TMPDIR"] ?? "") };
  }

  function filesIn(folder: string): readonly string[] {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  }

  test("stores the changed text and keeps the flags and the missing line break at the end", async () => {
    await put("a/LogLevel", "DEBUG", 42n);
    const { code, stdout, left } = await edit("a/LogLevel", 'echo INFO >"$2"');
    expect({ code, stdout, left: left() }).toEqual({
      code: 0,
      stdout: "Success! Data written to: a/LogLevel\n",
      left: [],
    });
    expect(await kv.get("a/LogLevel")).toMatchObject({ flags: 42n, value: new TextEncoder().encode("INFO") });
  });

  test("keeps the line break at the end of a value that has one", async () => {
    await put("a", "1\n");
    await edit("a", 'echo 2 >"$2"');
    expect(await keys()).toEqual({ a: "2\n" });
  });

  test("the file is for its owner alone, and its name tells the format", async () => {
    await put("a/b c;d", '{"x": 1}');
    const { stdout } = await edit("a/b c;d", 'stat -c "%a %n" "$2" "$(dirname "$2")" >"$2.stat"; cp "$2.stat" "$2"');
    expect(stdout).toBe("Success! Data written to: a/b c;d\n");
    const [file = "", folder = ""] = (await keys())["a/b c;d"]?.split("\n") ?? [];
    expect(file).toMatch(/^600 .*\/b_c_d\.json$/);
    expect(folder).toMatch(/^700 /);
  });

  test("writes nothing if the text is the same", async () => {
    await put("a", "1");
    const before = await kv.get("a");
    const { code, stdout, left } = await edit("a", 'echo 1 >"$2"');
    expect({ code, stdout, left: left() }).toEqual({
      code: 0,
      stdout: "Nothing was stored: the value of a is unchanged\n",
      left: [],
    });
    expect(await kv.get("a")).toEqual(before);
  });

  test("creates a key, but not over one that another client creates meanwhile", async () => {
    expect((await edit("new", 'echo mine >"$2"')).code).toBe(0);
    expect(await keys()).toEqual({ new: "mine" });
    const race = `curl -s --noproxy '*' -X PUT -d theirs ${agent.url}/v1/kv/race >/dev/null; echo mine >"$2"`;
    const { code, left } = await edit("race", race);
    expect(code).toBe(1);
    expect((await keys())["race"]).toBe("theirs");
    expect(readFileSync(left()[0] ?? "", "utf8")).toBe("mine");
  });

  test("at a conflict it shows both changes, keeps the text, and the printed command stores it", async () => {
    await put("a/rules", "one\ntwo\nthree\n", 7n);
    const theirs = `printf 'one\\nTWO\\nthree\\n' | curl -s --noproxy '*' -X PUT --data-binary @- "${agent.url}/v1/kv/a/rules?flags=7" >/dev/null`;
    const { code, stdout, stderr, left } = await edit("a/rules", `${theirs}; printf 'one\\ntwo\\nTHREE\\n' >"$2"`);
    expect(code).toBe(1);
    expect(stdout).toMatch(/--- base, index \d+\n\+\+\+ theirs, index \d+\n@@ .* @@\n one\n-two\n\+TWO\n three\n/);
    expect(stdout).toMatch(/--- base, index \d+\n\+\+\+ yours\n@@ .* @@\n one\n two\n-three\n\+THREE\n/);
    expect((await keys())["a/rules"]).toBe("one\nTWO\nthree\n");
    const [path = ""] = left();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const [, words = ""] = /To store it: praetor kv put (.*)\n/.exec(stderr) ?? [];
    expect(words).toContain("-flags=7");
    const unquoted = words.replace(/'(.*)'$/, (_, inner: string) => inner.replaceAll(String.raw`'\''`, "'"));
    const [, options = "", at = ""] = /^(.*?) (@.*)$/.exec(unquoted) ?? [];
    expect((await run(kvPutCommand, [...options.split(" "), at])).code).toBe(0);
    expect((await keys())["a/rules"]).toBe("one\ntwo\nTHREE\n");
  });

  test("a key that another client deletes meanwhile stays deleted, and the printed command has its flags", async () => {
    await put("a", "1", 7n);
    const deletion = `curl -s --noproxy '*' -X DELETE ${agent.url}/v1/kv/a >/dev/null`;
    const { code, stdout, stderr } = await edit("a", `${deletion}; echo 2 >"$2"`);
    expect(code).toBe(1);
    expect(stdout).toContain("+++ theirs, deleted\n");
    expect(stderr).toContain("Another client deleted a meanwhile. Nothing was stored.");
    expect(stderr).toContain("praetor kv put -flags=7 a @");
    expect(await keys()).toEqual({});
  });

  test("a conflict with the same text is none", async () => {
    await put("a", "1");
    const { code, stdout, left } = await edit(
      "a",
      `curl -s --noproxy '*' -X PUT -d 2 ${agent.url}/v1/kv/a >/dev/null; echo 2 >"$2"`,
    );
    expect({ code, stdout, left: left() }).toEqual({
      code: 0,
      stdout: "Nothing was stored: another client has stored the same value in a\n",
      left: [],
    });
  });

  test("an editor that fails stores nothing, and keeps a changed text alone", async () => {
    await put("a", "1");
    const failed = await edit("a", "exit 3");
    expect({ code: failed.code, stderr: failed.stderr, left: failed.left() }).toMatchObject({ code: 1, left: [] });
    expect(failed.stderr).toContain("failed with exit status 3. Nothing was stored.");
    const killed = await edit("a", 'echo 2 >"$2"; kill -9 $$');
    expect(killed.code).toBe(1);
    expect(readFileSync(killed.left()[0] ?? "", "utf8")).toBe("2");
    expect(killed.stderr).toContain(`Your text is in ${killed.left()[0]}`);
    const unknown = await run(kvEditCommand, ["a"], { env: { VISUAL: "/none/of/these", SHELL: "/bin/sh" } });
    expect(unknown.code).toBe(1);
    expect(await keys()).toEqual({ a: "1" });
  });

  test("the text is kept if the agent is away when it is to be stored", async () => {
    await put("a", "1");
    let isAway = false;
    using between = startCannedAgent(({ method, target }) => {
      if (method === "PUT") isAway = true;
      return isAway ? new Response("No cluster leader", { status: 500 }) : passOn({ method, target, body: "" });
    });
    const { code, stderr, left } = await edit("a", 'echo 2 >"$2"', { url: between.url });
    expect(code).toBe(1);
    expect(stderr).toContain("Did not write to a: Unexpected response code: 500 (No cluster leader)");
    expect(readFileSync(left()[0] ?? "", "utf8")).toBe("2");
    expect(await keys()).toEqual({ a: "1" });
  });

  test("the editor has the terminal, and an interrupt there ends neither it nor the command", async () => {
    await put("a", "1");
    const env = editor(
      'trap "echo interrupted" INT; test -t 0 && test -t 1 && echo ready; until read line; do :; done; echo "$line" >"$2"',
    );
    await using terminal = new TestTerminal([...program, "kv", "edit", `-http-addr=${agent.url}`, "a"], { env });
    await terminal.shows(/ready/);
    terminal.type("\u0003");
    await terminal.shows(/interrupted/);
    terminal.type("typed\r");
    await terminal.shows(/Success! Data written to: a/);
    expect(await terminal.exited).toBe(0);
    expect(await keys()).toEqual({ a: "typed" });
  });

  test("a value that is not text is not opened", async () => {
    await put("a", new Uint8Array([0xff, 0xfe, 0]));
    const marker = join(sandbox.folder, "opened");
    const { code, stderr, left } = await edit("a", `touch ${marker}`);
    expect({ code, left: left(), isOpened: existsSync(marker) }).toEqual({ code: 1, left: [], isOpened: false });
    expect(stderr).toContain("is not text in UTF-8");
  });
});
