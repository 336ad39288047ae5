import { beforeEach, describe, expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { joinOf } from "../../test/support/members.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { sleep } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import type { Member } from "../model/member.ts";
import type { Formation, FormationPeer } from "./formation/formation.ts";
import { type AutopilotRow, defaultAutopilot } from "../model/autopilot.ts";
import type { ServerAddress } from "./join-call.ts";
import { memberOf } from "./member-rows.ts";
import type { LeaderTerm } from "./leader-calls.ts";
import { healthCall, type Progress, progressCall, ServerCluster } from "./server-cluster.ts";

let clock: FakeClock;
let settings: AutopilotRow;
let leader: LeaderTerm | undefined;
/** Milliseconds until another server answers. */
let answerMs: number;
/** By id: how far another server is; a server without an entry does not answer. */
let progress: Map<string, Progress>;
let silentMs: Map<string, number>;
let members: Member[];
let known: ServerAddress[];
let peers: FormationPeer[] | undefined;
/** The steps that the cluster has taken, in order. */
let steps: string[];
let cluster: ServerCluster;

const serverSettings = { bootstrap: false, bootstrapExpect: 3, ports: { server: 8300, serfLan: 8301, serfWan: 8302 } };

beforeEach(() => {
  clock = new FakeClock();
  settings = defaultAutopilot;
  answerMs = 0;
  leader = { name: "s1-id", term: 7 };
  const others = [2, 3];
  progress = new Map(others.map((number) => [`s${number}-id`, { term: 7, index: 90 + number }]));
  silentMs = new Map(others.map((number) => [`s${number}-id`, number + 0.0004]));
  members = [1, 2, 3].map((number) => memberNumbered(number));
  known = others.map((number) => addressOf(number));
  peers = [2, 1, 3].map((number) => peerOf(number, true));
  steps = [];
  cluster = new ServerCluster({
    own: addressOf(1),
    store: {
      get leads() {
        return leader?.name === "s1-id";
      },
      get state() {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the cluster reads these two only
        return { index: 99, autopilot: { get: () => settings } } as never;
      },
    },
    leader: () => leader,
    links: {
      get known() {
        return known;
      },
      silentMs: (id) => silentMs.get(id),
      call(id, { kind }) {
        const head = progress.get(id);
        if (!head || kind !== progressCall) return new Promise(() => {});
        return answerMs === 0 ? Promise.resolve({ head }) : sleep(clock, answerMs).then(() => ({ head }));
      },
    },
    calls: { callLeader: async (kind) => `the leader's answer to ${kind}` },
    members: {
      get all() {
        return members;
      },
      forceLeave: async (name, { prune }) => steps.push(`force ${name} out${prune ? " and delete it" : ""}`),
    },
    formation: () => peers && formationWith(peers),
    versions: { praetor: "0.1.0", etcd: "3.4.23" },
    clock,
  });
});

function addressOf(number: number, address = `10.0.0.${number}`): ServerAddress {
  return { id: `s${number}-id`, name: `s${number}`, address, port: 8300 };
}

function memberNumbered(number: number, status: Member["status"] = "alive"): Member {
  const join = joinOf(number, { ...addressOf(number), role: "server", server: serverSettings });
  return { ...memberOf(join, clock.wallMs()), status };
}

function peerOf(number: number, isVoter: boolean): FormationPeer {
  return { id: `s${number}-id`, raftId: `${number}`, server: addressOf(number), isVoter, leadsRaft: false };
}

function formationWith(all: readonly FormationPeer[]): Formation {
  const remove = async (id: string): Promise<void> => {
    if (!all.some((peer) => peer.id === id)) throw new OperatingError("not-found", "raft-peer-missing", id);
    if (id === "s9-id") throw new OperatingError("unavailable", "raft-peer-needed", "start another server first");
    steps.push(`remove ${id}`);
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the cluster uses these two methods only
  return { peers: async () => all, remove } as never;
}

/** Judges the servers, and lets those that do not answer be late. */
async function judged() {
  const health = cluster.judge();
  await clock.advance(0);
  await clock.advance(1_000);
  return health;
}

describe("the leader", () => {
  test("judges all servers by how far they are, itself first", async () => {
    leader = { name: "s1-id", term: 7 };
    const { isHealthy, failureTolerance, servers } = await judged();
    expect([isHealthy, failureTolerance]).toEqual([true, 1]);
    expect(servers.map(({ name, address, leads, isVoter }) => [name, address, leads, isVoter])).toEqual([
      ["s1", "10.0.0.1:8300", true, true],
      ["s2", "10.0.0.2:8300", false, true],
      ["s3", "10.0.0.3:8300", false, true],
    ]);
    expect(servers.map(({ lastTerm, lastIndex, lastContactMs }) => [lastTerm, lastIndex, lastContactMs])).toEqual([
      [7, 99, 0],
      [7, 92, 2],
      [7, 93, 3],
    ]);
    expect(cluster.judgement).toEqual({ isHealthy: true, failureTolerance: 1 });
  });

  test("finds a server unhealthy that does not answer within a second, until it does", async () => {
    const beganMs = clock.wallMs();
    await judged();
    progress.delete("s3-id");
    silentMs.delete("s3-id");
    members = members.map((member) => (member.name === "s3" ? { ...member, status: "failed" } : member));
    const failedMs = clock.wallMs();
    await judged();
    await clock.advance(60_000);
    const { isHealthy, failureTolerance, servers } = await judged();
    expect([isHealthy, failureTolerance]).toEqual([false, 0]);
    const [first, , last] = servers as [(typeof servers)[0], unknown, (typeof servers)[0]];
    expect(first).toMatchObject({ isHealthy: true, stableSinceMs: beganMs });
    expect(last).toMatchObject({
      name: "s3",
      status: "failed",
      isHealthy: false,
      lastContactMs: undefined,
      lastTerm: 0,
    });
    expect(last.stableSinceMs - failedMs).toBe(1_000);
    progress.set("s3-id", { term: 8, index: 99 });
    expect((await judged()).servers[2]).toMatchObject({ isHealthy: true, stableSinceMs: clock.wallMs() - 1_000 });
  });

  test("tells the versions of each server, and how far its clock is off by more than the round trip explains", async () => {
    const wallMs = clock.wallMs();
    const versions = { praetor: "0.2.0", etcd: "3.5.9" };
    progress.set("s2-id", { term: 7, index: 92, wallMs: wallMs + 5_000, versions });
    answerMs = 300;
    const { servers } = await judged();
    expect(servers.map(({ versions: each, clockAheadMs }) => [each, clockAheadMs])).toEqual([
      [{ praetor: "0.1.0", etcd: "3.4.23" }, 0],
      [versions, 4_700],
      // The first Praetors tell neither.
      [undefined, undefined],
    ]);
    for (const [aheadMs, shownMs] of [
      [250, 0],
      [-20, -20],
    ] as const) {
      progress.set("s2-id", { term: 7, index: 92, wallMs: clock.wallMs() + aheadMs, versions });
      expect((await judged()).servers[1]?.clockAheadMs).toBe(shownMs);
    }
    expect(cluster.progress).toMatchObject({ wallMs: clock.wallMs(), versions: { praetor: "0.1.0" } });
  });

  test("finds a server unhealthy that is further behind than autopilot's MaxTrailingLogs", async () => {
    progress.set("s2-id", { term: 7, index: 88 });
    expect(await judged()).toMatchObject({ isHealthy: true, failureTolerance: 1 });
    settings = { ...defaultAutopilot, maxTrailingLogs: 10 };
    const { isHealthy, failureTolerance, servers } = await judged();
    expect([isHealthy, failureTolerance]).toEqual([false, 0]);
    expect(servers.map((each) => each.isHealthy)).toEqual([true, false, true]);
  });

  test("waits for an answer for as long as autopilot's LastContactThreshold, and at least for a second", async () => {
    answerMs = 2_000;
    expect((await judged()).servers.map((each) => each.isHealthy)).toEqual([true, false, false]);
    settings = { ...defaultAutopilot, lastContactThresholdMs: 3_000 };
    const health = cluster.judge();
    await clock.advance(0);
    await clock.advance(2_000);
    expect(await health).toMatchObject({ isHealthy: true });
  });

  test("knows how late each other server's sign of life is, also after its link is lost", async () => {
    silentMs.set("s3-id", 1_250);
    expect(cluster.latenessMs).toEqual([0, 250]);
    silentMs.delete("s3-id");
    await clock.advance(10_000);
    expect(cluster.latenessMs).toEqual([0, 10_250]);
    leader = { name: "s2-id", term: 8 };
    expect(cluster.latenessMs).toEqual([]);
  });

  test("counts a server that is being taken in among the unhealthy, and not among the voters", async () => {
    peers?.push(peerOf(4, false));
    expect(await judged()).toMatchObject({ isHealthy: false, failureTolerance: 1 });
    progress.delete("s2-id");
    progress.delete("s3-id");
    expect(await judged()).toMatchObject({ isHealthy: false, failureTolerance: 0 });
  });

  test("lets an alive member leave without a word to etcd, and a dead server loses its vote first", async () => {
    const leave = async (): Promise<boolean> => {
      steps.push("left");
      return true;
    };
    const forceLeave = (name: string) => cluster.forceLeave({ name, prune: false }, leave);
    expect(await forceLeave("s2")).toBe(true);
    await forceLeave("nosuch");
    expect(steps.splice(0)).toEqual(["left", "left"]);
    members = [memberNumbered(2, "failed"), memberNumbered(5, "failed"), memberNumbered(9, "failed")];
    peers?.push(peerOf(9, true));
    await forceLeave("s2");
    expect(steps.splice(0)).toEqual(["remove s2-id", "left"]);
    await forceLeave("s5");
    expect(steps.splice(0)).toEqual(["left"]);
    expect(await rejectionOf(forceLeave("s9"))).toMatchObject({ code: "raft-peer-needed" });
    expect(steps).toEqual([]);
  });
});

describe("a follower", () => {
  beforeEach(() => {
    leader = { name: "s2-id", term: 8 };
  });

  test("names the leader, and how long it has not heard of it", async () => {
    expect([cluster.leads, cluster.leader, cluster.lastContactMs]).toMatchObject([false, { name: "s2" }, 2]);
    await clock.advance(50);
    silentMs.delete("s2-id");
    expect([cluster.lastContactMs, cluster.term]).toEqual([52, 8]);
    leader = undefined;
    await clock.advance(50);
    expect([cluster.leader, cluster.lastContactMs, cluster.term]).toEqual([undefined, 102, 8]);
  });

  test("has not heard of any leader before the first", () => {
    leader = undefined;
    expect([cluster.lastContactMs, cluster.term, cluster.judgement]).toEqual([Infinity, 0, undefined]);
  });

  test("asks the leader for the health of all servers", async () => {
    expect(await cluster.health()).toEqual(`the leader's answer to ${healthCall}` as never);
  });

  test("removes a server from etcd, and then from the members", async () => {
    const [, , last] = await cluster.peers();
    if (last) await cluster.removePeer(last);
    expect(steps).toEqual(["remove s3-id", "force s3 out"]);
  });
});

describe("the servers", () => {
  test("are the members of etcd, under their names in the list of members", async () => {
    members = members.filter(({ name }) => name !== "s3");
    known = [addressOf(2, "fd00::2")];
    peers = [peerOf(1, true), peerOf(2, true), peerOf(3, false), { ...peerOf(4, true), server: undefined }];
    members = members.filter(({ name }) => name !== "s2");
    expect((await cluster.peers()).map(({ name, address, isVoter }) => [name, address, isVoter])).toEqual([
      ["s1", "10.0.0.1:8300", true],
      ["s2", "[fd00::2]:8300", true],
      ["s3", "10.0.0.3:8300", false],
      ["(unknown)", "", true],
    ]);
  });

  test("are those of the links and of the members with an etcd that others run, but for those that have left", async () => {
    peers = undefined;
    known = [addressOf(2), addressOf(4)];
    members = [memberNumbered(1), memberNumbered(3, "failed"), memberNumbered(4, "left")];
    expect((await cluster.peers()).map(({ name }) => name)).toEqual(["s1", "s2", "s3"]);
    expect(cluster.knownPeers.map(({ name, leads }) => [name, leads])).toEqual([
      ["s1", true],
      ["s2", false],
      ["s3", false],
    ]);
  });
});
