import { describe, expect, test } from "bun:test";
import { startCannedAgent } from "../../../test/support/canned-agent.ts";
import { runCommandWith } from "../../../test/support/command-io.ts";
import { recordOf } from "../../../test/support/port-record.ts";
import { portsCommand } from "./ports.ts";

const record = recordOf();
const row =
  "web      localhost  48080  28000  pending  other  2026-01-01T00:00:00.000Z  Port 48080 of localhost belongs to other.";

describe("praetor ports", () => {
  test("lists the port records of all services, or that of the named service", async () => {
    using agent = startCannedAgent(({ target }) => Response.json(target.endsWith("/ports") ? [record] : record));
    const all = await runCommandWith(portsCommand, ["-http-addr", agent.url]);
    expect(all.stdout.split("\n")).toEqual([
      "Service  Host       From   To     State    Owner  At                        Reason",
      ...[row, ""],
    ]);
    const one = await runCommandWith(portsCommand, ["-http-addr", agent.url, "web"]);
    expect(one.stdout).toBe(all.stdout);
    const json = await runCommandWith(portsCommand, ["-http-addr", agent.url, "-format=json", "web"]);
    expect(JSON.parse(json.stdout)).toEqual(record);
    expect(agent.requests.map(({ target }) => target)).toEqual([
      ...["/v1/praetor/ports", "/v1/praetor/ports/web", "/v1/praetor/ports/web"],
    ]);
  });

  test("prints a message if there are no port records", async () => {
    using agent = startCannedAgent(({ target }) =>
      target.endsWith("/ports") ? Response.json([]) : new Response(null, { status: 404 }),
    );
    const all = await runCommandWith(portsCommand, ["-http-addr", agent.url]);
    expect([all.code, all.stderr]).toEqual([0, "No service has registered a port of another service.\n"]);
    const one = await runCommandWith(portsCommand, ["-http-addr", agent.url, "web"]);
    expect(one.code).toBe(1);
    expect(one.stderr).toStartWith("There is no port record of web;");
  });

  test("fails with an explanation if the agent is Consul", async () => {
    using agent = startCannedAgent(() => new Response(null, { status: 404 }));
    const { code, stderr } = await runCommandWith(portsCommand, ["-http-addr", agent.url]);
    expect([code, stderr]).toEqual([1, "Error listing ports: this agent does not assign ports; only Praetor does\n"]);
  });

  test("-forget deletes the port record of a service", async () => {
    const entry = {
      LockIndex: 0,
      Key: "edgex/registry/ports/web",
      Flags: 0,
      Value: "e30=",
      CreateIndex: 1,
      ModifyIndex: 1,
    };
    using agent = startCannedAgent(({ method }) => Response.json(method === "GET" ? [entry] : true));
    const { stdout } = await runCommandWith(portsCommand, ["-http-addr", agent.url, "-forget", "web"]);
    expect(stdout).toBe("Deleted the port record of web\n");
    expect(agent.requests.map(({ method, target }) => `${method} ${target}`)).toEqual([
      "GET /v1/kv/edgex/registry/ports/web",
      "DELETE /v1/kv/edgex/registry/ports/web",
    ]);
    expect((await runCommandWith(portsCommand, ["-http-addr", agent.url, "-forget"])).code).toBe(1);
  });
});
