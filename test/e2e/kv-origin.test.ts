import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bootstrap, type Service } from "../../src/client/bootstrap/bootstrap.ts";
import type { Command } from "../../src/cli/command.ts";
import { kvHistoryCommand } from "../../src/cli/commands/kv-history.ts";
import { kvImportCommand } from "../../src/cli/commands/kv-import.ts";
import { kvOriginCommand } from "../../src/cli/commands/kv-origin.ts";
import { kvPutCommand } from "../../src/cli/commands/kv-put.ts";
import { kvResetCommand } from "../../src/cli/commands/kv-reset.ts";
import type { KvOriginJson } from "../../src/wire/kv-history.ts";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { type CommandRun, runCommandWith } from "../support/command-io.ts";
import { type Answer, exchange } from "../support/exchange.ts";
import { freePorts } from "../support/free-ports.ts";
import { within } from "../support/within.ts";

const sandbox = openSandbox();
const configuration = join(sandbox.folder, "agent.hcl");
let number = 0;
/** The service of the test, its folder, and one of its settings; each test has another one, since deleted keys have a past. */
let service: string;
let folder: string;
let key: string;
const byGo = { "User-Agent": "Go-http-client/1.1", "Accept-Encoding": "gzip" };
let agent: AgentProcess;
let keeperUrl: string;

beforeAll(async () => {
  configure("edgex/");
  const [keeperPort = 0] = await freePorts(1);
  keeperUrl = `http://127.0.0.1:${keeperPort}`;
  agent = await sandbox.start("-config-file", configuration, "-keeper-port", String(keeperPort));
  await agent.ready();
});
afterAll(() => sandbox.close());
beforeEach(() => {
  service = `core-${(number += 1)}`;
  folder = `edgex/core/1.0/${service}`;
  key = `${folder}/Writable/LogLevel`;
});

function configure(protectedPrefix: string): void {
  const others = `data_dir = "${join(sandbox.folder, "data")}" telemetry { prometheus_retention_time = "1h" }`;
  writeFileSync(configuration, `kv_protect = ["${protectedPrefix}"] ${others}`);
}

function run(command: Command, ...args: readonly string[]): Promise<CommandRun> {
  return runCommandWith(command, args, { env: { CONSUL_HTTP_ADDR: agent.url } });
}

/** Sends a request as a service of EdgeX in Go does. */
function ofGo(method: string, path: string, body?: unknown): Promise<Answer> {
  return agent.send(method, path, { headers: byGo, ...(body !== undefined && { body }) });
}

async function valueOf(name: string): Promise<string | undefined> {
  const { status, text } = await agent.send("GET", `/v1/kv/${name}?raw`);
  return status === 200 ? text : undefined;
}

async function originOf(name: string): Promise<string | undefined> {
  const { json } = await agent.send("GET", `/v1/praetor/kv-origin/${name}`);
  return (json as KvOriginJson[])[0]?.Origin;
}

/** Pushes the settings as go-mod-bootstrap does with -o: it looks for each key, and writes it. */
async function pushOverwriting(settings: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    await ofGo("GET", `/v1/kv/${folder}/${name}`);
    const { status, text } = await ofGo("PUT", `/v1/kv/${folder}/${name}`, value);
    expect([status, text]).toEqual([200, "true"]);
  }
}

async function counted(): Promise<number> {
  const { text } = await agent.send("GET", "/v1/agent/metrics?format=prometheus");
  return Number(/^praetor_kv_protected_values (\d+)/m.exec(text)?.[1] ?? 0);
}

