import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCannedAgent, type CannedRequest } from "../../../test/support/canned-agent.ts";
import { runCommandWith, type CommandRun } from "../../../test/support/command-io.ts";
import type { Command } from "../command.ts";
import { servicesDeregisterCommand } from "./services-deregister.ts";
import { servicesRegisterCommand } from "./services-register.ts";

interface Trial extends CommandRun {
  readonly requests: readonly CannedRequest[];
}

async function runWithFile(command: Command, file: string): Promise<Trial> {
  const folder = mkdtempSync(join(tmpdir(), "services-"));
  using agent = startCannedAgent(() => new Response());
  try {
    const path = join(folder, "services.hcl");
    writeFileSync(path, file);
    return { ...(await runCommandWith(command, ["-http-addr", agent.url, path])), requests: agent.requests };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const files = `
service {
  id = "web-1"
  name = "web"
  meta { rack_row = "7" }
  tagged_addresses { lan_x { address = "192.0.2.1" port = 8 } }
  enable_tag_override = true
  check {
    id = "up"
    http = "http://192.0.2.1/"
    header { x_y = ["1"] }
    tls_skip_verify = true
    interval = "10s"
    deregister_critical_service_after = "1h"
  }
}
services { name = "db" }
check { name = "alone", ttl = "1m" }
`;

describe("praetor services register", () => {
  test("converts the field names of files to those of the API, and leaves names that the user chose unchanged", async () => {
    const { code, requests } = await runWithFile(servicesRegisterCommand, files);
    expect(code).toBe(0);
    expect(requests.map(({ body }): unknown => JSON.parse(body))).toEqual([
      {
        ID: "web-1",
        Name: "web",
        Meta: { rack_row: "7" },
        TaggedAddresses: { lan_x: { Address: "192.0.2.1", Port: 8 } },
        EnableTagOverride: true,
        Check: {
          CheckID: "up",
          HTTP: "http://192.0.2.1/",
          Header: { x_y: ["1"] },
          TLSSkipVerify: true,
          Interval: "10s",
          DeregisterCriticalServiceAfter: "1h",
        },
      },
      { ID: "", Name: "db" },
    ]);
  });

  test("reads JSON from a .hcl file, and sends the sidecar of a service to the agent", async () => {
    const text =
      '{"service": {"name": "press", "check": null, "connect": {"sidecar_service": {"port": 4000, "tags": null}}}}';
    const { requests } = await runWithFile(servicesRegisterCommand, text);
    expect(requests.map(({ body }): unknown => JSON.parse(body))).toEqual([
      { ID: "", Name: "press", Connect: { SidecarService: { Port: 4000 } } },
    ]);
  });

  test("registers no service if one definition is invalid, even if it is the last", async () => {
    const { code, stderr, requests } = await runWithFile(servicesRegisterCommand, `${files} services { port = 80 }`);
    expect({ code, requests }).toEqual({ code: 1, requests: [] });
    expect(stderr).toEndWith('service "": Missing service name\n');
  });

  test("registers one service that flags define", async () => {
    using agent = startCannedAgent(() => new Response());
    const args = ["-name=web", "-port=80", "-tag=a", "-tag=b", "-meta=k=v=w", "-tagged-address=wan=[2001:db8::1]:81"];
    await runCommandWith(servicesRegisterCommand, ["-http-addr", agent.url, ...args]);
    expect(JSON.parse(agent.requests[0]?.body ?? "")).toMatchObject({
      ...{ Name: "web", Port: 80, Tags: ["a", "b"], Meta: { k: "v=w" } },
      TaggedAddresses: { wan: { Address: "2001:db8::1", Port: 81 } },
    });
  });
});

test("praetor services deregister deregisters each service of a file by its id, else by its name", async () => {
  const { stdout, requests } = await runWithFile(servicesDeregisterCommand, files);
  expect(stdout).toBe("Deregistered service: web-1\nDeregistered service: db\n");
  expect(requests.map(({ target }) => target)).toEqual([
    "/v1/agent/service/deregister/web-1",
    "/v1/agent/service/deregister/db",
  ]);
});
