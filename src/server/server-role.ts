import { syncCatalog, syncOnce } from "../agent/anti-entropy.ts";
import { hasFormation, isGivenUp, isInCluster } from "../cluster/formation/saved-formation.ts";
import { clusterGivenUp } from "../cluster/given-up.ts";
import { LinkedAgents } from "../cluster/linked-agents.ts";
import { Members } from "../cluster/members.ts";
import { serverMember } from "../cluster/server-registration.ts";
import { isOfCluster } from "../config/cluster.ts";
import type { RuntimeConfig } from "../config/runtime-config.ts";
import { ClientLimit } from "../http/client-limit.ts";
import { routes } from "../http/routes.ts";
import { SavedRegistrations } from "../keeper/saved-registrations.ts";
import { Secrets } from "../keeper/secrets.ts";
import { Metrics } from "../lib/metrics.ts";
import type { Clock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { SharedRuns } from "../lib/shared-runs.ts";
import type { Node } from "../model/node.ts";
import { CheckOutputs } from "../registry/check-outputs.ts";
import type { LocalRow } from "../registry/local-rows.ts";
import { NodeCatalog } from "../registry/node-catalog.ts";
import { serverReadiness } from "../registry/readiness.ts";
import { SessionTtls } from "../registry/session-ttls.ts";
import { renderIntervals } from "../wire/metrics.ts";
import type { Daemon, DaemonOptions } from "./daemon.ts";
import { loop, type Lifecycle } from "./lifecycle.ts";
import { openAccess } from "./parts/access.ts";
import { openAgent, openDefinitions, startChecks } from "./parts/agent.ts";
import { AgentTls } from "./parts/agent-tls.ts";
import { openAudit } from "./parts/audit.ts";
import { runInBackground } from "./parts/background.ts";
import { keepBackups } from "./parts/backup.ts";
import { openBus } from "./parts/bus.ts";
import type { Cluster, ClusterParts } from "./parts/cluster.ts";
import { clientCalls, spreadEvent } from "./parts/client-calls.ts";
import { openSigning } from "./parts/certificate-signing.ts";
import { createCatalogSync } from "./parts/catalog-sync.ts";
import { openDns } from "./parts/dns.ts";
import { createApi, openHttp } from "./parts/http.ts";
import type { KeeperApi, KeeperParts } from "./parts/keeper.ts";
import { ensureNode } from "./parts/node.ts";
import { LoneGroup, type ServerGroup } from "./parts/server-group.ts";
import { addGauges } from "./parts/process-metrics.ts";
import { followTrials } from "./parts/trials.ts";
import { openStore } from "./parts/store.ts";
import { openValueChecks } from "./parts/value-checks.ts";
import { reload } from "./reload.ts";

const reconnectTimeoutMsDefault = 72 * 3_600_000;

/**
 * Opens the parts of a server. They end in the reverse order. The message bus opens before any client can write a key, and
 * the listeners open when the catalog has the agent's services and checks. The HTTP listener opens last, because programs that
 * wait for an agent poll Consul's API.
 */
export async function openServer(
  parts: Lifecycle,
  config: RuntimeConfig,
  options: DaemonOptions,
): Promise<Omit<Daemon, "stop">> {
  const { log, platform } = options;
  const { clock } = platform;
  const metrics = new Metrics(clock.wallMs());
  const tls = new AgentTls(config);
  const { engine, local, node, group } = await openGroup(parts, config, { ...options, metrics, tls });
  const { store, localRows } = group;
  const { clientStore, ownRows, ...values } = await openValueChecks(config, { store, localRows, metrics, log });
  const outputs = new CheckOutputs();
  const catalog = group.createCatalog(new NodeCatalog(store, { localRows: ownRows, outputs, node: node.name }));
  const secrets = new Secrets(localRows, local);
  const bus = await parts.open(
    openBus(config, {
      ...{ ...platform, store, node, localRows, local, secrets, metrics, log },
      tellPosition: (index) => group.tellBusPosition(index),
    }),
  );

  const agent = await parts.open(openAgent(config, { node, catalog, local, clock, log }));
  const catalogSync = createCatalogSync(config, { store, agent });
  const registerNode = (): Promise<void> => catalogSync.registerServer().then(() => group.reportNode());
  if (group.waitsForCatalog) await registerNode();
  const definitions = await openDefinitions(config, agent, log);
  if (group.waitsForCatalog) await syncCatalog(agent);

  const { members, cluster, linked } = openMembers(parts, config, { group, node, clock, metrics, log });
  const sessionTtls = parts.add(new SessionTtls(store, { clock, log: log.named("session") }));
  addGauges(metrics, { config, store, sessionTtls, cluster });
  const clientLimit = new ClientLimit(config.httpConnectionsMax);
  // A client can request a reload as soon as the first listener is open, so the reload waits until all parts are open.
  const reloads = new SharedRuns(parts.opened, () =>
    reload(options, { ...access, ...{ agent, definitions, tls, registerNode, listeners, dns, keeper, clientLimit } }),
  );
  const accessParts = { store: clientStore, node: node.name, clock, random: platform.random, metrics, log };
  const access = { ...values, ...openAccess(parts, config, accessParts) };
  // Without addresses core-keeper's API is off.
  const saved = config.keeperAddresses.length === 0 ? undefined : new SavedRegistrations(localRows, local, clock);
  const api = createApi(config, {
    ...{ ...platform, ...access, store, outputs, sessionTtls, agent, metrics, log, members, cluster },
    ...{ startedMs: clock.wallMs(), keeperRegistrations: saved },
    reload: () => reloads.request(),
    resync: () => catalogSync.resync().then(() => members.reconcile()),
    ...{ sendToLeader: group.sendToLeader, joinServer: group.joinServer },
    ...{ leave: options.onLeave, readiness: serverReadiness({ store, cluster, localRows, engine }) },
    spread: (event) => spreadEvent(linked, event),
    definitionFaults: () => definitions.faults,
    tellCoordinates: (rows) => group.tellCoordinates(rows),
  });
  parts.add(api.coordinates);
  parts.add({ stop: () => api.events.close() });
  await followTrials(parts, { ...api, log });
  const dns = await parts.open(openDns(config, { ...api, log: log.named("dns"), listen: platform.listenDns }));
  const handlers = clientCalls(config, {
    ...{ api, localRows, linked, responder: dns.responder, tokens: access.tokens },
    tellOutputs: (changed) => group.tellOutputs(changed),
  });
  const sync = new SharedRuns(parts.opened, () => syncOnce(catalogSync.sync, log.named("anti_entropy")));
  const signer = openSigning(config, { ...platform, ...access, store, tls, log });
  await group.begin(parts, { agent, linked, handlers, signer, outputs, coordinates: api.coordinates, bus, sync });
  const { audit } = await parts.open(openAudit(config, { ...platform, metrics, log }));
  const keeper = await openKeeper(parts, config, {
    ...{ ...api, audit, saved },
    ...{ secrets, clientGate: clientLimit, log: log.named("keeper"), listen: platform.listen },
  });
  const { listeners } = await parts.open(
    openHttp(config, { api, audit, routes: routes(api), clientLimit, tls, open: platform.openListeners }),
  );

  await keepBackups(parts, config, { store, cluster, node, clock, metrics, log });
  startChecks(agent, platform, tls);
  parts.add(loop((signal) => api.ports.start(signal)));
  const guarded = keeper ? [listeners, keeper.server] : [listeners];
  runInBackground(parts, { platform, metrics, log, sync: catalogSync.sync, listeners: guarded, reloads, tls });
  return {
    ...{ nodeId: node.id, httpAddresses: listeners.addresses },
    reload: () => reloads.request(),
    metricsText: () => renderIntervals(metrics.ended),
    leave: () => group.leave(),
    ping: () => engine.ping(),
  };
}

/** Opens this server's own file, and what it shares with other servers, if any. */
async function openGroup(
  parts: Lifecycle,
  config: RuntimeConfig,
  options: DaemonOptions & { readonly metrics: Metrics; readonly tls: AgentTls },
) {
  const { log, metrics, platform, tls, version: praetorVersion, onFailed } = options;
  const isOfCluster = (rows: readonly LocalRow[]): boolean => sharesData(config, rows);
  const own = await openStore(parts, config, { platform, metrics, log, isOfCluster });
  const { engine, local, localRows: ownRows, loneState, store } = own;
  const node = await ensureNode(config, store, { localRows: ownRows, local, random: platform.random });
  const group = sharesData(config, local)
    ? await openCluster(parts, config, {
        ...{ platform, tls, metrics, log, node, ownRows, local, loneState },
        ...{ praetorVersion, onFailed },
      })
    : new LoneGroup(config, { platform, tls, node, store, localRows: ownRows, log });
  return { engine, local, node, group };
}

interface MemberParts {
  readonly group: ServerGroup;
  readonly node: Node;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Opens the list of members, and the agents that are linked with this server. */
function openMembers(parts: Lifecycle, config: RuntimeConfig, { group, node, clock, metrics, log }: MemberParts) {
  const members = new Members(group.store, {
    own: serverMember(node, config, clock.wallMs()),
    serverPort: config.ports.server,
    leader: group.calls,
    reconnectTimeoutMs: config.reconnectTimeoutMs || reconnectTimeoutMsDefault,
    ...{ clock, metrics, log: log.named("server") },
  });
  const expel = (id: string, reason: string): void => linked.expel(id, reason);
  const linked: LinkedAgents = new LinkedAgents(
    group.createAdmission(members, expel),
    metrics.counter("consul.rpc.request"),
  );
  members.start();
  parts.add({ stop: () => members.stop() });
  return { members, linked, cluster: group.createView(members) };
}

/**
 * Returns whether a server shares its data with others, because its configuration says so, or because it has done so before.
 * @throws OperatingError when it is to stand alone on the data folder of a server of a cluster, or that cluster was given up
 */
function sharesData(config: RuntimeConfig, local: readonly LocalRow[]): boolean {
  if (isGivenUp(local)) throw clusterGivenUp(`in the folder ${config.dataDir}`);
  if (config.bootstrap || config.devMode) {
    if (isInCluster(local)) throw isOfClusterAlready(config);
    return false;
  }
  return hasFormation(local) || isOfCluster(config);
}

/** Loads the code of a server of a cluster, which one that stands alone does not need. */
async function openCluster(parts: Lifecycle, config: RuntimeConfig, clusterParts: ClusterParts): Promise<Cluster> {
  const cluster = await import("./parts/cluster.ts");
  return cluster.openCluster(parts, config, clusterParts);
}

/** Loads and opens core-keeper's API if the configuration enables it. */
async function openKeeper(
  parts: Lifecycle,
  config: RuntimeConfig,
  { saved, ...keeperParts }: Omit<KeeperParts, "saved"> & { readonly saved: KeeperParts["saved"] | undefined },
): Promise<KeeperApi | undefined> {
  if (!saved) return undefined;
  const keeper = await import("./parts/keeper.ts");
  return parts.open(keeper.openKeeper(config, { ...keeperParts, saved }));
}

function isOfClusterAlready({ dataDir }: RuntimeConfig): OperatingError {
  const message =
    `the data folder ${dataDir} is that of a server of a cluster, which has its data there. To go on with the cluster, start the ` +
    "server without -bootstrap. To begin alone with the data of the cluster: stop its other servers, and run " +
    `praetor operator recover -data-dir=${dataDir}`;
  return new OperatingError("invalid", "server-of-cluster", message);
}
