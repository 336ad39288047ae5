import { jsonOf } from "../client/http.ts";
import { OperatingError } from "../lib/errors.ts";
import { reasonOf } from "../model/check-reason.ts";
import { JsonRow, rowsOf } from "../client/json-row.ts";
import type { ExaminedAgent } from "./examined-agent.ts";
import { askServers } from "./server-health.ts";
import { askNeighbour, findOtherAgents, looksLocal, lookUpNames, readFolder } from "./gather-here.ts";
import {
  type AgentFacts,
  type CheckFacts,
  type Facts,
  isLoopback,
  type NodeFacts,
  type ServiceFacts,
} from "./facts.ts";
import { findPoliciesWithoutNode } from "./edgex-policies.ts";
import { probePorts } from "./probe-ports.ts";

export interface Gathered {
  readonly facts: Facts;
  /** Whether the agent shares this machine's files. */
  readonly isHere: boolean;
  /** The examinations that were not possible, each with its reason. */
  readonly notExamined: readonly string[];
}

const timeoutMs = 5_000;

/** Serf's numbers of a member's status. */
const statusNames: ReadonlyMap<number, string> = new Map([
  [1, "alive"],
  [2, "leaving"],
  [3, "left"],
  [4, "failed"],
]);

/**
 * Collects facts from the agent, and from this machine if the agent runs on it.
 * @throws OperatingError if the agent does not answer agent/self
 */
export async function gatherFacts(api: ExaminedAgent): Promise<Gathered> {
  const notExamined: string[] = [];
  const answer = await api.ok({ path: "/v1/agent/self", timeoutMs });
  const self = new JsonRow(jsonOf(answer));
  const debug = self.row("DebugConfig");
  const agent = agentFacts(self, Date.parse(answer.headers.get("Date") ?? ""));
  const ask = async (path: string, what: string): Promise<unknown> => {
    try {
      return jsonOf(await api.ok({ path, timeoutMs }));
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      notExamined.push(`${what}: ${error.message}`);
      return undefined;
    }
  };
  // Only Praetor has this endpoint, and only if port assignment is on.
  const askPorts = async (): Promise<unknown> => {
    const answer = await api.request({ path: "/v1/praetor/ports", timeoutMs }).catch(() => undefined);
    return answer?.status === 200 ? jsonOf(answer) : [];
  };
  const [servers, leaderJson, nodesJson, ownChecksJson, membersJson, hostJson, keysJson, metricsJson, portsJson] =
    await Promise.all([
      askServers(api, { timeoutMs }),
      ask("/v1/status/leader", "the leader"),
      ask("/v1/internal/ui/nodes", "nodes, services and checks"),
      ask("/v1/agent/checks", "the output of the agent's checks"),
      ask("/v1/agent/members", "members"),
      ask("/v1/agent/host", "memory"),
      ask("/v1/kv/?keys&separator=/", "keys"),
      ask("/v1/agent/metrics", "metrics"),
      askPorts(),
    ]);
  const host = new JsonRow(hostJson);
  const metricsRow = new JsonRow(metricsJson);
  const isHere = looksLocal(api.url, host.row("Host").text("hostname"));
  const dataDir = debug.text("DataDir");
  if (dataDir !== "" && !isHere)
    notExamined.push(`the data folder ${dataDir}: it is on another machine, or in a container`);
  const services = servicesIn(nodesJson);
  const { accessControl, nodeName } = agent;
  const policiesWithoutNode =
    accessControl === "off" ? [] : await findPoliciesWithoutNode({ nodeName, defaultPolicy: accessControl, ask });
  return {
    facts: {
      agent: {
        ...{ ...agent, hasLeader: leaderJson !== "" },
        ...{ messageBus: messageBusIn(metricsRow), certificates: certificatesIn(metricsRow, debug) },
        backups: backupsIn(metricsRow, debug.row("Backup")),
      },
      ...{ servers, policiesWithoutNode },
      nodes: nodesIn(nodesJson),
      services,
      checks: withOwnOutput(checksIn(nodesJson), new JsonRow(ownChecksJson), agent.nodeName),
      members: rowsOf(membersJson).map((member) => ({
        name: member.text("Name"),
        isServer: member.row("Tags").text("role") === "consul",
        status: statusNames.get(member.number("Status")) ?? "unknown",
        version: member.row("Tags").text("build").split(":")[0] ?? "",
      })),
      // Consul: answers with an empty list, not 404, if there are no keys.
      hasKeys: Array.isArray(keysJson) && keysJson.length > 0,
      memory: memoryIn(host.row("Memory")),
      dataFolder: dataDir !== "" && isHere ? readFolder(dataDir) : undefined,
      unresolvedNames: await lookUpNames(services.map(({ address }) => address)),
      ports: await probePorts(api.url, debug),
      withoutPort: rowsOf(portsJson)
        .filter((record) => record.text("state") === "exhausted")
        .map((record) => ({ service: record.text("service"), reason: record.text("reason") })),
      otherAgents: isHere ? await findOtherAgents(api.url) : [],
      neighbour: isLoopback(api.url.hostname) ? await askNeighbour(api.url, debug.text("NodeID")) : undefined,
    },
    ...{ isHere, notExamined },
  };
}

