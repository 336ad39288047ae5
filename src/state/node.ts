import { isDeepStrictEqual } from "node:util";
import type { Node, NodeRow } from "../model/node.ts";
import type { Rejection } from "./command.ts";
import type { Draft } from "./draft.ts";
import { getCheck, getNode, getNodeOfId } from "./lookup.ts";
import { removeNode } from "./removal.ts";
import { rowKey } from "./row-key.ts";
import type { State } from "./state.ts";
import { nodes } from "./tables/node.ts";
import { fold } from "./topics.ts";

/**
 * Makes the node's row what it should be. A node that comes back under another name (same id) takes the new name and
 * loses the old one with all that was on it; a name cannot be taken from a node with another id that is alive.
 * Consul: ensureNode does both.
 */
export function ensureNode(draft: Draft, node: Node): Rejection | undefined {
  const named = getNode(draft.state, node.name);
  const previous = node.id === "" ? undefined : getNodeOfId(draft.state, node.id);
  if (node.id !== "") {
    const taken = named && named.id !== "" && fold(named.id) !== fold(node.id) && isAlive(draft.state, named);
    if (taken) return { code: "node-id-taken", id: node.id, by: named.id, name: node.name };
    if (previous && rowKey(previous.name) !== rowKey(node.name)) removeNode(draft, previous);
  }
  const row: NodeRow = {
    ...node,
    // Consul: a registration without an id keeps the one that is known.
    id: node.id === "" ? (named?.id ?? "") : node.id,
    createIndex: (previous ?? named)?.createIndex ?? draft.index,
    modifyIndex: draft.index,
  };
  if (named && isDeepStrictEqual(named, { ...row, modifyIndex: named.modifyIndex })) return undefined;
  draft.put(nodes, row, named);
  return undefined;
}

function isAlive(state: State, node: NodeRow): boolean {
  const serf = getCheck(state, node.name, "serfHealth");
  return serf !== undefined && serf.status !== "critical";
}
