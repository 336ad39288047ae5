import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, spyOn, test } from "bun:test";
import { type EtcdCluster, openEtcd, skippedWithoutEtcd, withoutEtcd } from "../support/etcd.ts";
import { type EtcdPlace, openEtcdPlace } from "../support/etcd-place.ts";
import { type FaultProxy, openFaultProxy } from "../support/fault-proxy.ts";
import { patienceMs } from "../support/patience.ts";
import { promptly } from "../support/promptly.ts";
import { rejectionOf } from "../support/rejection.ts";
import { within } from "../support/within.ts";
import { type Clock, systemClock } from "../../src/lib/clock.ts";
import type { RowChange } from "../../src/engine/engine.ts";
import { batch, put, readable } from "../../src/engine/engine.suite.ts";
import type { EtcdEngine } from "../../src/engine/etcd/etcd-engine.ts";
import type { EtcdTerm } from "../../src/engine/etcd/etcd-term.ts";
import { LogReader } from "../../src/engine/etcd/log-reader.ts";
import { unlessAborted } from "../../src/lib/unless-aborted.ts";

const soonMs = 10_000;

describe.skipIf(withoutEtcd !== undefined)(`during or after a leader's term in etcd,${skippedWithoutEtcd}`, () => {
  let etcd: EtcdCluster;
  let place: EtcdPlace;
  /** The proxy between etcd and the server `one`. */
  let proxy: FaultProxy;
  let one: EtcdEngine;
  let two: EtcdEngine;
  beforeAll(async () => {
    etcd = await openEtcd();
  });
  afterAll(async () => {
    await etcd[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    place = openEtcdPlace(etcd);
    proxy = await openFaultProxy(etcd.endpoints[0] ?? "");
    one = await place.open("one", { endpoints: [proxy.endpoint] });
    two = await place.open("two");
  });
  afterEach(async () => {
    await Promise.all([one.close(), two.close()]);
    place.remove();
    proxy[Symbol.dispose]();
  });

  /** Waits until the batch at `seq` is in etcd, whether or not the leader knows it. */
  function reaches(seq: number): Promise<void> {
    return within(soonMs, async () => expect((await place.reader.marks({})).head.seq).toBe(seq));
  }

  /**
   * Waits until some parts of the batch are in etcd. The bytes that the proxy forwards are enough for two parts, or for one whose
   * request is repeated.
   */
  function someParts(seq: number): Promise<void> {
    return within(soonMs, async () => expect(await partsOf(seq)).toBeGreaterThan(0));
  }

  async function partsOf(seq: number): Promise<number> {
    const range = { key: place.layout.parts(seq), rangeEnd: place.layout.parts(seq + 1) };
    return (await place.client.range(range, soonMs)).kvs.length;
  }

  test("a long batch whose leader ends before it has sent all parts is in no other server's rows", async () => {
    const first = await campaign(one);
    await first.commit(batch(1, put("t", "a", "1")));
    proxy.loseRequests(1_300_000);
    const dying = rejectionOf(first.commit(batch(2, long("big", 3 << 20), put("t", "a", "2"))));
    await someParts(2);
    await place.expire();
    const second = await campaign(two);
    expect(readable((await two.load()).rows)).toEqual(["t/a=1"]);
    const change = long("big", 2 << 20);
    await second.commit(batch(2, change));
    const { rows, position } = await two.load();
    expect([position, rows.map(({ key, value }) => [key, value.byteLength])]).toEqual([
      2,
      [
        ["a", 1],
        ["big", 2 << 20],
      ],
    ]);
    expect(Buffer.compare(rows[1]?.value ?? Buffer.of(), change.value ?? Buffer.of())).toBe(0);
    proxy.pass();
    expect(await promptly(dying)).toMatchObject({ code: "leadership-lost" });
  });

  test("snapshots delete the parts of a batch that was never completed", async () => {
    const first = await campaign(one);
    await first.commit(batch(1));
    proxy.loseRequests(1_300_000);
    const dying = rejectionOf(first.commit(batch(2, long("big", 3 << 20))));
    await someParts(2);
    await place.expire();
    const second = await campaign(two);
    for (const revision of [2, 3]) {
      await second.commit(batch(revision));
      await second.snapshot();
    }
    expect(await partsOf(2)).toBe(0);
    proxy.pass();
    await dying;
  });

  test("a commit whose answer is lost resolves, and its batch takes effect once", async () => {
    const term = await campaign(one);
    proxy.loseAnswers();
    const committed = term.commit(batch(1, put("t", "a", "1")));
    await reaches(1);
    proxy.pass();
    await promptly(committed);
    await term.commit(batch(2, put("t", "b", "2")));
    const { rows, position } = await two.load();
    expect([readable(rows), position]).toEqual([["t/a=1", "t/b=2"], 2]);
  });

  test("a commit whose answer is lost resolves even if another server leads and a snapshot has deleted the batch", async () => {
    const first = await campaign(one);
    proxy.loseAnswers();
    const committed = first.commit(batch(1, put("t", "a", "1")));
    await reaches(1);
    await place.expire();
    const second = await campaign(two);
    await second.commit(batch(2, put("t", "b", "2")));
    await place.compact();
    proxy.pass();
    await promptly(committed);
    expect(await rejectionOf(first.commit(batch(3)))).toMatchObject({ code: "leadership-lost" });
    expect((await two.load()).position).toBe(2);
  });

  test("a commit of a leader that has not noticed its term's end rejects, even before the next leader commits", async () => {
    const first = await campaign(one);
    proxy.loseAnswers();
    await place.expire();
    const second = await campaign(two);
    const committed = rejectionOf(first.commit(batch(1, put("t", "a", "1"))));
    proxy.pass();
    expect(await promptly(committed)).toMatchObject({ code: "leadership-lost" });
    expect(await two.newest()).toBe(0);
    await second.commit(batch(1));
  });

  test("a commit's first request has no effect if it reaches etcd after a repetition and after the next commit", async () => {
    const server = await place.open("three", { endpoints: [proxy.endpoint, ...etcd.endpoints] });
    const term = await campaign(server);
    await term.commit(batch(1));
    const held = proxy.holdRequests();
    const committed = term.commit(batch(2, put("t", "a", "2")));
    await held;
    await promptly(committed);
    await term.commit(batch(3, put("t", "a", "3")));
    const before = await place.reader.marks({});
    await promptly(proxy.release());
    const after = await place.reader.marks({});
    expect([after.head, after.headRevision]).toEqual([before.head, before.headRevision]);
    await term.commit(batch(4));
    expect(readable((await two.load()).rows)).toEqual(["t/a=3"]);
    await server.close();
  });

  test("a commit that etcd has not received rejects once another server leads", async () => {
    const first = await campaign(one);
    proxy.loseRequests();
    const committed = rejectionOf(first.commit(batch(1, put("t", "a", "1"))));
    await place.expire();
    const second = await campaign(two);
    await second.commit(batch(1, put("t", "b", "2")));
    proxy.pass();
    expect(await promptly(committed)).toMatchObject({ code: "leadership-lost" });
    expect(readable((await two.load()).rows)).toEqual(["t/b=2"]);
  });

  test("a server that stops while etcd does not answer reports a pending commit as unconfirmed, not as failed", async () => {
    const server = await place.open("three", { endpoints: [proxy.endpoint], electionMs: patienceMs(1_000) });
    const term = await campaign(server);
    proxy.loseRequests();
    const committed = rejectionOf(term.commit(batch(1)));
    await promptly(server.close());
    expect(await committed).toMatchObject({ kind: "timeout", code: "write-unconfirmed" });
  });

  test("a leader that stops while it writes a snapshot does not wait for the snapshot's end", async () => {
    const reading = Promise.withResolvers<void>();
    using _ = spyOn(LogReader.prototype, "load").mockImplementation(({ signal }) => {
      reading.resolve();
      return unlessAborted(new Promise<never>(() => {}), signal ?? AbortSignal.abort());
    });
    const term = await campaign(one);
    await term.commit(batch(1));
    const written = term.snapshot().catch(() => {});
    await reading.promise;
    await promptly(term.close());
    await promptly(campaign(two));
    await written;
  });

  test("a leader that cannot renew its lease gives up its term when the lease runs out", async () => {
    const server = await place.open("three", { endpoints: [proxy.endpoint], electionMs: patienceMs(1_000) });
    const term = await campaign(server);
    expect(term.confirmedMs()).toBeLessThan(Infinity);
    proxy.loseRequests();
    await promptly(term.ended);
    expect(term.confirmedMs()).toBe(Infinity);
    expect(server.leader).toBeUndefined();
    expect(await rejectionOf(term.commit(batch(1)))).toMatchObject({ code: "leadership-lost" });
    proxy.pass();
    await server.close();
  });

  test("a leader whose process was stopped for longer than its lease counts its term as over at once", async () => {
    let stoppedMs = 0;
    const clock: Clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + stoppedMs };
    const server = await place.open("three", { clock });
    const term = await campaign(server);
    await term.commit(batch(1));
    stoppedMs = 3_600_000;
    expect(term.confirmedMs()).toBe(Infinity);
    expect(await rejectionOf(term.commit(batch(2)))).toMatchObject({ code: "leadership-lost" });
    expect((await place.reader.marks({})).head.seq).toBe(1);
    await promptly(campaign(two));
    await server.close();
  });

  test("each acknowledged commit confirms that the server still leads", async () => {
    let aheadMs = 0;
    const clock: Clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
    const server = await place.open("three", { clock });
    const term = await campaign(server);
    aheadMs = 10_000;
    expect(term.confirmedMs()).toBeGreaterThanOrEqual(10_000);
    await term.commit(batch(1));
    expect(term.confirmedMs()).toBeLessThan(10_000);
    await server.close();
  });
});

function campaign(server: EtcdEngine): Promise<EtcdTerm> {
  return server.campaign(new AbortController().signal);
}

/** Returns a change to a row that is so long that its batch is stored in parts. */
function long(key: string, bytes: number): RowChange {
  return { table: "t", key, value: new Uint8Array(bytes).map((_, at) => at * 31) };
}
