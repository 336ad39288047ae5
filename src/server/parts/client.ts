import type { Engine } from "../../engine/engine.ts";
import type { Agent } from "../../agent/agent.ts";
import { syncCatalog } from "../../agent/anti-entropy.ts";
import type { FileFault } from "../../agent/file-definitions.ts";
import { isMeant } from "../../agent/event-filter.ts";
import { AutoEncrypt } from "../../cluster/auto-encrypt.ts";
import { decodeServers, encodeServers } from "../../cluster/join-call.ts";
import type { LinkCatalog } from "../../cluster/link-catalog.ts";
import { clientMember } from "../../cluster/server-registration.ts";
import { ServerPool } from "../../cluster/server-pool.ts";
import type { RefusedThing } from "../../cluster/refused-writes.ts";
import { decodeTokenAnswer, tokenCall } from "../../cluster/token-call.ts";
import type { RuntimeConfig } from "../../config/runtime-config.ts";
import type { SendPacket } from "../../dns/forwarding-responder.ts";
import type { Pipeline } from "../../http/answer-by-route.ts";
import { AnswerCache } from "../../http/answer-cache.ts";
import type { ClientApi } from "../../http/client-routes.ts";
import type { ForwardedAnswer } from "../../http/forwarding.ts";
import { OwnRequests } from "../../http/own-requests.ts";
import { describeHost } from "../../http/host-description.ts";
import { MetricsHistory } from "../../lib/metrics-history.ts";
import { systemClock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { Metrics } from "../../lib/metrics.ts";
import { consulVersion } from "../../model/consul-version.ts";
import type { Event } from "../../model/event.ts";
import type { Member } from "../../model/member.ts";
import type { Node } from "../../model/node.ts";
import { registered } from "../../ports/port-registrations.ts";
import type { TokenAnswer } from "../../registry/asked-tokens.ts";
import { Coordinates } from "../../registry/coordinates.ts";
import { Events } from "../../registry/events.ts";
import type { LocalRow, LocalRows } from "../../registry/local-rows.ts";
import { Nearness } from "../../registry/nearness.ts";
import type { Registry } from "../../registry/registry.ts";
import { describeClient } from "../self-description.ts";
import type { Platform } from "../platform.ts";
import type { AgentTls } from "./agent-tls.ts";
import type { DnsCall } from "./client-calls.ts";
import { uiOf } from "./http.ts";

/** The local row of the servers that the agent knows: a JSON array of ServerAddress. */
const serversKey = "servers";

/** This agent, as its servers know it. */
export interface OwnAgent {
  /** The node at the start; a reload may change that of `agent`. */
  readonly node: Node;
  /** Undefined until the agent is open. */
  agent: Agent | undefined;
}

interface PoolParts {
  readonly platform: Platform;
  readonly dial: Platform["dial"];
  readonly localRows: LocalRows;
  /** The rows that only this agent uses, as read from the engine at the start. */
  readonly local: readonly LocalRow[];
  readonly metrics: Metrics;
  readonly log: Log;
  readonly own: OwnAgent;
  readonly onJoined: () => void;
  readonly onFailed: () => void;
}

/** Creates the part that asks the servers for the certificate of this agent. */
export function openAutoEncrypt(
  { autoEncrypt, clusterKey: key, datacenter, nodeName }: RuntimeConfig,
  { platform, tls, log }: { readonly platform: Platform; readonly tls: AgentTls; readonly log: Log },
): AutoEncrypt {
  const { dnsNames, ipAddresses, token } = autoEncrypt;
  return new AutoEncrypt({
    request: () => ({ node: nodeName, datacenter, dnsNames, ipAddresses, token }),
    ...{ dial: tls.securing(platform.dial), key, clock: platform.clock, log: log.named("auto_encrypt") },
    use: (given) => tls.useAutomatic(given),
  });
}

interface Pool {
  readonly pool: ServerPool;
  readonly events: Events;
  /** Deletes the servers from the local rows. */
  readonly forget: () => Promise<void>;
}

/** Creates the pool of servers, with the servers that the agent knew when it last ran, and the list of events. */
export function openPool(config: RuntimeConfig, parts: PoolParts): Pool {
  const { platform, localRows, local, metrics, own } = parts;
  const log = parts.log.named("client");
  const { ports, clusterKey: key, serverRejoin } = config;
  const events = new Events(metrics.counter("consul.serf.events"));
  const save = (value: Uint8Array | undefined): Promise<void> => localRows.save([{ key: serversKey, value }]);
  const pool = new ServerPool({
    ...{ clock: platform.clock, random: platform.random, dial: parts.dial, key, ports, log },
    joinRequest() {
      const { id, name, address, datacenter, meta, taggedAddresses } = own.agent?.node ?? own.node;
      return {
        ...{ id, name, address, datacenter, build: consulVersion, role: "client", serfPort: ports.serfLan },
        ...{ meta: meta ?? {}, taggedAddresses: taggedAddresses ?? {} },
      };
    },
    known: decodeServers(local.find((row) => row.key === serversKey)?.value),
    retryJoin: {
      addresses: serverRejoin.retryJoin,
      intervalMs: serverRejoin.retryIntervalMs,
      attemptsMax: serverRejoin.retriesMax,
      onExhausted() {
        log.error("No server could be joined in retry_max attempts; the agent ends", {
          retry_max: serverRejoin.retriesMax,
        });
        parts.onFailed();
      },
    },
    handlers: {
      event({ head }) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server has proved that it belongs to this cluster
        const event = head as Event;
        events.receive(event, { remember: own.agent !== undefined && isMeant(event, own.agent) });
        return Promise.resolve({ head: null });
      },
    },
    onServers(servers) {
      save(encodeServers(servers)).catch(() => {
        log.warn("The servers could not be stored; the next start needs -retry-join");
      });
    },
    onJoined: parts.onJoined,
  });
  return { pool, events, forget: () => save(undefined) };
}

