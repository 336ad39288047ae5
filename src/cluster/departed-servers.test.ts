import { afterEach, beforeEach, expect, test } from "bun:test";
import { agentOf, MemberCluster, type MemberServer } from "../../test/support/member-cluster.ts";
import { followDepartures } from "./departed-servers.ts";
import type { ServerAddress } from "./join-call.ts";

let cluster: MemberCluster;
let leader: MemberServer;
let leaving: MemberServer;
/** The calls to the links of the leader, in order. */
let told: string[];
let known: ServerAddress[];

beforeEach(async () => {
  cluster = await MemberCluster.start(3);
  ({ leader } = cluster);
  [leaving] = cluster.followers as [MemberServer];
  told = [];
  known = leader.members.servers.filter(({ id }) => id !== leader.self.id);
  followDepartures(leader.store, {
    get known() {
      return known;
    },
    forget(id) {
      told.push(`forget ${nameOf(id)}`);
      known = known.filter((server) => server.id !== id);
    },
    learn(servers) {
      for (const { name } of servers) if (name !== leader.name) told.push(`learn ${name}`);
      known = [...known, ...servers];
    },
  });
});

afterEach(() => cluster.close());

function nameOf(id: string): string {
  return cluster.servers.find(({ self }) => self.id === id)?.name ?? id;
}

/** Ends a server that has told the others that it leaves. */
async function leave(server: MemberServer): Promise<void> {
  server.admission.stop();
  for (const other of cluster.servers) if (other !== server) await other.admission.leave(server.self);
  await cluster.kill(server);
  await cluster.advance(100);
}

test("the links forget a server that leaves, and not one that fails", async () => {
  await cluster.kill(leaving);
  await cluster.advance(20_000);
  expect(cluster.statusOf(leaving.name)).toBe("failed critical");
  expect(told).toEqual([]);
  cluster.restart(leaving);
  await cluster.advance(1_000);
  await leave(leaving);
  await cluster.advance(20_000);
  expect(told).toEqual([`forget ${leaving.name}`]);
});

test("the links forget a failed server that an operator forces out, also when it is no member any more", async () => {
  await cluster.kill(leaving);
  await cluster.advance(20_000);
  await leader.members.forceLeave(leaving.name, { prune: true });
  expect(told).toEqual([`forget ${leaving.name}`]);
});

test("a server that joins again is not forgotten before the leader has made it a member, and is learnt then", async () => {
  await leave(leaving);
  told = [];
  await leader.admission.join(agentOf(4));
  expect(told).toEqual([]);
  cluster.restart(leaving);
  await cluster.advance(1_000);
  expect(cluster.statusOf(leaving.name)).toBe("alive passing");
  expect(told).toEqual([`learn ${leaving.name}`]);
});
