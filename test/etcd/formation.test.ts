import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { skippedWithoutEtcd, withoutEtcd } from "../support/etcd.ts";
import { type FormationServer, type FormationServers, openServers } from "../support/formation-servers.ts";
import { freePorts } from "../support/free-ports.ts";
import { rejectionOf } from "../support/rejection.ts";
import { within } from "../support/within.ts";

const withinMs = 60_000;
/** A value that is easy to find in a file. */
const longValue = "1".repeat(1_000);

type Three = readonly [FormationServer, FormationServer, FormationServer];

/** Starts the first three servers, and resolves when they are one cluster. */
async function formThree({ all, join: ports }: FormationServers): Promise<Three> {
  const [one, two, three] = all;
  if (!one || !two || !three) throw new Error("three servers");
  await Promise.all([one, two, three].map((server) => server.start({ join: ports })));
  await formed(one, two, three);
  return [one, two, three];
}

/** Resolves when the etcd of each server is a voter. */
async function formed(...servers: readonly FormationServer[]): Promise<void> {
  await Promise.all(servers.map(({ formation }) => formation.formed));
}

/** Resolves when exactly these servers are the members, all of them voters. */
function areVoters(asked: FormationServer, servers: readonly FormationServer[]): Promise<void> {
  return within(withinMs, async () => {
    const peers = await asked.formation.peers();
    const voters = peers.map(({ server, isVoter }) => `${server?.name} ${isVoter}`);
    expect(voters.toSorted()).toEqual(servers.map(({ name }) => `${name} true`).toSorted());
  });
}

async function raftIdOf(asked: FormationServer, { id }: FormationServer): Promise<string | undefined> {
  return (await asked.formation.peers()).find((peer) => peer.id === id)?.raftId;
}

function portAt(asked: FormationServer, { id }: FormationServer): number | undefined {
  return asked.formation.known.find((known) => known.id === id)?.port;
}

