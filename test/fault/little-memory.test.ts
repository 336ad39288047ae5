import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openSandbox, type Sandbox } from "../support/agent-process.ts";
import { atLength } from "../support/at-length.ts";
import { openHostile } from "../support/hostile-connections.ts";
import { cannotLimitMemory, limitMemory, type MemoryLimit } from "../support/memory-limit.ts";
import { startServing } from "../support/serving-agent.ts";
import { within } from "../support/within.ts";

/**
 * Runs whole agents in a control group with limited memory, as in a container. The memory that one client can occupy fits into
 * the limit. If the data do not fit, the kernel ends the agent; after a start with more memory, it has every acknowledged write.
 */

const limitMiB = 192;
const largeBytes = 500_000;
const rounds = atLength({ short: 1, long: 10 });
const kills = atLength({ short: 1, long: 5 });
const whyNot = cannotLimitMemory === undefined ? "" : ` (skipped: ${cannotLimitMemory})`;

describe.skipIf(whyNot !== "")(`with at most ${limitMiB} MiB of memory${whyNot}`, () => {
  let limit: MemoryLimit;
  let little: Sandbox;
  let plenty: Sandbox;
  beforeAll(() => {
    limit = limitMemory(limitMiB);
    little = openSandbox(...limit.before);
    plenty = openSandbox();
  });
  afterAll(async () => {
    await little.close();
    await plenty.close();
    limit.remove();
  });

  test("an agent survives clients that request a gigabyte and do not read it, and frees the memory afterwards", async () => {
    const serving = await startServing(little, join(little.folder, "asked"));
    for (let n = 0; n < 20; n++)
      expect(await serving.put(`much/${n}`, "x".repeat(largeBytes))).toMatchObject({ status: 200 });
    const port = Number(new URL(serving.agent.url).port);
    for (let round = 0; round < rounds; round++) {
      const request = (at: number): string =>
        `GET /v1/kv/much?recurse&n=${round}-${at} HTTP/1.1\r\nHost: agent\r\n\r\n`;
      using hostile = await openHostile(port, { count: 80, request, reads: false });
      await within(10_000, () => serving.expectServing());
      expect(await serving.put("meanwhile")).toMatchObject({ status: 200 });
      hostile.end();
    }
    await within(30_000, async () => expect(limit.usedMiB()).toBeLessThan(limitMiB / 2));
    await within(10_000, () => serving.expectServing());
    await serving.stop();
  });

  test("an agent with more data is ended by the kernel, and has all acknowledged writes once it has more memory", async () => {
    for (let kill = 0; kill < kills; kill++) {
      const dataDir = join(little.folder, `grown-${kill}`);
      const serving = await startServing(little, dataDir);
      const acknowledged: string[] = ["kept"];
      const attempted = new Set(acknowledged);
      const fill = async (client: number): Promise<void> => {
        for (let n = 0; n < 1_000; n++) {
          const key = `grown/${client}/${n}`;
          attempted.add(key);
          const written = await serving.put(key, "x".repeat(largeBytes)).catch(() => undefined);
          if (written === undefined) return;
          expect(written.status).toBe(200);
          acknowledged.push(key);
        }
      };
      await Promise.all(Array.from({ length: 1 + kill * 4 }, (_, client) => fill(client)));
      expect(await serving.agent.ended()).toBe(137);
      const again = await startServing(plenty, dataDir);
      const keys = await again.keys();
      expect(keys).toEqual(expect.arrayContaining(acknowledged));
      expect(keys.filter((key) => !attempted.has(key))).toEqual([]);
      await again.expectServing();
      await again.stop();
      await serving.stop();
    }
  });
});
