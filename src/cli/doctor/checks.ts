import { isMaintenanceId, isPortConflictId } from "../../model/check-reason.ts";
import { printable } from "../printable.ts";
import { type CheckFacts, type Facts, type Finding, groupsOf } from "./facts.ts";

/** The service answers, but not at that path. */
export function wrongPaths({ checks }: Facts): readonly Finding[] {
  return checks.filter(isPathUnknown).map((check) => ({
    kind: "check-path-unknown",
    where: placeOf(check),
    problem: `Its service answers, but knows no such path: ${firstLine(check.reason)}`,
    advice:
      "Correct the path of the check; EdgeX's services answer at /api/v1/ping (Geneva, Hanoi), /api/v2/ping (from " +
      "Ireland on) or /api/v3/ping (from Minnesota on).",
  }));
}

/** Checks that wait to be told, and nobody tells them. */
export function unattendedTtls({ checks }: Facts): readonly Finding[] {
  return checks.filter(isUnattended).map((check) => ({
    kind: "ttl-not-updated",
    where: placeOf(check),
    problem: "It waits for its service to say that it is well, and nobody has, for longer than its TTL.",
    advice:
      `Let the service call PUT /v1/agent/check/pass/${encodeURIComponent(check.id)} more often than the TTL, or ` +
      "register a check by HTTP or TCP instead, which the agent does itself.",
  }));
}

/** Taken out of use by a person. */
export function maintenance({ checks }: Facts): readonly Finding[] {
  return checks
    .filter(({ id }) => isMaintenanceId(id))
    .map(({ node, serviceId, reason }) => ({
      kind: "maintenance",
      where: serviceId === "" ? `node ${node}` : `service ${serviceId} on node ${node}`,
      problem: `It is in maintenance, so nothing finds ${serviceId === "" ? "the node's services" : "it"}: ${firstLine(reason)}`,
      advice:
        "When the work is done, end the maintenance: praetor maint -disable" +
        (serviceId === "" ? "" : ` -service=${serviceId}`),
    }));
}

/** A service that wants a port of another. The agent keeps it critical, whatever its other checks say. */
export function portConflicts({ checks, withoutPort }: Facts): readonly Finding[] {
  return checks
    .filter(({ id, serviceId }) => isPortConflictId(id) && !withoutPort.some(({ service }) => service === serviceId))
    .map(({ node, serviceId, reason }) => ({
      kind: "port-conflict",
      where: `service ${serviceId} on node ${node}`,
      problem: firstLine(reason),
      advice: `See which port it wanted and who has that: praetor ports ${serviceId}. Then give one of the two another port.`,
    }));
}

/** Whatever else fails: its own words say most. */
export function criticalChecks({ checks }: Facts): readonly Finding[] {
  return checks
    .filter((check) => check.status === "critical" && !isExplained(check))
    .map((check) => ({
      kind: check.isUnchanged ? "check-never-passed" : "check-critical",
      where: placeOf(check),
      problem:
        (check.isUnchanged ? "It has been critical ever since it was registered: " : "It is critical: ") +
        (check.reason === "" ? "it has said nothing yet." : firstLine(check.reason)),
      advice: check.isUnchanged
        ? "See whether the service runs and the check's address is right, as seen from the agent's host or container."
        : "See whether the service runs; its log tells more.",
    }));
}

/** A service that gives its check a new id each time collects them. */
export function repeatedChecks({ checks }: Facts): readonly Finding[] {
  return groupsOf(checks, (check) => JSON.stringify([check.node, check.serviceId, check.name])).map((group) => ({
    kind: "check-repeated",
    where: group.map(placeOf).join(" and "),
    problem: `${group.length} checks of the same ${group[0]?.serviceId === "" ? "node" : "service"} are named ${JSON.stringify(group[0]?.name)}.`,
    advice: "Give the check a fixed id where it is registered, and deregister those that are left over.",
  }));
}

/** Checks that run programs, where programs may not be run. */
export function forbiddenScripts({ checks, agent }: Facts): readonly Finding[] {
  if (agent.scriptsAllowed) return [];
  return checks
    .filter(({ type, node }) => (type === "script" || type === "docker") && node === agent.nodeName)
    .map((check) => ({
      kind: "scripts-disabled",
      where: placeOf(check),
      problem: `It runs a program (its kind is ${check.type}), and the agent was told to run none.`,
      advice:
        "Start the agent with -enable-local-script-checks if the check stands in a configuration file, else with " +
        "-enable-script-checks and allow_write_http_from.",
    }));
}

/** Another rule tells more of it. */
function isExplained(check: CheckFacts): boolean {
  return isMaintenanceId(check.id) || isPortConflictId(check.id) || isPathUnknown(check) || isUnattended(check);
}

function isPathUnknown({ status, reason }: CheckFacts): boolean {
  return status !== "passing" && /^HTTP \S+ \S+: 404\b/.test(reason);
}

/** A file's check outside a service has no type; its output still tells that it is a TTL check. */
function isUnattended({ type, status, reason, isUnchanged }: CheckFacts): boolean {
  if (status !== "critical") return false;
  return reason === "TTL expired" || (type === "ttl" && reason === "" && isUnchanged);
}

function placeOf({ id, node, serviceId }: CheckFacts): string {
  return serviceId === "" ? `check ${id} of node ${node}` : `check ${id} of service ${serviceId} on node ${node}`;
}

const lineMax = 300;

function firstLine(text: string): string {
  const line = printable(text.trim().split("\n", 1)[0] ?? "");
  return line.length > lineMax ? `${line.slice(0, lineMax)}...` : line;
}
