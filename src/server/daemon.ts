import { Agent } from "../agent/agent.ts";
import { createAliasSource } from "../agent/alias-source.ts";
import { runAntiEntropy, syncCatalog } from "../agent/anti-entropy.ts";
import { type Defined, FileDefinitions } from "../agent/file-definitions.ts";
import { RunningChecks } from "../checks/running-checks.ts";
import { serfCheckId, serverRegistration, serverServiceId } from "../cluster/server-registration.ts";
import { guardDescriptors } from "../lib/descriptor-guard.ts";
import { refuseFaults } from "../config/definitions.ts";
import type { RuntimeConfig } from "../config/runtime-config.ts";
import { formatPlace } from "../config/syntax-tree.ts";
import { createApi, openApi } from "./parts/http.ts";
import { openBus } from "./parts/bus.ts";
import { openDns } from "./parts/dns.ts";
import { Secrets } from "../keeper/secrets.ts";
import type { KeeperParts, KeeperServer } from "./parts/keeper.ts";
import { ClientLimit } from "../http/client-limit.ts";
import type { Listeners } from "../http/listeners.ts";
import type { Clock } from "../lib/clock.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import type { Log, LogLevel } from "../lib/log.ts";
import { Metrics } from "../lib/metrics.ts";
import type { Random } from "../lib/random.ts";
import { SharedRuns } from "../lib/shared-runs.ts";
import type { Node } from "../model/node.ts";
import { addGauges, runIntervals } from "./parts/process-metrics.ts";
import { deregister, register } from "../registry/catalog.ts";
import { CheckOutputs } from "../registry/check-outputs.ts";
import { NodeCatalog } from "../registry/node-catalog.ts";
import { SessionTtls } from "../registry/session-ttls.ts";
import { meterStore } from "../registry/store-metrics.ts";
import { Store } from "../registry/store.ts";
import { logWriteTrouble } from "../registry/write-trouble.ts";
import { getNode } from "../state/lookup.ts";
import { openState } from "../state/open-state.ts";
import { renderIntervals } from "../wire/metrics.ts";
import { systemPlatform, type Platform } from "./platform.ts";

export interface DaemonOptions {
  readonly log: Log;
  /** Reads the configuration again, as it was read at the start. */
  readonly readConfig: () => RuntimeConfig;
  readonly setLogLevel: (level: LogLevel) => void;
  /** A reload begins. */
  readonly onReloading: () => void;
  /** The reload has ended, and this configuration is in force. */
  readonly onReloaded: (config: RuntimeConfig) => void;
  /** The reload has ended, and the configuration before it stays in force. */
  readonly onReloadFailed: (reason: string) => void;
  /** Asked for over HTTP: end the agent gracefully. */
  readonly onLeave: () => void;
  /** The real one, unless something else is said. */
  readonly world?: Platform;
}

/** An agent that runs. */
export interface Daemon {
  readonly nodeId: string;
  readonly httpAddresses: readonly string[];
  /**
   * Takes up changed definitions, the log level, whether check output is kept, how many requests a client may have, how
   * DNS is answered, the node's meta, and certificates. One reload is done before the next begins.
   * @throws OperatingError what is wrong with the new configuration, and where; the old one stays in force then
   */
  reload(): Promise<void>;
  /** What Consul writes to stderr on SIGUSR1. */
  metricsText(): string;
  /** Resolves when the thread that writes has done all that was asked of it; rejects when it has stopped. */
  ping(): Promise<void>;
  /** Lets a reload under way end, stops listening, stops checks, waits for writes under way, closes the store. */
  stop(): Promise<void>;
}

const nodeIdKey = "node-id";

/**
 * Builds and starts an agent. Order: the store with its data, the agent with what was registered, the catalog's entry of
 * this server, definitions from files, then the doors are opened and checks start. Stopping goes the other way round.
 * @throws OperatingError saying what cannot be used: data folder, address, definition
 */
