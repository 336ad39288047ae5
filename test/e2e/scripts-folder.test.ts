import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { updateFolder } from "../../src/edgex/managed-folder.ts";
import { scriptFiles, scriptArguments } from "../../src/edgex/scripts.ts";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { within } from "../support/within.ts";

const soonMs = 15_000;
/** The built executable. The sources cannot run under another name. */
const executable = resolve(import.meta.dir, "../../dist/praetor");

describe.skipIf(!existsSync(executable))(
  "the folder of scripts for checks (skipped without dist/praetor: make build)",
  () => {
    const sandbox = openSandbox();
    const scripts = join(sandbox.folder, "scripts");
    let agent: AgentProcess;

    beforeAll(async () => {
      await updateFolder({ path: scripts, files: scriptFiles([executable]), fileMode: 0o755 });
      const config = join(sandbox.folder, "config");
      mkdirSync(config);
      const definition = (name: string, script: string): object => {
        const args = [join(scripts, script)];
        return { service: { name, checks: [{ name: "status", args, interval: "1s", timeout: "1m" }] } };
      };
      const files = {
        "00": { enable_local_script_checks: true },
        "01": definition("kong-db", "kong-db-checker.sh"),
        "02": definition("security-secrets-setup", "security-secrets-setup-checker.sh"),
      };
      for (const [name, content] of Object.entries(files))
        writeFileSync(join(config, `${name}.json`), JSON.stringify(content));
      agent = await sandbox.start("-config-dir", config, "-data-dir", join(sandbox.folder, "data"));
      await agent.ready();
      await agent.send("PUT", "/v1/agent/service/register", { body: { Name: "vault", Check: { TTL: "1h" } } });
      await agent.send("PUT", "/v1/agent/check/pass/service:vault");
    });

    afterAll(() => sandbox.close());

    async function run(script: string, args: readonly string[] = [], env: object = {}): Promise<[number, string]> {
      const child = Bun.spawn([script, ...args], {
        env: { PATH: `${scripts}:/usr/bin:/bin`, CONSUL_HTTP_ADDR: new URL(agent.url).host, ...env },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "ignore",
      });
      const text = await new Response(child.stdout).text();
      return [await child.exited, text];
    }

    test("contains scripts that the agent runs for the script checks of an operator's definitions", async () => {
      const status = async (service: string): Promise<string | undefined> => {
        const checks = (await agent.send("GET", "/v1/agent/checks")).json as Record<string, { Status: string }>;
        return checks[`service:${service}`]?.Status;
      };
      // The file that the script looks for is missing, because EdgeX's security set-up has not run. If the program did not start,
      // the check would be critical.
      await within(soonMs, async () => expect(await status("security-secrets-setup")).toBe("warning"));
      expect(await status("kong-db")).toBe("critical");
    });

    test("contains the script `health`, which runs by its path and by its name", async () => {
      expect(await run(join(scripts, "health"), ["vault"])).toEqual([0, "passing\n"]);
      expect(await run("health", ["vault", "--desired-state=critical"])).toEqual([2, "passing\n"]);
      expect(await run("health", [])).toEqual([1, ""]);
    });

    test("contains consul-svc-healthy.sh, which other containers run without the program", async () => {
      expect(await run("consul-svc-healthy.sh", ["vault"], { EDGEX_CONSUL_URL: agent.url })).toEqual([0, "passing\n"]);
      expect((await run("consul-svc-healthy.sh", ["kong-db"], { EDGEX_CONSUL_URL: agent.url }))[0]).toBe(2);
    });

    test("contains each checker script, which uses the agent that its environment names", async () => {
      expect((await run("security-secretstore-setup-checker.sh"))[0]).toBe(0);
      expect(
        (await run("security-secretstore-setup-checker.sh", [], { SECRETSTORE_SETUP_DONE_FLAG: "/none" }))[0],
      ).toBe(1);
      expect((await run("kong-migrations-checker.sh"))[0]).toBe(2);
      expect((await run("security-proxy-setup-checker.sh"))[0]).toBe(2);
    });

    test("may contain a symbolic link of any other name, which runs praetor itself", async () => {
      symlinkSync(executable, join(scripts, "consul"));
      expect((await run("consul", ["version"]))[1]).toContain("Consul v1.8");
      expect(scriptArguments.has("consul")).toBe(false);
    });
  },
);
