import { LoneServer } from "../../src/cluster/lone-server.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { nodeNamed } from "./state.ts";

/** Returns the cluster of a server that stands alone, of node "n1". */
export function loneServer(store: Pick<Registry, "state">): LoneServer {
  return new LoneServer({ node: nodeNamed("n1"), serverPort: 8300, startedMs: 0, store });
}
