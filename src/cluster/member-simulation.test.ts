import { expect, test } from "bun:test";
import { FakeRandom } from "../../test/support/fake-random.ts";
import { agentOf, MemberCluster, type MemberServer } from "../../test/support/member-cluster.ts";
import type { MemberRow } from "../model/member.ts";
import { checkOfNode, getMember, listMembers } from "../registry/member.ts";
import type { JoinRequest } from "./join-call.ts";

/*
 * Links between three servers and eight agents come and go in a random order, servers are killed and started, and the leader
 * changes. Each agent that lives has a link again within two seconds; some agents die.
 */

const seeds = Array.from({ length: 24 }, (_, seed) => seed + 1);
/** Duration of the trouble, and the time after it in which the members reach their final statuses, in milliseconds. */
const troubleMs = 60_000;
const quietMs = 30_000;
const stepMs = 100;
/** The longest time for which an agent that lives has no link, in milliseconds. */
const gapMsMax = 1_900;
/** The longest time after which a server notices that an agent is gone, in milliseconds. */
const noticeMsMax = 3_000;

interface Agent {
  readonly request: JoinRequest;
  server: MemberServer | undefined;
  isDead: boolean;
}

class Simulation {
  readonly cluster: MemberCluster;
  readonly agents: readonly Agent[];
  /** The successive contents of each member's row, by name. */
  readonly history = new Map<string, string[]>();
  /** The faults that the commits showed. */
  readonly faults: string[] = [];
  readonly #random: FakeRandom;
  readonly #rows = new Map<string, MemberRow>();
  /** The events to come, with their times. */
  readonly #later: { readonly atMs: number; readonly run: () => void | Promise<void> }[] = [];
  /** By the name of an agent and a server: whether the server has not noticed yet that the link is gone. */
  readonly #unnoticed = new Map<string, symbol>();

  constructor(cluster: MemberCluster, seed: number) {
    this.cluster = cluster;
    this.#random = new FakeRandom(seed);
    this.agents = Array.from({ length: 8 }, (_, n) => ({ request: agentOf(10 + n), server: undefined, isDead: false }));
    const { store } = cluster.at(0);
    store.follow(() => this.#observe());
  }

  async run(): Promise<void> {
    for (const agent of this.agents) this.#link(agent);
    await this.#pass(6_000);
    for (let ms = 0; ms < troubleMs; ms += stepMs) {
      await this.#trouble();
      await this.#pass(stepMs);
    }
    await this.#pass(quietMs);
  }

  /** Lets time pass, and does what is due. */
  async #pass(ms: number): Promise<void> {
    const endMs = this.cluster.clock.monotonicMs() + ms;
    for (;;) {
      const due = this.#later.filter(({ atMs }) => atMs <= endMs).toSorted((left, right) => left.atMs - right.atMs)[0];
      const nextMs = due?.atMs ?? endMs;
      await this.cluster.advance(Math.max(0, nextMs - this.cluster.clock.monotonicMs()));
      if (!due) return;
      this.#later.splice(this.#later.indexOf(due), 1);
      await due.run();
    }
  }

