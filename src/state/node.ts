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
 * Creates or updates the node's row. A known id under another name renames the node: the old node is deleted with its services
 * and checks. A node with another id can take the name of a known node only if the known node is not alive. Consul: ensureNode.
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
    // Consul: a registration without an id keeps the known one.
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