describe.skipIf(withoutEtcd !== undefined)(`servers that keep etcds of their own${skippedWithoutEtcd}`, () => {
  test("form one cluster from nothing, and again after a restart of all without an address to join", async () => {
    await using servers = await openServers(3);
    const three = await formThree(servers);
    const [one, two] = three;
    await areVoters(one, three);
    await one.put("a", "1");
    for (const server of three) expect(await server.get("a")).toBe("1");
    expect(new Set(three.map(({ formation }) => formation.token)).size).toBe(1);
    const founders = await Promise.all(three.map(async ({ formation }) => (await formation.formed).isFounder));
    // None has data with which the cluster could begin.
    expect(founders.filter(Boolean)).toEqual([]);
    const leaders = (await two.formation.peers()).filter(({ leadsRaft }) => leadsRaft);
    expect(leaders).toHaveLength(1);

    const { token } = one.formation;
    for (const server of three) await server.stop();
    // Two of three are enough, and nothing tells them to join.
    await Promise.all([one, two].map((server) => server.start({ join: [] })));
    await formed(one, two);
    expect(await two.get("a")).toBe("1");
    expect(one.formation.token).toBe(token);
  });

  test("go on after one, and then all, have got new addresses, of which each knows one", async () => {
    await using servers = await openServers(3);
    const three = await formThree(servers);
    const [one, two, last] = three;
    await one.put("a", "1");
    const [moved = 0, ...ports] = await freePorts(4);
    await last.stop();
    last.port = moved;
    await last.start({ join: [one.port] });
    await formed(last);
    await last.put("b", "2");
    await within(withinMs, async () => expect([portAt(one, last), portAt(two, last)]).toEqual([moved, moved]));

    for (const server of three) await server.stop();
    for (const [at, server] of three.entries()) server.port = ports[at] ?? 0;
    await Promise.all(three.map((server) => server.start({ join: [one.port] })));
    await formed(...three);
    expect(await last.get("a")).toBe("1");
    await within(withinMs, async () => expect(portAt(two, last)).toBe(last.port));
  });

  test.each([
    ["etcd's folder", false],
    ["all of its data", true],
  ])("take one in anew that has lost %s, under a new id of raft", async (_, rows) => {
    await using servers = await openServers(3);
    const three = await formThree(servers);
    const [one, two, lost] = three;
    await one.put("a", "1");
    const before = await raftIdOf(one, lost);
    await lost.stop();
    lost.wipe({ rows });
    await lost.start({ join: servers.join });
    await formed(lost);
    await areVoters(one, three);
    expect(await raftIdOf(one, lost)).not.toBe(before);
    expect(await lost.get("a")).toBe("1");
    // Its vote counts: with it, one of the others can be away.
    await two.stop();
    await lost.put("b", "2");
  });

  test.each<[string, (log: Buffer) => void]>([
    ["a value", (log) => log.fill(0xff, log.indexOf(longValue), log.lastIndexOf(longValue))],
    ["a record's header", (log) => log.fill(0xa5, recordOf(log, longValue) + 8, recordOf(log, longValue) + 24)],
  ])("take one in anew whose log of raft is damaged in %s", async (_, damage) => {
    await using servers = await openServers(3);
    const three = await formThree(servers);
    const [one, , damaged] = three;
    for (const key of ["a", "b", "c", "d"]) await one.put(key, longValue);
    await within(withinMs, async () => expect(await damaged.get("d")).toBeDefined());
    await damaged.stop();
    const folder = join(damaged.folder, "data/member/wal");
    const [file = ""] = readdirSync(folder).filter((name) => name.endsWith(".wal"));
    const log = readFileSync(join(folder, file));
    damage(log);
    writeFileSync(join(folder, file), log);
    await damaged.start({ join: [] });
    await formed(damaged);
    await areVoters(one, three);
    expect(await damaged.get("d")).toBeDefined();
    expect(damaged.hasDataAside).toBe(true);
  });

  test("take in a fourth and a fifth together, remove one that is gone, and let one leave", async () => {
    await using servers = await openServers(5);
    const [one, two] = await formThree(servers);
    const [, , , fourth, fifth] = servers.all;
    if (!fourth || !fifth) throw new Error("five servers");
    await one.put("a", "1");
    await Promise.all([fourth.start({ join: servers.join }), fifth.start({ expect: 0, join: servers.join })]);
    await formed(fourth, fifth);
    await areVoters(two, servers.all);
    expect(await fifth.get("a")).toBe("1");
    expect((await fifth.formation.formed).isFounder).toBe(false);

    await fourth.stop();
    const unknown = await rejectionOf(one.formation.remove("no-such-id"));
    expect(unknown.message).toBe('id "no-such-id" was not found in the Raft configuration');
    await one.formation.remove(fourth.id);
    await areVoters(
      two,
      servers.all.filter((server) => server !== fourth),
    );

    // It still has the data of a member, which etcd refuses.
    await fourth.start({ join: [] });
    await formed(fourth);
    await areVoters(two, servers.all);
    expect(fourth.hasDataAside).toBe(true);

    const [leader = one] = await leadersOfRaft(one, servers);
    await leader.formation.leave();
    const left = servers.all.filter((server) => server !== leader);
    const [asked = two] = left;
    await areVoters(asked, left);
    expect(leader.hasDataAside).toBe(true);
    await asked.put("b", "2");

    await leader.stop();
    await leader.start({ join: servers.all.map(({ port }) => port) });
    await formed(leader);
    expect(await leader.get("b")).toBe("2");
  });

  test("replace a dead one when another joins, and are never fewer than three by themselves", async () => {
    await using servers = await openServers(4);
    const [one, two, dead] = await formThree(servers);
    const [, , , fourth] = servers.all;
    if (!fourth) throw new Error("four servers");
    await dead.stop();
    await one.put("a", "1");
    await fourth.start({ expect: 0, join: [one.port, two.port] });
    await formed(fourth);
    await areVoters(one, [one, two, fourth]);
    expect(await fourth.get("a")).toBe("1");
  });

  test("do not begin a cluster while two of them have data of their own, and say how to choose", async () => {
    await using servers = await openServers(3);
    const [one, two, three] = servers.all;
    if (!one || !two || !three) throw new Error("three servers");
    await one.start({ join: servers.join, hasLoneData: true });
    await two.start({ join: servers.join, hasLoneData: true });
    await three.start({ join: servers.join });
    await within(withinMs, async () => {
      for (const server of servers.all)
        expect(server.logged.join()).toMatch(/(?:n1 and n2|n2 and n1) have data of their own/);
    });
    expect(servers.all.map(({ formation }) => formation.token)).toEqual([undefined, undefined, undefined]);
    await two.stop();
    await two.start({ join: servers.join });
    await formed(one, two, three);
    const founders = await Promise.all(servers.all.map(async ({ formation }) => (await formation.formed).isFounder));
    expect(founders).toEqual([true, false, false]);
  });
});

async function leadersOfRaft(asked: FormationServer, { all }: FormationServers): Promise<readonly FormationServer[]> {
  const leading = (await asked.formation.peers()).filter(({ leadsRaft }) => leadsRaft).map(({ id }) => id);
  return all.filter(({ id }) => leading.includes(id));
}

/** Returns the offset of the record that has a text, in a log of etcd: each is a length, of which the lowest 56 bits count, and padding. */
function recordOf(log: Buffer, text: string): number {
  const end = log.indexOf(text);
  for (let at = 0; ;) {
    const length = log.readUIntLE(at, 6);
    const hasPadding = (log.readUInt8(at + 7) & 0x80) !== 0;
    const next = at + 8 + length + (hasPadding ? log.readUInt8(at + 7) & 0x07 : 0);
    if (next > end) return at;
    at = next;
  }
}
