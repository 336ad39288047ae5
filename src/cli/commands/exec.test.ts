import { describe, expect, test } from "bun:test";
import { startCannedAgent, type CannedRequest } from "../../../test/support/canned-agent.ts";
import { runCommandWith, type CommandRun } from "../../../test/support/command-io.ts";
import { execCommand } from "./exec.ts";

const session = "5a8cd0a3-0ba1-4c6c-8a8e-3d1f1a3f1b11";
const folder = `/v1/kv/_rexec/${session}`;

interface Trial extends CommandRun {
  readonly requests: readonly CannedRequest[];
  /** The requests as "METHOD /path", in order, without the polling for results. */
  readonly steps: readonly string[];
}

/** Runs `praetor exec` with an agent that has these keys below the job's folder; `more.answer` overrides the agent's answers. */
async function runExec(
  args: readonly string[],
  keys: Readonly<Record<string, string>> = {},
  more: { readonly stdin?: string; answer?(request: CannedRequest): Response | undefined } = {},
): Promise<Trial> {
  using agent = startCannedAgent((request) => more.answer?.(request) ?? answerOf(request, keys));
  const io = { stdin: () => Promise.resolve(Buffer.from(more.stdin ?? "")) };
  const run = await runCommandWith(execCommand, ["-http-addr", agent.url, "-wait=20ms", "-wait-repl=0s", ...args], io);
  const asked = agent.requests.filter(({ target }) => !/^[^?]*\/\?/.test(target));
  const steps = asked.map(({ method, target }) => `${method} ${target.replace(/\?.*/, "")}`);
  return { ...run, requests: agent.requests, steps };
}

function answerOf({ method, target }: CannedRequest, keys: Readonly<Record<string, string>>): Response {
  const { pathname } = new URL(target, "http://agent");
  if (pathname === "/v1/agent/self") return Response.json({ Config: { NodeName: "node1", Datacenter: "dc1" } });
  if (pathname === "/v1/session/create") return Response.json({ ID: session });
  if (pathname === "/v1/event/fire/_rexec") return Response.json({ ID: "e1" });
  if (method !== "GET") return Response.json(true);
  const names = ["job", ...Object.keys(keys)].map((name) => `_rexec/${session}/${name}`);
  if (pathname === `${folder}/`) return Response.json(names, { headers: { "X-Consul-Index": "7" } });
  const value = keys[decodeURIComponent(pathname.slice(folder.length + 1))];
  return value === undefined ? new Response("", { status: 404 }) : new Response(value);
}

function bodyOf({ requests }: Trial, path: string): unknown {
  return JSON.parse(requests.find(({ target }) => target.startsWith(path))?.body ?? "null");
}

describe("praetor exec", () => {
  test("creates a session, a job and an event, and ends the session before it deletes the keys", async () => {
    const trial = await runExec(["-service=web", "-tag=v1", "uptime", "-p"]);
    expect(trial.steps).toEqual([
      "GET /v1/agent/self",
      "PUT /v1/session/create",
      `PUT ${folder}/job`,
      "PUT /v1/event/fire/_rexec",
      `PUT /v1/session/destroy/${session}`,
      `DELETE ${folder}`,
    ]);
    expect(bodyOf(trial, "/v1/session/create")).toEqual({ Name: "Remote Exec", Behavior: "delete", TTL: "15s" });
    expect(bodyOf(trial, `${folder}/job?acquire=${session}`)).toEqual({ Command: "uptime -p", Wait: 20_000_000 });
    expect(bodyOf(trial, "/v1/event/fire/_rexec?service=web&tag=v1")).toEqual({ Prefix: "_rexec", Session: session });
  });

  test("sends the arguments separately with -shell=false, and a script in base64", async () => {
    const words = await runExec(["-shell=false", "echo", "a  b"]);
    expect(bodyOf(words, `${folder}/job`)).toMatchObject({ Args: ["echo", "a  b"] });
    const script = await runExec(["-"], {}, { stdin: "uptime\n" });
    expect(bodyOf(script, `${folder}/job`)).toMatchObject({ Script: btoa("uptime\n") });
  });

  test("prints a node's output before its exit code, in whatever order the keys arrive", async () => {
    const { code, stdout } = await runExec(["x"], { "n/1/ack": "", "n/1/exit": "0", "n/1/out/00000": "a\nb\n" });
    const lines = ["    n/1: a", "    n/1: b", "    n/1:", "==> n/1: finished with exit code 0"];
    expect(stdout).toBe([...lines, "1 / 1 node(s) completed / acknowledged", ""].join("\n"));
    expect(code).toBe(0);
  });

  test.each([
    ["a command that failed", { "a/ack": "", "a/exit": "3", "b/ack": "", "b/exit": "0" }],
    ["a node that acknowledged the command and did not complete it", { "a/ack": "", "b/ack": "", "b/exit": "0" }],
  ])("exits with 2 because of %s", async (_what, keys) => {
    expect((await runExec(["x"], keys)).code).toBe(2);
  });

  test("prints heartbeats only with -verbose", async () => {
    const keys = { "a/ack": "", "a/out/00000": "" };
    expect((await runExec(["x"], keys)).stdout).toBe("0 / 1 node(s) completed / acknowledged\n");
    const { stdout } = await runExec(["-verbose", "x"], keys);
    expect(stdout).toContain("==> a: acknowledged\n==> a: heartbeat received\n");
  });

  test("warns about keys that it does not know and exit codes that are not numbers", async () => {
    const { stderr } = await runExec(["x"], { other: "", "a/exit": "soon" });
    expect(stderr).toBe("Unknown key 'other', ignoring.\nFailed to parse exit code 'soon'\n");
  });

  test("binds the session for another datacenter to a server of that datacenter", async () => {
    const servers = [{ Node: { Node: "server9" } }];
    const trial = await runExec(
      ["-datacenter=dc2", "x"],
      {},
      {
        answer: ({ target }) => (target.startsWith("/v1/health/service/consul") ? Response.json(servers) : undefined),
      },
    );
    expect(bodyOf(trial, "/v1/session/create?dc=dc2")).toMatchObject({
      Name: "Remote Exec via node1@dc1",
      Node: "server9",
      NodeChecks: [],
    });
  });

  test("removes session and keys if the event cannot be fired", async () => {
    const { code, steps, stderr } = await runExec(
      ["x"],
      {},
      {
        answer: ({ target }) => (target.includes("/event/") ? new Response("no", { status: 500 }) : undefined),
      },
    );
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "Failed to fire event: Unexpected response code: 500 (no)\n",
    });
    expect(steps.slice(-2)).toEqual([`PUT /v1/session/destroy/${session}`, `DELETE ${folder}`]);
  });

  test("removes session and keys when the user interrupts the command", async () => {
    const stopping = new AbortController();
    using agent = startCannedAgent((request) => {
      if (request.target.includes("/event/")) stopping.abort();
      return answerOf(request, {});
    });
    const io = { signal: stopping.signal };
    expect((await runCommandWith(execCommand, ["-http-addr", agent.url, "-wait-repl=0s", "x"], io)).code).toBe(1);
    expect(agent.requests.slice(-2).map(({ method }) => method)).toEqual(["PUT", "DELETE"]);
  });
});
