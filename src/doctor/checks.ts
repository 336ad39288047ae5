import { isMaintenanceId, isPortConflictId } from "../model/check-reason.ts";
import { type CheckFacts, type Facts, type Finding, groupsOf } from "./facts.ts";

/** Reports HTTP checks whose path the service answers with 404. */
export function wrongPaths({ checks }: Facts): readonly Finding[] {
  return checks.filter(isPathUnknown).map((check) => ({
    kind: "check-path-unknown",
    where: placeOf(check),
    problem: `The service answers, but not at the check's path: ${firstLine(check.reason)}`,
    advice:
      "Correct the path of the check; EdgeX's services answer at /api/v1/ping (Geneva, Hanoi), /api/v2/ping (from " +
      "Ireland on) or /api/v3/ping (from Minnesota on).",
  }));
}

/** Reports TTL checks that no service updates. */
export function unattendedTtls({ checks }: Facts): readonly Finding[] {
  return checks.filter(isUnattended).map((check) => ({
    kind: "ttl-not-updated",
    where: placeOf(check),
    problem: "Its TTL expired without an update: no service reported its health in time.",
    advice:
      `Let the service call PUT /v1/agent/check/pass/${encodeURIComponent(check.id)} more often than the TTL, or ` +
      "register a check by HTTP or TCP instead, which the agent runs itself.",
  }));
}

/** Reports nodes and services that an operator has put into maintenance. */
export function maintenance({ checks }: Facts): readonly Finding[] {
  return checks
    .filter(({ id }) => isMaintenanceId(id))
    .map(({ node, serviceId, reason }) => ({
      kind: "maintenance",
      where: serviceId === "" ? `node ${node}` : `service ${serviceId} on node ${node}`,
      problem: `It is in maintenance, so DNS and health queries omit ${serviceId === "" ? "the node's services" : "it"}: ${firstLine(reason)}`,
      advice:
        "When the work is done, end the maintenance: praetor maint -disable" +
        (serviceId === "" ? "" : ` -service=${serviceId}`),
    }));
}

/** Reports services that registered the port of another service; the agent keeps them critical. */
export function portConflicts({ checks, withoutPort }: Facts): readonly Finding[] {
  return checks
    .filter(({ id, serviceId }) => isPortConflictId(id) && !withoutPort.some(({ service }) => service === serviceId))
    .map(({ node, serviceId, reason }) => ({
      kind: "port-conflict",
      where: `service ${serviceId} on node ${node}`,
      problem: firstLine(reason),
      advice: `See which port it registered and which service has it: praetor ports ${serviceId}. Then give one of the two another port.`,
    }));
}

/** Reports the critical checks that no other rule reports, with their output. */
export function criticalChecks({ checks }: Facts): readonly Finding[] {
  return checks
    .filter((check) => check.status === "critical" && !isExplained(check))
    .map((check) => ({
      kind: check.isUnchanged ? "check-never-passed" : "check-critical",
      where: placeOf(check),
      problem:
        (check.isUnchanged ? "It has been critical ever since it was registered: " : "It is critical: ") +
        (check.reason === "" ? "it has no output yet." : firstLine(check.reason)),
      advice: check.isUnchanged
        ? "Check that the service runs and that the check's address is right, as seen from the agent's host or container."
        : "Check that the service runs; see its log.",
    }));
}

/**
 * Reports checks of one service or node that have the same name. A service causes them if it registers its check with a new id
 * each time.
 */
export function repeatedChecks({ checks }: Facts): readonly Finding[] {
  return groupsOf(checks, (check) => JSON.stringify([check.node, check.serviceId, check.name])).map((group) => ({
    kind: "check-repeated",
    where: group.map(placeOf).join(" and "),
    problem: `${group.length} checks of the same ${group[0]?.serviceId === "" ? "node" : "service"} are named ${JSON.stringify(group[0]?.name)}.`,
    advice: "Give the check a fixed id where it is registered, and deregister the old ones.",
  }));
}

/** Reports script checks that the agent does not allow. */
export function forbiddenScripts({ checks, agent }: Facts): readonly Finding[] {
  if (agent.scriptsAllowed) return [];
  return checks
    .filter(({ type, node }) => (type === "script" || type === "docker") && node === agent.nodeName)
    .map((check) => ({
      kind: "scripts-disabled",
      where: placeOf(check),
      problem: `It runs a program (its type is ${check.type}), which the agent's configuration does not allow.`,
      advice:
        "Start the agent with -enable-local-script-checks if the check is in a configuration file, else with " +
        "-enable-script-checks and allow_write_http_from.",
    }));
}

/** Returns whether another rule reports the check. */
function isExplained(check: CheckFacts): boolean {
  return isMaintenanceId(check.id) || isPortConflictId(check.id) || isPathUnknown(check) || isUnattended(check);
}

function isPathUnknown({ status, reason }: CheckFacts): boolean {
  return status !== "passing" && /^HTTP \S+ \S+: 404\b/.test(reason);
}

/**
 * Returns whether a TTL check expired or was never updated. A node's check from a file has no type, but its output shows that it
 * is a TTL check.
 */
function isUnattended({ type, status, reason, isUnchanged }: CheckFacts): boolean {
  if (status !== "critical") return false;
  return reason === "TTL expired" || (type === "ttl" && reason === "" && isUnchanged);
}

function placeOf({ id, node, serviceId }: CheckFacts): string {
  return serviceId === "" ? `check ${id} of node ${node}` : `check ${id} of service ${serviceId} on node ${node}`;
}

const lineMax = 300;

function firstLine(text: string): string {
  const line = text.trim().split("\n", 1)[0] ?? "";
  return line.length > lineMax ? `${line.slice(0, lineMax)}...` : line;
}
