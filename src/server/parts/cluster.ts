import { ClusterAdmission } from "../../cluster/admission.ts";
import { CallsToLeader, forwardCall, newestCall } from "../../cluster/calls-to-leader.ts";
import {
  type ServerOutputs,
  serverOutputsCall,
  busPositionCall,
  coordinatesCall,
} from "../../cluster/catalog-calls.ts";
import { noteMoved } from "../../cluster/formation/saved-formation.ts";
import {
  decodeJoin,
  type JoinAnswer,
  type JoinRequest,
  type ServerAddress,
  decodeServers,
  encodeServers,
  serverAddressOf,
} from "../../cluster/join-call.ts";
import { endGivenUp, refuseGivenUp } from "../../cluster/given-up.ts";
import { followDepartures } from "../../cluster/departed-servers.ts";
import { leaveServers } from "../../cluster/leave-servers.ts";
import { type ForceLeaveCall, leaderCallKinds } from "../../cluster/leader-calls.ts";
import { type AgentHandler, type Handlers, ofServers } from "../../cluster/linked-agents.ts";
import { healthCall, progressCall, ServerCluster } from "../../cluster/server-cluster.ts";
import { handRaftCall, RaftLead } from "../../cluster/raft-lead.ts";
import { ServerCatalog } from "../../cluster/server-catalog.ts";
import { serverJoin } from "../../cluster/member-rows.ts";
import type { Members } from "../../cluster/members.ts";
import { pushServers } from "../../cluster/server-list.ts";
import { ServerLinks, serversCall, type ServerJoinAnswer, ownAddress } from "../../cluster/server-links.ts";
import type { RuntimeConfig } from "../../config/runtime-config.ts";
import { leadershipLost } from "../../engine/replicated-engine.ts";
import type { EtcdEngine } from "../../engine/etcd/etcd-engine.ts";
import type { ForwardedAnswer, SendToServer } from "../../http/forwarding.ts";
import { sleep } from "../../lib/clock.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Metrics } from "../../lib/metrics.ts";
import type { Answer, Call, Handler } from "../../link/link.ts";
import type { NodeCoordinate } from "../../model/coordinate.ts";
import type { Node } from "../../model/node.ts";
import type { ForwardedWrites } from "../../registry/forwarding.ts";
import { type LocalRow, LocalRows } from "../../registry/local-rows.ts";
import type { NodeCatalog } from "../../registry/node-catalog.ts";
import { ReplicatedStore } from "../../registry/replicated-store.ts";
import { WhileLeading } from "../../registry/while-leading.ts";
import { meterStore } from "../../registry/store-metrics.ts";
import { logWriteTrouble } from "../../registry/write-trouble.ts";
import type { Command, Outcome } from "../../state/command.ts";
import type { State } from "../../state/state.ts";
import { topics } from "../../state/topics.ts";
import { type Lifecycle, loop } from "../lifecycle.ts";
import type { Platform } from "../platform.ts";
import type { AgentTls } from "./agent-tls.ts";
import { setOutputs } from "./client-calls.ts";
import { type ClusterEtcd, findClusterEtcd } from "./cluster-etcd.ts";
import { linkPort } from "./links.ts";
import type { GroupParts, ServerGroup } from "./server-group.ts";
import { indexOfFreshStore } from "./store.ts";

/** The local row of the servers that this one knows: a JSON array of ServerAddress. */
export const serversKey = "cluster/servers";
/** How long a start waits for the data of the cluster, in milliseconds; then it answers clients without. */
const loadMsMax = 2_000;
/** The time in which the servers replace a silent leader is this many milliseconds times raft_multiplier. */
const electionMs = 500;

export interface ClusterParts {
  readonly platform: Platform;
  readonly tls: AgentTls;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly node: Node;
  /** The local rows in this server's own file. */
  readonly ownRows: LocalRows;
  /** The rows that only this agent uses, as read from the engine at the start. */
  readonly local: readonly LocalRow[];
  /** The data that this server had when it was alone; undefined if it had none. */
  readonly loneState: State | undefined;
  readonly praetorVersion: string;
  readonly onFailed: () => void;
}

/**
 * Opens the part of a server that works with the other servers of its cluster. The server has its local rows in its own file, and
 * everything else in the etcd that all servers use.
 *
 * Life cycle: `openCluster` makes the parts, and the store is empty; `begin` opens the server's port and the links to the other
 * servers, and loads the store as soon as there is an etcd.
 */
