import {
  devMode,
  exhaustedPorts,
  lostMessageBus,
  openWrites,
  refusedWrites,
  silentPorts,
  unusableDefinitions,
} from "./agent.ts";
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
import { loopbackAddresses, sharedAddresses, unresolvedAddresses } from "./service-addresses.ts";

/**
 * All rules, in the order in which doctor reports their findings: first risks to the data, then problems of communication, then
 * problems of single services.
 */
const rules: readonly Rule[] = [
  refusedWrites,
  clock,
  disk,
  files,
  volatileData,
  consulData,
  devMode,
  lowMemory,
  openWrites,
  unusableDefinitions,
  silentPorts,
  lostMessageBus,
  neighbours,
  otherAgents,
  otherVersions,
  clonedNodes,
  loopbackAddresses,
  unresolvedAddresses,
  sharedAddresses,
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
