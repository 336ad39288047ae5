import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CannedAgent, startCannedAgent } from "../../../test/support/canned-agent.ts";
import { runCommandWith } from "../../../test/support/command-io.ts";
import type { CommandIo } from "../command.ts";
import { checkerCommand } from "./checker.ts";

async function run(args: readonly string[], env: CommandIo["env"] = {}): Promise<{ code: number; output: string }> {
  const { code, stdout, stderr } = await runCommandWith(checkerCommand, args, { env });
  return { code, output: stdout + stderr };
}

function agentWith(statuses: Readonly<Record<string, string>>): CannedAgent {
  const rows = Object.entries(statuses).map(([name, Status]) => ({
    CheckID: `service:${name}`,
    Status,
    ServiceID: name,
    ServiceName: name,
  }));
  return startCannedAgent(() => Response.json(rows));
}

describe("praetor checker", () => {
  test("kong-db exits with 2, which means critical, while Kong's database does not respond", async () => {
    const { code, output } = await run(["kong-db", "--kong-db", "127.0.0.1:1"]);
    expect(code).toBe(2);
    expect(output).toContain("127.0.0.1:1 - no response");
  });

  test("kong-migrations exits with 0 if the check of kong-db passes, else with 2", async () => {
    using passing = agentWith({ "kong-db": "passing" });
    expect((await run(["kong-migrations", "--agent", passing.url])).code).toBe(0);
    using failing = agentWith({ "kong-db": "warning" });
    expect(await run(["kong-migrations", "--agent", failing.url])).toMatchObject({ code: 2 });
    using empty = agentWith({});
    expect(await run(["kong-migrations", "--agent", empty.url])).toEqual({ code: 2, output: "kong-db is not known\n" });
  });

  test("security-secrets-setup exits with 1, a warning, until the set-up has created its file", async () => {
    expect(await run(["security-secrets-setup"])).toMatchObject({ code: 1 });
  });

  test("security-secretstore-setup exits with 0 if vault passes and the file in SECRETSTORE_SETUP_DONE_FLAG exists", async () => {
    const folder = mkdtempSync(join(tmpdir(), "checker-"));
    const flag = join(folder, "done");
    const asking = (agent: CannedAgent, env = {}): Promise<{ code: number }> =>
      run(["security-secretstore-setup", "--agent", agent.url], env);
    try {
      using sealed = agentWith({ vault: "critical" });
      expect((await asking(sealed)).code).toBe(2);
      using unsealed = agentWith({ vault: "passing" });
      expect((await asking(unsealed)).code).toBe(0);
      expect((await asking(unsealed, { SECRETSTORE_SETUP_DONE_FLAG: flag })).code).toBe(1);
      writeFileSync(flag, "");
      expect((await asking(unsealed, { SECRETSTORE_SETUP_DONE_FLAG: flag })).code).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each([
    [{ data: [{ snis: ["edgex-kong"] }] }, 0],
    [{ data: [{ snis: ["edgex-kong"] }, { snis: ["other"] }] }, 0],
    [{ data: [{ snis: ["edgex-kong"] }, { snis: ["edgex-kong"] }] }, 2],
    [{ data: [{ snis: ["edgex-kong", "other"] }] }, 2],
    [{ data: [] }, 2],
    [null, 2],
  ])("security-proxy-setup with Kong's certificates %j exits with %d", async (certificates, code) => {
    using agent = agentWith({ kong: "passing" });
    using kong = startCannedAgent(() => Response.json(certificates));
    expect((await run(["security-proxy-setup", "--agent", agent.url, "--kong", kong.url])).code).toBe(code);
  });

  test("security-proxy-setup sends no request to Kong while Kong's check fails", async () => {
    using agent = agentWith({ kong: "critical" });
    using kong = startCannedAgent(() => Response.json({}));
    expect((await run(["security-proxy-setup", "--agent", agent.url, "--kong", kong.url])).code).toBe(2);
    expect(kong.requests).toEqual([]);
  });

  test.each([[[]], [["nothing"]], [["kong-db", "more"]], [["kong-db", "--kong-db", "x"]], [["--nope"]]])(
    "exits with 2, which makes a check critical, for the invalid arguments %j",
    async (args) => {
      const { code, output } = await run(args);
      expect(code).toBe(2);
      expect(output).toContain("See 'praetor checker --help'.");
    },
  );
});
