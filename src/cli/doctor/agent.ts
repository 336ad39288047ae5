import type { AgentFacts, Facts, Finding } from "./facts.ts";

/** The demonstration that became the product. */
export function devMode({ agent, services, hasKeys }: Facts): readonly Finding[] {
  if (!agent.devMode || (services.length === 0 && !hasKeys)) return [];
  const held = [services.length > 0 ? "services" : "", hasKeys ? "keys" : ""]
    .filter((what) => what !== "")
    .join(" and ");
  return [
    {
      kind: "dev-mode",
      where: `node ${agent.nodeName}`,
      problem: `The agent runs with -dev: its ${held} are in memory only, and gone when it ends.`,
      advice:
        "Save them (praetor snapshot save backup.snap), start the agent with -server -bootstrap -data-dir=FOLDER, and " +
        "restore them (praetor snapshot restore backup.snap).",
    },
  ];
}

/** Who can reach the gateway can change what its services believe. */
export function openWrites({ agent }: Facts): readonly Finding[] {
  const open = agent.httpAddresses.filter((address) => /^(0\.0\.0\.0|\[::\]):/.test(address));
  if (agent.writersAllowed === undefined || agent.writersAllowed.length > 0 || open.length === 0) return [];
  return [
    {
      kind: "writes-from-everywhere",
      where: `node ${agent.nodeName}, ${open.join(" and ")}`,
      problem: "Whoever reaches this machine may change keys and services: it listens on all its addresses.",
      advice:
        "Name the networks that may write, as in -allow-write-http-from=127.0.0.0/8, or listen with -client on fewer addresses.",
    },
  ];
}

/** Files that the agent could use in part only. */
export function unusableDefinitions({
  agent,
}: {
  readonly agent: Pick<AgentFacts, "definitionFaults">;
}): readonly Finding[] {
  return agent.definitionFaults.map(({ where, message }) => ({
    kind: "definition-unusable",
    where,
    problem: message,
    advice: "Correct the file, see with praetor validate that it is right, and let the agent read it: praetor reload.",
  }));
}

export function silentPorts({ ports }: Facts): readonly Finding[] {
  return ports
    .filter(({ answers }) => !answers)
    .map(({ name, address }) => ({
      kind: "port-silent",
      where: address,
      problem: `The agent says that it serves ${name} there, and from here nothing answers.`,
      advice:
        "Look for a firewall, for a port that the container does not publish, or for another program that has it; or " +
        "switch it off by setting its port to -1.",
    }));
}

export function refusedWrites({ agent }: Facts): readonly Finding[] {
  if (agent.writeRefused === "") return [];
  return [
    {
      kind: "writes-refused",
      where: `node ${agent.nodeName}`,
      problem: `It could not store its last write: ${agent.writeRefused}`,
      advice:
        "Make room on the disk of the data folder, or repair it. The agent tries again with the next write and needs no " +
        "restart; praetor monitor -n 200 shows since when.",
    },
  ];
}

export function lostMessageBus({ agent }: Facts): readonly Finding[] {
  if (agent.messageBus === undefined || agent.messageBus.isConnected) return [];
  const { changesWaiting } = agent.messageBus;
  return [
    {
      kind: "message-bus-unreachable",
      where: `node ${agent.nodeName}`,
      problem: `It has no connection to the broker of its message bus; changes of keys that wait for it: ${changesWaiting}.`,
      advice:
        "See whether the broker runs and takes the user and password of edgex.message_bus; praetor monitor -n 200 shows what it " +
        "answered. The agent connects again by itself, and then publishes what has waited.",
    },
  ];
}

export function exhaustedPorts({ withoutPort }: Facts): readonly Finding[] {
  return withoutPort.map(({ service, reason }) => ({
    kind: "ports-exhausted",
    where: `service ${service}`,
    problem: reason,
    advice:
      "Widen edgex.ports.range in the agent's configuration and restart it; praetor ports shows who has which port.",
  }));
}
