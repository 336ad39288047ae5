import { ClusterAdmission } from "../../src/cluster/admission.ts";
import type { JoinRequest } from "../../src/cluster/join-call.ts";
import type { CallLeader } from "../../src/cluster/leader-calls.ts";
import { LinkedAgents } from "../../src/cluster/linked-agents.ts";
import { serverJoin } from "../../src/cluster/member-rows.ts";
import { Members } from "../../src/cluster/members.ts";
import { serverMember, type ServerSettings } from "../../src/cluster/server-registration.ts";
import { MemoryCluster } from "../../src/engine/memory/memory-cluster.ts";
import { sleep } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { Metrics } from "../../src/lib/metrics.ts";
import { noLeader } from "../../src/registry/leader-wait.ts";
import { checkOfNode, getMember } from "../../src/registry/member.ts";
import type { ReplicatedStore } from "../../src/registry/replicated-store.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeRandom } from "./fake-random.ts";
import { joinOf } from "./members.ts";
import { linkLost, StoreCluster } from "./store-cluster.ts";

const settings: ServerSettings = {
  ...{ bootstrap: false, bootstrapExpect: 3 },
  ports: { server: 8300, serfLan: 8301, serfWan: 8302 },
};

/** Returns the head of the call "join" of a client agent with a node id of its own. */
export function agentOf(number: number, changes: Partial<JoinRequest> = {}): JoinRequest {
  return joinOf(number, { id: new FakeRandom(number).uuid(), ...changes });
}

/** A server of a MemberCluster. Its store goes on after a kill, but leads no more. */
export interface MemberServer {
  readonly name: string;
  readonly self: JoinRequest;
  readonly store: ReplicatedStore;
  readonly lines: string[];
  /** The servers with which this one has a link. */
  readonly links: Set<MemberServer>;
  members: Members;
  admission: ClusterAdmission;
  linked: LinkedAgents;
  isUp: boolean;
  /** Whether the calls of this server to the leader wait. */
  isMuted: boolean;
}

/**
 * Servers that decide together which agents are members. The links with agents and between servers are not there: a test calls
 * the admissions as a server does that has them. The clock stands still until the test advances it.
 */
export class MemberCluster {
  readonly clock: FakeClock = new FakeClock();
  readonly servers: MemberServer[] = [];
  readonly #place: MemoryCluster = new MemoryCluster();
  readonly #stores: StoreCluster = new StoreCluster(this.#place);
  #starts = 0;

  /** Starts servers that are linked with each other. */
  static async start(count: number): Promise<MemberCluster> {
    const cluster = new MemberCluster();
    for (let number = 1; number <= count; number += 1) await cluster.#open(`s${number}`, number);
    // The servers report to the leader at once.
    await cluster.clock.advance(0);
    for (const server of cluster.servers) cluster.#run(server);
    for (const server of cluster.servers)
      for (const other of cluster.servers) if (server.name < other.name) cluster.connect(server, other);
    await cluster.clock.advance(100);
    return cluster;
  }

  /** The server at a place in the order of their starts. */
  at(index: number): MemberServer {
    const server = this.servers[index];
    if (!server) throw new Error("the test names a server that it has not started");
    return server;
  }

  /** The server that leads. */
  get leader(): MemberServer {
    const leader = this.#leader;
    if (!leader) throw new Error("no server leads");
    return leader;
  }

  /** The servers that run and do not lead. */
  get followers(): readonly MemberServer[] {
    return this.servers.filter((server) => server.isUp && !server.store.leads);
  }

