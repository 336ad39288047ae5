import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { connectLinks, type LinkPair } from "../../test/support/link-pair.ts";
import { agentOf, MemberCluster, type MemberServer } from "../../test/support/member-cluster.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { settle } from "../../test/support/settle.ts";
import { wanMember } from "./server-registration.ts";
import { pushServers } from "./server-list.ts";

let cluster: MemberCluster;
let leader: MemberServer;
let followers: readonly [MemberServer, MemberServer];
beforeEach(async () => {
  cluster = await MemberCluster.start(3);
  ({ leader } = cluster);
  const [first, second] = cluster.followers;
  followers = [first ?? leader, second ?? leader];
});
afterEach(() => cluster.close());

const servers = ["s1 alive passing", "s2 alive passing", "s3 alive passing"];

/** Returns the view without the servers. */
function agents(server: MemberServer = cluster.leader): string[] {
  return cluster.view(server).filter((line) => !line.startsWith("s"));
}

describe("the members of a cluster of three servers:", () => {
  test("all servers list the same members with Consul's tags, each itself first", async () => {
    await followers[0].admission.join(agentOf(4));
    await cluster.advance(100);
    for (const server of cluster.servers) {
      expect(cluster.view(server)).toEqual(["n4 alive passing", ...servers]);
      expect(server.members.all[0]?.name).toBe(server.name);
      const addresses = server.members.servers.map(({ name, address, port }) => `${name} ${address} ${port}`);
      expect(addresses).toEqual(["s1 10.0.1.1 8300", "s2 10.0.1.2 8300", "s3 10.0.1.3 8300"]);
      expect((await server.admission.join(agentOf(4))).servers).toEqual(server.members.servers);
    }
    const [own] = cluster.at(1).members.all;
    const shown = cluster.at(0).members.all.find(({ name }) => name === "s2");
    expect(shown?.tags).toEqual(own?.tags ?? {});
    expect(shown && wanMember(shown).name).toBe("s2.dc1");
  });

  test("an agent that joins by a follower is a member there when its join is answered", async () => {
    const answered = followers[1].admission.join(agentOf(4));
    await cluster.advance(0);
    await answered;
    expect(agents()).toEqual(["n4 alive passing"]);
  });

  test("the agents that report to a new leader again are not written again", async () => {
    for (const number of [4, 5]) await followers[0].admission.join(agentOf(number));
    await cluster.advance(1_000);
    const before = cluster.at(0).store.state.members;
    await cluster.changeLeader();
    await cluster.advance(20_000);
    expect(cluster.leader).not.toBe(leader);
    expect(cluster.at(0).store.state.members).toEqual(before);
    expect(agents()).toEqual(["n4 alive passing", "n5 alive passing"]);
  });
});

