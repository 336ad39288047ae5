import { serfCheckId } from "../../cluster/server-registration.ts";
import type { RuntimeConfig } from "../../config/runtime-config.ts";
import type { Random } from "../../lib/random.ts";
import type { Node } from "../../model/node.ts";
import { deregister } from "../../registry/catalog.ts";
import type { LocalRow, LocalRows } from "../../registry/local-rows.ts";
import type { Registry } from "../../registry/registry.ts";

export const nodeIdKey = "node-id";

/**
 * Returns this agent's node. The node's id is the configured id, else the id of the last start of this agent or of a Consul
 * agent in this data folder, else a new random id. The id is stored for the next start.
 */
export async function ensureNode(
  config: RuntimeConfig,
  store: Registry,
  options: {
    readonly localRows: LocalRows;
    /** The rows that only this agent uses, as read from the engine at the start. */
    readonly local: readonly LocalRow[];
    readonly random: Random;
  },
): Promise<Node> {
  const stored = options.local.find((row) => row.key === nodeIdKey)?.value;
  const known = stored && new TextDecoder().decode(stored);
  const id = config.nodeId === "" ? (known ?? config.consulNodeId ?? options.random.uuid()) : config.nodeId;
  if (id !== known) {
    // The catalog refuses a name that a node with another id has. Here the node with that name is this node under its old id.
    if (known !== undefined) await releaseName(store, config.nodeName);
    await options.localRows.save([{ key: nodeIdKey, value: new TextEncoder().encode(id) }]);
  }
  return {
    id,
    name: config.nodeName,
    address: config.advertiseAddress,
    datacenter: config.datacenter,
    taggedAddresses: config.taggedAddresses,
    meta: nodeMeta(config),
  };
}

export function nodeMeta(config: RuntimeConfig): Node["meta"] {
  return { ...config.nodeMeta, "consul-network-segment": "" };
}

/**
 * Lets a node with another id take a node's name, by deregistering the check serfHealth of the node that has the name: the
 * catalog refuses the name to other nodes only while that check passes.
 */
export function releaseName(store: Registry, name: string): Promise<void> {
  return deregister(store, { node: name, checkId: serfCheckId });
}
