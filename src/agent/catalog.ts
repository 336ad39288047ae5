import type { Check, CheckRow } from "../model/check.ts";
import type { Node } from "../model/node.ts";
import type { Service, ServiceRow } from "../model/service.ts";

/**
 * The catalog to which an agent writes its services and checks: on a server the one in the same process, on a client
 * agent a server's. A call that resolves is durable; one that rejects has changed nothing.
 */
export interface Catalog {
  register(registration: CatalogRegistration): Promise<void>;
  deregister(target: CatalogTarget): Promise<void>;
  /** The services and checks of this node. */
  contents(): Promise<NodeContents>;
  /**
   * Calls `onChange` with the services and checks of any node, for alias checks: soon, and after each change until stopped.
   * Checks come with their last output, but a change of output alone does not call back.
   */
  watchNodeChecks(node: string, onChange: (contents: NodeContents) => void): { stop(): void };
  /** Shows a check's output beside its row, from memory. */
  showOutput(check: { readonly node: string; readonly id: string; readonly serviceName: string }, output: string): void;
  /** Drops the output of a check that was deregistered. */
  forgetOutput(check: { readonly node: string; readonly id: string }): void;
}

export interface NodeContents {
  /** false: the catalog knows no such node. */
  readonly found: boolean;
  readonly services: readonly ServiceRow[];
  readonly checks: readonly CheckRow[];
}

export interface CatalogRegistration {
  readonly node: Node;
  readonly service?: Service | undefined;
  readonly checks: readonly Check[];
}

export interface CatalogTarget {
  readonly serviceId?: string | undefined;
  readonly checkId?: string | undefined;
}

/** Stores the agent's own rows, which survive a restart: all of a call or none. Durable when it resolves. */
export interface LocalRows {
  save(rows: readonly { readonly key: string; readonly value: Uint8Array | undefined }[]): Promise<void>;
}