export async function openCluster(parts: Lifecycle, config: RuntimeConfig, options: ClusterParts): Promise<Cluster> {
  const etcd = await findClusterEtcd(config);
  const { openEtcdEngine } = await import("../../engine/etcd/etcd-engine.ts");
  const engine = openEtcdEngine({
    ...etcd.access,
    ...{ name: options.node.id, ready: etcd.ready, electionMs: electionMs * config.cluster.raftMultiplier },
    ...{ log: options.log.named("etcd"), clock: options.platform.clock },
    ...(etcd.prefix !== undefined && { prefix: etcd.prefix }),
  });
  const cluster = new Cluster(config, options, { engine, etcd });
  parts.add({ stop: () => cluster.store.close().then(() => engine.close()) });
  return cluster;
}

export class Cluster implements ServerGroup {
  readonly waitsForCatalog = false;
  readonly engine: EtcdEngine;
  readonly etcd: ClusterEtcd;
  readonly store: ReplicatedStore;
  readonly localRows: LocalRows;
  readonly links: ServerLinks;
  readonly calls: CallsToLeader;
  readonly #config: RuntimeConfig;
  readonly #parts: ClusterParts;
  /** A text that no other start of this server has. */
  readonly #start: string;
  readonly #log: Log;
  #handlers: Handlers = {};
  #shared: GroupParts | undefined;
  #members: Members | undefined;
  #admission: ClusterAdmission | undefined;
  #view: ServerCluster | undefined;
  #catalog: ServerCatalog | undefined;
  #isLeaving = false;

