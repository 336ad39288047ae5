import { hasMoved, wasRecovered } from "../../cluster/formation/saved-formation.ts";
import type { RuntimeConfig } from "../../config/runtime-config.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { Metrics } from "../../lib/metrics.ts";
import { meterStore } from "../../registry/store-metrics.ts";
import { LocalRows } from "../../registry/local-rows.ts";
import type { Registry } from "../../registry/registry.ts";
import { Store } from "../../registry/store.ts";
import { logWriteTrouble } from "../../registry/write-trouble.ts";
import { noMeter } from "../../registry/write-queue.ts";
import { openState, type OpenedState } from "../../state/open-state.ts";
import { emptyState, type State } from "../../state/state.ts";
import type { Lifecycle } from "../lifecycle.ts";
import type { Platform } from "../platform.ts";

/**
 * The first index of a new store. Consul: a server has written rows of its own before it first answers, and tools that start
 * a server wait for an index of 2 or more.
 */
export const indexOfFreshStore = 6;

interface OpenedStore extends Pick<OpenedState, "local"> {
  readonly engine: Engine;
  readonly store: Registry;
  readonly localRows: LocalRows;
  /** The data of a server that has stood alone until now and is to be one of several; undefined if a cluster has them already. */
  readonly loneState: State | undefined;
}

interface StoreParts {
  readonly platform: Platform;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Returns whether the store holds only the local rows, as of a server whose data are in a cluster. */
  readonly isOfCluster?: (local: OpenedState["local"]) => boolean;
}

/**
 * Opens the engine and the store with the engine's rows, and returns the rows that only this agent uses. When the store
 * stops, it refuses writes, waits for the batch under way and answers every blocking query; the engine closes last.
 */
export async function openStore(
  parts: Lifecycle,
  config: RuntimeConfig,
  { platform, metrics, log, isOfCluster = () => false }: StoreParts,
): Promise<OpenedStore> {
  const { engine, rows, revision } = await platform.openEngine(config);
  parts.add({ close: () => engine.close() });
  const { state, local } = openState(rows, revision === 0 ? indexOfFreshStore : revision);
  const isShared = isOfCluster(local);
  // Consul's metrics tell of the writes that all servers share; in a cluster, another store has them.
  const meter = isShared ? noMeter : meterStore(metrics, platform.clock);
  const store = new Store(engine, isShared ? { ...emptyState, index: state.index } : state, {
    clock: platform.clock,
    history: config.history,
    meter: logWriteTrouble(meter, platform.clock, log.named("store")),
  });
  parts.add({ stop: () => store.close() });
  return {
    engine,
    store,
    localRows: new LocalRows(store),
    local,
    loneState: isShared && !hasMoved(local) && (wasRecovered(local) || hasDataOfClients(state)) ? state : undefined,
  };
}

/** Returns whether a lone server's state has more than the rows that its own agent registers again at each start. */
function hasDataOfClients({ kv, nodes, preparedQueries }: State): boolean {
  return kv.size > 0 || preparedQueries.size > 0 || nodes.size > 1;
}

/** Returns a store for a command that changes the data of a server that stands alone, while its agent is stopped. */
export function storeOn(engine: Engine, state: State, clock: Clock): Registry & Pick<Store, "close"> {
  return new Store(engine, state, { clock });
}
