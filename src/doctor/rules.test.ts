import { describe, expect, test } from "bun:test";
import type { CheckFacts, Facts, Finding, FolderFacts, NodeFacts, Rule, ServiceFacts } from "./facts.ts";
import {
  devMode,
  exhaustedPorts,
  lostMessageBus,
  openWrites,
  refusedWrites,
  silentPorts,
  unusableDefinitions,
} from "./agent.ts";
import { agingCertificates, endingCertificates } from "./certificates.ts";
import {
  criticalChecks,
  forbiddenScripts,
  maintenance,
  portConflicts,
  repeatedChecks,
  unattendedTtls,
  wrongPaths,
} from "./checks.ts";
import { clonedNodes, neighbours, otherAgents, otherVersions } from "./cluster.ts";
import { clock, consulData, disk, files, volatileData, lowMemory } from "./machine.ts";
import { findingsIn } from "./rules.ts";
import { loopbackAddresses, sharedAddresses, unresolvedAddresses } from "./service-addresses.ts";

const nowMs = Date.parse("2026-03-01T12:00:00Z");
const gibibyte = 2 ** 30;

const healthy: Facts = {
  agent: {
    nodeName: "gw",
    version: "1.8.7",
    devMode: false,
    httpAddresses: ["127.0.0.1:8500"],
    writersAllowed: [],
    ...{ scriptsAllowed: false, remoteScriptsAllowed: false, accessControl: "off" },
    definitionFaults: [],
    refusedWrites: [],
    writeRefused: "",
    messageBus: undefined,
    backups: undefined,
    certificates: [],
    hasLeader: true,
    clockMs: nowMs,
  },
  members: [{ name: "gw", isServer: true, status: "alive", version: "1.8.7" }],
  servers: undefined,
  nodes: [node("gw", {})],
  services: [service("core-data", {}), service("core-command", { port: 48082 })],
  checks: [check("serfHealth", { serviceId: "", type: "" }), check("c1", {})],
  ...{ hasKeys: true, policiesWithoutNode: [] },
  unresolvedNames: new Set(),
  ports: [{ name: "DNS", address: "127.0.0.1:8600", answers: true }],
  neighbour: undefined,
  otherAgents: [],
  withoutPort: [],
  memory: { totalBytes: gibibyte, availableBytes: gibibyte / 2 },
  dataFolder: folder({}),
};

function node(name: string, more: Partial<NodeFacts>): NodeFacts {
  return { name, id: `id-of-${name}`, address: "10.0.0.7", isExternal: false, ...more };
}

function service(name: string, more: Partial<ServiceFacts>): ServiceFacts {
  return { node: "gw", id: name, name, address: "10.0.0.7", port: 48080, ...more };
}

function check(id: string, more: Partial<CheckFacts>): CheckFacts {
  const type = "http";
  return {
    ...{ node: "gw", id, name: `name of ${id}`, serviceId: "core-data", status: "passing", reason: "" },
    ...{ type, isUnchanged: false, ...more },
  };
}

function folder(more: Partial<FolderFacts>): FolderFacts {
  const sizes = { totalBytes: 8 * gibibyte, freeBytes: 4 * gibibyte };
  const common = { path: "/var/lib/praetor", fileSystem: 0xef53, hasConsulData: false, freeFiles: 1_000 };
  return { ...common, ...sizes, newestFileMs: nowMs - 1_000, ...more };
}

/** Returns the findings of a rule on the facts of a healthy gateway with these changes. */
function found(rule: Rule, changes: Partial<Facts>): readonly Finding[] {
  return rule({ ...healthy, ...changes });
}

/** Returns the only finding; fails if the list has none or several. */
function only(findings: readonly Finding[]): Finding {
  const [finding] = findings;
  if (finding === undefined || findings.length > 1) throw new Error(`found ${findings.length}, not one`);
  return finding;
}

test("a healthy gateway has no findings", () => {
  expect(findingsIn(healthy)).toEqual([]);
});

