import type { Row } from "../engine/engine.ts";
import { OrderedMap, type OrderedMapEdit } from "../lib/ordered-map.ts";
import { isNamed } from "../model/prepared-query.ts";
import { checkIdsOf } from "../model/session.ts";
import { checkTopics, nodeTopics, preparedQueryTopics, serviceTopics, sessionTopics } from "./row-topics.ts";
import {
  decodeCheck,
  decodeIndex,
  decodeKv,
  decodeLockDelay,
  decodeNode,
  decodePreparedQuery,
  decodeService,
  decodeSession,
  tables,
  tombstoneFloorKey,
} from "./rows.ts";
import { connectKey, emptyState, failingKey, kvOrder, lockedKey, rowKey, type State } from "./state.ts";
import { fold, type Topic } from "./topics.ts";

export interface OpenedState {
  readonly state: State;
  /** The rows of the table `local`, which are no part of the state. */
  readonly local: readonly Row[];
}

/**
 * Builds the state from an engine's rows: the same value that wrote them. A topic's index may be higher than it was (that
 * of the services' list by a change of a port, which it does not show), so that watchers may look once for nothing.
 */
export function openState(rows: Iterable<Row>, revision: number): OpenedState {
  const local: Row[] = [];
  const builder = new StateBuilder();
  for (const row of rows) {
    if (row.table === tables.local) local.push(row);
    else builder.add(row);
  }
  return { state: builder.finish(revision), local };
}

/** A state while its rows come in, in any order. */
export class StateBuilder {
  readonly #edits = editAll();
  #tombstoneFloor = emptyState.tombstoneFloor;

  add(row: Row): void {
    if (row.table === tables.meta && row.key === tombstoneFloorKey) this.#tombstoneFloor = decodeIndex(row.value);
    else loadRow(this.#edits, row);
  }

  /** The builder must not be used afterwards. */
  finish(index: number): State {
    const edits = this.#edits;
    const state: State = {
      ...emptyState,
      index,
      nodes: edits.nodes.finish(),
      nodeNames: edits.nodeNames.finish(),
      services: edits.services.finish(),
      serviceInstances: edits.serviceInstances.finish(),
      connectInstances: edits.connectInstances.finish(),
      checks: edits.checks.finish(),
      serviceChecks: edits.serviceChecks.finish(),
      failingChecks: edits.failingChecks.finish(),
      kv: edits.kv.finish(),
      sessions: edits.sessions.finish(),
      nodeSessions: edits.nodeSessions.finish(),
      checkSessions: edits.checkSessions.finish(),
      sessionKeys: edits.sessionKeys.finish(),
      lockDelays: edits.lockDelays.finish(),
      preparedQueries: edits.preparedQueries.finish(),
      preparedQueryNames: edits.preparedQueryNames.finish(),
      tombstones: edits.tombstones.finish(),
      tombstoneFloor: this.#tombstoneFloor,
    };
    return { ...state, topicIndexes: topicIndexes(state) };
  }
}

function editAll() {
  return {
    nodes: emptyState.nodes.edit(),
    nodeNames: emptyState.nodeNames.edit(),
    services: emptyState.services.edit(),
    serviceInstances: emptyState.serviceInstances.edit(),
    connectInstances: emptyState.connectInstances.edit(),
    checks: emptyState.checks.edit(),
    serviceChecks: emptyState.serviceChecks.edit(),
    failingChecks: emptyState.failingChecks.edit(),
    kv: emptyState.kv.edit(),
    sessions: emptyState.sessions.edit(),
    nodeSessions: emptyState.nodeSessions.edit(),
    checkSessions: emptyState.checkSessions.edit(),
    sessionKeys: emptyState.sessionKeys.edit(),
    lockDelays: emptyState.lockDelays.edit(),
    preparedQueries: emptyState.preparedQueries.edit(),
    preparedQueryNames: emptyState.preparedQueryNames.edit(),
    tombstones: emptyState.tombstones.edit(),
  };
}

function loadRow(edits: ReturnType<typeof editAll>, { table, key, value }: Row): void {
  switch (table) {
    case tables.nodes: {
      const node = decodeNode(value);
      edits.nodes.set(key, node);
      if (node.id !== "") edits.nodeNames.set(fold(node.id), node.name);
      return;
    }
    case tables.services: {
      const service = decodeService(value);
      edits.services.set(key, service);
      edits.serviceInstances.set(rowKey(service.name, service.node, service.id), service);
      const connect = connectKey(service);
      if (connect !== undefined) edits.connectInstances.set(connect, service);
      return;
    }
    case tables.checks: {
      const check = decodeCheck(value);
      edits.checks.set(key, check);
      edits.serviceChecks.set(rowKey(check.node, check.serviceId, check.id), check);
      const failing = failingKey(check);
      if (failing !== undefined) edits.failingChecks.set(failing, check);
      return;
    }
    case tables.kv: {
      const entry = decodeKv(key, value);
      edits.kv.set(kvOrder(key), entry);
      if (entry.session !== "") edits.sessionKeys.set(lockedKey(entry), kvOrder(key));
      return;
    }
    case tables.sessions: {
      const session = decodeSession(value);
      edits.sessions.set(key, session);
      edits.nodeSessions.set(rowKey(session.node, session.id), session);
      for (const check of checkIdsOf(session))
        edits.checkSessions.set(rowKey(session.node, check, session.id), session.id);
      return;
    }
    case tables.lockDelays:
      edits.lockDelays.set(kvOrder(key), decodeLockDelay(value));
      return;
    case tables.preparedQueries: {
      const query = decodePreparedQuery(value);
      edits.preparedQueries.set(key, query);
      if (isNamed(query)) edits.preparedQueryNames.set(fold(query.name), query);
      return;
    }
    case tables.tombstones:
      edits.tombstones.set(key, decodeIndex(value));
  }
}

/** Each topic's index is that of the newest row that belongs to it; what rows no longer tell, the tombstones do. */
function topicIndexes(state: State): OrderedMap<number> {
  const indexes: OrderedMapEdit<number> = OrderedMap.empty<number>().edit();
  const highest = new Map<Topic, number>();
  const raise = (touched: Iterable<Topic>, index: number): void => {
    for (const topic of touched) highest.set(topic, Math.max(highest.get(topic) ?? 0, index));
  };
  for (const node of state.nodes.values()) raise(nodeTopics(state, node.name), node.modifyIndex);
  for (const service of state.services.values()) raise(serviceTopics(undefined, service), service.modifyIndex);
  for (const check of state.checks.values()) raise(checkTopics(state, check), check.modifyIndex);
  for (const session of state.sessions.values()) raise(sessionTopics(session), session.modifyIndex);
  for (const query of state.preparedQueries.values()) raise(preparedQueryTopics(query), query.modifyIndex);
  for (const [topic, index] of highest) indexes.set(topic, index);
  return indexes.finish();
}
