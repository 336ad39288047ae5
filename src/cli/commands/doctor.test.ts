import { expect, test } from "bun:test";
import { type CannedRequest, startCannedAgent } from "../../../test/support/canned-agent.ts";
import { runCommandWith } from "../../../test/support/command-io.ts";
import { doctorCommand } from "./doctor.ts";

const self = {
  Config: { NodeName: "gw", NodeID: "id", Version: "1.8.7" },
  DebugConfig: {
    DataDir: "/var/lib/agent",
    DevMode: true,
    HTTPAddrs: ["tcp://127.0.0.1:8500"],
    AllowWriteHTTPFrom: [],
  },
};
const web = { ID: "web", Service: "web", Address: "10.0.0.7", Port: 80 };
const ping = { CheckID: "ping", Name: "ping", Status: "critical", Output: "refused", ServiceID: "web", Type: "tcp" };
const server = { ID: "consul", Service: "consul", Address: "", Port: 8300 };

const agentAnswers =
  (answers: Readonly<Record<string, unknown>>) =>
  ({ target }: CannedRequest): Response =>
    target in answers ? Response.json(answers[target]) : new Response("no such thing", { status: 404 });

const node = (services: readonly object[], checks: readonly object[]): object => ({
  ...{ Node: "gw", ID: "id", Address: "10.0.0.7" },
  ...{ Services: services, Checks: checks },
});

interface Report {
  readonly Findings: readonly { readonly Kind: string }[];
  readonly NotLookedAt: readonly string[];
}

async function report(url: string): Promise<Report & { readonly code: number }> {
  const { code, stdout } = await runCommandWith(doctorCommand, ["-format=json", `-http-addr=${url}`]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the command printed
  const { Findings, NotLookedAt } = JSON.parse(stdout) as Report;
  // Another agent may run on the machine of the test.
  return { code, Findings: Findings.filter(({ Kind }) => Kind !== "second-agent"), NotLookedAt };
}

test("praetor doctor prints findings with advice, and exits with 1", async () => {
  using agent = startCannedAgent(
    agentAnswers({ "/v1/agent/self": self, "/v1/internal/ui/nodes": [node([server, web], [ping])] }),
  );
  const { code, stdout } = await runCommandWith(doctorCommand, [`-http-addr=${agent.url}`]);
  expect(code).toBe(1);
  expect(stdout).toContain("dev-mode  node gw\n    The agent runs with -dev: its services are in memory only");
  expect(stdout).toContain("check-never-passed  check ping of service web on node gw\n");
  expect(stdout).toContain("    To do: Check that the service runs");
  expect(stdout).toContain("looked at 1 node, 1 service and 1 check through gw.\n");
});

test("praetor doctor takes the outputs of checks from agent/checks, and accepts an empty list of keys", async () => {
  const answers = {
    "/v1/agent/self": self,
    "/v1/internal/ui/nodes": [node([server, web], [{ ...ping, Output: "" }])],
    "/v1/agent/checks": { ping: { ...ping, Output: "connection refused" } },
    "/v1/kv/?keys&separator=/": [],
  };
  using agent = startCannedAgent(agentAnswers(answers));
  const { stdout } = await runCommandWith(doctorCommand, [`-http-addr=${agent.url}`]);
  expect(stdout).toContain("ever since it was registered: connection refused\n");
  expect(stdout).toContain("its services are in memory only");
});

test("on a terminal praetor doctor wraps lines to 80 columns and colours the kinds of findings", async () => {
  using agent = startCannedAgent(
    agentAnswers({ "/v1/agent/self": self, "/v1/internal/ui/nodes": [node([web], [ping])] }),
  );
  const io = { isTerminal: true };
  const { stdout } = await runCommandWith(doctorCommand, [`-http-addr=${agent.url}`], io);
  expect(stdout).toContain("\u001b[31mdev-mode\u001b[0m");
  const long = stdout.split("\n").filter((line) => line.startsWith("    ") && line.length > 80);
  expect(long).toEqual([]);
});

test("praetor doctor exits with 0 if it has no findings", async () => {
  using agent = startCannedAgent(
    agentAnswers({ "/v1/agent/self": self, "/v1/internal/ui/nodes": [node([server], [])] }),
  );
  const { Findings, code } = await report(agent.url);
  expect(Findings).toEqual([]);
  expect([0, 1]).toContain(code);
});

test("praetor doctor lists what it cannot examine because a request fails", async () => {
  using agent = startCannedAgent(agentAnswers({ "/v1/agent/self": self }));
  const { NotLookedAt } = await report(agent.url);
  expect(NotLookedAt).toContain("nodes, services and checks: Unexpected response code: 404 (no such thing)");
  expect(NotLookedAt).toContain("members: Unexpected response code: 404 (no such thing)");
});

test("praetor doctor exits with 2 if the agent is unreachable or does not answer agent/self", async () => {
  const absent = await runCommandWith(doctorCommand, ["-http-addr=http://127.0.0.1:1"]);
  expect(absent).toMatchObject({ code: 2, stderr: "" });
  expect(absent.stdout).toStartWith("agent-unreachable  http://127.0.0.1:1\n    The agent does not answer: ");
  const elsewhere = await runCommandWith(doctorCommand, ["-http-addr=http://gateway.invalid:8500"]);
  expect(elsewhere.code).toBe(2);
  expect(elsewhere.stdout).toContain("Not looked at: the agent's machine");
  using agent = startCannedAgent(agentAnswers({}));
  expect((await runCommandWith(doctorCommand, [`-http-addr=${agent.url}`])).code).toBe(2);
});

test("praetor doctor shows the findings that an agent on another machine reports of itself", async () => {
  const own = { Findings: [{ Kind: "disk-full", Where: "/data", Problem: "p", Advice: "a" }], NotLookedAt: ["clocks"] };
  const answers = {
    ...{ "/v1/agent/self": self, "/v1/internal/ui/nodes": [node([server, web], [ping])], "/v1/praetor/doctor": own },
    "/v1/agent/host": { Host: { hostname: "another-machine" } },
  };
  using agent = startCannedAgent(agentAnswers(answers));
  expect(await report(agent.url)).toEqual({ code: 1, ...own });
});
