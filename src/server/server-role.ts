import { syncCatalog, syncOnce } from "../agent/anti-entropy.ts";
import { formationKey } from "../cluster/formation/saved-formation.ts";
import { LoneServer } from "../cluster/lone-server.ts";
import { LinkedAgents } from "../cluster/linked-agents.ts";
import { Members } from "../cluster/members.ts";
import { serverMember } from "../cluster/server-registration.ts";
import { isOfCluster } from "../config/cluster.ts";
import type { RuntimeConfig } from "../config/runtime-config.ts";
import { ClientLimit } from "../http/client-limit.ts";
import { routes } from "../http/routes.ts";
import { Secrets } from "../keeper/secrets.ts";
import { Metrics } from "../lib/metrics.ts";
import { OperatingError } from "../lib/errors.ts";
import { SharedRuns } from "../lib/shared-runs.ts";
import { CheckOutputs } from "../registry/check-outputs.ts";
import { type LocalRow, LocalRows } from "../registry/local-rows.ts";
import { NodeCatalog } from "../registry/node-catalog.ts";
import type { ClusterView } from "../registry/cluster-view.ts";
import type { Registry } from "../registry/registry.ts";
import { SessionTtls } from "../registry/session-ttls.ts";
import { renderIntervals } from "../wire/metrics.ts";
import type { Daemon, DaemonOptions } from "./daemon.ts";
import { loop, type Lifecycle } from "./lifecycle.ts";
import { openAgent, openDefinitions, startChecks } from "./parts/agent.ts";
import { runInBackground } from "./parts/background.ts";
import { openBus } from "./parts/bus.ts";
import type { Cluster, ClusterParts } from "./parts/cluster.ts";
import { clientCalls, spreadEvent } from "./parts/client-calls.ts";
import { createCatalogSync } from "./parts/catalog-sync.ts";
import { openDns } from "./parts/dns.ts";
import { createApi, openHttp } from "./parts/http.ts";
import { openLinks } from "./parts/links.ts";
import type { KeeperApi, KeeperParts } from "./parts/keeper.ts";
import { ensureNode } from "./parts/node.ts";
import { addGauges } from "./parts/process-metrics.ts";
import { openStore } from "./parts/store.ts";
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
  const { clock, random } = platform;
  const metrics = new Metrics(clock.wallMs());
  const own = await openStore(parts, config, {
    platform,
    metrics,
    log,
    isOfCluster: (rows) => sharesData(config, rows),
  });
  const { engine, local } = own;
  const node = await ensureNode(config, own.store, { localRows: new LocalRows(own.store), local, random });
  const cluster = sharesData(config, local)
    ? await openCluster(parts, config, {
        ...own,
        ownStore: own.store,
        platform,
        metrics,
        log,
        node,
        onFailed: options.onFailed,
      })
    : undefined;
  const store: Registry = cluster?.store ?? own.store;
  const localRows = cluster?.localRows ?? new LocalRows(own.store);
  const outputs = new CheckOutputs();
  const nodeCatalog = new NodeCatalog(store, { localRows, outputs, node: node.name });
  const catalog = cluster?.createCatalog(nodeCatalog) ?? nodeCatalog;
  const secrets = new Secrets(localRows, local);
  const bus = await parts.open(
    openBus(config, {
      ...{ ...platform, store, node, localRows, local, secrets, metrics, log },
      tellPosition: cluster && ((index) => cluster.tellBusPosition(index)),
    }),
  );

  const agent = await parts.open(openAgent(config, { node, catalog, local, clock, log }));
  const catalogSync = createCatalogSync(config, { store, agent });
  const { registerServer: registerNode } = catalogSync;
  if (!cluster) await registerNode();
  const definitions = await openDefinitions(config, agent, log);
  if (!cluster) await syncCatalog(agent);

  const startedMs = clock.wallMs();
  const members = new Members(store, {
    own: serverMember(node, config, startedMs),
    serverPort: config.ports.server,
    leader: cluster?.calls,
    reconnectTimeoutMs: config.reconnectTimeoutMs || reconnectTimeoutMsDefault,
    ...{ clock, metrics, log: log.named("server") },
  });
  const admission = cluster?.createAdmission(members, (id, reason) => linked.expel(id, reason)) ?? members;
  const linked: LinkedAgents = new LinkedAgents(admission);
  const view: ClusterView =
    cluster?.createView(members) ?? new LoneServer({ node, serverPort: config.ports.server, startedMs, store });
  const sessionTtls = parts.add(new SessionTtls(store, { clock, log: log.named("session") }));
  addGauges(metrics, { store, sessionTtls, cluster: view });
  const clientLimit = new ClientLimit(config.httpConnectionsMax);
  // A client can request a reload as soon as the first listener is open, so the reload waits until all parts are open.
  const reloads = new SharedRuns(parts.opened, () =>
    reload(options, { agent, definitions, registerNode, listeners, dns, keeper, clientLimit }),
  );
  const api = createApi(config, {
    ...{ ...platform, store, outputs, sessionTtls, agent, metrics, log },
    reload: () => reloads.request(),
    resync: async () => {
      await catalogSync.resync();
      await members.reconcile();
    },
    ...{ members, startedMs, cluster: view, sendToLeader: cluster?.sendToLeader },
    leave: options.onLeave,
    spread: (event) => spreadEvent(linked, event),
    definitionFaults: () => definitions.faults,
    tellCoordinates: cluster && ((rows) => cluster.tellCoordinates(rows)),
  });
  parts.add(api.coordinates);
  parts.add({ stop: () => api.events.close() });
  members.start();
  parts.add({ stop: () => members.stop() });
  const dns = await parts.open(openDns(config, { ...api, log: log.named("dns"), listen: platform.listenDns }));
  const handlers = clientCalls(config, {
    ...{ api, localRows, linked, responder: dns.responder },
    tellOutputs: cluster && ((changed) => cluster.tellOutputs(changed)),
  });
  const sync = new SharedRuns(parts.opened, () => syncOnce(catalogSync.sync, log.named("anti_entropy")));
  if (cluster) await cluster.begin(parts, { linked, handlers, outputs, coordinates: api.coordinates, bus, sync });
  else {
    const links = {
      handler: linked.handler(handlers),
      listen: platform.listenForLinks,
      clock,
      log: log.named("server"),
    };
    await parts.open(openLinks(config, links));
  }
  const keeper = await openKeeper(parts, config, {
    ...api,
    ...{ localRows, local, secrets, clientGate: clientLimit, log: log.named("keeper"), listen: platform.listen },
  });
  const { listeners } = await parts.open(
    openHttp(config, { api, routes: routes(api), clientLimit, open: platform.openListeners }),
  );

  startChecks(agent, platform);
  parts.add(loop((signal) => api.ports.start(signal)));
  const guarded = keeper ? [listeners, keeper.server] : [listeners];
  runInBackground(parts, { platform, metrics, log, sync: catalogSync.sync, listeners: guarded, reloads });
  return {
    nodeId: node.id,
    httpAddresses: listeners.addresses,
    reload: () => reloads.request(),
    metricsText: () => renderIntervals(metrics.ended),
    leave: async () => cluster?.leave(),
    ping: () => engine.ping(),
  };
}

/**
 * Returns whether a server shares its data with others, because its configuration says so, or because it has done so before.
 * @throws OperatingError invalid when it is to stand alone on the data folder of a server of a cluster
 */
function sharesData(config: RuntimeConfig, local: readonly LocalRow[]): boolean {
  const wasShared = local.some(({ key }) => key === formationKey);
  if (wasShared && (config.bootstrap || config.devMode)) throw isOfClusterAlready(config);
  return wasShared || isOfCluster(config);
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
  keeperParts: KeeperParts,
): Promise<KeeperApi | undefined> {
  if (config.keeperAddresses.length === 0) return undefined;
  const keeper = await import("./parts/keeper.ts");
  return parts.open(keeper.openKeeper(config, keeperParts));
}

function isOfClusterAlready({ dataDir }: RuntimeConfig): OperatingError {
  const message =
    `the data folder ${dataDir} is that of a server of a cluster, which has its data there. To go on with the cluster, start the ` +
    "server without -bootstrap. To begin alone with the data of the cluster: praetor snapshot save FILE, start with -bootstrap on " +
    "an empty folder, praetor snapshot restore FILE";
  return new OperatingError("invalid", "server-of-cluster", message);
}
