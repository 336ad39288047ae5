import { syncOnce } from "../agent/anti-entropy.ts";
import { LinkCatalog } from "../cluster/link-catalog.ts";
import type { RuntimeConfig } from "../config/runtime-config.ts";
import { ClientLimit } from "../http/client-limit.ts";
import { clientRoutes } from "../http/client-routes.ts";
import { sleep } from "../lib/clock.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import { Metrics } from "../lib/metrics.ts";
import { SharedRuns } from "../lib/shared-runs.ts";
import { renderIntervals } from "../wire/metrics.ts";
import type { Log } from "../lib/log.ts";
import type { ServerPool } from "../cluster/server-pool.ts";
import type { Daemon, DaemonOptions } from "./daemon.ts";
import { type Lifecycle, loop } from "./lifecycle.ts";
import { openClientAccess } from "./parts/access.ts";
import { openAgent, openDefinitions, startChecks } from "./parts/agent.ts";
import { AgentTls } from "./parts/agent-tls.ts";
import { openAudit } from "./parts/audit.ts";
import { runInBackground } from "./parts/background.ts";
import {
  askAboutTokens,
  clientSync,
  createClientApi,
  openAutoEncrypt,
  openPool,
  type OwnAgent,
} from "./parts/client.ts";
import { openForwardingDns } from "./parts/dns.ts";
import { openHttp } from "./parts/http.ts";
import { ensureNode } from "./parts/node.ts";
import { addProcessGauges } from "./parts/process-metrics.ts";
import { openStore } from "./parts/store.ts";
import { reload } from "./reload.ts";

/** How long a start waits for a server, in milliseconds; the agent then serves its own part without one. */
const firstServerMsMax = 1_000;

/**
 * Opens the parts of a client agent: it keeps its own services and checks, writes them to the catalog of a server, and passes
 * requests on. Its store has only its local rows; the state in it is empty.
 */
export async function openClient(
  parts: Lifecycle,
  config: RuntimeConfig,
  options: DaemonOptions,
): Promise<Omit<Daemon, "stop">> {
  if (config.keeperAddresses.length > 0) throw keeperOnClient();
  const { log, platform } = options;
  const { clock, random } = platform;
  const metrics = new Metrics(clock.wallMs());
  addProcessGauges(metrics, config);
  const tls = new AgentTls(config);
  const { engine, store, localRows, local } = await openStore(parts, config, {
    ...{ platform, metrics, log },
    isOfCluster: () => true,
  });
  const node = await ensureNode(config, store, { localRows, local, random });
  // The pool connects before the agent restores its checks, so that they keep the statuses that the catalog has.
  const own: OwnAgent = { node, agent: undefined };
  const sync = new SharedRuns(parts.opened, () => syncOnce(synchronize, log.named("anti_entropy")));
  const certificates = config.autoEncrypt.asks ? openAutoEncrypt(config, { platform, tls, log }) : undefined;
  const { pool, events, forget } = openPool(config, {
    dial: certificates?.dial ?? tls.securing(platform.dial),
    ...{ platform, localRows, local, metrics, log, own, onFailed: options.onFailed },
    onJoined() {
      catalog.sendOutputs();
      // The start may fail, and then nothing is brought in step.
      sync.request().catch(() => {});
    },
  });
  const ask = askAboutTokens(pool);
  const access = openClientAccess(config, {
    ...{ store, node: node.name, clock, random, metrics, log, ask },
    // Consul: a new token of the agent's own starts a full sync.
    onTokenGiven: () => void sync.request().catch(() => {}),
  });
  const catalog = new LinkCatalog({
    ...{ pool, localRows, node: node.name, clock, log: log.named("client") },
    defaultToken: () => access.agentTokens?.default ?? "",
  });
  parts.add({ stop: () => pool.stop() });
  parts.add(loop((signal) => certificates?.renew(() => pool.servers, signal)));
  await Promise.race([pool.start(), sleep(clock, firstServerMsMax)]);
  await joinAtStart(config.serverRejoin.join, (address) => pool.join(address));

  const agent = await parts.open(openAgent(config, { node, catalog, local, clock, log }));
  own.agent = agent;
  parts.add({ stop: () => catalog.stop() });
  const synchronize = clientSync(agent, { pool, catalog });
  const definitions = await openDefinitions(config, agent, log);
  const clientLimit = new ClientLimit(config.httpConnectionsMax);
  const reloads = new SharedRuns(parts.opened, () =>
    reload(options, {
      ...{ agent, agentTokens: access.agentTokens, definitions, tls, listeners, dns, clientLimit },
      ...{ keeper: undefined, valueChecks: undefined, protection: undefined },
      registerNode: () => (pool.isLinked ? pool.rejoin() : Promise.resolve()),
    }),
  );
  const api = createClientApi(config, {
    ...{ ...platform, ...access, store, engine, agent, pool, events, metrics, log },
    reload: () => reloads.request(),
    leave: options.onLeave,
    definitionFaults: () => definitions.faults,
    refusedWrites: () => catalog.refusedWrites,
  });
  parts.add({ stop: () => events.close() });
  const dns = await parts.open(
    openForwardingDns(config, { ...api, send: api.sendPacket, log: log.named("dns"), listen: platform.listenDns }),
  );
  const routes = clientRoutes(api);
  const { audit } = await parts.open(openAudit(config, { ...platform, metrics, log }));
  const { listeners } = await parts.open(
    openHttp(config, { api, audit, routes, clientLimit, tls, open: platform.openListeners }),
  );

  startChecks(agent, platform, tls);
  runInBackground(parts, { platform, metrics, log, sync: synchronize, listeners: [listeners], reloads, tls });
  return {
    nodeId: node.id,
    httpAddresses: listeners.addresses,
    reload: () => reloads.request(),
    metricsText: () => renderIntervals(metrics.ended),
    ping: () => engine.ping(),
    leave: () => leaveServers(pool, { forget: config.serverRejoin.afterLeave ? undefined : forget, log }),
  };
}

/** Leaves the cluster. @param forget deletes the servers that the next start would join; undefined to keep them */
async function leaveServers(
  pool: ServerPool,
  { forget, log }: { readonly forget: (() => Promise<void>) | undefined; readonly log: Log },
): Promise<void> {
  try {
    await pool.leave();
    await forget?.();
  } catch (error) {
    log.warn("The servers do not know that this agent leaves", { error: messageOf(error) });
  }
}

/** Joins by all addresses of start_join. @throws OperatingError naming the last failure if none succeeds */
async function joinAtStart(addresses: readonly string[], join: (address: string) => Promise<void>): Promise<void> {
  let failure: unknown;
  let joined = 0;
  for (const address of addresses)
    try {
      await join(address);
      joined += 1;
    } catch (error) {
      failure = error;
    }
  if (addresses.length > 0 && joined === 0) throw failure;
}

function keeperOnClient(): OperatingError {
  const message =
    "core-keeper's API runs on servers only: remove addresses.keeper and ports.keeper from this agent, or start it with -server";
  return new OperatingError("invalid", "keeper-on-client", message);
}