describe("an operator's value below a protected prefix", () => {
  test("survives a service that overwrites its configuration, is counted, and logged once", async () => {
    await pushOverwriting({ "Writable/LogLevel": "INFO", "Service/Host": "core" });
    expect((await run(kvPutCommand, key, "DEBUG")).code).toBe(0);
    const [before, output] = [await counted(), agent.output().length];
    const { index } = await agent.send("GET", `/v1/kv/${key}`);
    for (let starts = 0; starts < 2; starts++)
      await pushOverwriting({ "Writable/LogLevel": "INFO", "Service/Host": `core-${starts}` });
    expect([await valueOf(key), await valueOf(`${folder}/Service/Host`)]).toEqual(["DEBUG", "core-1"]);
    expect((await agent.send("GET", `/v1/kv/${key}`)).index).toBe(index);
    expect([await originOf(key), await originOf(`${folder}/Service/Host`)]).toEqual(["operator", "service"]);
    expect((await counted()) - before).toBe(2);
    const told = (): readonly string[] =>
      agent
        .output()
        .slice(output)
        .split("\n")
        .filter((line) => line.includes("the operator's value was left in place"));
    await within(2_000, async () => expect(told()).toHaveLength(1));
    expect(told()[0]).toContain(`key=${key}`);
    expect(told()[0]).not.toContain("INFO");
  });

  test("survives a restart of the agent", async () => {
    await run(kvPutCommand, key, "DEBUG");
    agent.signal("SIGKILL");
    await agent.ended();
    agent = await sandbox.start("-config-file", configuration, "-keeper-port", new URL(keeperUrl).port);
    await agent.ready();
    await pushOverwriting({ "Writable/LogLevel": "INFO" });
    expect(await valueOf(key)).toBe("DEBUG");
  });

  test("survives a transaction of a service, whose other operations are done", async () => {
    await run(kvPutCommand, key, "DEBUG");
    const set = (name: string, value: string) => ({ KV: { Verb: "set", Key: name, Value: btoa(value) } });
    const answer = await ofGo("PUT", "/v1/txn", [set(key, "INFO"), set(`${folder}/a`, "1")]);
    expect([answer.status, (answer.json as { Results: unknown[] }).Results.length]).toEqual([200, 2]);
    expect([await valueOf(key), await valueOf(`${folder}/a`)]).toEqual(["DEBUG", "1"]);
  });

  test("survives core-keeper's API, flattened too", async () => {
    await run(kvPutCommand, key, "DEBUG");
    const put = (path: string, value: unknown): Promise<Answer> =>
      exchange(keeperUrl, "PUT", { path: `/api/v3/kvs/key/${path}`, body: { value }, headers: byGo });
    expect((await put(key, "INFO")).status).toBe(200);
    expect((await put(`${folder}?flatten=true`, { Writable: { LogLevel: "INFO" }, a: "1" })).status).toBe(200);
    const path = `/api/v3/kvs/key/${folder}?prefixMatch=true`;
    expect((await exchange(keeperUrl, "DELETE", { path, headers: byGo })).status).toBe(200);
    expect([await valueOf(key), await valueOf(`${folder}/a`)]).toEqual(["DEBUG", undefined]);
  });

  test("is replaced by operators, imports and rollbacks, and by services once it is reset", async () => {
    await pushOverwriting({ "Writable/LogLevel": "INFO" });
    const { index } = await agent.send("GET", `/v1/kv/${key}`);
    await run(kvPutCommand, key, "DEBUG");
    await run(kvPutCommand, key, "TRACE");
    const tree = JSON.stringify([{ key, flags: 0, value: btoa("WARN") }]);
    expect((await run(kvImportCommand, tree)).code).toBe(0);
    expect([await valueOf(key), await originOf(key)]).toEqual(["WARN", "import"]);
    await pushOverwriting({ "Writable/LogLevel": "INFO" });
    expect(await valueOf(key)).toBe("WARN");
    await agent.send("PUT", `/v1/praetor/kv-rollback/${key}?to=${index}`);
    expect([await valueOf(key), await originOf(key)]).toEqual(["INFO", "rollback"]);
    await agent.send("PUT", `/v1/praetor/kv-reset/${key}`);
    await pushOverwriting({ "Writable/LogLevel": "ERROR" });
    expect([await valueOf(key), await originOf(key)]).toEqual(["ERROR", "service"]);
  });

  test("is not protected below other prefixes, and a reload changes the prefixes", async () => {
    await run(kvPutCommand, key, "DEBUG");
    configure("other/");
    await agent.send("PUT", "/v1/agent/reload");
    await pushOverwriting({ "Writable/LogLevel": "INFO" });
    expect(await valueOf(key)).toBe("INFO");
    configure("edgex/");
    await agent.send("PUT", "/v1/agent/reload");
    await run(kvPutCommand, key, "DEBUG");
    await pushOverwriting({ "Writable/LogLevel": "INFO" });
    expect(await valueOf(key)).toBe("DEBUG");
  });
});

