import type { AgentFacts, Facts, Finding } from "./facts.ts";

/** Reports an agent in -dev mode that holds data. */
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

/** Reports an agent that listens on all addresses and accepts writes from every network. */
export function openWrites({ agent }: Facts): readonly Finding[] {
  const open = agent.httpAddresses.filter((address) => /^(0\.0\.0\.0|\[::\]):/.test(address));
  const isGuarded =
    agent.accessControl === "deny" || agent.writersAllowed === undefined || agent.writersAllowed.length > 0;
  if (isGuarded || open.length === 0) return [];
  return [
    {
      kind: "writes-from-everywhere",
      where: `node ${agent.nodeName}, ${open.join(" and ")}`,
      problem: "Any host that reaches this machine can change keys and services: the agent listens on all addresses.",
      advice:
        "Name the networks that may write, as in -allow-write-http-from=127.0.0.0/8, or listen with -client on fewer addresses.",
    },
  ];
}

/** Reports definitions in the agent's files that the agent ignores or corrects. */
export function unusableDefinitions({
  agent,
}: {
  readonly agent: Pick<AgentFacts, "definitionFaults">;
}): readonly Finding[] {
  return agent.definitionFaults.map(({ where, message }) => ({
    kind: "definition-unusable",
    where,
    problem: message,
    advice: "Correct the file, check it with praetor validate, and let the agent read it: praetor reload.",
  }));
}

/** Reports listeners of the agent that do not answer. */
export function silentPorts({ ports }: Facts): readonly Finding[] {
  return ports
    .filter(({ answers }) => !answers)
    .map(({ name, address }) => ({
      kind: "port-silent",
      where: address,
      problem: `The agent should serve ${name} there, but nothing answers from here.`,
      advice:
        "Look for a firewall, a port that the container does not publish, or another program on that port; or switch the " +
        "listener off by setting its port to -1.",
    }));
}

/** Reports that the agent's last write to the disk failed. */
export function refusedWrites({ agent }: Facts): readonly Finding[] {
  if (agent.writeRefused === "") return [];
  return [
    {
      kind: "writes-refused",
      where: `node ${agent.nodeName}`,
      problem: `The agent could not store its last write: ${agent.writeRefused}`,
      advice:
        "Free space on the disk of the data folder, or repair it. The agent tries again with the next write and needs no " +
        "restart; praetor monitor -n 200 shows since when writes fail.",
    },
  ];
}

/** Reports that the agent has no connection to its MQTT broker. */
export function lostMessageBus({ agent }: Facts): readonly Finding[] {
  if (agent.messageBus === undefined || agent.messageBus.isConnected) return [];
  const { changesWaiting } = agent.messageBus;
  return [
    {
      kind: "message-bus-unreachable",
      where: `node ${agent.nodeName}`,
      problem: `The agent has no connection to its MQTT broker; changes of keys that wait to be published: ${changesWaiting}.`,
      advice:
        "Check that the broker runs and accepts the user and password of edgex.message_bus; praetor monitor -n 200 shows its " +
        "answer. The agent reconnects by itself, and then publishes the waiting changes.",
    },
  ];
}

/** Reports services for which edgex.ports.range had no free port. */
export function exhaustedPorts({ withoutPort }: Facts): readonly Finding[] {
  return withoutPort.map(({ service, reason }) => ({
    kind: "ports-exhausted",
    where: `service ${service}`,
    problem: reason,
    advice:
      "Widen edgex.ports.range in the agent's configuration and restart it; praetor ports shows which service has which port.",
  }));
}
