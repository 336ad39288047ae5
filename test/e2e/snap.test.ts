import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { within } from "../support/within.ts";

const soonMs = 10_000;
const base = "/v1/kv/edgex/core/1.0/edgex-core-data";

/**
 * Sends the requests that the scripts of EdgeX Geneva's snap send with curl, to an agent started with the snap's arguments for
 * Consul.
 */
describe("EdgeX's snap", () => {
  const sandbox = openSandbox();
  let agent: AgentProcess;

  beforeAll(async () => {
    const config = join(sandbox.folder, "config");
    mkdirSync(config);
    const settings = { enable_local_script_checks: true, disable_update_check: true, ports: { dns: -1 } };
    writeFileSync(join(config, "consul_default.json"), JSON.stringify(settings));
    const folders = [`-data-dir=${join(sandbox.folder, "data")}`, `-config-dir=${config}`];
    agent = await sandbox.start(...folders, "-server", "-client=127.0.0.1", "-bind=127.0.0.1", "-bootstrap", "-ui");
  });

  afterAll(() => sandbox.close());

  test("waits for the service consul in the catalog, which the agent lists as soon as it answers", async () => {
    await within(soonMs, async () => {
      const answer = await agent.send("GET", "/v1/catalog/service/consul");
      expect(answer.status).toBe(200);
      expect((answer.json as readonly unknown[]).length).toBeGreaterThanOrEqual(1);
    });
  });

  test("writes the database's type and port with curl's content type, and reads them as raw values", async () => {
    const headers = { "User-Agent": "curl/7.58.0", "Content-Type": "application/x-www-form-urlencoded" };
    for (const [name, body] of [
      ["Type", "mongodb"],
      ["Port", "27017"],
    ]) {
      const path = `${base}/Databases/Primary/${name}`;
      const written = await agent.send("PUT", path, { headers, body });
      expect([written.status, written.text]).toEqual([200, "true"]);
      const read = await agent.send("GET", `${path}?raw`);
      expect([read.status, read.text, read.header("Content-Type")]).toEqual([200, body ?? "", "text/plain"]);
    }
  });

  test("gets 404 and an empty body for a setting before a service has stored its configuration", async () => {
    const { status, text } = await agent.send("GET", `${base}/Databases/Primary/Name?raw`);
    expect([status, text]).toEqual([404, ""]);
  });
});
