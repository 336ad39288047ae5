import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCannedAgent } from "../../../test/support/canned-agent.ts";
import { type CommandRun, runCommandWith } from "../../../test/support/command-io.ts";
import type { CommandIo } from "../command.ts";
import { healthCommand } from "./health.ts";

function run(args: readonly string[], env: CommandIo["env"] = {}): Promise<CommandRun> {
  return runCommandWith(healthCommand, args, { env });
}

const row = (checkId: string, serviceName: string, status: string): object => ({
  CheckID: checkId,
  Status: status,
  ServiceID: serviceName,
  ServiceName: serviceName,
  Output: `says ${status}`,
});

const agentChecks = {
  "service:good": row("service:good", "good", "passing"),
  "service:mixed:1": row("service:mixed:1", "mixed", "passing"),
  "service:mixed:2": row("service:mixed:2", "mixed", "critical"),
};

describe("praetor health", () => {
  test("prints the status of a passing service and exits with 0", async () => {
    using agent = startCannedAgent(() => Response.json(agentChecks));
    expect(await run(["good", "--url", agent.url])).toEqual({ code: 0, stdout: "passing\n", stderr: "" });
    expect(agent.requests[0]?.target).toBe("/v1/agent/checks");
  });

  test("prints the status of an instance's worst check, the same in every run", async () => {
    using agent = startCannedAgent(() => Response.json(agentChecks));
    for (let round = 0; round < 12; round++) {
      const answer = await run(["mixed", "--url", agent.url]);
      expect(answer).toEqual({ code: 2, stdout: "critical\n", stderr: "mixed is critical, not passing\n" });
    }
  });

  test("with --verbose prints each failing check with its output", async () => {
    using agent = startCannedAgent(() => Response.json(agentChecks));
    const { stderr } = await run(["--verbose", "mixed", "--url", agent.url]);
    expect(stderr).toContain('check "service:mixed:2" of mixed is critical: says critical');
  });

  test("exits with 0 for the status that --desired-state names, and with 2 for any other", async () => {
    using agent = startCannedAgent(() => Response.json(agentChecks));
    expect((await run(["mixed", "--url", agent.url, "--desired-state", "critical"])).code).toBe(0);
    expect((await run(["good", "--url", agent.url, "--desired-state=critical"])).code).toBe(2);
  });

  test("accepts the URL of the catalog's list of checks in --url", async () => {
    using agent = startCannedAgent(() => Response.json([row("a", "good", "passing")]));
    expect((await run(["good", "--url", `${agent.url}/v1/health/checks/good`])).code).toBe(0);
  });

  test.each([
    ["no checks at all", () => Response.json({}), "no match for service name: x"],
    ["null", () => Response.json(null), "no match for service name: x"],
    ["an error", () => new Response("No cluster leader", { status: 500 }), "500 (No cluster leader)"],
    ["an error that looks like a list", () => Response.json(agentChecks, { status: 403 }), "response code: 403"],
    ["no JSON", () => new Response("<html>"), "not JSON"],
    ["JSON of something else", () => Response.json([1, 2]), "not a list of checks"],
    ["a check without status", () => Response.json([{ CheckID: "c", ServiceName: "x" }]), "x is without status"],
  ])("exits with 2 and prints the reason if the agent answers with %s", async (_what, answer, why) => {
    using agent = startCannedAgent(answer);
    const { code, stderr } = await run(["x", "--url", agent.url]);
    expect(code).toBe(2);
    expect(stderr).toContain(why);
  });

  test("exits with 2 if the agent is unreachable or does not answer in time", async () => {
    const refused = await run(["x", "--url", "http://127.0.0.1:1"]);
    expect(refused).toEqual({ code: 2, stdout: "", stderr: "cannot reach http://127.0.0.1:1: connection refused\n" });
    using silent = startCannedAgent(() => new Promise<Response>(() => undefined));
    const late = await run(["x", "--url", silent.url, "--timeout", "20ms"]);
    expect(late).toMatchObject({ code: 2, stderr: `no answer from ${silent.url} within 20 ms\n` });
  });

  test("asks the agent that --url names, else the one that the environment names", async () => {
    using agent = startCannedAgent(() => Response.json(agentChecks));
    const address = agent.url.replace("http://", "");
    expect((await run(["good"], { CONSUL_HTTP_ADDR: address })).code).toBe(0);
    expect((await run(["good"], { PRAETOR_HTTP_ADDR: address, CONSUL_HTTP_ADDR: "127.0.0.1:1" })).code).toBe(0);
    expect((await run(["good", "--url", agent.url], { CONSUL_HTTP_ADDR: "127.0.0.1:1" })).code).toBe(0);
  });

  test("asks EdgeX Geneva's agent, edgex-core-consul, by default", async () => {
    const { code, stderr } = await run(["good", "--timeout", "5s"]);
    expect(code).toBe(2);
    expect(stderr).toContain("http://edgex-core-consul:8500");
  });

  test.each([
    [[], "accepts 1 arg(s), received 0"],
    [["a", "b"], "accepts 1 arg(s), received 2"],
    [["a", "--self"], "accepts 0 arg(s) with --self, received 1"],
    [["a", "--nope"], "flag provided but not defined: -nope"],
    [["a", "--desird-state=warning"], "Did you mean -desired-state?"],
    [["a", "--url=http://127.0.0.1:1", "--http-addr=127.0.0.1:1"], "not both"],
    [["a", "--http-addr=ftp://x"], "Unknown protocol scheme: ftp"],
    [["a", "--url", "nonsense"], '"nonsense" is not a URL'],
    [["a", "--desired-state", "well"], 'unknown desired state "well"'],
    [["a", "--timeout", "soon"], 'invalid duration "soon"'],
    [["a", "--timeout", "0s"], "leaves no time"],
    [["a", "--config", "/nonexistent"], "cannot read --config /nonexistent"],
  ])("exits with 1 for the invalid arguments %j", async (args, why) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(why);
  });

  test("accepts the shared connection flags before and after the service's name", async () => {
    using agent = startCannedAgent(() => Response.json(agentChecks));
    const address = new URL(agent.url).host;
    expect((await run([`-http-addr=${address}`, "-token=t", "good"])).code).toBe(0);
    expect((await run(["good", "--http-addr", agent.url], { CONSUL_HTTP_ADDR: "127.0.0.1:1" })).code).toBe(0);
    expect((await run(["good"], { CONSUL_HTTP_ADDR: address, CONSUL_HTTP_AUTH: "op:secret" })).code).toBe(0);
    expect(agent.requests.map(({ target }) => target)).toEqual(Array(3).fill("/v1/agent/checks"));
    expect(agent.requests[0]?.headers.get("X-Consul-Token")).toBe("t");
    expect(agent.requests[2]?.headers.get("Authorization")).toBe(`Basic ${btoa("op:secret")}`);
  });

  test("with --help prints the help to standard output and exits with 0", async () => {
    expect(await run(["--help"])).toEqual({ code: 0, stdout: healthCommand.help, stderr: "" });
  });
});