/** Returns a function that makes the catalog's rows of this node equal the local state, if there is a server. */
export function clientSync(
  agent: Agent,
  { pool, catalog }: { readonly pool: ServerPool; readonly catalog: LinkCatalog },
): () => Promise<number> {
  return async () => {
    if (!pool.isLinked) return 0;
    // The catalog loses the node when a snapshot is restored, or a client deregisters it.
    if (!(await catalog.contents()).found) await pool.rejoin();
    const changes = await syncCatalog(agent);
    return Math.max(0, changes - catalog.refusedWrites.length);
  };
}

/** Returns a function that asks a server about the secret of a token. @throws OperatingError unavailable when none answers */
export function askAboutTokens(pool: ServerPool): (secret: string) => Promise<TokenAnswer> {
  return async (secret) => {
    const { head } = await pool.call({ kind: tokenCall, head: secret }, { isRepeatable: true });
    return decodeTokenAnswer(head, secret);
  };
}

type ClientParts = Pick<
  ClientApi & Pipeline,
  "agent" | "agentTokens" | "callers" | "clock" | "events" | "leave" | "log" | "metrics" | "random" | "reload" | "store"
> & {
  readonly store: Registry;
  readonly pool: ServerPool;
  readonly engine: Pick<Engine, "ping">;
  readonly definitionFaults: () => readonly FileFault[];
  readonly refusedWrites: () => readonly RefusedThing[];
};

/** Collects the parts and settings that the endpoints of a client agent use. */
export function createClientApi(
  config: RuntimeConfig,
  parts: ClientParts,
): ClientApi & Pipeline & { readonly sendPacket: SendPacket } {
  const { agent, agentTokens, callers, clock, events, leave, metrics, pool, random, reload, store } = parts;
  const log = parts.log.named("http");
  const described = { build: consulVersion, serfPort: config.ports.serfLan, sinceMs: clock.wallMs() };
  const member = clientMember(agent.node, described);
  const coordinates = new Coordinates(store, {
    ...{ own: agent.node.name, areWanted: !config.disableCoordinates, clock },
    log: parts.log.named("coordinate"),
  });
  return {
    ...{ agent, agentTokens, callers, clock, coordinates, events, leave, log, metrics, random, reload, store },
    answers: new AnswerCache(),
    queries: metrics.counter("consul.rpc.query"),
    ownRequests: new OwnRequests(clock),
    metricsHistory: new MetricsHistory(metrics),
    cachedQuestions: undefined,
    checkOutputBytesMax: config.checkOutputBytesMax,
    datacenter: config.datacenter,
    host: () => describeHost(systemClock),
    joinServer: (address) => pool.join(address),
    // The servers have the others, and force them out.
    members: { all: [member], forceLeave: () => Promise.resolve(false) },
    nearness: new Nearness(coordinates),
    ports: {
      async register(definition, registration) {
        await agent.registerService(definition, registration);
        return registered;
      },
    },
    prometheus: config.prometheusRetentionMs > 0,
    readiness: {
      ping: () => parts.engine.ping(),
      // The servers store what it takes.
      whyNotReady: () => Promise.resolve(pool.isLinked ? undefined : "this agent is linked with no server"),
    },
    self: () =>
      describeClient(config, {
        ...{ agent, servers: pool.servers.length },
        ...{ definitionFaults: parts.definitionFaults(), refusedWrites: parts.refusedWrites() },
      }),
    async send({ head, body }, options) {
      const answer = await pool.call({ kind: "http", head, body }, options);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server has proved that it belongs to this cluster
      return { head: answer.head as ForwardedAnswer, body: answer.body };
    },
    async askMembers() {
      const { head } = await pool.call({ kind: "members", head: null }, { isRepeatable: true });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server has proved that it belongs to this cluster
      return head as readonly Member[];
    },
    async sendPacket(packet, client) {
      const head: DnsCall = { packet, ...client, agentToken: agentTokens?.default ?? "" };
      const answer = await pool.call({ kind: "dns", head }, { isRepeatable: true });
      return answer.head instanceof Uint8Array ? answer.head : undefined;
    },
    spread(event) {
      // An event that reaches no server reaches no agent, as in Consul.
      pool.call({ kind: "event", head: event }, { isRepeatable: true }).catch(() => {});
    },
    ui: uiOf(config),
    waitLimits: config.blockingQuery,
    // A client agent passes each read of the datacenter on, so it keeps no answer and reads no state.
    cluster: { isAlone: true, leader: undefined, lastContactMs: 0 },
    sendToLeader: undefined,
    keeperRegistrations: undefined,
  };
}