export async function startDaemon(config: RuntimeConfig, options: DaemonOptions): Promise<Daemon> {
  const { log, world = systemPlatform } = options;
  if (!config.server) throw clientNotBuilt();
  for (const warning of config.warnings) log.warn(warning);
  const metrics = new Metrics(world.clock.wallMs());
  const { engine, store, local } = await openStore(config, world, { metrics, log });
  const stopping = new AbortController();
  /** Resolves once all that a reload changes is there: a request for one may come as soon as the first listener is open. */
  const started = Promise.withResolvers<void>();
  // A start may fail before there is anybody who could ask for a reload.
  started.promise.catch(() => {});
  try {
    const node = await ensureNode(config, store, { rows: local, random: world.random });
    const outputs = new CheckOutputs();
    const agent = createAgent(config, node, { store, outputs, clock: world.clock, log });
    stopping.signal.addEventListener("abort", () => agent.stop());
    await agent.restore(local);
    const { registerServer, sync, resync } = createSync(config, { store, agent });
    await registerServer();
    const definitions = new FileDefinitions(agent, log);
    await definitions.start(definedIn(config));
    await syncCatalog(agent);
    const clientLimit = new ClientLimit(config.httpConnectionsMax);
    const reloads = new SharedRuns(started.promise, () =>
      reload(options, { agent, definitions, registerServer, doors, dns, keeper, clientLimit }),
    );
    const sessionTtls = new SessionTtls(store, { clock: world.clock, log: log.named("session") });
    stopping.signal.addEventListener("abort", () => sessionTtls.stop());
    addGauges(metrics, { store, sessionTtls });
    const secrets = new Secrets(new NodeCatalog(store, outputs, node.name), local);
    // Before the doors open: what is written from now on is told.
    const busParts = { store, node, rows: local, secrets, metrics, ...world, log };
    const bus = await openBus(config, busParts, stopping.signal);
    const api = createApi(config, {
      ...{ store, outputs, sessionTtls, agent, metrics },
      ...world,
      log,
      reload: () => reloads.request(),
      resync,
      leave: options.onLeave,
      definitionFaults: () => definitions.faults,
    });
    const dns = await openDns(config, { ...api, log: log.named("dns"), listen: world.listenDns }, stopping.signal);
    const { doors, keeper } = await openDoorways(config, {
      ...{ api, clientLimit, local, secrets, log },
      ...{ open: world.openListeners, listen: world.listen },
    });
    const guarding = { clock: world.clock, descriptors: world.openDescriptors(), log, signal: stopping.signal };
    startChecks(agent, world);
    api.ports.start(stopping.signal);
    const running = Promise.all([
      runIntervals(metrics, world.clock, stopping.signal),
      runAntiEntropy(sync, { ...world, log: log.named("anti_entropy"), signal: stopping.signal }),
      guardDescriptors({ doors: keeper ? [doors, keeper] : [doors], ...guarding }),
    ]);
    started.resolve();
    return {
      nodeId: node.id,
      httpAddresses: doors.addresses,
      reload: () => reloads.request(),
      metricsText: () => renderIntervals(metrics.ended),
      ping: () => engine.ping(),
      async stop() {
        await reloads.close(stoppingNow());
        stopping.abort();
        api.events.close();
        api.coordinates.stop();
        await bus?.stopped;
        await store.close();
        await Promise.all([doors.stop(), keeper?.stop()]);
        await running;
        await engine.close();
      },
    };
  } catch (error) {
    started.reject(error);
    stopping.abort();
    await store.close();
    await engine.close();
    throw error;
  }
}

/**
 * Where the index of a store that was never written to begins. Consul's servers have written some rows of their own when
 * they first answer, and tools that start one wait for an index of 2 or more.
 */
const indexOfFreshStore = 6;

/** The store with its data, and what the agent itself has kept. */
async function openStore(
  config: RuntimeConfig,
  world: Platform,
  { metrics, log }: { readonly metrics: Metrics; readonly log: Log },
) {
  const { engine, rows, revision } = await world.openEngine(config);
  const { state, local } = openState(rows, revision === 0 ? indexOfFreshStore : revision);
  const meter = logWriteTrouble(meterStore(metrics, world.clock), log.named("store"));
  return { engine, local, store: new Store(engine, state, { clock: world.clock, meter }) };
}

interface ListenerSet {
  readonly doors: Listeners;
  /** undefined where it is not served. */
  readonly keeper: KeeperServer | undefined;
}

/** All that is asked over HTTP. Who waits for an agent asks Consul's API: that is opened last. */
async function openDoorways(
  config: RuntimeConfig,
  parts: Parameters<typeof openApi>[1] & Pick<KeeperParts, "local" | "secrets" | "log" | "listen">,
): Promise<ListenerSet> {
  const keeper = await openKeeper(config, parts);
  try {
    return { keeper, doors: await openApi(config, parts) };
  } catch (error) {
    await keeper?.stop();
    throw error;
  }
}

/** Loaded only where it is served. */
async function openKeeper(
  config: RuntimeConfig,
  { api, clientLimit: clientGate, log, ...kept }: Parameters<typeof openDoorways>[1],
): Promise<KeeperServer | undefined> {
  if (config.keeperAddresses.length === 0) return undefined;
  const keeper = await import("./parts/keeper.ts");
  return keeper.openKeeper(config, { ...api, ...kept, clientGate, log: log.named("keeper") });
}

function startChecks(agent: Agent, world: Platform): void {
  const aliasSource = createAliasSource(agent);
  const report = agent.checkResult.bind(agent);
  agent.startChecks(new RunningChecks({ world, start: world.startCheck, aliasSource, report }));
}