describe("an agent of several servers", () => {
  test("stays alive while one server has a link with it, and fails 3 s after the last link was heard", async () => {
    for (const { admission } of cluster.servers) await admission.join(agentOf(4));
    await cluster.advance(6_000);
    followers[0].admission.lost(agentOf(4), 3_000);
    leader.admission.lost(agentOf(4), 0);
    await cluster.advance(10_000);
    expect(agents()).toEqual(["n4 alive passing"]);
    followers[1].admission.lost(agentOf(4), 500);
    await cluster.advance(2_499);
    expect(agents()).toEqual(["n4 alive passing"]);
    await cluster.advance(1);
    expect(agents()).toEqual(["n4 failed critical"]);
  });

  test("that was heard by the server to which it had moved is not dead because its first server was late to notice", async () => {
    for (const { admission } of followers) await admission.join(agentOf(4));
    await cluster.advance(6_000);
    followers[1].admission.lost(agentOf(4), 0);
    await cluster.advance(100);
    followers[0].admission.lost(agentOf(4), 3_000);
    await cluster.advance(2_899);
    expect(agents()).toEqual(["n4 alive passing"]);
    await cluster.advance(1);
    expect(agents()).toEqual(["n4 failed critical"]);
  });

  test("that fails is back at once by any server", async () => {
    await followers[0].admission.join(agentOf(4));
    followers[0].admission.lost(agentOf(4), 0);
    await cluster.advance(20_000);
    expect(agents()).toEqual(["n4 failed critical"]);
    const joining = followers[1].admission.join(agentOf(4));
    await cluster.advance(0);
    await joining;
    expect(agents()).toEqual(["n4 alive passing"]);
  });

  test("leaves by any server, and its node goes", async () => {
    for (const { admission } of followers) await admission.join(agentOf(4));
    await followers[1].admission.leave(agentOf(4));
    followers[0].admission.lost(agentOf(4), 0);
    await cluster.advance(20_000);
    expect(agents()).toEqual(["n4 left gone"]);
  });

  test("that could not leave for want of a leader is still reported", async () => {
    await followers[0].admission.join(agentOf(4));
    await cluster.loseLeader();
    const leaving = rejectionOf(followers[0].admission.leave(agentOf(4)));
    await cluster.advance(8_000);
    expect(await leaving).toMatchObject({ code: "no-leader" });
    await cluster.electAgain();
    await cluster.advance(20_000);
    expect(agents()).toEqual(["n4 alive passing"]);
  });

  test("has another name or address than a member with its id, or another id than one with its name: it is refused", async () => {
    await followers[0].admission.join(agentOf(4));
    const { id } = agentOf(4);
    const clashes = [
      [{ name: "n4" }, `Node name n4 is reserved by node ${id}`],
      [{ id }, `Member 'n4' has conflicting node ID`],
      [{ id, name: "n4", address: "10.0.0.44" }, `an agent with the node id ${id} is connected from 10.0.0.4 as n4`],
      [
        { id: leader.self.id },
        `Member '${leader.name}' has conflicting node ID '${leader.self.id}' with this agent's ID`,
      ],
      [{ name: leader.name }, `Node name ${leader.name} is reserved by node ${leader.self.id}`],
      [{ datacenter: "dc2" }, `Member '${followers[1].name}' part of wrong datacenter 'dc1'`],
    ] as const;
    for (const [changes, text] of clashes)
      expect((await rejectionOf(followers[1].admission.join(agentOf(5, changes)))).message).toContain(text);
    await cluster.advance(20_000);
    expect(cluster.view()).toEqual(["n4 alive passing", ...servers]);
  });
});

describe("a new leader", () => {
  test("lets no agent fail in its first five seconds, and then those that are silent", async () => {
    await followers[0].admission.join(agentOf(4));
    await cluster.changeLeader();
    await cluster.advance(1_000);
    followers[0].admission.lost(agentOf(4), 3_000);
    await cluster.advance(3_999);
    expect(agents()).toEqual(["n4 alive passing"]);
    await cluster.advance(1);
    expect(agents()).toEqual(["n4 failed critical"]);
  });

  test("waits for the report of a linked server before it lets its agents fail, but not for long", async () => {
    const [muted] = followers;
    const others = cluster.servers.filter((server) => server !== muted);
    await muted.admission.join(agentOf(4));
    muted.isMuted = true;
    await cluster.changeLeader();
    while (cluster.leader === muted) await cluster.changeLeader();
    await cluster.advance(14_000);
    expect(agents()).toEqual(["n4 alive passing"]);
    await cluster.advance(3_000);
    expect(agents()).toEqual(["n4 failed critical"]);
    expect(others).toContain(cluster.leader);
    muted.isMuted = false;
    await cluster.advance(1_000);
    expect(agents()).toEqual(["n4 alive passing"]);
  });
});