test("every finding has a place, a problem and advice", () => {
  const faulty: Facts = {
    ...healthy,
    agent: { ...healthy.agent, devMode: true, clockMs: 1_000, httpAddresses: ["0.0.0.0:8500"] },
    services: [service("web", { address: "localhost" }), service("api", {}), service("app", {})],
    checks: [check("c", { status: "critical", reason: "connection refused" })],
    ports: [{ name: "DNS", address: "gw:8600", answers: false }],
  };
  const findings = findingsIn(faulty);
  expect(findings.map(({ kind }) => kind)).toEqual([
    ...["clock-unset", "dev-mode", "writes-from-everywhere", "access-control-off", "port-silent"],
    ...["service-on-localhost", "address-shared", "check-critical"],
  ]);
  for (const { where, problem, advice } of findings) {
    expect(where).not.toBe("");
    expect(problem).not.toMatch(/undefined|NaN/);
    expect(advice).not.toMatch(/undefined|NaN/);
  }
});

describe("services", () => {
  test.each(["localhost", "127.0.0.1", "127.0.1.1", "::1"])(
    "at %s are reported, since other hosts cannot reach them",
    (address) => {
      const finding = only(found(loopbackAddresses, { services: [service("web", { address }), service("api", {})] }));
      expect(finding).toMatchObject({ kind: "service-on-localhost", where: "service web on node gw" });
      expect(finding.problem).toContain("api is at 10.0.0.7");
    },
  );

  test("at localhost are not reported if all services are on one host", () => {
    const nodes = [node("gw", { address: "127.0.0.1" })];
    expect(found(loopbackAddresses, { nodes, services: [service("web", { address: "localhost" })] })).toEqual([]);
  });

  test("with an unresolvable host name are reported if another service has an IP address", () => {
    const services = [service("web", { address: "edgex-core-data" }), service("api", {})];
    const unresolvedNames = new Set(["edgex-core-data"]);
    expect(only(found(unresolvedAddresses, { services, unresolvedNames })).kind).toBe("service-name-unknown");
    expect(found(unresolvedAddresses, { services: services.slice(0, 1), unresolvedNames })).toEqual([]);
  });

  test("with the same address and port are reported in one finding", () => {
    const finding = only(found(sharedAddresses, { services: [service("web", {}), service("api", {})] }));
    expect(finding.kind).toBe("address-shared");
    expect(finding.where).toBe("service web on node gw and service api on node gw");
    expect(finding.problem).toContain("10.0.0.7:48080");
  });

  test("with two instances at one address and port are reported as registered twice", () => {
    const services = [service("web", { id: "web-1" }), service("web", { id: "web-2" })];
    const finding = only(found(sharedAddresses, { services }));
    expect(finding.kind).toBe("service-registered-twice");
    expect(finding.advice).toContain("deregister -id=web-2");
  });

  test("at localhost of different nodes, or without a port, are not reported as sharing an address", () => {
    const services = [service("a", { address: "localhost" }), service("b", { address: "localhost", node: "other" })];
    expect(found(sharedAddresses, { services })).toEqual([]);
    expect(found(sharedAddresses, { services: [service("a", { port: 0 }), service("b", { port: 0 })] })).toEqual([]);
  });
});

