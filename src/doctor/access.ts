import type { Facts, Finding } from "./facts.ts";
import { isLoopback } from "./facts.ts";

/** Reports an agent that answers other machines, all of which may do everything since access control is off. */
export function openAgent({ agent }: Facts): readonly Finding[] {
  const open = agent.httpAddresses.filter((address) => !isOfThisMachine(address));
  if (agent.accessControl !== "off" || open.length === 0) return [];
  return [
    {
      kind: "access-control-off",
      where: `node ${agent.nodeName}, ${open.join(" and ")}`,
      problem: "Access control is off: any host that reaches this machine can read all keys and services.",
      advice:
        "Switch access control on (docs/security.md has the commands), or let the agent listen on 127.0.0.1 only.",
    },
  ];
}

/** Reports an agent that runs the scripts which any client registers. */
export function openScripts({ agent }: Facts): readonly Finding[] {
  const isGuarded = agent.accessControl === "deny" || (agent.writersAllowed?.length ?? 0) > 0;
  if (!agent.remoteScriptsAllowed || isGuarded) return [];
  return [
    {
      kind: "scripts-from-everywhere",
      where: `node ${agent.nodeName}`,
      problem:
        "Whoever reaches the HTTP port can run programs here: script checks are taken from the API, from everybody.",
      advice:
        "Use enable_local_script_checks in place of enable_script_checks, or switch access control on with default_policy " +
        '"deny".',
    },
  ];
}

/** Reports that EdgeX's policies let its services see no service of this node, mostly because of the node's name. */
export function unreadableNode({ agent, policiesWithoutNode }: Facts): readonly Finding[] {
  const [first, ...others] = policiesWithoutNode;
  if (first === undefined) return [];
  const policies = others.length === 0 ? first : `${first} and ${others.length} more`;
  return [
    {
      kind: "node-hidden-from-edgex",
      where: `node ${agent.nodeName}`,
      problem: `EdgeX's services get empty lists of services and checks: their policies (${policies}) may not read this node.`,
      advice:
        "EdgeX's policies allow nodes whose names begin with edgex: start the agent with -node edgex-core-consul, or add a " +
        `rule for node ${JSON.stringify(agent.nodeName)} to the policies.`,
    },
  ];
}

/** Reports each service and check of this agent that the servers refuse, because its token may not register it. */
export function unregisteredThings({ agent }: Facts): readonly Finding[] {
  return agent.refusedWrites.map(({ kind, id, accessorId }) => {
    const token = accessorId === "" ? "its token does not exist" : `its token, ${accessorId}, may not write it`;
    return {
      kind: "refused-by-acl",
      where: `${kind} ${id} on node ${agent.nodeName}`,
      problem: `The catalog does not have this ${kind}: ${token}.`,
      advice:
        `Register the ${kind} again with a token that may write it, or set acl.tokens.default on this agent for those without a ` +
        "token of their own.",
    };
  });
}

/** @param address host and port, or the path of a Unix socket */
function isOfThisMachine(address: string): boolean {
  return address.startsWith("/") || isLoopback(address.replace(/:\d+$/, ""));
}
