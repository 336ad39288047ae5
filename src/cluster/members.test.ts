import { afterEach, describe, expect, test } from "bun:test";
import { joinOf, nodeIdNumbered } from "../../test/support/members.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { openTestStore, reopenStore, type TestStore } from "../../test/support/store.ts";
import { createLog } from "../lib/log.ts";
import { Metrics } from "../lib/metrics.ts";
import { deregister } from "../registry/catalog.ts";
import { checkOfNode } from "../registry/member.ts";
import { Members } from "./members.ts";
import { serverMember } from "./server-registration.ts";

const opened: Members[] = [];
afterEach(() => opened.splice(0).forEach((members) => members.stop()));

interface World extends TestStore {
  readonly members: Members;
  readonly metrics: Metrics;
  readonly lines: string[];
}

const serverNode = {
  ...{ id: nodeIdNumbered(0), name: "server", address: "10.0.0.9", datacenter: "dc1" },
  ...{ taggedAddresses: {}, meta: {} },
};

function openMembers(there: Pick<TestStore, "store" | "clock">): Omit<World, keyof TestStore> {
  const { clock, store } = there;
  const ports = { server: 8300, serfLan: 8301, serfWan: 8302 };
  const own = serverMember(serverNode, { bootstrap: true, bootstrapExpect: 0, ports }, clock.wallMs());
  const lines: string[] = [];
  const log = createLog({ level: "info", json: false, clock, sink: (line) => lines.push(line) }, "server");
  const metrics = new Metrics(clock.wallMs());
  const reconnectTimeoutMs = 72 * 3_600_000;
  const members = new Members(store, { own, serverPort: 8300, reconnectTimeoutMs, clock, log, metrics });
  opened.push(members);
  members.start();
  return { members, metrics, lines };
}

function openWorld(): World {
  const there = openTestStore();
  return { ...there, ...openMembers(there) };
}

/** Returns the name and status of each member but the server, with its node's serfHealth status, or "gone" without that check. */
function view({ members, store }: Pick<World, "members" | "store">): string[] {
  const [, ...others] = members.all;
  return others.map(
    ({ name, status }) => `${name} ${status} ${checkOfNode(store, name, "serfHealth")?.status ?? "gone"}`,
  );
}

function countOf({ metrics }: World, name: string): number {
  return metrics.total().counters.find((counter) => counter.name === `consul.serf.member.${name}`)?.sum ?? 0;
}

describe("an agent that joins", () => {
  test("is a member with Consul's tags, and learns the server's address", async () => {
    const world = openWorld();
    const { servers } = await world.members.join(joinOf(4));
    expect(servers).toEqual([{ id: serverNode.id, name: "server", address: "10.0.0.9", port: 8300 }]);
    expect(world.members.all.map(({ name }) => name)).toEqual(["server", "n4"]);
    expect(world.members.all[1]).toMatchObject({
      ...{ address: "10.0.0.4", port: 8301, status: "alive" },
      tags: {
        ...{ acls: "0", build: "1.8.7:", dc: "dc1", id: nodeIdNumbered(4), role: "node", segment: "" },
        ...{ vsn: "2", vsn_max: "3", vsn_min: "2" },
      },
    });
    expect(view(world)).toEqual(["n4 alive passing"]);
  });

  const refused = [
    ["of another datacenter", { datacenter: "dc2" }, "Member 'server' part of wrong datacenter 'dc1'"],
    [
      "with the server's node id",
      { id: serverNode.id },
      `Member 'server' has conflicting node ID '${serverNode.id}' with this agent's ID`,
    ],
    ["with the node id of a member", { id: nodeIdNumbered(4) }, `Member 'n4' has conflicting node ID`],
    ["with the name of a member", { name: "n4" }, `Node name n4 is reserved by node ${nodeIdNumbered(4)}`],
    ["that is a server", { role: "server" }, "this server stands alone"],
  ] as const;
  test.each(refused)("%s is refused, and repeated refusals are logged once", async (_, changes, reason) => {
    const world = openWorld();
    await world.members.join(joinOf(4));
    for (const request of [joinOf(5, changes), joinOf(5, changes)])
      expect((await rejectionOf(world.members.join(request))).message).toContain(reason);
    expect(world.lines.filter((line) => line.includes("Refused an agent"))).toEqual([expect.stringContaining(reason)]);
    await world.clock.advance(10_000);
    expect(view(world)).toEqual(["n4 alive passing"]);
  });
});