describe("checks", () => {
  const critical = { status: "critical" } as const;
  const notFound = check("c", { ...critical, reason: "HTTP GET http://10.0.0.7/ping: 404 Not Found Output: ..." });
  const expired = check("t", { ...critical, type: "ttl", reason: "TTL expired" });
  const silent = check("t", { ...critical, type: "ttl", isUnchanged: true });
  const expiredOfFile = check("t", { ...expired, type: "" });
  const refused = check("c", { ...critical, reason: "dial tcp 10.0.0.7:80: connection refused\nmore" });

  test("whose URL answers with 404 are reported with that answer", () => {
    const finding = only(found(wrongPaths, { checks: [notFound, refused] }));
    expect(finding.where).toBe("check c of service core-data on node gw");
    expect(finding.problem).toContain("404 Not Found");
  });

  test("with an expired or never updated TTL are reported, unless the service reported critical itself", () => {
    expect(found(unattendedTtls, { checks: [expired, expiredOfFile, silent, refused] })).toHaveLength(3);
    const failed = check("t", { ...critical, type: "ttl", reason: "disk broken" });
    expect(found(unattendedTtls, { checks: [failed] })).toEqual([]);
  });

  test("that are critical are reported with the first line of their output, unless another rule reports them", () => {
    const finding = only(found(criticalChecks, { checks: [notFound, expired, silent, refused] }));
    expect(finding.kind).toBe("check-critical");
    expect(finding.problem).toBe("It is critical: dial tcp 10.0.0.7:80: connection refused");
  });

  test("that have been critical since their registration are reported as never passed", () => {
    const finding = only(found(criticalChecks, { checks: [check("c", { ...critical, isUnchanged: true })] }));
    expect(finding.kind).toBe("check-never-passed");
    expect(finding.problem).toContain("ever since it was registered: it has no output yet");
  });

  test("that are critical because of maintenance or a port conflict are reported with the reason and advice", () => {
    const checks = [
      check("_service_maintenance:core-data", { ...critical, isUnchanged: true, reason: "new firmware" }),
      check("_node_maintenance", { ...critical, serviceId: "", reason: "new disk" }),
      check("_port_conflict:core-data", { ...critical, isUnchanged: true, reason: "port 48080 belongs to web" }),
    ];
    expect(found(criticalChecks, { checks })).toEqual([]);
    expect(found(maintenance, { checks }).map(({ where, problem }) => [where, problem])).toEqual([
      ["service core-data on node gw", "It is in maintenance, so DNS and health queries omit it: new firmware"],
      ["node gw", "It is in maintenance, so DNS and health queries omit the node's services: new disk"],
    ]);
    expect(found(maintenance, { checks }).map(({ advice }) => advice.split(": ")[1])).toEqual([
      "praetor maint -disable -service=core-data",
      "praetor maint -disable",
    ]);
    const conflict = only(found(portConflicts, { checks }));
    expect(conflict.problem).toBe("port 48080 belongs to web");
    expect(conflict.advice).toContain("praetor ports core-data");
  });

  test("with the same name for the same service are reported as repeated", () => {
    const checks = [check("a", { name: "ping" }), check("b", { name: "ping" })];
    expect(only(found(repeatedChecks, { checks })).problem).toBe('2 checks of the same service are named "ping".');
    const apart = [check("a", { name: "ping" }), check("b", { name: "ping", serviceId: "core-command" })];
    expect(found(repeatedChecks, { checks: apart })).toEqual([]);
  });

  test("that run programs are reported if the agent does not allow scripts", () => {
    const checks = [check("s", { type: "script" }), check("elsewhere", { type: "script", node: "other" })];
    expect(only(found(forbiddenScripts, { checks })).where).toContain("check s");
    expect(found(forbiddenScripts, { checks, agent: { ...healthy.agent, scriptsAllowed: true } })).toEqual([]);
  });
});

describe("nodes", () => {
  test("that share an id or an address are reported as clones", () => {
    const sameId = [node("a", { id: "x" }), node("b", { id: "x", address: "10.0.0.8" })];
    expect(only(found(clonedNodes, { nodes: sameId })).problem).toContain("the same id, x");
    expect(only(found(clonedNodes, { nodes: [node("a", {}), node("b", {})] })).problem).toContain("address, 10.0.0.7");
  });

  test("without an agent are not reported as clones, even if they have no id and share another node's address", () => {
    const nodes = [node("gw", {}), node("printer", { id: "", isExternal: true })];
    expect(found(clonedNodes, { nodes })).toEqual([]);
  });

  test("that run another version than the agent are reported by name", () => {
    const members = [...healthy.members, { name: "old", isServer: false, status: "alive", version: "1.6.2" }];
    expect(only(found(otherVersions, { members }))).toMatchObject({ kind: "other-version", where: "node old" });
  });

  test("with a second agent at port 8500 of the same machine are reported", () => {
    const neighbour = { url: "http://127.0.0.1:8500", nodeName: "demo", version: "1.9.0" };
    expect(only(found(neighbours, { neighbour }))).toMatchObject({ kind: "second-agent", where: neighbour.url });
  });
});

