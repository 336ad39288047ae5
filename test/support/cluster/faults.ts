import type { Cluster } from "./cluster.ts";
import type { ClusterAgent } from "./cluster-agent.ts";

/** A fault of a cluster, and how it is mended. */
export interface Fault {
  /** The fault as the rest of a sentence: "the leader is killed". */
  readonly name: string;
  /** Whether the fault exists only where servers have an etcd of their own. */
  readonly needsEtcd?: true;
  readonly strike: (cluster: Cluster) => Promise<Struck>;
}

export interface Struck {
  /** The agents through which no request is expected to succeed until `mend`. */
  readonly struck: readonly ClusterAgent[];
  readonly mend: () => Promise<void>;
}

async function one(agent: ClusterAgent, mend: () => Promise<void>): Promise<Struck> {
  return { struck: [agent], mend };
}

async function killed(agent: ClusterAgent, part: "agent" | "both"): Promise<Struck> {
  await agent.kill(part);
  return one(agent, () => agent.start());
}

async function suspended(agent: ClusterAgent, part: "agent" | "both"): Promise<Struck> {
  agent.signal("SIGSTOP", part);
  return one(agent, async () => agent.signal("SIGCONT", part));
}

async function firstFollower(cluster: Cluster): Promise<ClusterAgent> {
  const [follower] = await cluster.followers();
  if (follower === undefined) throw new Error("the cluster has no follower");
  return follower;
}

export const leaderKilled: Fault = {
  name: "the leader's agent and etcd are killed",
  strike: async (cluster) => killed(await cluster.leader(), "both"),
};

const leaderAgentKilled: Fault = {
  name: "the leader's agent alone is killed",
  needsEtcd: true,
  strike: async (cluster) => killed(await cluster.leader(), "agent"),
};

const leaderEtcdKilled: Fault = {
  name: "the leader's etcd alone is killed",
  needsEtcd: true,
  strike: async (cluster) => {
    const leader = await cluster.leader();
    await leader.kill("etcd");
    return { struck: [], mend: async () => {} };
  },
};

const leaderEtcdSuspended: Fault = {
  name: "the leader's etcd alone is suspended",
  needsEtcd: true,
  strike: async (cluster) => {
    const leader = await cluster.leader();
    leader.signal("SIGSTOP", "etcd");
    return one(leader, async () => leader.signal("SIGCONT", "etcd"));
  },
};

export const leaderSuspended: Fault = {
  name: "the leader is suspended, and resumed",
  strike: async (cluster) => suspended(await cluster.leader(), "both"),
};

const leaderAgentSuspended: Fault = {
  name: "the leader's agent alone is suspended, and resumed",
  needsEtcd: true,
  strike: async (cluster) => suspended(await cluster.leader(), "agent"),
};

const leaderTerminated: Fault = {
  name: "the leader is ended by SIGTERM",
  strike: async (cluster) => {
    const leader = await cluster.leader();
    await leader.end("SIGTERM");
    return one(leader, () => leader.start());
  },
};

export const leaderUnplugged: Fault = {
  name: "the leader's cable is pulled",
  strike: async (cluster) => {
    const leader = await cluster.leader();
    await leader.machine.unplug();
    return one(leader, () => leader.machine.plug());
  },
};

const leaderMute: Fault = {
  name: "what the leader sends to the other servers is lost",
  strike: async (cluster) => {
    const leader = await cluster.leader();
    const others = cluster.servers.filter((server) => server !== leader);
    for (const { machine } of others) await leader.machine.lose(machine);
    return one(leader, async () => {
      for (const { machine } of others) await leader.machine.find(machine);
    });
  },
};

const leaderDeaf: Fault = {
  name: "what the other servers send to the leader is lost",
  strike: async (cluster) => {
    const leader = await cluster.leader();
    const others = cluster.servers.filter((server) => server !== leader);
    for (const { machine } of others) await machine.lose(leader.machine);
    return one(leader, async () => {
      for (const { machine } of others) await machine.find(leader.machine);
    });
  },
};

const followerKilled: Fault = {
  name: "a follower is killed",
  strike: async (cluster) => killed(await firstFollower(cluster), "both"),
};

const followerSuspended: Fault = {
  name: "a follower is suspended, and resumed",
  strike: async (cluster) => suspended(await firstFollower(cluster), "both"),
};

const followerUnplugged: Fault = {
  name: "a follower's cable is pulled",
  strike: async (cluster) => {
    const follower = await firstFollower(cluster);
    await follower.machine.unplug();
    return one(follower, () => follower.machine.plug());
  },
};

/** Faults of one server, after which the other two must go on. */
export const faults: readonly Fault[] = [
  leaderKilled,
  leaderAgentKilled,
  leaderEtcdKilled,
  leaderEtcdSuspended,
  leaderSuspended,
  leaderAgentSuspended,
  leaderTerminated,
  leaderUnplugged,
  leaderMute,
  leaderDeaf,
  followerKilled,
  followerSuspended,
  followerUnplugged,
];
