import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openSandbox } from "../support/agent-process.ts";
import { atLength } from "../support/at-length.ts";
import { cannotInject, withFault } from "../support/injected-fault.ts";
import { patienceMs } from "../support/patience.ts";
import { type ServingAgent, startServing, type Written } from "../support/serving-agent.ts";
import { canMount, mountSmallDisk, type SmallDisk } from "../support/small-disk.ts";
import { within } from "../support/within.ts";

/**
 * Tests whole agents whose disk is full, read-only, broken or slow. Reads, DNS, health and checks must go on. Writes must
 * be refused with a reason, which the log reports once, and must succeed again without a restart when the cause is gone.
 * No acknowledged write may be lost, no refused write may come back, and no index may fall.
 */

const sandbox = openSandbox();
afterAll(() => sandbox.close());

const attempts = atLength({ short: 20, long: 2_000 });
/** Number of concurrent writes, below the limit of 200 pending requests of one client. */
const writers = atLength({ short: 20, long: 150 });
const rounds = atLength({ short: 1, long: 20 });
const troubleSaid = "Writes are refused; reads, DNS and checks go on";
const mayInject = cannotInject === undefined;
const whyShort = atLength({ short: 0, long: 1 }) === 1 ? "" : " (skipped: only make fault runs it)";
const whyNot = mayInject ? "" : ` (skipped: ${cannotInject})`;

async function indexOf({ agent }: ServingAgent): Promise<number> {
  return (await agent.send("GET", "/v1/kv/kept")).index;
}

/** Writes keys until `attempts` writes are refused. Returns the refused keys with the answers, and the accepted keys. */
async function writeInTrouble(serving: ServingAgent): Promise<{ refused: Map<string, Written>; taken: string[] }> {
  const refused = new Map<string, Written>();
  const taken: string[] = [];
  for (let n = 0; refused.size < attempts && n < 2 * attempts + 200; n++) {
    const key = `in-trouble-${n}`;
    const written = await serving.put(key, "x".repeat(20_000));
    if (written.status === 200) taken.push(key);
    else refused.set(key, written);
  }
  return { refused, taken };
}

/** Checks all requirements of this file before, during and after a fault that `during` causes. */
async function expectRefusedAndRecovered(
  start: ServingAgent,
  during: (task: () => Promise<void>) => Promise<void>,
  words: string,
): Promise<void> {
  let serving = start;
  expect((await serving.put("before")).status).toBe(200);
  const indexBefore = await indexOf(serving);
  let refusedKeys: readonly string[] = [];
  let takenKeys: readonly string[] = [];
  await during(async () => {
    const { refused, taken } = await writeInTrouble(serving);
    expect(refused.size).toBe(attempts);
    for (const { status, text } of refused.values()) {
      expect(status).toBe(500);
      expect(text).toContain(words);
    }
    await serving.expectServing();
    expect(await indexOf(serving)).toBeGreaterThanOrEqual(indexBefore);
    [refusedKeys, takenKeys] = [[...refused.keys()], taken];
    expect(serving.logged(troubleSaid)).toBe(1);
    expect(serving.logged("Request error")).toBeLessThan(5);
    expect((await serving.batches()).refused).toBeGreaterThanOrEqual(attempts);
  });
  await within(5_000, async () => expect(await serving.put("after")).toMatchObject({ status: 200 }));
  await serving.expectServing();
  serving = await serving.killAndStart();
  const keys = await serving.keys();
  expect(keys).toEqual(["after", "before", ...takenKeys, "kept"].toSorted());
  for (const key of refusedKeys) expect(keys).not.toContain(key);
  expect(await indexOf(serving)).toBeGreaterThanOrEqual(indexBefore);
  await serving.stop();
}

describe.skipIf(!canMount())(`an agent on a small disk${canMount() ? "" : " (skipped: mounting takes root)"}`, () => {
  let disk: SmallDisk;
  beforeEach(() => {
    const mounted = mountSmallDisk("4m");
    if (mounted === undefined) throw new Error("nothing can be mounted any more");
    disk = mounted;
  });
  afterEach(() => disk.unmount());

  test("that another process fills refuses writes that do not fit, and accepts them when there is space again", async () => {
    const full = async (task: () => Promise<void>): Promise<void> => {
      disk.fill();
      await task();
      disk.empty();
    };
    await expectRefusedAndRecovered(await startServing(sandbox, join(disk.folder, "data")), full, "is full");
  });

  test("that is full starts, serves reads, and accepts writes when there is space", async () => {
    const first = await startServing(sandbox, join(disk.folder, "data"));
    expect((await first.put("before")).status).toBe(200);
    disk.fill();
    const second = await first.killAndStart();
    await second.expectServing();
    expect(await second.keys()).toEqual(["before", "kept"]);
    disk.empty();
    expect((await second.put("after")).status).toBe(200);
    await second.stop();
  });

  test("that is read-only does not start and states the remedy, and starts when the disk is writable", async () => {
    const dataDir = join(disk.folder, "data");
    await (await startServing(sandbox, dataDir)).stop();
    disk.remount("ro");
    const words = ["agent", "-server", "-bootstrap", "-bind", "127.0.0.1", "-http-port", "-1", "-dns-port", "-1"];
    const { code, output } = await sandbox.run(...words, "-data-dir", dataDir);
    expect(code).toBe(1);
    expect(output).toContain(`cannot use the data folder ${dataDir}: EROFS`);
    expect(output).toContain("on a file system that is not read-only");
    disk.remount("rw");
    const again = await startServing(sandbox, dataDir);
    expect(await again.keys()).toEqual(["kept"]);
    await again.stop();
  });
});