test("other agents on this machine are reported with their process id and addresses", () => {
  const others = [
    { name: "consul", pid: 812, endpoints: ["127.0.0.1:9500"] },
    { name: "praetor", pid: 813, endpoints: ["127.0.0.1:8500", "127.0.0.1:8600"] },
  ];
  expect(only(found(otherAgents, { otherAgents: others.slice(0, 1) }))).toMatchObject({
    ...{ kind: "second-agent", where: "process 812 (consul)" },
    problem: expect.stringContaining("127.0.0.1:9500"),
  });
  const neighbour = { url: "http://127.0.0.1:8500", nodeName: "demo", version: "1.9.0" };
  expect(only(found(otherAgents, { otherAgents: others, neighbour })).where).toBe("process 812 (consul)");
});

describe("the machine", () => {
  test("is reported if its file system has few free inodes", () => {
    expect(only(found(files, { dataFolder: folder({ freeFiles: 3 }) })).problem).toContain("only 3 more files");
    expect(found(files, { dataFolder: folder({ freeFiles: undefined }) })).toEqual([]);
  });

  test("is reported if the data folder holds Consul's state", () => {
    const finding = only(found(consulData, { dataFolder: folder({ hasConsulData: true }) }));
    expect(finding).toMatchObject({ kind: "consul-data", where: "/var/lib/praetor" });
  });

  test("is reported if its clock was never set", () => {
    const agent = { ...healthy.agent, clockMs: Date.parse("1970-01-01T00:03:00Z") };
    expect(only(found(clock, { agent })).kind).toBe("clock-unset");
  });

  test("is reported if its clock is behind the time of the newest file in the data folder", () => {
    const dataFolder = folder({ newestFileMs: nowMs + 3_600_000 });
    expect(only(found(clock, { dataFolder })).problem).toContain("files from 2026-03-01T13:00:00.000Z");
    expect(found(clock, { dataFolder: folder({ newestFileMs: nowMs + 1_000 }) })).toEqual([]);
  });

  test("is reported if its disk is nearly full, in bytes or in percent", () => {
    const small = { totalBytes: 200 * 2 ** 20, freeBytes: 90 * 2 ** 20 };
    expect(only(found(disk, { dataFolder: folder(small) })).problem).toContain("90 MiB of 200 MiB left");
    const large = { totalBytes: 100 * gibibyte, freeBytes: 4 * gibibyte };
    expect(only(found(disk, { dataFolder: folder(large) })).kind).toBe("disk-nearly-full");
  });

  test.each([
    [0x01021994, "tmpfs"],
    [0x858458f6, "ramfs"],
    [0x794c7630, "overlay"],
  ])("is reported if the data folder is on a volatile file system: type %i, %s", (fileSystem, name) => {
    expect(only(found(volatileData, { dataFolder: folder({ fileSystem }) })).problem).toContain(name);
  });

  test("is not reported if its data folder and memory are unknown", () => {
    const unknown = { dataFolder: undefined, memory: undefined };
    for (const rule of [clock, disk, volatileData, lowMemory]) expect(found(rule, unknown)).toEqual([]);
  });

  test("is reported if little memory is available", () => {
    const memory = { totalBytes: gibibyte, availableBytes: 50 * 2 ** 20 };
    expect(only(found(lowMemory, { memory })).problem).toContain("Only 50 MiB of 1024 MiB");
  });
});