  async #trouble(): Promise<void> {
    const [one, other] = this.#shuffled(this.cluster.servers);
    const agent = this.#pick(this.agents);
    if (this.#chance(0.15)) this.#unlink(agent);
    if (this.#chance(0.01) && this.agents.filter(({ isDead }) => isDead).length < 3) this.#kill(agent);
    if (this.#chance(0.02)) await this.cluster.changeLeader();
    if (this.#chance(0.02) && one && other) this.#cut(one, other);
    if (this.#chance(0.01) && one && this.cluster.servers.every(({ isUp }) => isUp)) await this.#killServer(one);
  }

  /** Ends the agent's link; its server notices later. The agent has a link with a server again in less than two seconds. */
  #unlink(agent: Agent): void {
    const { server } = agent;
    if (!server) return;
    agent.server = undefined;
    this.#noticeLater(agent, server);
    if (!agent.isDead) this.#after(this.#random.uniform() * gapMsMax, () => this.#link(agent));
  }

  #kill(agent: Agent): void {
    if (agent.isDead) return;
    agent.isDead = true;
    this.#unlink(agent);
  }

  #link(agent: Agent): void {
    if (agent.isDead || agent.server) return;
    const server = this.#pick(this.cluster.servers.filter(({ isUp }) => isUp));
    agent.server = server;
    this.#unnoticed.delete(`${agent.request.name} ${server.name}`);
    const { admission } = server;
    admission.join(agent.request).catch((error: unknown) => this.faults.push(`refused: ${String(error)}`));
  }

  #noticeLater({ request }: Agent, server: MemberServer): void {
    const { admission } = server;
    const [key, mark] = [`${request.name} ${server.name}`, Symbol()];
    const silentMs = this.#chance(0.5) ? 0 : this.#random.uniform() * noticeMsMax;
    this.#unnoticed.set(key, mark);
    this.#after(silentMs, () => {
      // A newer link with the same server has replaced this one, or the server's process has ended.
      if (this.#unnoticed.get(key) !== mark || server.admission !== admission || !server.isUp) return;
      this.#unnoticed.delete(key);
      admission.lost(request, silentMs);
    });
  }

  /** Closes the links between two servers for less than two seconds. */
  #cut(one: MemberServer, other: MemberServer): void {
    this.cluster.disconnect(one, other);
    this.#after(this.#random.uniform() * gapMsMax, () => this.cluster.connect(one, other));
  }

  async #killServer(server: MemberServer): Promise<void> {
    for (const agent of this.agents) if (agent.server === server) this.#unlink(agent);
    await this.cluster.kill(server);
    this.#after(2_000 + this.#random.uniform() * 10_000, () => this.cluster.restart(server));
  }

  /** Notes what a commit has changed. */
  #observe(): void {
    const { store } = this.cluster.at(0);
    for (const row of listMembers(store)) {
      const before = this.#rows.get(row.name);
      this.#rows.set(row.name, row);
      if (before?.modifyIndex === row.modifyIndex) continue;
      const serf = checkOfNode(store, row.name, "serfHealth")?.status;
      if (before?.status === row.status) this.faults.push(`${row.name} was written as ${row.status} twice`);
      this.history.set(row.name, [...(this.history.get(row.name) ?? []), `${row.status} ${serf}`]);
    }
  }

  #after(ms: number, run: () => void | Promise<void>): void {
    this.#later.push({ atMs: this.cluster.clock.monotonicMs() + ms, run });
  }

  #chance(share: number): boolean {
    return this.#random.uniform() < share;
  }

  #pick<T>(from: readonly T[]): T {
    const [picked] = this.#shuffled(from);
    if (picked === undefined) throw new Error("nothing to pick from");
    return picked;
  }

  #shuffled<T>(from: readonly T[]): T[] {
    return from
      .map((item) => ({ item, at: this.#random.uniform() }))
      .toSorted((left, right) => left.at - right.at)
      .map(({ item }) => item);
  }
}

test.each(seeds)(
  "random links, leaders and deaths, seed %d: only agents that die fail, and each step is written once",
  async (seed) => {
    const cluster = await MemberCluster.start(3);
    try {
      const simulation = new Simulation(cluster, seed);
      await simulation.run();
      expect(simulation.faults).toEqual([]);
      for (const { request, isDead } of simulation.agents) {
        const { name } = request;
        expect([name, simulation.history.get(name)]).toEqual([
          name,
          ["alive passing", ...(isDead ? ["failed critical"] : [])],
        ]);
      }
      for (const { name, store, members } of cluster.servers) {
        expect([name, cluster.statusOf(name)]).toEqual([name, "alive passing"]);
        expect(members.servers).toHaveLength(3);
        for (const row of listMembers(cluster.leader.store)) expect(getMember(store, row.name)).toEqual(row);
      }
    } finally {
      await cluster.close();
    }
  },
);
