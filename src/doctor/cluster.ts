import { type Facts, type Finding, groupsOf, type NodeFacts } from "./facts.ts";

/** Reports nodes that share an id or an address, as copies of one disk image do. */
export function clonedNodes({ nodes }: Facts): readonly Finding[] {
  const own = nodes.filter(({ isExternal }) => !isExternal);
  const finding = (group: readonly NodeFacts[], shared: string): Finding => ({
    kind: "node-cloned",
    where: group.map(({ name }) => `node ${name}`).join(" and "),
    problem: `They have the same ${shared}: the catalog cannot tell them apart.`,
    advice:
      "If one was cloned from the other, stop it, delete its data folder (or its node-id file) and restart it; if a " +
      "node was renamed, remove its old name: PUT /v1/catalog/deregister with that Node.",
  });
  return [
    ...groupsOf(own, ({ id }) => id).map((group) => finding(group, `id, ${group[0]?.id}`)),
    ...groupsOf(own, ({ address }) => address).map((group) => finding(group, `address, ${group[0]?.address}`)),
  ];
}

/** Reports members with another version than the agent. */
export function otherVersions({ agent, members }: Facts): readonly Finding[] {
  return members
    .filter(({ version }) => version !== "" && version !== agent.version)
    .map(({ name, version }) => ({
      kind: "other-version",
      where: `node ${name}`,
      problem: `It has the version ${version} of Consul's interfaces, and ${agent.nodeName} has ${agent.version}.`,
      advice: "Update all agents of a cluster to one version.",
    }));
}

/** Reports another agent at port 8500 of this machine: some services may be registered with that agent. */
export function neighbours({ agent, neighbour }: Facts): readonly Finding[] {
  if (neighbour === undefined) return [];
  const { url, nodeName, version } = neighbour;
  return [
    {
      kind: "second-agent",
      where: url,
      problem:
        `Another agent (node ${nodeName}, version ${version}) answers on this machine beside ${agent.nodeName} ` +
        `(version ${agent.version}); clients of the usual port see its catalog.`,
      advice: "Stop the agent that should not run, or give every service the address of the other.",
    },
  ];
}

/** Reports further agents on this machine, except the one at port 8500 that `neighbours` reports. */
export function otherAgents({ agent, neighbour, otherAgents: others }: Facts): readonly Finding[] {
  return others
    .filter(({ endpoints }) => !endpoints.some((each) => neighbour !== undefined && neighbour.url.endsWith(each)))
    .map(({ name, pid, endpoints }) => ({
      kind: "second-agent",
      where: `process ${pid} (${name})`,
      problem: `Another agent listens on this machine beside ${agent.nodeName}, at ${endpoints.join(", ")}; its clients see another catalog.`,
      advice: "Stop the agent that should not run, or give every service the address of the other.",
    }));
}
