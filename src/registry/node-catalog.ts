import type { Check, CheckRow } from "../model/check.ts";
import type { Node } from "../model/node.ts";
import type { Service, ServiceRow } from "../model/service.ts";
import type { TxnOperation } from "../model/txn.ts";
import type { Command } from "../state/command.ts";
import { checksOfNode, getNode, servicesOfNode } from "../state/lookup.ts";
import { topics } from "../state/topics.ts";
import type { CheckOutputs } from "./check-outputs.ts";
import { throwIfRejected } from "./rejection.ts";
import type { LocalRow, LocalRows } from "./local-rows.ts";
import type { Registry } from "./registry.ts";

export interface NodeContents {
  readonly found: boolean;
  readonly services: readonly ServiceRow[];
  readonly checks: readonly CheckRow[];
}

/** The changes of one batch, which the store applies in the order of these fields. */
export interface NodeChange {
  /** Rows that only this agent uses. */
  readonly rows?: readonly LocalRow[];
  readonly transactions?: readonly (readonly TxnOperation[])[];
  readonly registrations?: readonly {
    readonly node: Node;
    readonly service?: Service | undefined;
    readonly checks: readonly Check[];
    /** The secret of a token; the catalog of another process asks whether it may write this. */
    readonly token?: string | undefined;
  }[];
  readonly deregistrations?: readonly {
    readonly serviceId?: string | undefined;
    readonly checkId?: string | undefined;
  }[];
}

/** The part of the catalog that the agent of one node reads and writes, when catalog and agent are in one process. */
export class NodeCatalog {
  readonly #store: Registry;
  readonly #localRows: LocalRows;
  readonly #outputs: CheckOutputs;
  readonly #node: string;

  constructor(
    store: Registry,
    {
      localRows,
      outputs,
      node,
    }: { readonly localRows: LocalRows; readonly outputs: CheckOutputs; readonly node: string },
  ) {
    this.#store = store;
    this.#localRows = localRows;
    this.#outputs = outputs;
    this.#node = node;
  }

  /** Makes the whole change durable in one batch. @throws OperatingError in the same cases as Catalog.commit */
  async commit({ rows = [], transactions = [], registrations = [], deregistrations = [] }: NodeChange): Promise<void> {
    const commands: readonly Command[] = [
      // Only the assignment of ports adds transactions to a registration.
      ...transactions.map((operations) => ({ type: "txn", operations, origin: "port-assignment" }) as const),
      ...registrations.map(
        ({ node, service, checks }) => ({ type: "register", skipNodeUpdate: false, node, service, checks }) as const,
      ),
      ...deregistrations.map((target) => ({ type: "deregister", node: this.#node, ...target }) as const),
    ];
    for (const outcome of await this.#localRows.saveWith(rows, commands)) throwIfRejected(outcome);
  }

  contents(): Promise<NodeContents> {
    return Promise.resolve(this.contentsOf(this.#node, { withOutputs: false }));
  }

  /**
   * Calls `onChange` with the node's contents in the next microtask and after each change. The checks carry their newest
   * outputs, which the catalog may not have yet.
   */
  watchNodeChecks(node: string, onChange: (contents: NodeContents) => void): { stop(): void } {
    let stopWaiting = (): void => {};
    let stopped = false;
    const report = (): void => {
      if (stopped) return;
      stopWaiting = this.#store.wait([topics.nodeChecks(node), topics.node(node)], report);
      onChange(this.contentsOf(node, { withOutputs: true }));
    };
    queueMicrotask(report);
    return {
      stop() {
        stopped = true;
        stopWaiting();
      },
    };
  }

  showOutput(
    check: { readonly node: string; readonly id: string; readonly serviceName: string },
    output: string,
  ): void {
    this.#outputs.set(check, output);
  }

  forgetOutput(check: { readonly node: string; readonly id: string }): void {
    this.#outputs.delete(check.node, check.id);
  }

  #withOutput(check: CheckRow): CheckRow {
    const output = this.#outputs.get(check.node, check.id);
    return output === undefined ? check : { ...check, output };
  }

  /** Returns the rows of any node. @param withOutputs whether the checks carry their newest outputs, which are not in their rows */
  contentsOf(node: string, { withOutputs }: { readonly withOutputs: boolean }): NodeContents {
    const { state } = this.#store;
    const checks = checksOfNode(state, node);
    return {
      found: getNode(state, node) !== undefined,
      services: servicesOfNode(state, node),
      checks: withOutputs ? checks.map((check) => this.#withOutput(check)) : checks,
    };
  }
}
