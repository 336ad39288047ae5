import type { Check, CheckRow } from "../model/check.ts";
import type { Node } from "../model/node.ts";
import type { Service, ServiceRow } from "../model/service.ts";
import type { KvOperation } from "../model/txn.ts";
import type { SavedRow } from "./local-state.ts";

/**
 * The catalog to which an agent writes its services and checks: on a server the catalog in the same process, on a client
 * agent the catalog of a server.
 */
export interface Catalog {
  /**
   * Makes the whole change durable, in one batch if the catalog is in the same process.
   * @throws OperatingError conflict when the catalog refuses a registration, and the rest of the change is durable;
   * unavailable when no part of the change is durable; timeout when the agent does not know whether the change is durable
   */
  commit(change: CatalogChange): Promise<void>;
  /**
   * Returns the services and checks that the catalog has for this node.
   * @throws OperatingError unavailable while no server answers
   */
  contents(): Promise<NodeContents>;
  /**
   * Calls `onChange` with the services and checks of any node, for alias checks: first soon after this call, then after each
   * change, until stopped. Checks carry their newest output, but a change of output alone does not cause a call.
   */
  watchNodeChecks(node: string, onChange: (contents: NodeContents) => void): { stop(): void };
  /** Makes answers show this output of a check. The output is kept in memory only and is not written to the check's row. */
  showOutput(check: { readonly node: string; readonly id: string; readonly serviceName: string }, output: string): void;
  /** Removes the output of a deregistered check from memory. */
  forgetOutput(check: { readonly node: string; readonly id: string }): void;
}

export interface NodeContents {
  /** Whether the catalog has the node. */
  readonly found: boolean;
  readonly services: readonly ServiceRow[];
  readonly checks: readonly CheckRow[];
}

export interface CatalogRegistration {
  readonly node: Node;
  readonly service?: Service | undefined;
  readonly checks: readonly Check[];
  /** The secret of the token with which they were registered; undefined for that of the agent's default token. */
  readonly token?: string | undefined;
}

export interface CatalogTarget {
  readonly serviceId?: string | undefined;
  readonly checkId?: string | undefined;
}

/** A change that an agent makes in the catalog. The catalog applies its parts in the order of these members. */
export interface CatalogChange {
  /** The agent's own rows, which it reads after a restart. */
  readonly rows?: readonly SavedRow[];
  /** Operations on keys. Each list takes effect whole or not at all; a list that fails does not stop the others. */
  readonly transactions?: readonly (readonly KvOperation[])[];
  readonly registrations?: readonly CatalogRegistration[];
  readonly deregistrations?: readonly CatalogTarget[];
}