describe("without a leader", () => {
  test("the join of a server is answered at once, and that of a client agent after a second", async () => {
    await cluster.loseLeader();
    await followers[0].admission.join(followers[1].self);
    let isAnswered = false;
    const joining = followers[0].admission.join(agentOf(4)).then(() => (isAnswered = true));
    await cluster.advance(999);
    expect(isAnswered).toBe(false);
    await cluster.advance(1);
    await joining;
    await cluster.electAgain();
    await cluster.advance(1_000);
    expect(agents()).toEqual(["n4 alive passing"]);
  });

  test("an agent is accepted for the time being, and its link is closed when a leader refuses it", async () => {
    await followers[0].admission.join(agentOf(4));
    await cluster.loseLeader();
    const { clock } = cluster;
    const pair: LinkPair = connectLinks({ clock, handler: followers[1].linked.handler({}) });
    const joining = pair.dialled.call({ kind: "join", head: agentOf(5, { name: "n4" }) });
    await cluster.advance(2_000);
    await joining;
    expect(followers[1].linked.count).toBe(1);
    await cluster.electAgain();
    await cluster.advance(1_000);
    expect(pair.accepted.isLost).toBe(true);
    expect(await pair.accepted.lost).toContain("Node name n4 is reserved");
    expect(followers[1].linked.count).toBe(0);
    expect(followers[1].lines.join("\n")).toContain("Closed the link of an agent that the leader refuses: member=n4");
    await cluster.advance(20_000);
    expect(agents()).toEqual(["n4 alive passing"]);
  });
});

describe("a server that dies", () => {
  test("fails after three seconds, and none of its 20 agents does, since they move to other servers", async () => {
    const dying = followers[0];
    for (let number = 10; number < 30; number += 1) await dying.admission.join(agentOf(number));
    await cluster.advance(10_000);
    await cluster.kill(dying);
    await cluster.advance(2_999);
    expect(cluster.statusOf(dying.name)).toBe("alive passing");
    await cluster.advance(1);
    expect(cluster.statusOf(dying.name)).toBe("failed critical");
    await cluster.advance(1_000);
    for (let number = 10; number < 30; number += 1)
      void cluster.at(cluster.servers.indexOf(number % 2 ? leader : followers[1])).admission.join(agentOf(number));
    await cluster.advance(60_000);
    expect(agents().filter((line) => !line.endsWith("alive passing"))).toEqual([]);
    expect(leader.members.servers.map(({ name }) => name)).not.toContain(dying.name);
    expect(leader.lines.filter((line) => line.includes("member failed"))).toHaveLength(1);
  });

  test("takes the agents with it that move nowhere, six seconds after it was last heard", async () => {
    await followers[0].admission.join(agentOf(4));
    await cluster.advance(10_000);
    await cluster.kill(followers[0]);
    await cluster.advance(5_999);
    expect(agents()).toEqual(["n4 alive passing"]);
    await cluster.advance(1);
    expect(agents()).toEqual(["n4 failed critical"]);
  });

  test("and is back is alive at once", async () => {
    await cluster.kill(followers[0]);
    await cluster.advance(20_000);
    expect(cluster.statusOf(followers[0].name)).toBe("failed critical");
    cluster.restart(followers[0]);
    await cluster.advance(0);
    expect(cluster.view()).toEqual(servers);
  });

  test("as the leader, together with ten agents: those ten and it fail five seconds into the next term, no others", async () => {
    for (let number = 10; number < 20; number += 1) await followers[0].admission.join(agentOf(number));
    for (let number = 20; number < 30; number += 1) await leader.admission.join(agentOf(number));
    await cluster.advance(10_000);
    for (let number = 10; number < 20; number += 1) followers[0].admission.lost(agentOf(number), 0);
    await cluster.kill(leader);
    await cluster.advance(2_000);
    for (let number = 20; number < 30; number += 1) void followers[1].admission.join(agentOf(number));
    await cluster.advance(2_000);
    expect(cluster.view().filter((line) => line.includes("critical"))).toEqual([]);
    await cluster.advance(1_000);
    const failed = cluster.view().filter((line) => line.endsWith("failed critical"));
    expect(failed).toEqual([
      ...Array.from({ length: 10 }, (_, n) => `n${10 + n} failed critical`),
      `${leader.name} failed critical`,
    ]);
    await cluster.advance(60_000);
    expect(cluster.view().filter((line) => line.endsWith("failed critical"))).toEqual(failed);
  });
});

