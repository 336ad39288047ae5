import { describe, expect, test } from "bun:test";
import { openDnsWorld } from "../../test/support/dns-world.ts";
import { FakeRandom } from "../../test/support/fake-random.ts";
import { nodeNamed } from "../../test/support/state.ts";
import { openTestStore } from "../../test/support/store.ts";
import { topics } from "../state/topics.ts";
import { PacketCache } from "./packet-cache.ts";

const packet = (octet: number): Uint8Array => Uint8Array.of(octet);

describe("a cached answer", () => {
  test("is valid for a second, or until one of its topics is touched", async () => {
    const { store, clock } = openTestStore();
    const cache = new PacketCache(store, { clock, random: new FakeRandom() });
    const put = (): void => cache.put("q", packet(1), { topics: [topics.node("n1")], orderCount: 1 });
    put();
    expect(cache.get("q", clock.monotonicMs())).toEqual(packet(1));
    expect(cache.get("other", clock.monotonicMs())).toBeUndefined();
    await clock.advance(999);
    expect(cache.get("q", clock.monotonicMs())).toEqual(packet(1));
    await clock.advance(1);
    expect(cache.get("q", clock.monotonicMs())).toBeUndefined();
    put();
    await store.submit({ type: "register", node: nodeNamed("n2"), skipNodeUpdate: false, checks: [] });
    expect(cache.get("q", clock.monotonicMs())).toEqual(packet(1));
    await store.submit({ type: "register", node: nodeNamed("n1"), skipNodeUpdate: false, checks: [] });
    expect(cache.get("q", clock.monotonicMs())).toBeUndefined();
  });

  test("can hold several orders of the instances, and drops all of them when a topic of any of them is touched", async () => {
    const { store, clock } = openTestStore();
    await store.submit({ type: "register", node: nodeNamed("n0"), skipNodeUpdate: false, checks: [] });
    const cache = new PacketCache(store, { clock, random: new FakeRandom() });
    const put = (octet: number): void =>
      cache.put("q", packet(octet), { topics: [topics.node(`n${octet}`)], orderCount: 3 });
    put(1);
    put(2);
    expect(cache.get("q", clock.monotonicMs())).toBeUndefined();
    put(3);
    const seen = new Set(Array.from({ length: 50 }, () => cache.get("q", clock.monotonicMs())?.[0]));
    expect(seen).toEqual(new Set([1, 2, 3]));
    await store.submit({ type: "register", node: nodeNamed("n3"), skipNodeUpdate: false, checks: [] });
    expect(cache.get("q", clock.monotonicMs())).toBeUndefined();
  });

  test("is dropped when the cache is full; an answer longer than 16 KiB is not cached", () => {
    const { store, clock } = openTestStore();
    const cache = new PacketCache(store, { clock, random: new FakeRandom() });
    const dependencies = { topics: [], orderCount: 1 };
    for (let at = 0; at < 1_000; at += 1) cache.put(`q${at}`, new Uint8Array(4_096), dependencies);
    const cached = Array.from({ length: 1_000 }, (_, at) => cache.get(`q${at}`, clock.monotonicMs())).filter(
      (each) => each !== undefined,
    );
    expect(cached.length).toBeWithin(1, 257);
    cache.put("long", new Uint8Array(16 * 1_024 + 1), dependencies);
    expect(cache.get("long", clock.monotonicMs())).toBeUndefined();
  });

  test("can hold a hundred instances over TCP", async () => {
    const { register, answer } = openDnsWorld();
    for (let at = 0; at < 100; at += 1)
      await register(`n${at}`, { address: `10.0.0.${at}` }, { name: "web", address: `10.1.0.${at}` });
    const { bytes } = answer("web.service.consul SRV tcp");
    const { store, clock } = openTestStore();
    const cache = new PacketCache(store, { clock, random: new FakeRandom() });
    cache.put("q", new Uint8Array(bytes), { topics: [], orderCount: 1 });
    expect(cache.get("q", clock.monotonicMs())?.length).toBeGreaterThan(5_000);
  });
});

describe("a DNS answer", () => {
  test("contains the newest write", async () => {
    const { register, lines } = openDnsWorld();
    for (let at = 0; at < 20; at += 1) {
      await register("n1", { address: `10.0.0.${at}` }, { name: "web" });
      for (let again = 0; again < 3; again += 1) {
        expect(lines("web.service.consul A")).toEqual([`web.service.consul 0 A 10.0.0.${at}`]);
        expect(lines("n1.node.consul A")).toEqual([`n1.node.consul 0 A 10.0.0.${at}`]);
      }
    }
  });

  test("has its instances in random order", async () => {
    const { register, answer } = openDnsWorld();
    for (let at = 0; at < 5; at += 1) await register(`n${at}`, { address: `10.0.0.${at}` }, { name: "web" });
    const orders = new Set<string>();
    const firsts = new Set<string>();
    for (let at = 0; at < 200; at += 1) {
      const order =
        answer("web.service.consul A").answers?.map((each) => ("data" in each ? JSON.stringify(each.data) : "")) ?? [];
      orders.add(order.join());
      firsts.add(order[0] ?? "");
    }
    expect(orders.size).toBeGreaterThan(4);
    expect(firsts.size).toBeGreaterThan(2);
  });

  test("has the id and the flags of the query that it answers", async () => {
    const { register, answer } = openDnsWorld();
    await register("n1");
    expect(answer("n1.node.consul A").flag_rd).toBe(true);
    expect(answer("n1.node.consul A norecurse").flag_rd).toBe(false);
    expect(answer("N1.node.consul A").questions?.[0]?.name).toBe("N1.node.consul");
    expect(answer("n1.node.consul A").questions?.[0]?.name).toBe("n1.node.consul");
  });
});
