import type { Agent } from "../../agent/agent.ts";
import type { Catalog } from "../../agent/catalog.ts";
import type { CallLeader } from "../../cluster/leader-calls.ts";
import type { ServerOutputs } from "../../cluster/catalog-calls.ts";
import type { Admission, Handlers, LinkedAgents } from "../../cluster/linked-agents.ts";
import { LoneServer } from "../../cluster/lone-server.ts";
import type { Members } from "../../cluster/members.ts";
import type { RuntimeConfig } from "../../config/runtime-config.ts";
import type { SendToServer } from "../../http/forwarding.ts";
import type { Log } from "../../lib/log.ts";
import type { ListenOptions } from "../../link/listen.ts";
import type { SharedRuns } from "../../lib/shared-runs.ts";
import type { NodeCoordinate } from "../../model/coordinate.ts";
import type { Node } from "../../model/node.ts";
import type { CheckOutputs } from "../../registry/check-outputs.ts";
import type { ClusterView } from "../../registry/cluster-view.ts";
import type { Coordinates } from "../../registry/coordinates.ts";
import type { LocalRows } from "../../registry/local-rows.ts";
import type { NodeCatalog } from "../../registry/node-catalog.ts";
import type { Registry } from "../../registry/registry.ts";
import type { Lifecycle } from "../lifecycle.ts";
import type { Platform } from "../platform.ts";
import type { AgentTls } from "./agent-tls.ts";
import type { BusPart } from "./bus.ts";
import { openLinks } from "./links.ts";

/** The servers that keep one catalog, as one of them sees them: itself alone, or those of a cluster (cluster.ts). */
export interface ServerGroup {
  readonly store: Registry;
  readonly localRows: LocalRows;
  /** Whether a start waits until this server's node is in the catalog. In a cluster there may be no leader for some time. */
  readonly waitsForCatalog: boolean;
  /** The calls to the leader; undefined if this server stands alone. */
  readonly calls: CallLeader | undefined;
  /**
   * Joins the cluster of the server at an address; undefined if this server stands alone.
   * @throws OperatingError unavailable "join-failed" with Consul's text
   */
  readonly joinServer: ((address: string) => Promise<void>) | undefined;
  /** Passes an HTTP request on to the leader; undefined if this server stands alone. */
  readonly sendToLeader: SendToServer | undefined;
  /** Returns the catalog for this server's own agent. @param rows the rows of its node in the store */
  createCatalog(rows: NodeCatalog): Catalog;
  /** Returns the part that decides which agents may link with this server. @param expel closes the link of an agent */
  createAdmission(members: Members, expel: (id: string, reason: string) => void): Admission;
  createView(members: Members): ClusterView;
  /** Opens the server's port, and begins to work with the other servers. @throws OperatingError unavailable */
  begin(parts: Lifecycle, group: GroupParts): Promise<void>;
  /** Tells the other servers that this server's node has changed. */
  reportNode(): void;
  /** Takes this server out of the cluster. @throws OperatingError when the other servers do not agree */
  leave(): Promise<void>;
  /** Tell the other servers what each server has in memory alone. */
  tellOutputs(outputs: ServerOutputs): void;
  tellCoordinates(rows: readonly NodeCoordinate[]): void;
  tellBusPosition(index: number): void;
}

/** The parts of a server that work with other agents. */
export interface GroupParts {
  readonly agent: Pick<Agent, "node">;
  /** The agents that are linked with this server. */
  readonly linked: LinkedAgents;
  /** The answers to the calls of client agents. */
  readonly handlers: Handlers;
  /** The answers to agents that ask for a certificate; undefined if this server signs none. */
  readonly signer: ListenOptions["signer"];
  readonly outputs: CheckOutputs;
  readonly coordinates: Coordinates;
  readonly bus: Pick<BusPart, "passTo">;
  /** Writes this server's node, services and checks to the catalog. */
  readonly sync: SharedRuns;
}

interface LoneParts {
  readonly platform: Platform;
  readonly tls: AgentTls;
  readonly node: Node;
  readonly store: Registry;
  readonly localRows: LocalRows;
  readonly log: Log;
}

/** A server that stands alone. */
export class LoneGroup implements ServerGroup {
  readonly store: Registry;
  readonly localRows: LocalRows;
  readonly waitsForCatalog = true;
  readonly calls = undefined;
  readonly joinServer = undefined;
  readonly sendToLeader = undefined;
  readonly #config: RuntimeConfig;
  readonly #parts: LoneParts;

  constructor(config: RuntimeConfig, parts: LoneParts) {
    this.#config = config;
    this.#parts = parts;
    this.store = parts.store;
    this.localRows = parts.localRows;
  }

  createCatalog(rows: NodeCatalog): NodeCatalog {
    return rows;
  }

  createAdmission(members: Members): Members {
    return members;
  }

  createView(): LoneServer {
    const { node, platform } = this.#parts;
    const [serverPort, startedMs] = [this.#config.ports.server, platform.clock.wallMs()];
    return new LoneServer({ node, serverPort, startedMs, store: this.store });
  }

  async begin(parts: Lifecycle, { linked, handlers, signer }: GroupParts): Promise<void> {
    const { log, platform, tls } = this.#parts;
    const { clock, listenForLinks: listen } = platform;
    await parts.open(
      openLinks(this.#config, {
        ...{ handler: linked.handler(handlers), signer, listen, clock, tls },
        log: log.named("server"),
      }),
    );
  }

  reportNode(): void {}

  leave(): Promise<void> {
    return Promise.resolve();
  }

  tellOutputs(): void {}

  tellCoordinates(): void {}

  tellBusPosition(): void {}
}
