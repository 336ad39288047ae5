import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EdgexIo, runEdgex } from "./run-edgex.ts";

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgex-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The agent's arguments; undefined if it was not started. */
  readonly agentArgs: readonly string[] | undefined;
}

interface RunOptions {
  readonly isTerminal?: boolean;
  /** Whether the agent listens before it ends. */
  readonly serves?: boolean;
}

async function run(
  args: readonly string[],
  env: EdgexIo["env"] = {},
  { isTerminal = false, serves = true }: RunOptions = {},
): Promise<Run> {
  let [stdout, stderr] = ["", ""];
  let agentArgs: readonly string[] | undefined;
  const code = await runEdgex(args, {
    stdout: (text) => (stdout += text),
    stderr: (text) => (stderr += text),
    env: { PRAETOR_DATA_DIR: join(folder, "data"), PRAETOR_CONFIG_DIR: join(folder, "config"), ...env },
    isTerminal,
    executable: ["/usr/local/bin/praetor"],
    startAgent(started, onServing) {
      agentArgs = started;
      if (serves) onServing?.();
      return Promise.resolve(7);
    },
  });
  return { code, stdout, stderr, agentArgs };
}

async function configFiles(): Promise<string[]> {
  return (await readdir(join(folder, "config"))).filter((name) => !name.startsWith(".")).toSorted();
}

describe("praetor edgex", () => {
  test("writes no files if a flag is invalid, and lets the agent report that flag", async () => {
    const { agentArgs, stdout } = await run(["-htp-port=1"]);
    expect(agentArgs).toContain("-htp-port=1");
    expect(stdout).toBe("");
    expect(await readdir(folder)).toEqual([]);
  });

  test("writes the definitions, starts the agent with them, and ends with the agent's exit code", async () => {
    const { code, agentArgs } = await run([], { EDGEX_SECURE: "false" });
    expect(code).toBe(7);
    expect(agentArgs?.slice(0, 2)).toEqual([`-data-dir=${folder}/data`, `-config-dir=${folder}/config`]);
    expect(await configFiles()).toEqual(["00-consul.json", "00-praetor.json", "01-redis.json"]);
    expect(JSON.parse(await readFile(join(folder, "config/01-redis.json"), "utf8"))).toEqual({
      service: {
        name: "edgex-redis",
        tags: ["database"],
        address: "edgex-redis",
        port: 6379,
        checks: [{ name: "status", tcp: "edgex-redis:6379", interval: "10s", timeout: "1s" }],
      },
    });
  });

  test("removes the definitions that it wrote for earlier settings, and no other files", async () => {
    await run([], { EDGEX_DB: "redis", EDGEX_SECURE: "true" });
    await writeFile(join(folder, "config/my-service.json"), "{}");
    const { stdout } = await run([], { EDGEX_DB: "mongo", EDGEX_SECURE: "false" });
    expect(await configFiles()).toEqual(["00-consul.json", "00-praetor.json", "01-mongo.json", "my-service.json"]);
    expect(stdout).toContain(`Removing ${folder}/config/01-redis.json, which the current settings do not need`);
  });

  test("keeps a definition that an operator changed, with a warning", async () => {
    await run([], { EDGEX_SECURE: "false" });
    await writeFile(join(folder, "config/01-redis.json"), "{}");
    const { stderr } = await run([], { EDGEX_DB: "mongo", EDGEX_SECURE: "false" });
    expect(await configFiles()).toContain("01-redis.json");
    expect(stderr).toContain("01-redis.json is of earlier settings but was changed since: it stays in use");
  });

  test("removes no files if its manifest is damaged", async () => {
    await run([], { EDGEX_SECURE: "true" });
    await writeFile(join(folder, "config/.praetor-edgex"), "\0\0\0\0");
    const { code } = await run([], { EDGEX_SECURE: "false" });
    expect(code).toBe(7);
    expect(await configFiles()).toContain("02-kong.json");
  });

  test("does not rewrite files that are up to date", async () => {
    await run([]);
    const path = join(folder, "config/00-consul.json");
    const before = await stat(path);
    await run([]);
    expect((await stat(path)).ino).toBe(before.ino);
  });

  test("fails with advice, before it starts the agent, if the folder cannot be written", async () => {
    await writeFile(join(folder, "file"), "");
    const { code, stderr, agentArgs } = await run([], { PRAETOR_CONFIG_DIR: join(folder, "file/config") });
    expect(code).toBe(1);
    expect(stderr).toContain(`cannot write the definitions to ${folder}/file/config`);
    expect(stderr).toContain("PRAETOR_CONFIG_DIR names another folder");
    expect(agentArgs).toBeUndefined();
  });

  test("prints no addresses if the agent ends before it listens", async () => {
    const { stdout } = await run([], {}, { serves: false });
    expect(stdout).toBe("Installing redis health checks\nInstalling security health checks\n");
  });

  test("prints the agent's addresses and commands to try, with bold titles only on a terminal", async () => {
    const plain = (await run(["-http-port", "18500"])).stdout;
    expect(plain).toContain("  HTTP API  http://127.0.0.1:18500\n  UI        http://127.0.0.1:18500/ui/\n");
    expect(plain).toContain("  EdgeX 4   http://127.0.0.1:59890\n");
    expect((await run(["-keeper-port", "-1"])).stdout).not.toContain("EdgeX 4");
    expect(plain).toContain("  curl http://127.0.0.1:18500/v1/agent/services\n");
    expect(plain).not.toContain("\u001B");
    expect((await run([], {}, { isTerminal: true })).stdout).toContain("\u001B[1m");
  });

  test("refuses arguments that begin neither with agent nor with a flag, and prints help", async () => {
    const wrong = await run(["members"]);
    expect(wrong).toMatchObject({ code: 1, agentArgs: undefined });
    expect(wrong.stderr).toContain("members is neither");
    expect(await run(["--help"])).toMatchObject({ code: 0, agentArgs: undefined });
  });
});