describe("a server that is cut off from the leader", () => {
  test("but not from another server stays alive with its agents", async () => {
    await followers[0].admission.join(agentOf(4));
    await cluster.advance(10_000);
    cluster.disconnect(followers[0], leader);
    await cluster.advance(60_000);
    expect(cluster.view()).toEqual(["n4 alive passing", ...servers]);
  });

  test("and from all others fails with its agents, which are alive again as soon as a link is", async () => {
    await followers[0].admission.join(agentOf(4));
    await cluster.advance(10_000);
    cluster.disconnect(followers[0], leader);
    cluster.disconnect(followers[0], followers[1]);
    await cluster.advance(10_000);
    expect([cluster.statusOf(followers[0].name), cluster.statusOf("n4")]).toEqual([
      "failed critical",
      "failed critical",
    ]);
    cluster.connect(followers[0], followers[1]);
    await cluster.advance(0);
    expect(cluster.view()).toEqual(["n4 alive passing", ...servers]);
  });

  test("tells the leader what has changed meanwhile when it is back", async () => {
    await followers[0].admission.join(agentOf(4));
    await cluster.advance(10_000);
    cluster.disconnect(followers[0], leader);
    followers[0].admission.lost(agentOf(4), 0);
    void followers[0].admission.join(agentOf(5));
    await cluster.advance(20_000);
    expect(agents()).toEqual(["n4 alive passing"]);
    cluster.connect(followers[0], leader);
    await cluster.advance(5_000);
    expect(agents()).toEqual(["n4 failed critical", "n5 alive passing"]);
  });
});

describe("an operator", () => {
  test("forces failed members out on any server, servers too, and shows a linked one as leaving", async () => {
    await followers[1].admission.join(agentOf(4));
    await cluster.kill(followers[0]);
    followers[1].admission.lost(agentOf(4), 0);
    await cluster.advance(20_000);
    const { members } = followers[1];
    expect(await members.forceLeave(followers[0].name, { prune: false })).toBe(true);
    expect(await members.forceLeave("n4", { prune: true })).toBe(true);
    expect(await members.forceLeave("nosuch", { prune: true })).toBe(false);
    expect(cluster.view()).toContain(`${followers[0].name} left gone`);
    expect(agents()).toEqual([]);
    expect(await members.forceLeave(leader.name, { prune: true })).toBe(true);
    expect(await leader.members.forceLeave(followers[1].name, { prune: true })).toBe(true);
    expect(cluster.view()).toContain(`${followers[1].name} leaving passing`);
  });

  test("lets a server leave: its node goes, and it is no server for agents", async () => {
    followers[0].admission.stop();
    for (const other of [leader, followers[1]]) await other.admission.leave(followers[0].self);
    await cluster.kill(followers[0]);
    await cluster.changeLeader();
    await cluster.advance(20_000);
    expect(cluster.statusOf(followers[0].name)).toBe("left gone");
    expect(leader.members.servers.map(({ name }) => name)).not.toContain(followers[0].name);
    expect(cluster.view().filter((line) => line.endsWith("alive passing"))).toHaveLength(2);
  });
});

test("the linked client agents get the servers after each change, and servers do not", async () => {
  const { clock } = cluster;
  const pushed: unknown[] = [];
  const pair = connectLinks({
    ...{ clock, handler: leader.linked.handler({}) },
    diallerHandler: async ({ kind, head }) => {
      pushed.push([kind, head]);
      return { head: null };
    },
  });
  pushServers(leader.store, leader);
  await pair.dialled.call({ kind: "join", head: agentOf(4) });
  await cluster.advance(10_000);
  expect(pushed).toEqual([]);
  await cluster.kill(followers[0]);
  await cluster.advance(10_000);
  await settle();
  expect(pushed).toEqual([["servers", { servers: leader.members.servers }]]);
  expect(leader.members.servers).toHaveLength(2);
  pair.dialled.close();
});

test("a follower has no timer of a judge, and a former leader keeps none", async () => {
  await leader.admission.join(agentOf(4));
  leader.admission.lost(agentOf(4), 0);
  await cluster.advance(100);
  await cluster.changeLeader();
  leader.members.stop();
  const { timerCount } = cluster.clock;
  cluster.leader.members.stop();
  // The round of reconciliation and the timers of n4 and of no other member.
  expect(timerCount - cluster.clock.timerCount).toBeGreaterThan(0);
  for (const { members } of cluster.servers) members.stop();
  expect(leader.lines.filter((line) => line.includes("member failed"))).toEqual([]);
});
