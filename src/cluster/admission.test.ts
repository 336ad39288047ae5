import { afterEach, expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { agentOf } from "../../test/support/member-cluster.ts";
import { nodeIdNumbered } from "../../test/support/members.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { OperatingError } from "../lib/errors.ts";
import { createLog } from "../lib/log.ts";
import { ClusterAdmission } from "./admission.ts";
import type { MembersReport, RefusedAgent } from "./leader-calls.ts";
import { serverJoin } from "./member-rows.ts";

/** A leader that takes each report as the test says. */
class ScriptedLeader {
  readonly clock: FakeClock = new FakeClock();
  readonly reports: MembersReport[] = [];
  readonly expelled: string[] = [];
  /** Answers a report; it accepts every agent by default. */
  answer: (report: MembersReport) => Promise<readonly RefusedAgent[]> = async () => [];
  elect: () => void = () => {};
  readonly admission: ClusterAdmission;

  constructor() {
    const { clock } = this;
    const node = {
      id: nodeIdNumbered(1),
      name: "s1",
      address: "10.0.1.1",
      datacenter: "dc1",
      taggedAddresses: {},
      meta: {},
    };
    const ports = { server: 8300, serfLan: 8301, serfWan: 8302 };
    this.admission = new ClusterAdmission({
      own: () => serverJoin(node, { bootstrap: false, bootstrapExpect: 3, ports }),
      start: "first",
      leader: {
        callLeader: async (_kind, head) => {
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- these tests make no other call
          const report = head as MembersReport;
          this.reports.push(report);
          return { refused: await this.answer(report) };
        },
      },
      onLeader: (listener) => {
        this.elect = () => listener({});
        return () => {};
      },
      servers: () => [],
      expel: (id, reason) => this.expelled.push(`${id} ${reason}`),
      ...{ clock, log: createLog({ level: "error", json: false, clock, sink: () => {} }, "server") },
    });
    this.admission.start();
    this.elect();
  }

  /** The contents of the reports, each whole one with "whole" first. */
  get said(): string[][] {
    return this.reports.map(({ isWhole, linked, lost }) => [
      ...(isWhole ? ["whole"] : []),
      ...linked.map(({ name, address }) => `${name} ${address}`),
      ...lost.map(({ silentMs }) => `lost ${silentMs}`),
    ]);
  }
}

let leader: ScriptedLeader;
afterEach(() => leader.admission.stop());

async function openLeader(): Promise<ScriptedLeader> {
  leader = new ScriptedLeader();
  await leader.clock.advance(0);
  return leader;
}

const self = "s1 10.0.1.1";
const conflict = { kind: "conflict", code: "node-id-taken", message: "the name is taken" } as const;

test("a leader gets a whole report first, then the changes of each tick together", async () => {
  const { admission, clock, said } = await openLeader();
  expect(said).toEqual([["whole", self]]);
  await Promise.all([admission.join(agentOf(4)), admission.join(agentOf(5))]);
  await clock.advance(10);
  admission.lost(agentOf(4), 300);
  await clock.advance(0);
  expect(leader.said).toEqual([["whole", self], ["n4 10.0.0.4", "n5 10.0.0.5"], ["lost 300"]]);
  leader.elect();
  await clock.advance(0);
  expect(leader.said.slice(3)).toEqual([["whole", self, "n5 10.0.0.5"]]);
  expect(leader.reports.map(({ serial }) => serial)).toEqual([1, 2, 3, 4]);
});

test("an agent that the leader cannot write is reported again with all others until it is, and its join waits", async () => {
  const { admission, clock } = await openLeader();
  const unavailable = { kind: "unavailable", code: "disk-full", message: "the disk is full" } as const;
  leader.answer = async ({ linked }) => linked.map(({ id }) => ({ id, ...unavailable }));
  let isAnswered = false;
  const joining = admission.join(agentOf(4)).then(() => (isAnswered = true));
  await clock.advance(0);
  await clock.advance(500);
  expect([isAnswered, leader.said.slice(1)]).toEqual([
    false,
    [["n4 10.0.0.4"], ["whole", self, "n4 10.0.0.4"], ["whole", self, "n4 10.0.0.4"]],
  ]);
  leader.answer = async () => [];
  await clock.advance(200);
  await joining;
  await clock.advance(10_000);
  expect(leader.said).toHaveLength(5);
});

test("the losses of a report that failed are in the next one, with the time that has passed since", async () => {
  const { admission, clock } = await openLeader();
  await admission.join(agentOf(4));
  leader.answer = async () => {
    throw new OperatingError("unavailable", "link-lost", "the link is lost");
  };
  admission.lost(agentOf(4), 100);
  await clock.advance(0);
  leader.answer = async () => [];
  await clock.advance(200);
  expect(leader.said.slice(2)).toEqual([["lost 100"], ["whole", self, "lost 300"]]);
});

test("an agent whose link is lost while it joins over a new one is not reported as lost", async () => {
  const { admission, clock } = await openLeader();
  await admission.join(agentOf(4));
  const joining = admission.join(agentOf(4));
  admission.lost(agentOf(4), 0);
  await joining;
  await clock.advance(0);
  leader.elect();
  await clock.advance(0);
  expect(leader.said.slice(2)).toEqual([["n4 10.0.0.4"], ["whole", self, "n4 10.0.0.4"]]);
});

test("an agent that is refused under its new name stays known by its earlier link, until that is lost", async () => {
  for (const isLost of [false, true]) {
    const { admission, clock } = await openLeader();
    await admission.join(agentOf(4));
    const { id } = agentOf(4);
    leader.answer = async () => [{ id, ...conflict }];
    const refusal = rejectionOf(admission.join(agentOf(4, { name: "n5" })));
    if (isLost) admission.lost(agentOf(4), 0);
    expect(await refusal).toMatchObject(conflict);
    leader.answer = async () => [];
    await clock.advance(0);
    leader.elect();
    await clock.advance(0);
    const whole = ["whole", self, ...(isLost ? [] : ["n4 10.0.0.4"])];
    expect(leader.said.slice(3)).toEqual([...(isLost ? [["lost 0"]] : []), whole]);
    expect(leader.expelled).toEqual([]);
    admission.stop();
  }
});

test("an agent that a later leader refuses has its link closed once", async () => {
  const { admission, clock } = await openLeader();
  await admission.join(agentOf(4));
  const { id } = agentOf(4);
  leader.answer = async ({ linked }) => linked.filter((agent) => agent.id === id).map(() => ({ id, ...conflict }));
  leader.elect();
  await clock.advance(0);
  leader.elect();
  await clock.advance(0);
  expect(leader.expelled).toEqual([`${id} the name is taken`]);
  expect(leader.said.at(-1)).toEqual(["whole", self]);
});

test("the answer of an earlier leader is not used", async () => {
  const { admission, clock } = await openLeader();
  await admission.join(agentOf(4));
  const late = Promise.withResolvers<readonly RefusedAgent[]>();
  leader.answer = () => late.promise;
  leader.elect();
  await clock.advance(0);
  leader.answer = async () => [];
  leader.elect();
  await clock.advance(0);
  late.resolve([{ id: agentOf(4).id, ...conflict }]);
  await clock.advance(10_000);
  expect([leader.expelled, leader.said.length]).toEqual([[], 4]);
});

test("an admission that was stopped reports no more and has no timer", async () => {
  const { admission, clock } = await openLeader();
  leader.answer = async () => {
    throw new OperatingError("unavailable", "no-leader", "No cluster leader");
  };
  admission.lost(agentOf(4), 0);
  await clock.advance(0);
  admission.stop();
  expect(clock.timerCount).toBe(0);
  leader.elect();
  await clock.advance(10_000);
  expect(leader.said).toHaveLength(2);
});
