import { openAgent, openScripts, unreadableNode, unregisteredThings } from "./access.ts";
import {
  devMode,
  exhaustedPorts,
  lostMessageBus,
  openWrites,
  refusedWrites,
  silentPorts,
  unusableDefinitions,
} from "./agent.ts";
import { failedBackups } from "./backups.ts";
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
import type { Facts, Finding, Rule } from "./facts.ts";
import { clock, consulData, disk, files, lowMemory, volatileData } from "./machine.ts";
import {
  clocksApart,
  laggingServers,
  noLeader,
  quorumAtRisk,
  unhealthyServers,
  versionsApart,
  wrongClocks,
} from "./servers.ts";
import { loopbackAddresses, sharedAddresses, unresolvedAddresses } from "./service-addresses.ts";

/*
 * `praetor doctor` examines an agent, or the data folder of one that does not run (offline.ts).
 *
 *     gather.ts collects Facts ─▶ each Rule returns its Findings from them ─▶ report.ts prints them, the most serious first
 *
 * Invariants: rules are pure functions of the facts, so each has unit tests without an agent. An examination that was not
 * possible is reported as such, never as healthy. Doctor changes nothing, neither at the agent nor on this machine.
 */

/**
 * All rules, in the order in which doctor reports their findings: first risks to the data, then problems of communication, then
 * problems of single services.
 */
const rules: readonly Rule[] = [
  refusedWrites,
  noLeader,
  quorumAtRisk,
  unhealthyServers,
  wrongClocks,
  clock,
  endingCertificates,
  disk,
  files,
  volatileData,
  consulData,
  devMode,
  failedBackups,
  lowMemory,
  openWrites,
  openAgent,
  openScripts,
  unusableDefinitions,
  unregisteredThings,
  agingCertificates,
  silentPorts,
  lostMessageBus,
  neighbours,
  otherAgents,
  otherVersions,
  versionsApart,
  clocksApart,
  laggingServers,
  clonedNodes,
  loopbackAddresses,
  unresolvedAddresses,
  sharedAddresses,
  unreadableNode,
  forbiddenScripts,
  maintenance,
  exhaustedPorts,
  portConflicts,
  repeatedChecks,
  wrongPaths,
  unattendedTtls,
  criticalChecks,
];

export function findingsIn(facts: Facts): readonly Finding[] {
  return rules.flatMap((rule) => rule(facts));
}
