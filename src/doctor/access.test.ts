import { describe, expect, test } from "bun:test";
import { openAgent, openScripts, unreadableNode, unregisteredThings } from "./access.ts";
import type { AgentFacts, Facts } from "./facts.ts";

/** The facts that the rules about access use. */
function facts(agent: Partial<AgentFacts>, policiesWithoutNode: readonly string[] = []): Facts {
  const known = {
    ...{ nodeName: "gw", httpAddresses: ["127.0.0.1:8500", "[::1]:8500", "/run/praetor.sock"], writersAllowed: [] },
    ...{ accessControl: "off", remoteScriptsAllowed: false },
  };
  return { agent: { ...known, ...agent }, policiesWithoutNode } as unknown as Facts;
}

describe("an agent with access control off", () => {
  test.each(["0.0.0.0:8500", "192.168.1.7:8500", "[::]:8500"])("is reported if it listens on %s", (address) => {
    const [found] = openAgent(facts({ httpAddresses: ["127.0.0.1:8500", address] }));
    expect(found?.where).toBe(`node gw, ${address}`);
    expect(openAgent(facts({ httpAddresses: [address], accessControl: "deny" }))).toEqual([]);
  });

  test("is not reported if it answers only this machine", () => expect(openAgent(facts({}))).toEqual([]));

  test("is reported if clients may register scripts, unless only some networks may write", () => {
    expect(openScripts(facts({ remoteScriptsAllowed: true }))).toHaveLength(1);
    expect(openScripts(facts({ remoteScriptsAllowed: true, accessControl: "allow" }))).toHaveLength(1);
    expect(openScripts(facts({ remoteScriptsAllowed: true, accessControl: "deny" }))).toEqual([]);
    expect(openScripts(facts({ remoteScriptsAllowed: true, writersAllowed: ["127.0.0.0/8"] }))).toEqual([]);
  });
});

test("a node that EdgeX's policies do not let its services read is reported once for all policies", () => {
  const [found, ...others] = unreadableNode(facts({}, ["acl_policy_for_core-data", "acl_policy_for_device-virtual"]));
  expect(found?.problem).toContain("(acl_policy_for_core-data and 1 more)");
  expect(others).toEqual([]);
  expect(unreadableNode(facts({}))).toEqual([]);
});

test("each service and check that the servers refuse is reported, with its token", () => {
  const refusedWrites = [
    { kind: "service", id: "lamp", accessorId: "" },
    { kind: "check", id: "door-ttl", accessorId: "9a1b" },
  ];
  const findings = unregisteredThings(facts({ refusedWrites }));
  expect(findings.map(({ where, problem }) => `${where}: ${problem}`)).toEqual([
    "service lamp on node gw: The catalog does not have this service: its token does not exist.",
    "check door-ttl on node gw: The catalog does not have this check: its token, 9a1b, may not write it.",
  ]);
});