describe("praetor health --config", () => {
  async function runWith(file: string, ...args: readonly string[]): Promise<CommandRun> {
    const folder = mkdtempSync(join(tmpdir(), "health-"));
    const path = join(folder, "health.conf");
    writeFileSync(path, file);
    try {
      return await run(["mixed", "--config", path, ...args]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  test.each([
    ["JSON", (url: string) => JSON.stringify({ url, "desired-state": "critical" })],
    ["lines", (url: string) => `# where\nurl=${url}\n\ndesired-state = critical\n`],
    ["flat YAML", (url: string) => `---\nurl: "${url}"\ndesired-state: critical\n`],
  ])("reads the URL and the desired state from a file of %s; flags take precedence", async (_what, fileFor) => {
    using agent = startCannedAgent(() => Response.json(agentChecks));
    expect(await runWith(fileFor(agent.url))).toEqual({ code: 0, stdout: "critical\n", stderr: "" });
    expect((await runWith(fileFor(agent.url), "--desired-state", "passing")).code).toBe(2);
  });

  test("reports unknown settings and invalid lines of the file", async () => {
    expect((await runWith("colour=red")).stderr).toContain("unknown setting colour");
    expect((await runWith("url=http://x\nwhat?")).stderr).toContain("health.conf:2: expected NAME=VALUE");
    expect((await runWith("{")).code).toBe(1);
  });
});

describe("praetor health --self", () => {
  test("exits with 0 if the agent answers and knows a leader, else with 1, as Docker expects", async () => {
    using leading = startCannedAgent(() => Response.json("127.0.0.1:8300"));
    expect(await run(["--self", "--url", leading.url])).toEqual({ code: 0, stdout: "", stderr: "" });
    using leaderless = startCannedAgent(() => Response.json(""));
    expect(await run(["--self", "--url", leaderless.url])).toMatchObject({
      code: 1,
      stderr: `the agent at ${leaderless.url} knows no leader\n`,
    });
    expect((await run(["--self", "--url", "http://127.0.0.1:1"])).code).toBe(1);
  });
});
