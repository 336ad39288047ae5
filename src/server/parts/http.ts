import { hostname } from "node:os";
import type { FileFault } from "../../agent/file-definitions.ts";
import type { RuntimeConfig } from "../../config/runtime-config.ts";
import { describeHost } from "../../http/host-description.ts";
import { hostGuard } from "../../http/host-guard.ts";
import type { Audit } from "../../http/audit.ts";
import type { Pipeline } from "../../http/answer-by-route.ts";
import { AnswerCache, invalidateOnChange } from "../../http/answer-cache.ts";
import { CachedQuestions } from "../../http/cached-questions.ts";
import type { ClientLimit } from "../../http/client-limit.ts";
import type { Listeners, openListeners } from "../../http/listeners.ts";
import { OwnRequests } from "../../http/own-requests.ts";
import { Router } from "../../http/router.ts";
import type { Route } from "../../http/route.ts";
import type { Api } from "../../http/routes.ts";
import { KeyStreams } from "../../registry/key-streams.ts";
import { KvPast } from "../../registry/kv-history.ts";
import { MetricsHistory } from "../../lib/metrics-history.ts";
import { systemClock } from "../../lib/clock.ts";
import { writeAccess } from "../../http/write-access.ts";
import { PasswordLogins } from "../../http/logins/password-login.ts";
import { Verifiers } from "../../http/logins/verifiers.ts";
import type { NodeCoordinate } from "../../model/coordinate.ts";
import { CheckTransitions } from "../../registry/check-transitions.ts";
import { Coordinates } from "../../registry/coordinates.ts";
import { Events } from "../../registry/events.ts";
import { Nearness } from "../../registry/nearness.ts";
import type { Registry } from "../../registry/registry.ts";
import { PreparedQueries } from "../../registry/prepared-query-execution.ts";
import type { Access } from "./access.ts";
import type { AgentTls } from "./agent-tls.ts";
import { openPorts } from "./ports.ts";
import type { Machine } from "../../ports/machine.ts";
import type { Part } from "../lifecycle.ts";
import { webFiles } from "../../web-files.ts";
import { describeSelf } from "../self-description.ts";

type ApiParts = Pick<Access, "observed"> &
  Pick<
    Api,
    | "store"
    | "callers"
    | "agentTokens"
    | "outputs"
    | "sessionTtls"
    | "agent"
    | "metrics"
    | "clock"
    | "random"
    | "log"
    | "reload"
    | "resync"
    | "leave"
    | "members"
    | "readiness"
    | "cluster"
    | "sendToLeader"
    | "joinServer"
    | "startedMs"
    | "keeperRegistrations"
    | "spread"
  > & {
    readonly machine: Machine;
    /** The store for the keys that the agent itself writes. */
    readonly ownStore: Registry;
    readonly definitionFaults: () => readonly FileFault[];
    readonly tellCoordinates?: ((rows: readonly NodeCoordinate[]) => void) | undefined;
  };