describe("the agent", () => {
  const dev = { agent: { ...healthy.agent, devMode: true } };

  test("is reported in -dev mode if it holds services or keys", () => {
    expect(only(found(devMode, dev)).problem).toContain("its services and keys are in memory only");
    expect(only(found(devMode, { ...dev, services: [] })).problem).toContain("its keys are");
    expect(found(devMode, { ...dev, services: [], hasKeys: false })).toEqual([]);
  });

  test.each(["0.0.0.0:8500", "[::]:8500"])(
    "is reported if clients of every network may write through its address %s",
    (address) => {
      const agent = { ...healthy.agent, httpAddresses: ["127.0.0.1:8500", address] };
      expect(only(found(openWrites, { agent })).where).toBe(`node gw, ${address}`);
      expect(found(openWrites, { agent: { ...agent, writersAllowed: ["127.0.0.0/8"] } })).toEqual([]);
      expect(found(openWrites, { agent: { ...agent, writersAllowed: undefined } })).toEqual([]);
    },
  );

  test("is reported once for each invalid definition in its files", () => {
    const definitionFaults = [{ where: "/etc/a.json:3:7", message: 'service "x": Missing service name' }];
    expect(only(found(unusableDefinitions, { agent: { ...healthy.agent, definitionFaults } }))).toMatchObject({
      ...{ kind: "definition-unusable", where: "/etc/a.json:3:7", problem: 'service "x": Missing service name' },
    });
  });

  test("is reported with the reason if it could not store its last write", () => {
    const agent = { ...healthy.agent, writeRefused: "the disk is full" };
    expect(only(found(refusedWrites, { agent })).problem).toBe(
      "The agent could not store its last write: the disk is full",
    );
  });

  test("is reported if it has no connection to its MQTT broker", () => {
    const agent = { ...healthy.agent, messageBus: { isConnected: false, changesWaiting: 3 } };
    expect(only(found(lostMessageBus, { agent })).problem).toContain("wait to be published: 3.");
    expect(
      found(lostMessageBus, { agent: { ...agent, messageBus: { isConnected: true, changesWaiting: 0 } } }),
    ).toEqual([]);
  });

  test("is reported if it had no free port for a service", () => {
    const withoutPort = [{ service: "saw", reason: "No port of 40001-40001 is free." }];
    expect(only(found(exhaustedPorts, { withoutPort }))).toMatchObject({
      kind: "ports-exhausted",
      where: "service saw",
    });
  });

  test("is reported if one of its ports does not answer", () => {
    const ports = [{ name: "DNS", address: "gw:8600", answers: false }, ...healthy.ports];
    expect(only(found(silentPorts, { ports }))).toMatchObject({ kind: "port-silent", where: "gw:8600" });
  });
});

describe("a TLS certificate of the agent", () => {
  const dayS = 86_400;
  const found = (days: number, isAuthority = false): readonly (readonly string[])[] => {
    const certificates = [{ files: "cert_file /a.pem", isAuthority, expiresInS: days * dayS }];
    const facts = { ...healthy, agent: { ...healthy.agent, certificates } };
    return [...endingCertificates(facts), ...agingCertificates(facts)].map(({ kind, problem }) => [kind, problem]);
  };

  test("is not reported while it is valid for more than 30 days", () => {
    expect(found(31)).toEqual([]);
  });

  test("is reported when it expires within 30 days, and as more serious within a week", () => {
    const own = "The agent's TLS certificate expires in ";
    expect(found(30)).toEqual([["certificate-ends-soon", `${own}30 days, at 2026-03-31T12:00:00.000Z.`]]);
    expect(found(8)).toEqual([["certificate-ends-soon", `${own}8 days, at 2026-03-09T12:00:00.000Z.`]]);
    expect(found(7)).toEqual([["certificate-ends-now", `${own}7 days, at 2026-03-08T12:00:00.000Z.`]]);
    expect(found(1)).toEqual([["certificate-ends-now", `${own}1 day, at 2026-03-02T12:00:00.000Z.`]]);
    expect(found(0.5)).toEqual([["certificate-ends-now", `${own}less than a day, at 2026-03-02T00:00:00.000Z.`]]);
  });

  test("is reported when it has expired, and so is a certificate authority", () => {
    const problem = "A CA certificate expired at 2026-02-28T12:00:00.000Z: clients and agents refuse it.";
    expect(found(-1, true)).toEqual([["certificate-ends-now", problem]]);
  });
});