describe("a service that bootstrap() starts", () => {
  const open: Service<{ Service: { Host: string; Port: number }; Writable: { LogLevel: string } }>[] = [];

  async function start(env: Readonly<Record<string, string>>, ...argv: readonly string[]): Promise<void> {
    const [port = 0] = await freePorts(1);
    const quiet = (): void => {};
    const started = await bootstrap({
      ...{ serviceKey: service, env, listen: () => quiet },
      argv: [`-cp=consul.${agent.url}`, "-r", ...argv],
      defaults: { Service: { Host: "127.0.0.1", Port: port }, Writable: { LogLevel: "INFO" } },
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    });
    open.push(started);
  }

  const stop = (): Promise<unknown> => Promise.all(open.splice(0).map((started) => started.stop()));
  afterAll(stop);

  test("overwrites its own values only, and kv origin warns of the variable that hides a key", async () => {
    await start({});
    expect(await originOf(key)).toBe("default");
    await run(kvPutCommand, key, "DEBUG");
    await stop();
    await start({ WRITABLE_LOGLEVEL: "WARN", SERVICE_HOST: "localhost" }, "-o");
    expect([await valueOf(key), await originOf(`${folder}/Service/Host`)]).toEqual(["DEBUG", "environment"]);
    await within(5_000, async () => {
      const { stdout } = await run(kvOriginCommand, "-recurse", `${folder}/`);
      const rows = stdout.trimEnd().split("\n");
      expect(rows[0]).toMatch(/^Key +Origin +Index +Time +By +Hidden By$/);
      expect(rows.slice(1)).toEqual([
        expect.stringMatching(/\/Service\/Host +environment +\d+ +\S+Z +\S+ 127\.0\.0\.1 +SERVICE_HOST of core-\d+$/),
        expect.stringMatching(/\/Service\/Port +default +\d+ /),
        expect.stringMatching(
          /\/Writable\/LogLevel +operator +\d+ +\S+Z +\S+ 127\.0\.0\.1 +WRITABLE_LOGLEVEL of core-\d+$/,
        ),
      ]);
    });
  });
});

describe("kv reset", () => {
  test("shows what it puts back and what it leaves, and kv history shows both origins", async () => {
    await pushOverwriting({ "Writable/LogLevel": "INFO" });
    await run(kvPutCommand, key, "DEBUG");
    await run(kvPutCommand, `${folder}/new`, "1");
    const lines = `- ${key} = DEBUG\n+ ${key} = INFO\n  ${folder}/new: no value that a service has pushed is kept\n`;
    expect(await run(kvResetCommand, "-dry-run", "-recurse", `${folder}/`)).toMatchObject({
      ...{ code: 0, stdout: `${lines}1 key would change. Nothing was changed.\n` },
    });
    expect(await run(kvResetCommand, "-recurse", "-reason", "back to normal", `${folder}/`)).toMatchObject({
      ...{ code: 0, stdout: `${lines}Success! Reset 1 key.\n` },
    });
    const { stdout } = await run(kvHistoryCommand, key);
    expect(stdout.split("\n").slice(1, 4)).toEqual([
      expect.stringMatching(/ reset +service .* back to normal +INFO$/),
      expect.stringMatching(/ set +operator .* DEBUG$/),
      expect.stringMatching(/ set +service +- +- +INFO$/),
    ]);
    expect((await run(kvResetCommand, key)).stdout).toBe("Nothing to put back: no key was changed.\n");
  });

  test("of a key without a pushed value, or of none, fails and says why", async () => {
    await run(kvPutCommand, key, "1");
    const refused = await run(kvResetCommand, key);
    expect([refused.code, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toContain(
      `no value of the key "${key}" that a service has pushed is kept; nothing was changed`,
    );
    expect(await run(kvResetCommand, "none")).toMatchObject({ code: 1, stderr: "Error! No key exists at: none\n" });
    expect(await run(kvOriginCommand, "none")).toMatchObject({ code: 1, stderr: "Error! No key exists at: none\n" });
  });
});
