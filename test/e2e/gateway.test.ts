import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Gateway, type ServiceName, serviceNames } from "../../examples/gateway/gateway.ts";
import { patienceMs } from "../support/patience.ts";
import { within } from "../support/within.ts";

const root = resolve(import.meta.dir, "../..");
const folder = mkdtempSync(join(tmpdir(), "gateway-"));
const soonMs = 15_000;
const lines: string[] = [];
let gateway: Gateway;

beforeAll(async () => {
  gateway = await Gateway.prepare({
    agentCommand: agentCommand(),
    folder,
    onlyConsul: true, // the rest is in gateway-generations.test.ts
    brokerProgram: undefined,
    wantEdgexPorts: false,
    checkInterval: "1s",
    onLine: (program, line) => lines.push(`${program}: ${line}`),
  });
  await gateway.start();
});

afterAll(async () => {
  await gateway.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Returns the command of the agent that CONFORMANCE_TARGET names: praetor (the default), executable, or consul. */
function agentCommand(): readonly string[] {
  switch (process.env["CONFORMANCE_TARGET"]) {
    case "consul":
      return [process.env["CONSUL_BINARY"] ?? join(root, ".peers/usr/bin/consul")];
    case "executable":
      return [join(root, "dist/praetor")];
    default:
      return [process.execPath, join(root, "src/main.ts")];
  }
}

interface Said {
  readonly status: number;
  readonly text: string;
  readonly index: number;
}

async function ask(url: string, init?: RequestInit): Promise<Said> {
  // An answer that is lost must not hold the test for ever.
  const response = await fetch(url, { signal: AbortSignal.timeout(patienceMs(10_000)), ...init });
  return {
    status: response.status,
    text: (await response.text()).trim(),
    index: Number(response.headers.get("X-Consul-Index")),
  };
}

function askAgent(path: string, init?: RequestInit): Promise<Said> {
  return ask(`${gateway.agentUrl}${path}`, init);
}

const readCommand = "/api/v1/device/name/thermometer/command/read";
const logLevelKey = "/v1/kv/edgex/core/1.0/edgex-core-command/Writable/LogLevel";

function read(): Promise<Said> {
  return ask(`${gateway.serviceUrl("core-command")}${readCommand}`);
}

function linesOf(program: string): readonly string[] {
  return lines.filter((line) => line.startsWith(`${program}: `));
}

async function instancesPassing(name: ServiceName): Promise<number> {
  const { text } = await askAgent(`/v1/health/service/edgex-${name}?passing`);
  return (JSON.parse(text) as unknown[]).length;
}

async function expectAllPassing(): Promise<void> {
  await within(soonMs, async () => {
    for (const name of serviceNames) expect([name, await instancesPassing(name)]).toEqual([name, 1]);
  });
}

async function setLogLevel(level: string): Promise<void> {
  expect((await askAgent(logLevelKey, { method: "PUT", body: level })).text).toBe("true");
}

/** Sends a request to core-command, and returns whether it logs the request, which it does only at the log level DEBUG. */
async function logsRequests(): Promise<boolean> {
  const before = linesOf("core-command").length;
  await ask(`${gateway.serviceUrl("core-command")}/api/v1/config`);
  await Bun.sleep(20);
  return linesOf("core-command")
    .slice(before)
    .some((line) => line.includes("GET /api/v1/config"));
}

describe("a gateway of core services", () => {
  test("registers its services, and the check of each service passes", async () => {
    await expectAllPassing();
    const services = JSON.parse((await askAgent("/v1/agent/services")).text) as object;
    expect(Object.keys(services)).toEqual(expect.arrayContaining(serviceNames.map((name) => `edgex-${name}`)));
  });

  test("connects its services: an event that core-data stores in Redis is read through core-command", async () => {
    const event = { device: "thermometer", readings: [{ name: "celsius", value: "21.5" }] };
    const post = { method: "POST", body: JSON.stringify(event) };
    expect((await ask(`${gateway.serviceUrl("core-data")}/api/v1/event`, post)).status).toBe(200);
    const answer = await read();
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ device: { name: "thermometer" }, events: [event] });
    const unknown = { method: "POST", body: JSON.stringify({ ...event, device: "nobody" }) };
    expect(await ask(`${gateway.serviceUrl("core-data")}/api/v1/event`, unknown)).toMatchObject({
      status: 404,
      text: "no device nobody",
    });
  });

  test("has stored the settings of the services' files, with the overrides of their environment, as keys", async () => {
    const { text } = await askAgent("/v1/kv/edgex/core/1.0/edgex-core-command/?keys");
    const keys = JSON.parse(text) as string[];
    expect(keys).toContain("edgex/core/1.0/edgex-core-command/Writable/LogLevel");
    const interval = await askAgent("/v1/kv/edgex/core/1.0/edgex-core-command/Service/CheckInterval?raw");
    expect(interval.text).toBe("1s");
  });

  test("applies a changed log level without a restart of the service", async () => {
    expect(await logsRequests()).toBe(false);
    await setLogLevel("DEBUG");
    await within(soonMs, async () => expect(await logsRequests()).toBe(true));
    await setLogLevel("INFO");
    await within(soonMs, async () => expect(await logsRequests()).toBe(false));
  });

  test("reports a killed service as critical, does not call it, and calls it again after its restart", async () => {
    await gateway.program("core-metadata").stop("SIGKILL");
    await within(soonMs, async () => expect(await instancesPassing("core-metadata")).toBe(0));
    expect(await read()).toMatchObject({ status: 503, text: "edgex-core-metadata service not healthy..." });
    const [check] = JSON.parse((await askAgent("/v1/health/checks/edgex-core-metadata")).text) as {
      Status: string;
      Output: string;
    }[];
    expect(check?.Status).toBe("critical");
    expect(check?.Output).toContain("connection refused");

    gateway.startService("core-metadata");
    await within(soonMs, async () => expect((await read()).status).toBe(200));
  });

  test.each(["SIGTERM", "SIGKILL"] as const)(
    "keeps all keys and services when its agent ends by %s and starts again",
    async (signal) => {
      await setLogLevel("WARN");
      await within(soonMs, async () => expect(await logsRequests()).toBe(false));
      await askAgent("/v1/kv/note", { method: "PUT", body: `before ${signal}` });
      const keysBefore = await storedKeys();
      const indexesBefore = await indexes();

      await gateway.program("agent").stop(signal);
      expect((await ask(`${gateway.serviceUrl("core-data")}/api/v1/ping`)).text).toBe("pong");
      await gateway.startAgent();

      await expectKept(keysBefore, indexesBefore);
      await expectAllPassing();
      expect((await read()).status).toBe(200);
      await setLogLevel("DEBUG"); // the watches have reconnected to the agent
      await within(soonMs, async () => expect(await logsRequests()).toBe(true));
    },
  );

  test("removes the registration of a service that stops gracefully", async () => {
    await gateway.program("core-command").stop("SIGTERM");
    expect(await instancesPassing("core-command")).toBe(0);
    expect((await askAgent("/v1/agent/services")).text).not.toContain("edgex-core-command");
    expect((await askAgent("/v1/agent/checks")).text).not.toContain("edgex-core-command");
  });

  test("starts a service with its stored configuration instead of the service's file", async () => {
    await setLogLevel("DEBUG");
    gateway.startService("core-command");
    await within(soonMs, async () => expect(await logsRequests()).toBe(true));
    const { text } = await ask(`${gateway.serviceUrl("core-command")}/api/v1/config`);
    expect(JSON.parse(text)).toMatchObject({ Writable: { LogLevel: "DEBUG" } });
  });
});

