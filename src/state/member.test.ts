import { describe, expect, test } from "bun:test";
import { checkNamed, nodeNamed, serviceNamed, sessionNamed, StateDriver } from "../../test/support/state.ts";
import { nodeIdNumbered } from "../../test/support/members.ts";
import type { Member, MemberStatus } from "../model/member.ts";
import type { MemberSet, Outcome } from "./command.ts";
import { getCheck, getNode } from "./lookup.ts";
import { getMember, getMemberOfId, listMembers } from "./member.ts";
import { getSession } from "./session.ts";
import { emptyState, topicIndex } from "./state.ts";
import { topics } from "./topics.ts";

const session = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11";

function member(name: string, id: number, status: MemberStatus = "alive", sinceMs = 0): Member {
  return { name, address: "10.0.0.1", port: 8301, tags: { id: nodeIdNumbered(id) }, status, sinceMs };
}

/** Returns the command by which the agent joins. */
function joins(name: string, id: number, sinceMs = 0): MemberSet {
  const node = nodeNamed(name, { id: nodeIdNumbered(id) });
  const checks = [checkNamed("serfHealth", { status: "passing" })];
  return {
    type: "member-set",
    member: member(name, id, "alive", sinceMs),
    registration: { node, skipNodeUpdate: false, checks },
  };
}

function fails(name: string, id: number): MemberSet {
  const node = nodeNamed(name, { id: nodeIdNumbered(id) });
  const checks = [checkNamed("serfHealth", { status: "critical" })];
  return {
    type: "member-set",
    member: member(name, id, "failed", 1),
    registration: { node, skipNodeUpdate: true, checks },
  };
}

function leaves(name: string, id: number): MemberSet {
  return { type: "member-set", member: member(name, id, "left", 2), registration: undefined };
}

function run(driver: StateDriver, ...commands: readonly MemberSet[]): Outcome[] {
  return commands.map((command) => driver.run(command).outcome);
}

function names({ state }: StateDriver): string[] {
  return listMembers(state).map(({ name, status }) => `${name} ${status}`);
}

describe("an agent that joins", () => {
  test("becomes a member and a node with a passing serfHealth under one index", () => {
    const driver = new StateDriver();
    run(driver, joins("n1", 1));
    expect(driver.state.index).toBe(1);
    expect([names(driver), getCheck(driver.state, "N1", "serfHealth")?.status]).toEqual([["n1 alive"], "passing"]);
    expect(topicIndex(driver.state, topics.members)).toBe(1);
  });

  test("and that is an alive member already writes nothing, and keeps the time since which it is alive", () => {
    const driver = new StateDriver();
    run(driver, joins("n1", 1), joins("n1", 1, 9));
    expect([driver.state.index, getMember(driver.state, "n1")?.sinceMs]).toEqual([1, 0]);
  });

  test("is rejected while another agent that is alive has its name or its node id", () => {
    const driver = new StateDriver();
    const outcomes = run(driver, joins("n1", 1), joins("N1", 2), joins("n2", 1));
    expect(outcomes.slice(1)).toEqual([
      { type: "rejected", reason: expect.objectContaining({ code: "node-id-taken", by: nodeIdNumbered(1) }) },
      { type: "rejected", reason: { code: "member-id-taken", id: nodeIdNumbered(1), by: "n1" } },
    ]);
    expect([names(driver), driver.state.index]).toEqual([["n1 alive"], 1]);
  });

  test("takes the name of an agent that has failed", () => {
    const driver = new StateDriver();
    run(driver, joins("n1", 1), fails("n1", 1), joins("n1", 2));
    expect(getNode(driver.state, "n1")?.id).toBe(nodeIdNumbered(2));
    expect([getMemberOfId(driver.state, nodeIdNumbered(1)), names(driver)]).toEqual([undefined, ["n1 alive"]]);
  });

  test("under another name than before keeps only the new name", () => {
    const driver = new StateDriver();
    run(driver, joins("n1", 1), leaves("n1", 1), joins("n2", 1));
    expect([names(driver), getNode(driver.state, "n1")]).toEqual([["n2 alive"], undefined]);
  });
});

test("an agent that fails loses its sessions, except those without checks, and keeps its services", () => {
  const driver = new StateDriver();
  run(driver, joins("n1", 1));
  driver.run({
    ...{ type: "register", node: nodeNamed("n1"), skipNodeUpdate: true },
    ...{ service: serviceNamed("web"), checks: [] },
  });
  const bound = sessionNamed(session, { nodeChecks: ["serfHealth"] });
  const free = sessionNamed(session.replace("6f", "7f"));
  for (const each of [bound, free]) driver.run({ type: "session-create", session: each });
  run(driver, fails("n1", 1));
  expect([getSession(driver.state, bound.id), getSession(driver.state, free.id)?.id]).toEqual([undefined, free.id]);
  expect([names(driver), driver.state.services.size]).toEqual([["n1 failed"], 1]);
});

test("the leave of an agent deletes its node from the catalog, but not another machine's node with the same name", () => {
  const driver = new StateDriver();
  run(driver, joins("n1", 1), leaves("n1", 1));
  expect([names(driver), getNode(driver.state, "n1")]).toEqual([["n1 left"], undefined]);
  driver.run({ type: "register", node: nodeNamed("n1"), skipNodeUpdate: false, checks: [] });
  run(driver, leaves("n1", 1));
  driver.run({ type: "member-delete", name: "n1" });
  expect([names(driver), getNode(driver.state, "n1")?.name]).toEqual([[], "n1"]);
});

test("a state that begins a cluster brings its members along", () => {
  const alone = new StateDriver();
  run(alone, joins("n1", 1));
  const cluster = new StateDriver();
  cluster.run({ type: "restore", snapshot: alone.state, isOwn: true });
  expect([names(cluster), getNode(cluster.state, "n1")?.name]).toEqual([["n1 alive"], "n1"]);
});

test("a restore keeps the members, since a snapshot has none", () => {
  const driver = new StateDriver();
  run(driver, joins("n1", 1));
  driver.run({ type: "restore", snapshot: emptyState });
  expect([names(driver), getNode(driver.state, "n1")]).toEqual([["n1 alive"], undefined]);
});
