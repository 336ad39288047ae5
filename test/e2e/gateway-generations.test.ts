import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Gateway } from "../../examples/gateway/gateway.ts";
import { showMessageBus, showPortClashes } from "../../examples/gateway/tour.ts";
import { programOf } from "../support/target.ts";
import { within } from "../support/within.ts";

/* Runs the example gateway with features that Consul lacks: services of EdgeX 4, the message bus, reassigned ports. */

const folder = mkdtempSync(join(tmpdir(), "generations-"));
const soonMs = 15_000;
const lines: string[] = [];
/** Everything that the example has printed. */
const tour: string[] = [];
let gateway: Gateway;

function prepare(name: string, brokerProgram: string | undefined): Promise<Gateway> {
  return Gateway.prepare({
    agentCommand: programOf(process.env["CONFORMANCE_TARGET"] ?? "praetor"),
    folder: join(folder, name),
    onlyConsul: false,
    brokerProgram,
    wantEdgexPorts: false,
    checkInterval: "1s",
    onLine: (program, line) => lines.push(`${program}: ${line}`),
  });
}

beforeAll(async () => {
  gateway = await prepare("both", Bun.which("mosquitto", { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` }) ?? "");
  await gateway.start();
});

afterAll(async () => {
  await gateway.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function json(url: string): Promise<unknown> {
  return (await fetch(url)).json();
}

function record(service: string): Promise<unknown> {
  return json(`${gateway.agentUrl}/v1/praetor/ports/${service}`);
}

async function told(tell: (say: (line: string) => void) => Promise<void>): Promise<readonly string[]> {
  const said: string[] = [];
  await tell((line) => said.push(line));
  return said;
}

const readme = await Bun.file(join(import.meta.dir, "../../examples/gateway/README.md")).text();
const shown = [...readme.matchAll(/^```text\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]) => linesOf(block));

/** Returns the lines with placeholders for times, ports and random values, and without the width of columns. */
function linesOf(text: string): readonly string[] {
  const masked = text
    .replaceAll(/\d{4}-[\d-]+T[\d:.]+Z/g, "<time>")
    .replaceAll(/"value":"\d+"/g, "<value>")
    .replaceAll(/\b\d{4,5}\b/g, "<port>")
    .replaceAll(/ +/g, " ");
  return masked.split("\n").filter((line) => line !== "");
}

describe("the example gateway with services of EdgeX Geneva and EdgeX 4", () => {
  test("assigns new ports: to a Geneva service at its start, and to a service that uses bootstrap() while it runs", async () => {
    const said = await told((say) => showPortClashes(gateway, say));
    const { given, kuiper, "core-data": coreData } = gateway.ports;
    expect(await record("device-virtual")).toMatchObject({
      ...{ state: "active", oldPort: coreData, newPort: given, owner: "edgex-core-data" },
    });
    const moved = await gateway.passingPort("panel");
    expect(await record("panel")).toMatchObject({
      ...{ state: "active", oldPort: kuiper, newPort: moved, owner: "a reservation" },
    });
    tour.push(...said);
    const text = said.join("\n");
    expect(text).toMatch(new RegExp(`device-virtual +127.0.0.1 +${coreData} +${given} +active +edgex-core-data`));
    expect(text).toContain(`$ curl http://127.0.0.1:${given}/api/v1/ping\npong`);
    expect(text).toContain('"event":{"device":"dice"');
    expect(text).toContain("has moved; it is still the same process.");
    expect(text).toMatch(new RegExp(`panel +127.0.0.1:${moved}`));
    expect(await gateway.passingPort("edgex-core-data")).toBe(coreData);
  });

  test("publishes over MQTT to the EdgeX 4 service a setting that is changed over Consul's API", async () => {
    const said = await told((say) => showMessageBus(gateway, say));
    tour.push(...said);
    expect(said.at(-1)).toContain('"LogLevel":"DEBUG"');
    expect(lines.join("\n")).toContain("a message on edgex/configs/edgex/v4/app-rules-engine/Writable/LogLevel");
  });

  test("prints the output that its README documents", () => {
    expect(shown.length).toBeGreaterThan(20);
    const said = new Set(linesOf(tour.join("\n")));
    expect(shown.filter((line) => !said.has(line))).toEqual([]);
  });

  test("lets the services of Geneva and EdgeX 4 find each other", async () => {
    const event = { device: "thermometer", readings: [{ name: "celsius", value: "21.5" }] };
    await gateway.passingPort("edgex-core-metadata");
    await fetch(`${gateway.serviceUrl("core-data")}/api/v1/event`, { method: "POST", body: JSON.stringify(event) });
    expect(await json(`${gateway.serviceUrl("app-rules-engine")}/api/v3/newest/thermometer`)).toMatchObject([event]);
    const registered = await json(`${gateway.agentUrl}/v1/agent/services`);
    expect(registered).toMatchObject({ "app-rules-engine": { Port: gateway.ports["app-rules-engine"] } });
  });

  test("keeps each service's port over a restart, even if the service insists on its old settings", async () => {
    const before = await Promise.all(["device-virtual", "panel"].map((key) => gateway.passingPort(key)));
    for (const name of ["device-virtual", "panel", "rules-engine"]) await gateway.program(name).stop();
    gateway.startService("device-virtual");
    gateway.startPanel();
    gateway.startRulesEngine();
    await within(soonMs, async () => {
      const after = await Promise.all(["device-virtual", "panel"].map((key) => gateway.passingPort(key)));
      expect(after).toEqual(before);
    });
    await gateway.passingPort("app-rules-engine");
    const level = await gateway.command("kv", "get", "edgex/v4/app-rules-engine/Writable/LogLevel");
    expect(level).toBe("DEBUG");
  });

  test("lists an ended service of EdgeX 4 as halted in core-keeper's API, and omits it from Consul's", async () => {
    await gateway.passingPort("app-rules-engine");
    await gateway.program("rules-engine").stop();
    const keeper = `http://127.0.0.1:${gateway.ports.keeper}/api/v3`;
    expect(await json(`${keeper}/registry/serviceId/app-rules-engine`)).toMatchObject({
      registration: { status: "HALT" },
    });
    expect(await json(`${gateway.agentUrl}/v1/health/service/app-rules-engine`)).toEqual([]);
  });
});

test("without a broker the example reports that it skips the message bus, and everything else works", async () => {
  const alone = await prepare("alone", undefined);
  try {
    await alone.start();
    const said = await told((say) => showMessageBus(alone, say));
    expect(said.join("\n")).toContain("Left out: mosquitto is not installed");
    expect(await alone.passingPort("app-rules-engine")).toBe(alone.ports["app-rules-engine"]);
  } finally {
    await alone.stop();
  }
});