describe("an agent whose link is lost", () => {
  test("is marked as failed three seconds after it was last heard, and its serfHealth becomes critical", async () => {
    const world = openWorld();
    await world.members.join(joinOf(4));
    world.members.lost(joinOf(4), 700);
    await world.clock.advance(2_299);
    expect(view(world)).toEqual(["n4 alive passing"]);
    await world.clock.advance(1);
    expect(view(world)).toEqual(["n4 failed critical"]);
    expect([countOf(world, "failed"), world.lines.at(-1)]).toEqual([
      1,
      expect.stringContaining("member failed, marking health critical: member=n4"),
    ]);
  });

  test("and that joins again within three seconds stays alive, and nothing is written", async () => {
    const world = openWorld();
    await world.members.join(joinOf(4));
    const { index } = world.store.state;
    world.members.lost(joinOf(4), 0);
    await world.clock.advance(2_999);
    await world.members.join(joinOf(4));
    await world.clock.advance(600_000);
    expect([view(world), world.store.state.index]).toEqual([["n4 alive passing"], index]);
  });

  test("and that joins again after it has failed is alive at once, and counts as flapped", async () => {
    const world = openWorld();
    await world.members.join(joinOf(4));
    world.members.lost(joinOf(4), 0);
    await world.clock.advance(30_000);
    expect(view(world)).toEqual(["n4 failed critical"]);
    await world.members.join(joinOf(4));
    expect(view(world)).toEqual(["n4 alive passing"]);
    expect([countOf(world, "join"), countOf(world, "flap")]).toEqual([3, 1]);
  });

  test("stays alive while its second join waits for the store", async () => {
    const world = openWorld();
    await world.members.join(joinOf(4));
    world.members.lost(joinOf(4), 0);
    world.engine.hold();
    const joining = world.members.join(joinOf(4, { address: "10.0.0.44" }));
    await world.clock.advance(5_000);
    world.engine.release();
    await joining;
    await world.clock.advance(5_000);
    expect(view(world)).toEqual(["n4 alive passing"]);
  });

  test("is marked as failed within a second after a failing store takes writes again", async () => {
    const world = openWorld();
    await world.members.join(joinOf(4));
    world.engine.fail();
    world.members.lost(joinOf(4), 0);
    await world.clock.advance(10_000);
    expect(view(world)).toEqual(["n4 alive passing"]);
    world.engine.recover();
    await world.clock.advance(1_000);
    expect(view(world)).toEqual(["n4 failed critical"]);
  });

  test("is not marked as failed because of the time for which the server's process was stopped", async () => {
    const world = openWorld();
    await world.members.join(joinOf(4));
    world.members.lost(joinOf(4), 0);
    world.clock.pause(20_000);
    await world.clock.advance(0);
    await world.members.join(joinOf(4));
    await world.clock.advance(10_000);
    expect(countOf(world, "failed")).toBe(0);
  });
});

test("after a server's start, its members have five seconds to join again before they are marked as failed", async () => {
  const first = openWorld();
  for (const number of [4, 5]) await first.members.join(joinOf(number));
  first.members.stop();
  const store = reopenStore(first);
  const second = { ...first, store, ...openMembers({ store, clock: first.clock }) };
  await first.clock.advance(4_000);
  await second.members.join(joinOf(5));
  expect(view(second)).toEqual(["n4 alive passing", "n5 alive passing"]);
  await first.clock.advance(1_000);
  expect(view(second)).toEqual(["n4 failed critical", "n5 alive passing"]);
});

