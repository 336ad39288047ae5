import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openSandbox } from "../support/agent-process.ts";
import { freePorts } from "../support/free-ports.ts";
import { within } from "../support/within.ts";
import { startCannedAgent } from "../support/canned-agent.ts";
import { programOf } from "../support/target.ts";

const sandbox = openSandbox();
afterAll(() => sandbox.close());

describe("the log", () => {
  test.each([
    ["Asia/Kolkata", "+0530"],
    ["America/St_Johns", "-0230|-0330"],
    ["UTC", "Z"],
  ])("shows local time: with TZ=%s its times end in %s", async (zone, offset) => {
    const there = openSandbox("env", `TZ=${zone}`);
    try {
      const agent = await there.start("-dev");
      await agent.ready();
      const [, found] = /^ {4}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(\S+) \[INFO\]/m.exec(agent.output()) ?? [];
      expect(offset.split("|")).toContain(found ?? "");
    } finally {
      await there.close();
    }
  });

  test("has Consul's line format, and no line below the configured level", async () => {
    const agent = await sandbox.start("-dev", "-log-level", "info", "-serf-lan-bind", "127.0.0.1");
    await agent.ready();
    const lines = agent.output().split("\n");
    const logged = lines.filter((line) =>
      /^ {4}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|[+-]\d{4}) \[[A-Z]+\] +agent/.test(line),
    );
    expect(logged).toEqual([
      expect.stringMatching(/ \[WARN\] {2}agent: serf_lan has no meaning here: .* \(flag -serf-lan-bind\)$/),
      expect.stringMatching(/ \[INFO\] {2}agent\.http: Started HTTP server: address=127\.0\.0\.1:\d+ network=http$/),
    ]);
  });

  test("at level debug includes the requests to core-keeper's API", async () => {
    const [port = 0] = await freePorts(1);
    const agent = await sandbox.start("-dev", "-keeper-port", `${port}`);
    await agent.ready();
    await fetch(`http://127.0.0.1:${port}/api/v3/kvs/key/a?keyOnly=true`);
    const line =
      / \[DEBUG\] agent\.keeper: Request finished: method=GET url=\/api\/v3\/kvs\/key\/a\?keyOnly=true from=127\.0\.0\.1:\d+ /;
    await within(10_000, async () => expect(agent.output()).toMatch(line));
  });

  test("has one JSON object on each line with -log-json", async () => {
    const agent = await sandbox.start("-dev", "-log-json");
    await agent.ready();
    const lines = agent.output().split("\n");
    const logged = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as object);
    expect(logged).toContainEqual({
      "@level": "info",
      "@message": "Started HTTP server",
      "@module": "agent.http",
      "@timestamp": expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      address: agent.url.slice("http://".length),
      network: "http",
    });
  });

  test("is also written to a file, to which the next start appends", async () => {
    const file = join(sandbox.folder, "agent.log");
    for (const round of [1, 2]) {
      const agent = await sandbox.start("-dev", "-log-file", file);
      await agent.ready();
      agent.signal("SIGTERM");
      await agent.ended();
      const lines = readFileSync(file, "utf8").split("\n");
      expect(lines.filter((line) => line.includes("Started HTTP server"))).toHaveLength(round);
      expect(lines.at(-2)).toMatch(/^\S+ \[INFO\] {2}agent: Exit code: code=1$/);
    }
  });

  test("written to a folder is named praetor.log, and continues in a new file at the size limit", async () => {
    const folder = join(sandbox.folder, "logs");
    mkdirSync(folder);
    const rotation = ["-log-rotate-bytes", "300", "-log-rotate-max-files", "1"];
    const agent = await sandbox.start("-dev", "-log-file", `${folder}/`, ...rotation);
    await agent.ready();
    for (let count = 0; count < 10; count += 1) agent.signal("SIGHUP");
    agent.signal("SIGTERM");
    await agent.ended();
    const names = await Array.fromAsync(new Bun.Glob("*").scan(folder));
    expect(names.toSorted()).toEqual(["praetor.log", expect.stringMatching(/^praetor\.log\.\d+$/)]);
    expect(readFileSync(join(folder, "praetor.log"), "utf8").length).toBeLessThan(600);
  });
});

describe("praetor monitor -n", () => {
  /** Starts `praetor monitor`, reads its output until the output matches `until`, and returns the output. */
  async function monitored(url: string, words: readonly string[], until: RegExp): Promise<string> {
    const command = [...programOf("praetor"), "monitor", "-http-addr", url, ...words];
    await using child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe" });
    const decoder = new TextDecoder();
    let text = "";
    for await (const bytes of child.stdout) {
      text += decoder.decode(bytes, { stream: true });
      if (until.test(text)) break;
    }
    return text;
  }

  test("prints the last n logged lines first, and then each new line", async () => {
    const agent = await sandbox.start("-dev", "-log-level", "warn");
    await agent.ready();
    for (const Name of ["first", "second"]) {
      const check = { Name, TTL: "1h", Status: "passing" };
      await agent.send("PUT", "/v1/agent/check/register", { body: JSON.stringify(check) });
      await agent.send("PUT", `/v1/agent/check/fail/${Name}?note=broken`);
    }
    const all = await monitored(agent.url, ["-n", "200"], /A client follows the log/);
    expect(all).toMatch(/Started HTTP server[^]*check=first[^]*check=second[^]*A client follows the log/);
    const last = await monitored(agent.url, ["-n", "2", "-log-json"], /(.*\n){3}/);
    const messages = last
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(messages).toMatchObject([{ check: "second" }, { loglevel: "info" }, { loglevel: "info" }]);
    expect(await monitored(agent.url, [], /A client follows the log/)).not.toContain("check=second");
    expect((await agent.send("GET", "/v1/agent/monitor?last=some")).status).toBe(400);
  });

  test("exits with 1 when the agent cannot provide lines that it logged before the request", async () => {
    // This server answers as Consul does: it ignores the parameter `last`, which it does not know, and streams new lines only.
    using consul = startCannedAgent(() => new Response("2026-11-22T12:33:41.766Z [INFO]  agent: a line\n"));
    const { code, output } = await sandbox.run("monitor", "-n", "5", "-http-addr", consul.url);
    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining("cannot show what it logged before") });
  });
});
