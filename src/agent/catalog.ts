import type { Check, CheckRow } from "../model/check.ts";
import type { Node } from "../model/node.ts";
import type { Service, ServiceRow } from "../model/service.ts";

/**
 * What an agent needs of the catalog it reports to: on a server the one in the same process, on a client a server's.
 * Each call is durable when it resolves and has changed nothing when it rejects.
 */
export interface Catalog {
  register(registration: CatalogRegistration): Promise<void>;
  deregister(target: CatalogTarget): Promise<void>;
  /** What the catalog holds of this node. */
  contents(): Promise<NodeContents>;
  /**
   * What is on any node, for checks that follow others, with what each check printed last. Calls back soon and after each
   * change but those of output alone, until stopped.
   */
  watchNodeChecks(node: string, onChange: (contents: NodeContents) => void): { stop(): void };
  /** Shows what a check printed beside its stored status; nothing is stored. */
  showOutput(check: { readonly node: string; readonly id: string; readonly serviceName: string }, output: string): void;
  /** The check is gone. */
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

/** Keeps what the agent must remember over restarts. Durable when it resolves; all rows or none. */
export interface LocalRows {
  save(rows: readonly { readonly key: string; readonly value: Uint8Array | undefined }[]): Promise<void>;
}