async function expectKept(keys: object, indexesBefore: readonly number[]): Promise<void> {
  // Consul elects a leader and answers while it still replays its log, so old data may be missing for a while.
  const waitMs = process.env["CONFORMANCE_TARGET"] === "consul" ? soonMs : 0;
  await within(waitMs, async () => {
    expect(await storedKeys()).toEqual(keys);
    const pairs = (await indexes()).map((index, at) => [index, indexesBefore[at] ?? 0] as const);
    expect(pairs.filter(([after, before]) => after < before)).toEqual([]);
  });
}

/** Returns each key with its value and indexes. */
async function storedKeys(): Promise<object> {
  const entries = JSON.parse((await askAgent("/v1/kv/?recurse")).text) as { readonly Key: string }[];
  return Object.fromEntries(entries.map(({ Key, ...rest }) => [Key, rest]));
}

async function indexes(): Promise<readonly number[]> {
  const paths = ["/v1/kv/note", "/v1/kv/edgex?recurse", "/v1/catalog/services", "/v1/health/service/edgex-core-data"];
  const answers = await Promise.all(paths.map((path) => askAgent(path)));
  expect(answers.every(({ index }) => index >= 1)).toBe(true);
  return answers.map(({ index }) => index);
}

describe("without a reachable agent", () => {
  const nowhere = "consul.http://127.0.0.1:1";
  const env = { EDGEX_STARTUP_DURATION: "1" };

  test("a service starts with the settings of its file, and finds other services by its [Clients] section", async () => {
    await gateway.program("core-command").stop();
    gateway.startService("core-command", { args: [`-cp=${nowhere}`], env });
    await within(soonMs, async () => expect((await read()).status).toBe(200));
    const { text } = await ask(`${gateway.serviceUrl("core-command")}/api/v1/config`);
    expect(JSON.parse(text)).toMatchObject({ Writable: { LogLevel: "INFO" } });
  });

  test("a service that must register exits when its start-up time is over", async () => {
    await gateway.program("core-command").stop();
    const program = gateway.startService("core-command", {
      args: [`-cp=${nowhere}`, "-r"],
      env: { ...env, Registry_Port: "1" },
    });
    expect(await program.ended()).toBe(1);
  });
});