interface Reloadable extends ListenerSet {
  readonly agent: Agent;
  readonly definitions: FileDefinitions;
  readonly registerServer: () => Promise<void>;
  readonly dns: { reload(dns: RuntimeConfig["dns"]): void };
  readonly clientLimit: ClientLimit;
}

/** @throws OperatingError what is wrong with the new configuration */
async function reload(options: DaemonOptions, parts: Reloadable): Promise<void> {
  const { log } = options;
  log.info("Reloading configuration...");
  options.onReloading();
  try {
    const next = options.readConfig();
    await takeUp(next, parts);
    options.setLogLevel(next.log.level);
    options.onReloaded(next);
    log.info("Configuration reloaded");
  } catch (error) {
    options.onReloadFailed(messageOf(error));
    throw error;
  }
}

/** The definitions of the files, as the agent takes them. */
function definedIn({ services, checks, origins, definitionFaults }: RuntimeConfig): Defined {
  const faults = definitionFaults.map(({ file, place, message }) => ({ where: formatPlace(file, place), message }));
  return { services, checks, origins, faults };
}

/** Tries what can fail first: definitions that cannot be read, certificates, definitions that cannot be registered. */
async function takeUp(next: RuntimeConfig, parts: Reloadable): Promise<void> {
  refuseFaults(next);
  const changeCertificates = parts.doors.prepare(next.tls);
  await parts.definitions.apply(definedIn(next));
  parts.agent.changeMeta(nodeMeta(next));
  parts.agent.discardOutput = next.discardCheckOutput;
  parts.dns.reload(next.dns);
  parts.keeper?.reload(next);
  parts.clientLimit.max = next.httpConnectionsMax;
  await parts.registerServer();
  await changeCertificates();
}

/**
 * The node's id is the one configured, else the one it has had, here or with a Consul, else a new one; it is kept with all
 * other data.
 */
async function ensureNode(
  config: RuntimeConfig,
  store: Store,
  options: {
    readonly rows: readonly { readonly key: string; readonly value: Uint8Array | undefined }[];
    readonly random: Random;
  },
): Promise<Node> {
  const kept = options.rows.find((row) => row.key === nodeIdKey)?.value;
  const known = kept && new TextDecoder().decode(kept);
  const id = config.nodeId === "" ? (known ?? config.consulNodeId ?? options.random.uuid()) : config.nodeId;
  if (id !== known) {
    // A name belongs to the id that is alive under it, and in this folder that was this node itself under its old id.
    if (known !== undefined) await releaseName(store, config.nodeName);
    await store.submit({ type: "set-local", rows: [{ key: nodeIdKey, value: new TextEncoder().encode(id) }] });
  }
  return {
    id,
    name: config.nodeName,
    address: config.advertiseAddress,
    datacenter: config.datacenter,
    taggedAddresses: config.taggedAddresses,
    meta: nodeMeta(config),
  };
}

function nodeMeta(config: RuntimeConfig): Node["meta"] {
  return { ...config.nodeMeta, "consul-network-segment": "" };
}

/** What makes the catalog say of this node what its server and its agent know. */
function createSync(config: RuntimeConfig, { store, agent }: { readonly store: Store; readonly agent: Agent }) {
  const registerServer = (): Promise<void> =>
    register(store, { ...serverRegistration(agent.node, config.ports.server), skipNodeUpdate: false });
  const sync = async (): Promise<number> => {
    await registerServer();
    return syncCatalog(agent);
  };
  const resync = async (): Promise<void> => {
    // A snapshot of the machine that had this name before: the name is this one's now.
    const { node } = agent;
    if (getNode(store.state, node.name)?.id !== node.id) await releaseName(store, node.name);
    await sync();
  };
  return { registerServer, sync, resync };
}

/** So that a node of another id can take the name. */
function releaseName(store: Store, name: string): Promise<void> {
  return deregister(store, { node: name, checkId: serfCheckId });
}

function createAgent(
  config: RuntimeConfig,
  node: Node,
  parts: { readonly store: Store; readonly outputs: CheckOutputs; readonly clock: Clock; readonly log: Log },
): Agent {
  const catalog = new NodeCatalog(parts.store, parts.outputs, node.name);
  return new Agent({
    node,
    catalog,
    rows: catalog,
    clock: parts.clock,
    log: parts.log,
    reserved: new Set([serverServiceId, serfCheckId]),
    scripts: { fromApi: config.enableScriptChecks, fromFiles: config.enableLocalScriptChecks },
    discardOutput: config.discardCheckOutput,
    sidecarPorts: config.sidecarPorts,
  });
}

function stoppingNow(): OperatingError {
  return new OperatingError("unavailable", "stopping", "the agent is stopping and reloads nothing");
}

function clientNotBuilt(): OperatingError {
  const message =
    "this version runs as a server only: start it with -server (or -dev). " +
    "An agent in client mode, which forwards to servers elsewhere, is not built yet.";
  return new OperatingError("invalid", "client-mode", message);
}
