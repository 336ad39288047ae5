import type { Agent } from "../../agent/agent.ts";
import { syncCatalog } from "../../agent/anti-entropy.ts";
import { serverRegistration } from "../../cluster/server-registration.ts";
import type { RuntimeConfig } from "../../config/runtime-config.ts";
import { register } from "../../registry/catalog.ts";
import type { Registry } from "../../registry/registry.ts";
import { getNode } from "../../state/lookup.ts";
import { releaseName } from "./node.ts";

/** Writes the node, services and checks of this server and its agent to the catalog. */
export interface CatalogSync {
  /** Registers the node with the server's own service and check. */
  readonly registerServer: () => Promise<void>;
  /** Registers the server and runs one round of anti-entropy. Resolves with the number of rows that the round corrected. */
  readonly sync: () => Promise<number>;
  /** Writes this server's node, services and checks to the catalog after a snapshot has replaced the whole state. */
  readonly resync: () => Promise<void>;
}

export function createCatalogSync(
  config: RuntimeConfig,
  { store, agent }: { readonly store: Registry; readonly agent: Agent },
): CatalogSync {
  const registerServer = (): Promise<void> =>
    register(store, { ...serverRegistration(agent.node, config.ports.server), skipNodeUpdate: false });
  const sync = async (): Promise<number> => {
    await registerServer();
    return syncCatalog(agent);
  };
  const resync = async (): Promise<void> => {
    const { node } = agent;
    // The snapshot may come from another machine with the same node name. This node must be able to take the name.
    if (getNode(store.state, node.name)?.id !== node.id) await releaseName(store, node.name);
    await sync();
  };
  return { registerServer, sync, resync };
}