describe("an agent that leaves", () => {
  test("gets the status left, its node is deleted, and a later join does not count as a flap", async () => {
    const world = openWorld();
    await world.members.join(joinOf(4));
    await world.members.leave(joinOf(4));
    expect([view(world), countOf(world, "left")]).toEqual([["n4 left gone"], 1]);
    await world.members.join(joinOf(4));
    expect([view(world), countOf(world, "flap")]).toEqual([["n4 alive passing"], 0]);
  });

  test("or fails is deleted after the reconnect timeout, together with its node", async () => {
    const world = openWorld();
    for (const number of [4, 5, 6]) await world.members.join(joinOf(number));
    await world.members.leave(joinOf(4));
    world.members.lost(joinOf(5), 0);
    await world.clock.advance(72 * 3_600_000 - 60_000);
    expect(view(world)).toEqual(["n4 left gone", "n5 failed critical", "n6 alive passing"]);
    await world.clock.advance(180_000);
    expect(view(world)).toEqual(["n6 alive passing"]);
    expect(world.store.state.nodes.size).toBe(1);
  });
});

test("an agent that joins again while its leave is being written is alive", async () => {
  const world = openWorld();
  await world.members.join(joinOf(4));
  world.engine.hold();
  const leaving = world.members.leave(joinOf(4));
  const joining = world.members.join(joinOf(4));
  world.engine.release();
  await Promise.all([leaving, joining]);
  expect(view(world)).toEqual(["n4 alive passing"]);
});

test("the loss of an agent without a link does not delay its failure", async () => {
  const world = openWorld();
  await world.members.join(joinOf(4));
  world.members.lost(joinOf(4), 0);
  await world.clock.advance(2_000);
  world.members.lost(joinOf(4), 0);
  await world.clock.advance(1_000);
  expect(view(world)).toEqual(["n4 failed critical"]);
});

describe("force-leave", () => {
  test("changes a failed agent's status to left, and with prune deletes the member", async () => {
    const world = openWorld();
    for (const number of [4, 5]) await world.members.join(joinOf(number));
    for (const number of [4, 5]) world.members.lost(joinOf(number), 0);
    await world.clock.advance(3_000);
    expect(await world.members.forceLeave("n4", { prune: false })).toBe(true);
    expect(await world.members.forceLeave("n5", { prune: true })).toBe(true);
    expect(view(world)).toEqual(["n4 left gone"]);
    expect(await world.members.forceLeave("n4", { prune: true })).toBe(true);
    expect(view(world)).toEqual([]);
  });

  test("shows a linked agent as leaving until it joins again, and keeps its node in the catalog", async () => {
    const world = openWorld();
    await world.members.join(joinOf(4));
    const shown = (): (string | undefined)[] => world.members.all.map(({ status }) => status);
    expect(await world.members.forceLeave("n4", { prune: true })).toBe(true);
    expect(shown()).toEqual(["alive", "leaving"]);
    expect(view(world)).toEqual(["n4 leaving passing"]);
    await world.members.join(joinOf(4));
    expect(shown()).toEqual(["alive", "alive"]);
  });

  test("has no effect on the server, and returns false for a name without a member", async () => {
    const world = openWorld();
    await world.members.join(joinOf(4));
    expect(await world.members.forceLeave("server", { prune: true })).toBe(true);
    for (const name of ["n5", "N4"]) expect(await world.members.forceLeave(name, { prune: false })).toBe(false);
    expect(view(world)).toEqual(["n4 alive passing"]);
  });
});

test("the nodes of the members are corrected within a minute after a deregistration or a restore has changed them", async () => {
  const world = openWorld();
  const { state: emptyState } = world.store;
  for (const number of [4, 5, 6]) await world.members.join(joinOf(number));
  await world.members.leave(joinOf(5));
  world.members.lost(joinOf(6), 0);
  await world.clock.advance(3_000);
  const { state } = world.store;
  await deregister(world.store, { node: "n4" });
  await world.store.submit({ type: "restore", snapshot: emptyState });
  await world.clock.advance(60_000);
  expect(view(world)).toEqual(["n4 alive passing", "n5 left gone", "n6 failed gone"]);
  // This snapshot has the nodes of n4 and n6. In it the serfHealth of n6 is critical, because n6 had failed before.
  await world.store.submit({ type: "restore", snapshot: state });
  await world.clock.advance(60_000);
  expect(view(world)).toEqual(["n4 alive passing", "n5 left gone", "n6 failed critical"]);
});

test("Members has no timer after it was stopped, even if another link is lost", async () => {
  const world = openWorld();
  await world.members.join(joinOf(4));
  world.members.lost(joinOf(4), 0);
  world.members.stop();
  world.members.lost(joinOf(4), 0);
  expect(world.clock.timerCount).toBe(0);
});
