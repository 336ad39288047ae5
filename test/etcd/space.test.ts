import { describe, expect, test } from "bun:test";
import { openEtcd, skippedWithoutEtcd, withoutEtcd } from "../support/etcd.ts";
import { openEtcdPlace, type EtcdPlace } from "../support/etcd-place.ts";
import { openFaultProxy } from "../support/fault-proxy.ts";
import { promptly } from "../support/promptly.ts";
import { rejectionOf } from "../support/rejection.ts";
import { trialBatch } from "../support/trial-batch.ts";
import { within } from "../support/within.ts";
import { batch, put, readable } from "../../src/engine/engine.suite.ts";
import { Mirror } from "../../src/engine/replicated-engine.suite.ts";
import type { EtcdEngine } from "../../src/engine/etcd/etcd-engine.ts";
import type { EtcdTerm } from "../../src/engine/etcd/etcd-term.ts";
import { put as putKey } from "../../src/engine/etcd/transaction.ts";

const soonMs = 10_000;
const snapshotBytes = 64 << 10;

describe.skipIf(withoutEtcd !== undefined)(`the space that a cluster takes in etcd${skippedWithoutEtcd}`, () => {
  test("is bounded by snapshots, however much is written", async () => {
    await using etcd = await openEtcd();
    const place = openEtcdPlace(etcd);
    const one = await place.open("one", { snapshotBytes });
    const term = await campaign(one);
    const batches = 150;
    const rows = (revision: number) =>
      Array.from({ length: 10 }, (_, n) => put("t", `k${n}`, `${revision} `.repeat(snapshotBytes / 40)));
    for (let revision = 1; revision < batches; revision++) await term.commit(batch(revision, ...rows(revision)));
    const { head, snapshot } = await place.reader.marks({});
    expect(head.bytes).toBeGreaterThan(100 * snapshotBytes);
    // Commits go on while a snapshot is written, so the number of batches after it depends on the speed of the machine.
    expect(snapshot.seq).toBeGreaterThan(batches / 2);
    await term.snapshot();
    await term.commit(batch(batches, ...rows(batches)));
    await term.snapshot();
    await term.close();
    expect(await bytesOf(place)).toBeLessThan(4 * snapshotBytes);
    const loaded = await one.load();
    expect([loaded.position, loaded.rows.length]).toEqual([batches, 10]);
    expect(readable(loaded.rows)[0]).toStartWith(`t/k0=${batches} ${batches} `);
    // etcd deletes the compacted history in the background, and counts the pages as free only with later writes.
    await within(soonMs, async () => {
      await place.client.txn({ success: [putKey(Buffer.from("any"), "any")] }, soonMs);
      expect((await etcd.statusOf(etcd.endpoints[0] ?? ""))?.bytesInUse).toBeLessThan(head.bytes / 8);
    });
    await closeAll(place, one);
  });

  test("is bounded also when each leader writes too little for a snapshot of its own", async () => {
    await using etcd = await openEtcd();
    const place = openEtcdPlace(etcd);
    const one = await place.open("one", { snapshotBytes });
    const value = "x".repeat(snapshotBytes / 3);
    for (let revision = 1; revision <= 12; revision++) {
      const term = await campaign(one);
      await term.commit(batch(revision, put("t", "a", value)));
      await term.close();
    }
    expect((await place.reader.marks({})).snapshot.seq).toBeGreaterThan(4);
    expect(await bytesOf(place)).toBeLessThan(5 * snapshotBytes);
    await closeAll(place, one);
  });

  test("has the batches for a follower less than a snapshot behind; a follower further behind loads again", async () => {
    await using etcd = await openEtcd();
    const place = openEtcdPlace(etcd);
    using slow = await openFaultProxy(etcd.endpoints[0] ?? "");
    const one = await place.open("one");
    const two = await place.open("two", { endpoints: [slow.endpoint] });
    const term = await campaign(one);
    await term.commit(trialBatch(1));
    const mirror = await Mirror.start(two);
    slow.loseAnswers();
    await term.commit(trialBatch(2));
    await term.snapshot();
    await term.commit(trialBatch(3));
    slow.pass();
    await promptly(mirror.reaches(3));
    expect([mirror.loads, mirror.seen.map(([position]) => position)]).toEqual([1, [2, 3]]);
    slow.loseAnswers();
    for (const revision of [4, 5, 6]) {
      await term.commit(trialBatch(revision));
      await term.snapshot();
    }
    slow.pass();
    await promptly(mirror.reaches(6));
    expect(mirror.loads).toBe(2);
    await term.commit(trialBatch(7));
    await promptly(mirror.reaches(7));
    expect(mirror.rows).toEqual(readable((await one.load()).rows));
    await closeAll(place, one, two);
  });

  test("may hold a snapshot with a row that is longer than a request to etcd may be", async () => {
    await using etcd = await openEtcd();
    const place = openEtcdPlace(etcd);
    const one = await place.open("one");
    const term = await campaign(one);
    const value = new Uint8Array(3 << 20).map((_, at) => at * 31);
    await term.commit(batch(1, put("t", "a", "1"), { table: "t", key: "long", value }, put("u", "b", "2")));
    await place.compact();
    const { rows, position, revision } = await one.load();
    expect([position, revision, rows.map(({ key }) => key)]).toEqual([1, 1, ["a", "long", "b"]]);
    expect(Buffer.compare(rows[1]?.value ?? Buffer.of(), value)).toBe(0);
    await closeAll(place, one);
  });

  test("may be used up by other programs: writes fail with advice, reads go on, and the advice lets writes succeed", async () => {
    await using etcd = await openEtcd(1, "--quota-backend-bytes=16777216");
    const place = openEtcdPlace(etcd);
    const one = await place.open("one", { electionMs: 1_000 });
    const two = await place.open("two", { electionMs: 1_000 });
    const term = await campaign(one);
    await term.commit(batch(1, put("t", "a", "1")));
    const value = Buffer.alloc(1 << 20);
    const fill = async (): Promise<void> => {
      for (let n = 0; ; n++) await place.client.txn({ success: [putKey(Buffer.from(`other/${n}`), value)] }, soonMs);
    };
    expect((await rejectionOf(fill())).message).toContain("database space exceeded");
    const refused = await rejectionOf(term.commit(batch(2, put("t", "a", "2"))));
    expect(refused).toMatchObject({ kind: "unavailable", code: "etcd-no-space" });
    expect(refused.message).toMatch(/alarm NOSPACE of member [0-9a-f]+.*quota-backend-bytes.*defrag.*alarm disarm/);
    expect(readable((await two.load()).rows)).toEqual(["t/a=1"]);
    expect(await two.newest()).toBe(1);
    // No server can be elected while etcd has no space; the server that campaigns logs the reason.
    await term.close();
    const campaigning = campaign(two);
    await within(soonMs, async () => expect(place.logged.join("\n")).toContain("no server can be elected"));
    await etcd.control("del", "--prefix", "other/");
    await etcd.control("compaction", String((await etcd.statusOf(etcd.endpoints[0] ?? ""))?.revision));
    await etcd.control("defrag");
    await etcd.control("alarm", "disarm");
    const next = await promptly(campaigning);
    await next.commit(batch(2, put("t", "a", "3")));
    expect(readable((await one.load()).rows)).toEqual(["t/a=3"]);
    await closeAll(place, one, two);
  });
});

function campaign(server: EtcdEngine): Promise<EtcdTerm> {
  return server.campaign(new AbortController().signal);
}

/** Returns the bytes of all values below the place's prefix. */
async function bytesOf({ client, prefix }: EtcdPlace): Promise<number> {
  const range = { key: Buffer.from(prefix), rangeEnd: Buffer.from(prefix.replace(/\/$/, "0")) };
  const { kvs } = await client.range(range, 60_000);
  return kvs.reduce((total, { value }) => total + value.byteLength, 0);
}

async function closeAll(place: EtcdPlace, ...servers: readonly EtcdEngine[]): Promise<void> {
  await Promise.all(servers.map((server) => server.close()));
  place.remove();
}