  constructor(config: RuntimeConfig, parts: ClusterParts, { engine, etcd }: Pick<Cluster, "engine" | "etcd">) {
    const { platform, metrics, node, ownRows, local } = parts;
    const { clock, random } = platform;
    this.#config = config;
    this.#parts = parts;
    this.#start = random.uuid();
    this.#log = parts.log.named("server");
    this.engine = engine;
    this.etcd = etcd;
    this.localRows = new LocalRows({ submitTogether: (commands, rows) => this.#submit(commands, rows) });
    this.links = new ServerLinks({
      own: () => this.#own,
      joinRequest: () => ({ ...this.#joinRequest, start: this.#start }),
      dial: parts.tls.securing(platform.dial),
      ...{ key: config.clusterKey, ports: config.ports, clock, log: this.#log },
      known: decodeServers(local.find(({ key }) => key === serversKey)?.value),
      addresses: [...config.serverRejoin.join, ...config.serverRejoin.retryJoin],
      intervalMs: config.serverRejoin.retryIntervalMs,
      handler: (call) => this.#answer(call),
      onServers: (known) => void ownRows.save([{ key: serversKey, value: encodeServers(known) }]).catch(() => {}),
      onLinked: (id) => this.#tellNew(id),
      onGone: (id) => void this.#deposeIfLeader(id),
      onGivenUp: () => void endGivenUp(this.etcd.formation, parts),
    });
    this.calls = new CallsToLeader({
      own: node.id,
      leader: () => engine.leader,
      ...{ links: this.links, clock, holdMs: config.cluster.rpcHoldMs },
      answer: (call) => this.#answer(call),
    });
    this.store = new ReplicatedStore({
      ...{ engine, server: node.id, start: this.#start, leaderCalls: this.calls, clock },
      ...{ firstIndex: indexOfFreshStore, holdMs: config.cluster.rpcHoldMs, log: parts.log.named("store") },
      beginning: etcd.beginning,
      history: config.history,
      meter: logWriteTrouble(meterStore(metrics, clock), clock, parts.log.named("store")),
    });
  }

  /** Creates the catalog for this server's own agent. @param catalog the rows of its node in the store */
  createCatalog(catalog: NodeCatalog): ServerCatalog {
    const { store, localRows } = this;
    const { platform, log, node } = this.#parts;
    this.#catalog = new ServerCatalog({
      ...{ store, localRows, catalog, clock: platform.clock, log: log.named("catalog") },
      tellOutputs: (outputs) => this.tellOutputs({ node: node.name, outputs }),
    });
    return this.#catalog;
  }

  /**
   * Creates the admission of the agents that link with this server, which the leader decides on.
   * @param expel closes the link of an agent
   */
  createAdmission(members: Members, expel: (id: string, reason: string) => void): ClusterAdmission {
    this.#members = members;
    this.#admission = new ClusterAdmission({
      ...{ own: () => this.#joinRequest, start: this.#start, leader: this.calls, expel },
      servers: () => members.servers,
      onLeader: (listener) => this.engine.onLeader(listener),
      ...{ clock: this.#parts.platform.clock, log: this.#log },
    });
    return this.#admission;
  }

  tellBusPosition(head: number): void {
    if (this.store.leads) this.links.tellAll({ kind: busPositionCall, head });
  }

  createView(members: Members): ServerCluster {
    const { engine, etcd, links, store } = this;
    this.#view = new ServerCluster({
      ...{ own: this.#own, store, links, calls: this.calls, members, clock: this.#parts.platform.clock },
      versions: { praetor: this.#parts.praetorVersion, ...(etcd.version !== undefined && { etcd: etcd.version }) },
      ...{ leader: () => engine.leader, formation: () => etcd.formation },
    });
    return this.#view;
  }

  reportNode(): void {
    this.#admission?.reportOwn();
  }

  /**
   * Takes this server out of the cluster, before it stops; its local rows stay. If the others cannot agree, logs that it stays a
   * member. The last server stays what it is, since its data would be lost.
   */
  async leave(): Promise<void> {
    const { engine, etcd, links, store } = this;
    this.#isLeaving = true;
    this.#admission?.stop();
    try {
      await leaveServers({ engine, links, store, formation: etcd.formation, servers: this.#members?.servers ?? [] });
    } catch (error) {
      this.#log.error("This server has not left the cluster", { reason: messageOf(error) });
    }
  }

  tellOutputs(head: ServerOutputs): void {
    this.links.tellAll({ kind: serverOutputsCall, head });
  }

  tellCoordinates(head: readonly NodeCoordinate[]): void {
    this.links.tellAll({ kind: coordinatesCall, head });
  }

  readonly joinServer = (address: string): Promise<void> => this.links.joinBy(address);

  /** Passes an HTTP request on to the leader. */
  readonly sendToLeader: SendToServer = async ({ head, body }, { signal }) => {
    const call = { kind: "http", head, body };
    // A body that is a stream can be sent once only.
    const answer = await (body ? this.calls.send(call, signal) : this.calls.request(call, signal));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server has proved that it belongs to this cluster
    return { head: answer.head as ForwardedAnswer, body: answer.body };
  };

  /**
   * Opens the server's port, connects to the other servers and follows the log of the cluster. Resolves when the store is loaded,
   * or after two seconds.
   * @throws OperatingError unavailable when the port is taken
   */
  async begin(parts: Lifecycle, calls: GroupParts): Promise<void> {
    const { clock } = this.#parts.platform;
    const { linked, signer, sync } = calls;
    this.#shared = calls;
    this.#handlers = { ...calls.handlers, ...this.#serverCalls(calls) };
    const handler = this.#joining(linked.handler(this.#handlers));
    const port = await linkPort(this.#config, { handler, signer, clock, log: this.#log, tls: this.#parts.tls });
    const { local, loneState, onFailed, ownRows, platform } = this.#parts;
    await this.etcd.open(parts, {
      ...{ platform, log: this.#parts.log, own: this.#own, port, links: this.links, local, loneState, onFailed },
      ...{ ownRows, tls: this.#parts.tls },
    });
    this.links.start();
    parts.add({ stop: () => this.links.stop() });
    parts.add({ stop: () => this.#catalog?.stop() });
    this.#admission?.start();
    parts.add({ stop: () => this.#admission?.stop() });
    followDepartures(this.store, this.links);
    if (this.#members) pushServers(this.store, { members: this.#members, linked });
    // A new leader means that writes succeed again. A start that fails brings nothing in step.
    parts.add({ stop: this.engine.onLeader((leader) => leader && sync.request().catch(() => {})) });
    // A restored snapshot has not what this agent has registered.
    this.store.follow((touched) => touched.has(topics.everything) && sync.request().catch(() => {}));
    parts.add(loop((signal) => this.store.run(signal)));
    // The next leader begins while this server still has its links, so that no client of another server waits.
    parts.add({ stop: () => this.store.resign() });
    const raftLead = new RaftLead({
      ...{ own: this.#own.id, engine: this.engine, links: this.links, clock, log: this.#log },
      formation: () => this.etcd.formation,
    });
    parts.add(new WhileLeading(this.store, (signal) => raftLead.run(signal)));
    if (loneState && this.etcd.formation) void this.store.reaches(1).then(() => noteMoved(ownRows, this.#log));
    await Promise.race([this.store.reaches(0), sleep(clock, loadMsMax)]);
  }

  /** The calls of other servers. */
  #serverCalls({ bus, outputs, coordinates }: GroupParts): Handlers {
    const members: Record<string, AgentHandler> = {};
    for (const [kind, handler] of Object.entries(this.#members?.leaderHandlers ?? {}))
      members[kind] = ofServers(async ({ head }) => ({ head: await handler(head) }));
    const forceLeave = this.#members?.leaderHandlers[leaderCallKinds.forceLeave];
    if (forceLeave)
      members[leaderCallKinds.forceLeave] = ofServers(async ({ head }) => ({
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server has proved that it belongs to this cluster
        head: await this.#view?.forceLeave(head as ForceLeaveCall, forceLeave),
      }));
    return {
      ...members,
      [serverOutputsCall]: ofServers(({ head }) => {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server has proved that it belongs to this cluster
        setOutputs(outputs, head as ServerOutputs);
        return done;
      }),
      [busPositionCall]: ofServers(({ head }) => {
        bus.passTo(Number(head));
        return done;
      }),
      [coordinatesCall]: ofServers(({ head }) => {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server has proved that it belongs to this cluster
        coordinates.receive(head as readonly NodeCoordinate[]);
        return done;
      }),
      [forwardCall]: ofServers(async ({ head }) => ({
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server has proved that it belongs to this cluster
        head: await this.store.takeForwarded(head as ForwardedWrites),
      })),
      formation: ofServers(async ({ head }, { id }) => ({ head: await this.etcd.formation?.answer(head, { id }) })),
      [handRaftCall]: ofServers(async ({ head }) => ({ head: await this.etcd.formation?.handRaftTo(String(head)) })),
      [healthCall]: ofServers(async () => {
        if (!this.store.leads) throw leadershipLost();
        return { head: await this.#view?.judge() };
      }),
      [progressCall]: ofServers(() => Promise.resolve({ head: this.#view?.progress })),
      [newestCall]: ofServers(async () => ({ head: await this.store.newest() })),
      [serversCall]: ofServers(({ head }) => {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server has proved that it belongs to this cluster
        this.links.hear(head as readonly ServerAddress[]);
        return Promise.resolve({ head: [this.#own, ...this.links.known] });
      }),
    };
  }

  /** Tells a server that has just been linked what this server and its client agents have in memory alone. */
  #tellNew(id: string): void {
    if (!this.#shared) return;
    const { coordinates, linked, outputs } = this.#shared;
    const tell = (kind: string, head: unknown): void => void this.links.call(id, { kind, head }).catch(() => {});
    tell(coordinatesCall, coordinates.list());
    const agents = [...linked.all].filter(({ role }) => role === "client");
    for (const { name: node } of [this.#joinRequest, ...agents]) {
      const known = outputs
        .ofNode(node)
        .map(({ id: check, serviceName, output }) => ({ id: check, serviceName, output }));
      if (known.length > 0) tell(serverOutputsCall, { node, outputs: known });
    }
  }

  /** Returns the handler of all calls over links, which learns the addresses of joining servers. */
  #joining(handler: Handler): Handler {
    return async (call, link) => {
      if (call.kind !== "join") return handler(call, link);
      const request = decodeJoin(call.head);
      if (this.#isLeaving) throw new OperatingError("unavailable", "leaving", "this server leaves the cluster");
      if ("start" in request && request.start === this.#start) throw ownAddress();
      refuseGivenUp(this.etcd.formation, request);
      const answer = await handler(call, link);
      if (request.server) this.links.learn([serverAddressOf(request, request.server.ports.server)]);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the admission made the answer
      const { servers } = answer.head as JoinAnswer;
      return { head: { servers, own: this.#own } satisfies ServerJoinAnswer };
    };
  }

  /** Answers a call of this server itself, or of another server over the link that this one has dialled. */
  #answer(call: Call): Promise<Answer> {
    const handler = this.#handlers[call.kind];
    if (handler) return handler({ ...call, signal: new AbortController().signal }, this.#joinRequest);
    const message = `this server does not know the call ${JSON.stringify(call.kind)}`;
    return Promise.reject(new OperatingError("invalid", "unknown-call", message));
  }

  get #own(): ServerAddress {
    return serverAddressOf(this.#joinRequest, this.#config.ports.server);
  }

  get #joinRequest(): JoinRequest {
    return serverJoin(this.#shared?.agent.node ?? this.#parts.node, this.#config, this.etcd.formation?.token);
  }

  /** Writes the local rows to this server's own file, and then the commands to the cluster. */
  async #submit(commands: readonly Command[], rows: readonly LocalRow[]): Promise<readonly Outcome[]> {
    if (rows.length > 0) await this.#parts.ownRows.save(rows);
    return commands.length === 0 ? [] : this.store.submitTogether(commands);
  }

  /** Ends the term of a leader whose process has ended, so that the servers need not wait for the end of its lease. */
  async #deposeIfLeader(id: string): Promise<void> {
    const { leader } = this.engine;
    if (leader?.name !== id) return;
    this.#log.info("The leader's process has ended; electing another", { server: id });
    try {
      await this.engine.depose(leader.term);
    } catch (error) {
      this.#log.debug("The leader's lease was not ended", { error: messageOf(error) });
    }
  }
}

const done = Promise.resolve({ head: null });
