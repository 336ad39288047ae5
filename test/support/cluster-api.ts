import { MemoryCluster } from "../../src/engine/memory/memory-cluster.ts";
import { answerForwarded, type SendToServer } from "../../src/http/forwarding.ts";
import type { ClusterHealth, ClusterView, RaftPeer, ServerId } from "../../src/registry/cluster-view.ts";
import { noLeader } from "../../src/registry/leader-wait.ts";
import type { ReplicatedStore } from "../../src/registry/replicated-store.ts";
import { startTestApi, type TestApi, type TestApiOptions } from "./api.ts";
import { StoreCluster } from "./store-cluster.ts";
import { within } from "./within.ts";

/** A server of a ClusterApi: the whole HTTP API over its store. */
export interface ClusterApiServer {
  readonly name: string;
  readonly store: ReplicatedStore;
  readonly view: FakeClusterView;
  readonly api: TestApi;
}

/** The cluster as one server of a ClusterApi sees it. A test sets how long the server is without the leader. */
export class FakeClusterView implements ClusterView {
  readonly isAlone = false;
  readonly own: ServerId;
  readonly term = 1;
  readonly removed: string[] = [];
  readonly latenessMs: readonly number[] = [];
  /** How long a server that does not lead is without the leader. */
  silentMs = 0;
  isHealthy = true;
  /** How often the leader has judged the servers. */
  judged = 0;
  readonly #all: readonly FakeClusterView[];
  readonly #store: ReplicatedStore;

  constructor(name: string, store: ReplicatedStore, all: readonly FakeClusterView[]) {
    this.own = { id: `id-${name}`, name, address: `${name}:8300` };
    this.#store = store;
    this.#all = all;
  }

  get leads(): boolean {
    return this.#store.leads;
  }

  get leader(): ServerId | undefined {
    return this.#all.find(({ leads }) => leads)?.own;
  }

  get lastContactMs(): number {
    return this.leads ? 0 : this.silentMs;
  }

  get knownPeers(): readonly RaftPeer[] {
    return this.#all.map(({ own, leads }) => ({ ...own, leads, isVoter: true }));
  }

  get judgement(): { readonly isHealthy: boolean; readonly failureTolerance: number } | undefined {
    return this.leads ? { isHealthy: this.isHealthy, failureTolerance: 1 } : undefined;
  }

  peers(): Promise<readonly RaftPeer[]> {
    return this.leader ? Promise.resolve(this.knownPeers) : Promise.reject(noLeader());
  }

  health(): Promise<ClusterHealth> {
    this.judged += 1;
    const { isHealthy } = this;
    const servers = this.knownPeers.map((peer) => ({
      ...peer,
      ...({ status: "alive", version: "1.8.7", lastContactMs: peer.leads ? 0 : 12.5 } as const),
      ...{ lastTerm: 1, lastIndex: this.#store.state.index, isHealthy, stableSinceMs: 0 },
      ...{ clockAheadMs: peer.leads ? 0 : 1_500, versions: { praetor: "0.1.0", etcd: "3.4.23" } },
    }));
    return Promise.resolve({ isHealthy, failureTolerance: 1, servers });
  }

  removePeer({ name }: RaftPeer): Promise<void> {
    this.removed.push(name);
    return Promise.resolve();
  }
}

/** Several servers with the whole HTTP API each, in this process. Messages between them cross no socket. */
export class ClusterApi {
  readonly stores: StoreCluster = new StoreCluster(new MemoryCluster());
  readonly servers: ClusterApiServer[] = [];

  /** Starts three servers. The first one leads. @param holdMs how long a request waits for a leader */
  static async start(options: TestApiOptions & { readonly holdMs?: number } = {}): Promise<ClusterApi> {
    const cluster = new ClusterApi();
    const views: FakeClusterView[] = [];
    for (const name of ["s1", "s2", "s3"]) {
      const store = await cluster.stores.start(name, { campaigns: name === "s1", holdMs: options.holdMs ?? 600_000 });
      const view = new FakeClusterView(name, store, views);
      views.push(view);
      const sendToLeader = cluster.#sendFrom(name);
      const api = await startTestApi({
        ...options,
        server: { store, cluster: view, sendToLeader },
        store,
        cluster: view,
      });
      cluster.servers.push({ name, store, view, api });
    }
    await cluster.stores.leader();
    // Each server has the batch with which the term begins.
    for (const { store } of cluster.servers) await store.freshen("leader");
    return cluster;
  }

  get leader(): ClusterApiServer {
    return this.servers.find(({ store }) => store.leads) ?? this.stores.never();
  }

  /** A server that does not lead. */
  get follower(): ClusterApiServer {
    return this.servers.find(({ store }) => !store.leads) ?? this.stores.never();
  }

  /** Resolves when no server leads, and none will. */
  async loseQuorum(): Promise<void> {
    await this.stores.loseQuorum();
    await within(1_000, async () => {
      if (this.servers.some(({ store }) => store.leads)) throw new Error("a server leads");
    });
  }

  close(): Promise<void> {
    return this.stores.close();
  }

  #sendFrom(agentNode: string): SendToServer {
    return (request, { signal = new AbortController().signal }) => {
      const leader = this.servers.find(({ store }) => store.leads);
      if (!leader) return Promise.reject(noLeader());
      return answerForwarded(leader.api.router, request, { agentToken: undefined, agentNode, signal });
    };
  }
}