/** Collects the parts and settings that the endpoints of Consul's API use. */
export function createApi(config: RuntimeConfig, parts: ApiParts): Api {
  const { node } = parts.agent;
  const { log: rootLog, machine, ownStore, definitionFaults, ...others } = parts;
  const { callers, clock, metrics, store } = parts;
  const coordinates = new Coordinates(store, {
    own: node.name,
    areWanted: !config.disableCoordinates,
    clock,
    log: rootLog.named("coordinate"),
    tell: parts.tellCoordinates,
  });
  const nearness = new Nearness(coordinates);
  const events = new Events(metrics.counter("consul.serf.events"));
  const past = new KvPast(config.history);
  const answers = new AnswerCache();
  invalidateOnChange(answers, parts);
  return {
    ...others,
    answers,
    queries: metrics.counter("consul.rpc.query"),
    ownRequests: new OwnRequests(clock),
    metricsHistory: new MetricsHistory(metrics),
    transitions: new CheckTransitions(store, { outputs: parts.outputs, clock }),
    coordinates,
    nearness,
    cachedQuestions: config.httpUseCache ? new CachedQuestions(parts) : undefined,
    events,
    acl: config.accessControl && {
      ...{ clock, random: parts.random, sendToLeader: parts.sendToLeader, store },
      log: rootLog.named("acl"),
      observed: parts.observed,
      passwords: new PasswordLogins({
        ...{ clock, log: rootLog.named("acl") },
        refused: metrics.counter("praetor.acl.refused_tries"),
      }),
      ...{ dataDir: config.dataDir, datacenter: config.datacenter, verifiers: new Verifiers(clock) },
    },
    ports: openPorts(config, { ...parts, store: ownStore, machine, events, log: rootLog.named("ports") }),
    prometheus: config.prometheusRetentionMs > 0,
    preparedQueries: new PreparedQueries(store, {
      ...{ clock, callers },
      metrics,
      random: parts.random,
      log: rootLog.named("prepared_query"),
      datacenter: config.datacenter,
      node: node.name,
      distances: nearness,
    }),
    datacenter: config.datacenter,
    kvValueBytesMax: config.kvValueBytesMax,
    past,
    keyStreams: new KeyStreams(store, past),
    sessionTtlMsMin: config.sessionTtlMsMin,
    // Consul: the limit of a transaction is at least that of a value.
    txnBytesMax: Math.max(config.txnBytesMax, config.kvValueBytesMax),
    checkOutputBytesMax: config.checkOutputBytesMax,
    waitLimits: config.blockingQuery,
    ui: uiOf(config),
    self: () =>
      describeSelf(config, {
        ...{ agent: parts.agent, store: parts.store, cluster: parts.cluster },
        members: parts.members.all,
        definitionFaults: definitionFaults(),
      }),
    host: () => describeHost(systemClock),
    log: rootLog.named("http"),
  };
}

interface HttpParts {
  readonly api: Pipeline & Pick<Api, "log" | "metrics" | "ownRequests">;
  readonly routes: readonly Route[];
  readonly audit: Audit | undefined;
  readonly clientLimit: ClientLimit;
  readonly open: typeof openListeners;
  readonly tls: AgentTls;
}

/**
 * Serves Consul's API on the configured addresses.
 * @throws OperatingError naming the address or certificate that cannot be used
 */
export async function openHttp(
  config: RuntimeConfig,
  parts: HttpParts,
): Promise<Part & { readonly listeners: Listeners }> {
  const { api, clientLimit } = parts;
  const { httpAllowWriteFrom: writers, ports } = config;
  const { clock, log } = api;
  const router = new Router(parts.routes, {
    ...api,
    audit: parts.audit,
    clientLimit,
    headers: config.httpHeaders,
    isPretty: config.devMode,
    blocked: config.httpBlockEndpoints,
    allowsUnprintable: config.httpAllowsUnprintable,
    mayWrite: writeAccess(writers),
    pagesOnlyRead: config.uiReadOnly,
    hostGuard: config.accessControl ? undefined : hostGuard(hostNamesOf(config)),
  });
  const listeners = await parts.open({
    http: { addresses: config.httpAddresses, port: ports.http },
    https: { addresses: config.httpsAddresses, port: ports.https, tls: parts.tls.forHttps },
    socketOwner: config.unixSocket,
    router,
    clock,
    log,
  });
  api.ownRequests.attach(router, listeners.addresses);
  parts.tls.followAutomatic(() => listeners.secure(parts.tls.forHttps));
  // The certificate may have come meanwhile.
  await listeners.secure(parts.tls.forHttps);
  return { listeners, close: () => listeners.stop() };
}

/** Returns the host names by which browsers may use the agent: those that were configured, and its own. */
function hostNamesOf({ httpAllowedHosts, nodeName, datacenter, dnsDomain, dns }: RuntimeConfig): readonly string[] {
  const inDns = [dnsDomain, dns.altDomain].filter((domain) => domain !== "");
  const nodes = inDns.flatMap((domain) => [`${nodeName}.node.${domain}`, `${nodeName}.node.${datacenter}.${domain}`]);
  return [...httpAllowedHosts, nodeName, hostname(), ...nodes.map((name) => name.replace(/\.$/, ""))];
}

/** Returns where the UI is served, and its files or the folder of -ui-dir; undefined if it is off. */
export function uiOf({ ui, uiContentPath: contentPath, uiDir: folder, uiReadOnly }: RuntimeConfig): Api["ui"] {
  return ui || folder !== undefined ? { contentPath, pages: folder ?? webFiles, isReadOnly: uiReadOnly } : undefined;
}
