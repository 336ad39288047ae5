import { describe, expect, onTestFinished, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startCannedAgent } from "../../../test/support/canned-agent.ts";
import { HttpClient } from "../../client/http.ts";
import { systemClock } from "../../lib/clock.ts";
import { AgentApi } from "../api-command.ts";
import { readAgent } from "./agent-inventory.ts";
import { readDump } from "./dump-file.ts";
import { oldConsulAnswer, oldConsulFolder } from "../../../test/support/old-consul.ts";
import type { Found, Inventory } from "./inventory.ts";
import { nodeText, serviceText } from "./definition-text.ts";
import type { ServiceDefinition } from "../../model/service.ts";

async function readConsul(): Promise<Found> {
  using consul = startCannedAgent(oldConsulAnswer);
  const http = new HttpClient({ baseUrl: consul.url, clock: systemClock });
  return await readAgent(new AgentApi(http, {}));
}

describe("a snapshot of Consul", () => {
  test("decodes to the keys, services, nodes and prepared queries that Consul's API returned", async () => {
    const snapshot = await readDump(join(oldConsulFolder, "backup.snap"));
    const { inventory } = snapshot;
    const told = await readConsul();
    expect(inventory.keys).toEqual(told.inventory.keys);
    // Leaves out the service "others": Consul writes check outputs to its servers minutes later, so the snapshot lacks the
    // outputs of that service's checks.
    const settled = ({ services }: Inventory): readonly ServiceDefinition[] =>
      services.filter(({ service }) => service.id !== "others");
    expect(settled(inventory).map(serviceText)).toEqual(settled(told.inventory).map(serviceText));
    expect(inventory.services).toHaveLength(told.inventory.services.length);
    expect(inventory.nodes.map(nodeText)).toEqual(told.inventory.nodes.map(nodeText));
    expect(inventory.queries).toEqual(told.inventory.queries);
    const settledRemarks = ({ remarks }: Found): readonly string[] =>
      remarks.filter((remark) => !remark.includes("others")).toSorted();
    expect(settledRemarks(snapshot)).toEqual(settledRemarks(told));
  });

  test("decodes with flags of 64 bits, binary values, and keys that URLs cannot contain", async () => {
    const { inventory } = await readDump(join(oldConsulFolder, "backup.snap"));
    const entries = new Map(inventory.keys.map(({ key, flags, value }) => [key, { flags, text: value.toHex() }]));
    expect(entries.get("edgex/core/1.0/edgex-core-data/Service/Port")?.flags).toBe(2n ** 64n - 1n);
    expect(entries.get("bytes")?.text).toBe("00ff80200d0a");
    expect(entries.has("/slash/../first")).toBe(true);
    expect(entries.get("empty")?.text).toBe("");
  });

  test("is refused if it is damaged", async () => {
    const bytes = Buffer.from(await Bun.file(join(oldConsulFolder, "backup.snap")).arrayBuffer());
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    const folder = mkdtempSync(join(tmpdir(), "dump-file-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "damaged.snap");
    await Bun.write(path, bytes);
    expect(readDump(path)).rejects.toThrow(/Error reading .*damaged/);
  });
});

test("the output of kv export decodes to keys without services or nodes", async () => {
  const { inventory } = await readDump(join(oldConsulFolder, "keys.json"));
  const snapshot = await readDump(join(oldConsulFolder, "backup.snap"));
  const plain = ({ keys }: Inventory): unknown => keys.map(({ key, flags, value }) => [key, flags, value.toHex()]);
  expect(plain(inventory)).toEqual(plain(snapshot.inventory));
  expect(inventory.services).toEqual([]);
});

test("a file that is neither a snapshot nor the output of kv export is refused, and so is a missing file", async () => {
  expect(readDump(resolve(import.meta.path))).rejects.toThrow("neither a snapshot nor what kv export prints");
  expect(readDump("/nowhere.snap")).rejects.toThrow("open /nowhere.snap: no such file or directory");
});