describe.skipIf(!mayInject)(`an agent whose disk${whyNot}`, () => {
  test.each([
    ["has no room for a write", "pwrite64:error=ENOSPC", "is full"],
    ["has become read-only", "pwrite64:error=EROFS", "not mounted read-only"],
    ["fails to write", "pwrite64:error=EIO", "disk I/O error"],
    ["fails to sync", "fdatasync,fsync:error=EIO", "disk I/O error"],
  ])("%s refuses all writes, continues everything else, and recovers afterwards", async (_, fault, words) => {
    const serving = await startServing(sandbox, join(sandbox.folder, fault));
    await expectRefusedAndRecovered(serving, (task) => withFault(serving.agent.pid, fault, task), words);
  });

  test.each([
    ["fails to sync", "fdatasync,fsync:error=EIO", 1],
    ["fails to write now and then", "pwrite64:error=EIO:when=2+2", 0],
  ])(
    "%s has, after a kill, every acknowledged write, and of the refused writes only those that it said may reappear",
    async (_, fault, doubtfulMax) => {
      const serving = await startServing(sandbox, join(sandbox.folder, `killed-${fault}`));
      const acknowledged = ["kept"];
      const refused: Written[] = [];
      await withFault(serving.agent.pid, fault, async () => {
        for (let n = 0; n < attempts; n++) {
          const written = await serving.put(`in-trouble-${n}`);
          if (written.status === 200) acknowledged.push(`in-trouble-${n}`);
          else refused.push(written);
        }
        serving.agent.signal("SIGKILL");
        await serving.agent.ended();
      });
      expect(refused.length).toBeGreaterThan(0);
      const again = await serving.killAndStart();
      const keys = await again.keys();
      expect(keys).toEqual(expect.arrayContaining(acknowledged));
      const doubtful = refused.filter(({ text }) => text.includes("may reappear")).length;
      expect(keys.length - acknowledged.length).toBeLessThanOrEqual(Math.min(doubtfulMax, doubtful));
      await again.stop();
    },
  );

  test("takes half a second for a sync answers all writers after a few syncs and readers at once", async () => {
    const serving = await startServing(sandbox, join(sandbox.folder, "slow"));
    await withFault(serving.agent.pid, "fdatasync,fsync:delay_exit=500000", async () => {
      for (let round = 0; round < rounds; round++) {
        const { committed: before } = await serving.batches();
        const writes = Array.from({ length: writers }, (_, n) => serving.put(`slow-${round}-${n}`));
        const [written] = await Promise.all([Promise.all(writes), serving.expectServing()]);
        for (const { status } of written) expect(status).toBe(200);
        // Writers share batches, and therefore syncs: one for the first writer, one or two for the others, and some for the
        // check.
        expect((await serving.batches()).committed - before).toBeLessThan(writers / 2);
      }
    });
    await within(5_000, async () => expect(await timed(() => serving.put("after"))).toBeLessThan(patienceMs(400)));
    const again = await serving.killAndStart();
    expect(await again.keys()).toHaveLength(rounds * writers + 2);
    await again.stop();
  });

  test.skipIf(whyShort !== "")(
    `does not answer for 13 s holds no writer longer than 10 s, and keeps the write that it said may be done${whyShort}`,
    async () => {
      const serving = await startServing(sandbox, join(sandbox.folder, "hung"));
      let doubtful: Promise<Written> | undefined;
      await withFault(serving.agent.pid, "fdatasync,fsync:delay_exit=13000000:when=1", async () => {
        doubtful = serving.put("doubtful");
        await Bun.sleep(500);
        const queued = serving.put("queued");
        await serving.expectServing();
        expect((await doubtful).text).toContain("It may still be done");
        expect(await queued).toMatchObject({ status: 500 });
        expect(await timed(() => serving.put("refused"))).toBeLessThan(patienceMs(1_000));
        await serving.expectServing();
        await within(6_000, async () => expect(await serving.put("after")).toMatchObject({ status: 200 }));
      });
      await serving.expectServing();
      const again = await serving.killAndStart();
      expect(await again.keys()).toEqual(["after", "doubtful", "kept"]);
      await again.stop();
    },
  );
});

async function timed(act: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await act();
  return performance.now() - startMs;
}