  get #leader(): MemberServer | undefined {
    return this.servers.find(({ isUp, store }) => isUp && store.leads);
  }

  /** Advances the clock after what is under way has been done. */
  async advance(ms: number): Promise<void> {
    await this.clock.advance(0);
    await this.clock.advance(ms);
  }

  /** Makes another server lead. */
  async changeLeader(): Promise<void> {
    await this.#stores.expire();
    await this.clock.advance(0);
    await this.#electUp();
  }

  /** Leaves the cluster without a leader until `electAgain`: the leading term never commits its first batch. */
  async loseLeader(): Promise<void> {
    this.#stores.holdCommits();
    await this.#stores.expire();
    await this.clock.advance(0);
  }

  async electAgain(): Promise<void> {
    this.#stores.releaseCommits();
    await this.clock.advance(0);
  }

  connect(one: MemberServer, other: MemberServer): void {
    if (!one.isUp || !other.isUp) return;
    one.links.add(other);
    other.links.add(one);
    for (const [server, peer] of [[one, other] as const, [other, one] as const])
      void server.admission.join(peer.self).catch(() => {});
  }

  /** Closes the links between two servers. @param silentMs how long ago each was heard by the other */
  disconnect(one: MemberServer, other: MemberServer, silentMs: number = 0): void {
    if (!one.links.delete(other)) return;
    other.links.delete(one);
    if (one.isUp) one.admission.lost(other.self, silentMs);
    if (other.isUp) other.admission.lost(one.self, silentMs);
  }

  /** Ends a server's process; the others notice at once. */
  async kill(server: MemberServer): Promise<void> {
    server.isUp = false;
    server.members.stop();
    server.admission.stop();
    for (const other of [...server.links]) this.disconnect(server, other);
    await this.#electUp();
  }

  /** Starts a server again that was killed. */
  restart(server: MemberServer): void {
    Object.assign(server, this.#parts(server));
    server.isUp = true;
    this.#run(server);
    for (const other of this.servers) if (other !== server) this.connect(server, other);
  }

  /** Returns each member's name and status in a server's table, with its node's serfHealth, or "gone" without that check. */
  view({ members, store }: MemberServer = this.leader): string[] {
    return members.all
      .map(({ name, status }) => `${name} ${status} ${checkOfNode(store, name, "serfHealth")?.status ?? "gone"}`)
      .toSorted();
  }

  /** Returns the status of a member in the leader's table, and its node's serfHealth. */
  statusOf(name: string): string {
    const { store } = this.leader;
    return `${getMember(store, name)?.status} ${checkOfNode(store, name, "serfHealth")?.status ?? "gone"}`;
  }

  async close(): Promise<void> {
    this.#stores.releaseCommits();
    for (const { members, admission } of this.servers) {
      members.stop();
      admission.stop();
    }
    await this.#stores.close();
  }

  async #open(name: string, number: number): Promise<void> {
    const node = {
      ...{ id: new FakeRandom(1_000 + number).uuid(), name, address: `10.0.1.${number}`, datacenter: "dc1" },
      ...{ taggedAddresses: {}, meta: {} },
    };
    const store = await this.#stores.start(name, { clock: this.clock });
    const self = serverJoin(node, settings);
    const bare = { name, self, store, lines: [], links: new Set<MemberServer>(), isUp: true, isMuted: false };
    this.servers.push({ ...bare, ...this.#parts(bare) });
  }

  #parts({
    self,
    store,
    lines,
    name,
  }: Pick<MemberServer, "self" | "store" | "lines" | "name">): Pick<MemberServer, "members" | "admission" | "linked"> {
    const { clock } = this;
    const log = createLog({ level: "info", json: false, clock, sink: (line) => lines.push(line) }, "server");
    const leader = this.#callsOf(name);
    const node = { ...self, taggedAddresses: self.taggedAddresses };
    const members = new Members(store, {
      own: serverMember(node, settings, clock.wallMs()),
      ...{ serverPort: 8300, leader, reconnectTimeoutMs: 72 * 3_600_000, clock, log, metrics: new Metrics(0) },
    });
    const admission: ClusterAdmission = new ClusterAdmission({
      own: () => self,
      start: `start ${++this.#starts}`,
      leader,
      onLeader: (listener) => this.#place.watchLeader(() => listener(this.#place.leader)),
      servers: () => members.servers,
      expel: (id, reason) => linked.expel(id, reason),
      ...{ clock, log },
    });
    const linked: LinkedAgents = new LinkedAgents(admission, new Metrics(0).counter("requests"));
    return { members, admission, linked };
  }

  #run({ members, admission }: MemberServer): void {
    members.start();
    admission.start();
  }

  /** Ends the terms of servers that do not run. */
  async #electUp(): Promise<void> {
    for (let tries = 0; !this.#leader; tries += 1) {
      if (tries > 100) throw new Error("no server that runs leads");
      if (this.servers.some(({ store }) => store.leads)) await this.#stores.expire();
      await this.clock.advance(10);
    }
  }

  /** Carries calls as links do: they are lost when the link with the leader is. */
  #callsOf(name: string): CallLeader {
    const { clock } = this;
    const isMuted = (): boolean => this.servers.some((server) => server.name === name && server.isMuted);
    const isReached = (leader: MemberServer): boolean =>
      leader.isUp && (leader.name === name || [...leader.links].some((other) => other.name === name));
    return {
      callLeader: async (kind, head) => {
        const endMs = clock.monotonicMs() + 7_000;
        while (clock.monotonicMs() < endMs) {
          const leader = this.#leader;
          const handler = leader && !isMuted() && isReached(leader) ? leader.members.leaderHandlers[kind] : undefined;
          if (!leader || !handler) {
            await sleep(clock, 50);
            continue;
          }
          const answer = structuredClone(await handler(structuredClone(head)));
          if (!isReached(leader)) throw linkLost();
          return answer;
        }
        throw noLeader();
      },
    };
  }
}
