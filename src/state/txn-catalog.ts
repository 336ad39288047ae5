import type { RowIndexes } from "../model/node.ts";
import type { CheckOperation, NodeOperation, ServiceOperation, TxnResult } from "../model/txn.ts";
import { ensureCheck } from "./check.ts";
import type { Draft } from "./draft.ts";
import { getCheck, getNode, getNodeOfId, getService } from "./lookup.ts";
import { ensureNode } from "./node.ts";
import { rejectionText } from "./rejection-text.ts";
import { removeCheck, removeNode, removeService } from "./removal.ts";
import { ensureService } from "./service.ts";

type Step = readonly TxnResult[] | string;

/** The row that a verb acts on. The verbs are the same for nodes, services and checks. */
interface Target<Row extends RowIndexes> {
  readonly noun: "Node" | "Service" | "Check";
  /** The row's name in error texts, as in `check "c" on node "n"`. */
  readonly name: string;
  find(): Row | undefined;
  /** Creates or updates the row. Returns an error text if the state rejects the row. */
  ensure(): string | undefined;
  remove(row: Row): void;
  show(row: Row): TxnResult;
}

export function runNodeOperation(draft: Draft, { verb, node, index }: NodeOperation): Step {
  return run(verb, index, {
    noun: "Node",
    name: `node ${JSON.stringify(node.name)}`,
    find: () =>
      verb === "get" && node.id !== "" ? getNodeOfId(draft.state, node.id) : getNode(draft.state, node.name),
    ensure() {
      const reason = ensureNode(draft, node);
      return reason && rejectionText(reason);
    },
    remove: (row) => removeNode(draft, row),
    show: (row) => ({ kind: "node", row }),
  });
}

export function runServiceOperation(draft: Draft, operation: ServiceOperation): Step {
  const { verb, node, service, index } = operation;
  return run(verb, index, {
    noun: "Service",
    name: `service ${JSON.stringify(service.id)} on node ${JSON.stringify(node)}`,
    find: () => getService(draft.state, node, service.id),
    ensure() {
      const on = getNode(draft.state, node);
      if (!on) return "Missing node registration";
      ensureService(draft, on.name, service);
      return undefined;
    },
    remove: (row) => removeService(draft, row),
    show: (row) => ({ kind: "service", row }),
  });
}

export function runCheckOperation(draft: Draft, { verb, check, index }: CheckOperation): Step {
  return run(verb, index, {
    noun: "Check",
    name: `check ${JSON.stringify(check.id)} on node ${JSON.stringify(check.node)}`,
    find: () => getCheck(draft.state, check.node, check.id),
    ensure() {
      const on = getNode(draft.state, check.node);
      if (!on) return "Missing node registration";
      return ensureCheck(draft, on.name, check) && "Missing service registration";
    },
    remove: (row) => removeCheck(draft, row),
    show: (row) => ({ kind: "check", row }),
  });
}

function run<Row extends RowIndexes>(verb: string, index: number, target: Target<Row>): Step {
  const known = target.find();
  switch (verb) {
    case "get":
      return known ? [target.show(known)] : `${target.name} doesn't exist`;
    case "set":
      return set(target);
    case "cas":
      return (known?.modifyIndex ?? 0) === index ? set(target) : `failed to set ${target.name}, index is stale`;
    case "delete":
      if (known) target.remove(known);
      return [];
    case "delete-cas":
      // Consul: a check-and-set delete of a row that does not exist fails, unlike that of a key.
      if (known?.modifyIndex !== index) return `failed to delete ${target.name}, index is stale`;
      target.remove(known);
      return [];
    default:
      return `unknown ${target.noun} verb ${JSON.stringify(verb)}`;
  }
}

function set<Row extends RowIndexes>(target: Target<Row>): Step {
  const fault = target.ensure();
  if (fault !== undefined) return fault;
  const row = target.find();
  return row ? [target.show(row)] : [];
}
