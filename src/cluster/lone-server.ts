import { consulVersion } from "../model/consul-version.ts";
import type { Node } from "../model/node.ts";
import type { ClusterHealth, ClusterView, RaftPeer, ServerId } from "../registry/cluster-view.ts";
import type { Registry } from "../registry/registry.ts";

export interface LoneServerOptions {
  readonly node: Pick<Node, "id" | "name" | "address">;
  readonly serverPort: number;
  /** When the server started, in milliseconds since 1970. */
  readonly startedMs: number;
  readonly store: Pick<Registry, "state">;
}

/** The cluster of a server that stands alone: itself. */
export class LoneServer implements ClusterView {
  readonly isAlone = true;
  readonly leads = true;
  readonly lastContactMs = 0;
  readonly term = 1;
  readonly latenessMs: readonly number[] = [];
  readonly judgement = { isHealthy: true, failureTolerance: 0 } as const;
  readonly own: ServerId;
  readonly knownPeers: readonly RaftPeer[];
  readonly #options: LoneServerOptions;

  constructor(options: LoneServerOptions) {
    const { id, name, address } = options.node;
    this.#options = options;
    this.own = { id, name, address: `${address}:${options.serverPort}` };
    this.knownPeers = [{ ...this.own, leads: true, isVoter: true }];
  }

  get leader(): ServerId {
    return this.own;
  }

  peers(): Promise<readonly RaftPeer[]> {
    return Promise.resolve(this.knownPeers);
  }

  health(): Promise<ClusterHealth> {
    const { startedMs, store } = this.#options;
    const servers = this.knownPeers.map((peer) => ({
      ...peer,
      ...({ status: "alive", version: consulVersion, lastContactMs: 0 } as const),
      ...{ lastTerm: this.term, lastIndex: store.state.index, isHealthy: true, stableSinceMs: startedMs },
      ...{ clockAheadMs: 0, versions: undefined },
    }));
    return Promise.resolve({ ...this.judgement, servers });
  }

  /** Never called: the caller removes no server that is the last voter. */
  removePeer(): Promise<never> {
    return Promise.reject(new Error("the last voter cannot be removed"));
  }
}