function agentFacts(self: JsonRow, clockMs: number): AgentFacts {
  const config = self.row("Config");
  const debug = self.row("DebugConfig");
  const listening = [...debug.texts("HTTPAddrs"), ...debug.texts("HTTPSAddrs")];
  return {
    nodeName: config.text("NodeName"),
    version: config.text("Version"),
    devMode: debug.bool("DevMode"),
    httpAddresses: listening.map((address) => address.replace(/^\w+:\/\//, "")),
    writersAllowed: debug.names.includes("AllowWriteHTTPFrom") ? debug.texts("AllowWriteHTTPFrom") : undefined,
    definitionFaults: debug
      .rows("DefinitionFaults")
      .map((fault) => ({ where: fault.text("Where"), message: fault.text("Message") })),
    refusedWrites: debug
      .rows("RefusedWrites")
      .map((row) => ({ kind: row.text("Kind"), id: row.text("ID"), accessorId: row.text("AccessorID") })),
    writeRefused: self.row("Stats").row("store").text("write_refused"),
    messageBus: undefined,
    backups: undefined,
    certificates: [],
    hasLeader: true,
    scriptsAllowed: debug.bool("EnableLocalScriptChecks") || debug.bool("EnableRemoteScriptChecks"),
    remoteScriptsAllowed: debug.bool("EnableRemoteScriptChecks"),
    accessControl: !debug.bool("ACLsEnabled") ? "off" : debug.text("ACLDefaultPolicy") === "deny" ? "deny" : "allow",
    clockMs,
  };
}

function nodesIn(json: unknown): readonly NodeFacts[] {
  return rowsOf(json).map((node) => ({
    name: node.text("Node"),
    id: node.text("ID"),
    address: node.text("Address"),
    isExternal: node.row("Meta").text("external-node") === "true",
  }));
}

/** Returns the services, without "consul", the service that servers register for themselves. */
function servicesIn(json: unknown): readonly ServiceFacts[] {
  return rowsOf(json).flatMap((node) =>
    node
      .rows("Services")
      .filter((service) => service.text("Service") !== "consul")
      .map((service) => ({
        node: node.text("Node"),
        id: service.text("ID"),
        name: service.text("Service"),
        address: service.text("Address") || node.text("Address"),
        port: service.number("Port"),
      })),
  );
}

function checksIn(json: unknown): readonly CheckFacts[] {
  return rowsOf(json).flatMap((node) =>
    node.rows("Checks").map((check) => ({
      node: node.text("Node"),
      id: check.text("CheckID"),
      name: check.text("Name"),
      serviceId: check.text("ServiceID"),
      status: check.text("Status"),
      reason: reasonOf({ output: check.text("Output"), notes: check.text("Notes") }),
      type: check.text("Type"),
      isUnchanged: check.number("CreateIndex") === check.number("ModifyIndex"),
    })),
  );
}

/**
 * Replaces the outputs of the agent's checks by those in its local state: Consul writes an output to the catalog up to five
 * minutes after the status.
 */
function withOwnOutput(checks: readonly CheckFacts[], own: JsonRow, nodeName: string): readonly CheckFacts[] {
  return checks.map((check) => {
    const output = check.node === nodeName ? own.row(check.id).text("Output") : "";
    return output === "" ? check : { ...check, reason: output };
  });
}

function memoryIn(memory: JsonRow): Facts["memory"] {
  const totalBytes = memory.number("total");
  return totalBytes === 0 ? undefined : { totalBytes, availableBytes: memory.number("available") };
}

function messageBusIn(metrics: JsonRow): AgentFacts["messageBus"] {
  const connected = gaugeIn(metrics, "praetor.bus.connected");
  if (connected === undefined) return undefined;
  return { isConnected: connected === 1, changesWaiting: gaugeIn(metrics, "praetor.bus.waiting") ?? 0 };
}

function backupsIn(metrics: JsonRow, config: JsonRow): AgentFacts["backups"] {
  const failed = gaugeIn(metrics, "praetor.backup.failed");
  if (failed === undefined) return undefined;
  return {
    ...{ folder: config.text("Folder"), intervalS: config.number("IntervalSeconds"), hasFailed: failed === 1 },
    ageS: gaugeIn(metrics, "praetor.backup.age"),
  };
}

function certificatesIn(metrics: JsonRow, debug: JsonRow): AgentFacts["certificates"] {
  const own = gaugeIn(metrics, "praetor.tls.cert_expiry");
  const authority = gaugeIn(metrics, "praetor.tls.ca_expiry");
  const caFile = debug.text("CAFile");
  const authorities = caFile === "" ? `ca_path ${debug.text("CAPath")}` : `ca_file ${caFile}`;
  return [
    ...(own === undefined
      ? []
      : [{ files: `cert_file ${debug.text("CertFile")}`, isAuthority: false, expiresInS: own }]),
    ...(authority === undefined ? [] : [{ files: authorities, isAuthority: true, expiresInS: authority }]),
  ];
}

function gaugeIn(metrics: JsonRow, name: string): number | undefined {
  return metrics
    .rows("Gauges")
    .find((each) => each.text("Name") === name)
    ?.number("Value");
}
