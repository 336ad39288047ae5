import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type EtcdCluster, openEtcd, skippedWithoutEtcd, withoutEtcd } from "../support/etcd.ts";
import { type EtcdPlace, openEtcdPlace } from "../support/etcd-place.ts";
import { promptly } from "../support/promptly.ts";
import { within } from "../support/within.ts";
import { rejectionOf } from "../support/rejection.ts";
import { batch, put } from "../../src/engine/engine.suite.ts";
import type { Position } from "../../src/engine/replicated-engine.ts";
import { drop, put as putKey } from "../../src/engine/etcd/transaction.ts";

const deadlineMs = 60_000;

describe.skipIf(withoutEtcd !== undefined)(`damaged keys in etcd${skippedWithoutEtcd}`, () => {
  let etcd: EtcdCluster;
  beforeAll(async () => {
    etcd = await openEtcd();
  });
  afterAll(async () => {
    await etcd[Symbol.asyncDispose]();
  });

  /** Commits two batches, with a snapshot after the first, then damages keys. Returns the error with which a load rejects. */
  async function loadAfter(damage: (place: EtcdPlace) => Parameters<EtcdPlace["client"]["txn"]>[0]): Promise<Error> {
    const place = openEtcdPlace(etcd);
    const one = await place.open("one");
    const term = await one.campaign(new AbortController().signal);
    await term.commit(batch(1, put("t", "a", "1")));
    await term.snapshot();
    await term.commit(batch(2, put("t", "a", "2")));
    await place.client.txn(damage(place), deadlineMs);
    const error = await rejectionOf(one.load());
    await one.close();
    place.remove();
    return error;
  }

  test.each<[string, (place: EtcdPlace) => object[]]>([
    ["a changed batch", ({ layout }) => [putKey(layout.batch(2), "0 1 abc\nother")]],
    ["a missing batch", ({ layout }) => [drop(layout.batch(2), layout.batch(3))]],
    ["a missing block of a snapshot", ({ layout }) => [drop(layout.block(1, 0), layout.block(1, 1))]],
    ["a changed block of a snapshot", ({ layout }) => [putKey(layout.block(1, 0), "\0not rows")]],
    ["a head that is not JSON", ({ layout }) => [putKey(layout.head, "{")]],
  ])("let a load reject with an error that names the key: %s", async (_, damage) => {
    const refused = await loadAfter((place) => ({ success: damage(place) }));
    expect(refused).toMatchObject({ kind: "unavailable", code: "data-damaged" });
    expect(refused.message).toMatch(/the key place-\d+\/(?:b|s|snapshot|head)/);
  });

  test("do not include a newer Praetor's layout, which a load rejects with an error of its own", async () => {
    const refused = await loadAfter(({ layout }) => ({ success: [putKey(layout.format, "2")] }));
    expect(refused).toMatchObject({ kind: "unavailable", code: "data-newer" });
  });

  test("are never skipped by a follower: at an undecodable batch it loads again, and the load rejects", async () => {
    const place = openEtcdPlace(etcd);
    const [one, two] = [await place.open("one"), await place.open("two")];
    const term = await one.campaign(new AbortController().signal);
    await term.commit(batch(1));
    const reloaded = Promise.withResolvers<void>();
    const seen: Position[] = [];
    two.follow(0, { batch: (_, position) => void seen.push(position), reload: reloaded.resolve });
    // A follower that gets both batches in one message loads again before it reports the first.
    await within(deadlineMs, async () => expect(seen).toEqual([1]));
    await place.client.txn({ success: [putKey(place.layout.batch(2), "0 1 abc\nother")] }, deadlineMs);
    await place.client.txn({ success: [putKey(place.layout.batch(3), "0 1 abc\nother")] }, deadlineMs);
    await promptly(reloaded.promise);
    expect(seen).toEqual([1]);
    expect(await rejectionOf(two.load())).toMatchObject({ code: "data-damaged" });
    await Promise.all([one.close(), two.close()]);
    place.remove();
  });
});
