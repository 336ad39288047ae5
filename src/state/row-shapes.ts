import type { Row } from "../engine/engine.ts";
import { checkStatuses } from "../model/check.ts";
import { sessionBehaviors } from "../model/session.ts";
import {
  decodeCheck,
  decodeKv,
  decodeNode,
  decodePreparedQuery,
  decodeService,
  decodeSession,
  tables,
} from "./rows.ts";
import { rowKey } from "./state.ts";

/*
 * Rows that come from outside, in a snapshot, are looked at as closely as anything that a client sends: one that is not
 * as the state machine would have written it would stop the agent later, and at every start after that.
 */

/** Whether bytes are a row of that table, under its own key, and no newer than `newest`. */
export function isSoundRow({ table, key, value }: Row, newest: number): boolean {
  switch (table) {
    case tables.nodes: {
      const node = decodeNode(value);
      return isNode(node) && rowKey(node.name) === key && node.modifyIndex <= newest;
    }
    case tables.services: {
      const service = decodeService(value);
      return isService(service) && rowKey(service.node, service.id) === key && service.modifyIndex <= newest;
    }
    case tables.checks: {
      const check = decodeCheck(value);
      return isCheck(check) && rowKey(check.node, check.id) === key && check.modifyIndex <= newest;
    }
    case tables.sessions: {
      const session = decodeSession(value);
      return isSession(session) && rowKey(session.id) === key && session.modifyIndex <= newest;
    }
    case tables.kv: {
      const entry = decodeKv(key, value);
      return isEntry(entry) && entry.modifyIndex <= newest;
    }
    case tables.preparedQueries: {
      const query = decodePreparedQuery(value);
      return isPreparedQuery(query) && rowKey(query.id) === key && query.modifyIndex <= newest;
    }
    default:
      return false;
  }
}

type Shape = (value: unknown) => boolean;

const text: Shape = (value) => typeof value === "string" && value.isWellFormed();
const number: Shape = (value) => typeof value === "number";
const boolean: Shape = (value) => typeof value === "boolean";
const index: Shape = (value) => Number.isSafeInteger(value) && Number(value) >= 0;

function oneOf(values: readonly string[]): Shape {
  return (value) => typeof value === "string" && values.includes(value);
}

function orNull(shape: Shape): Shape {
  return (value) => value === null || shape(value);
}

function orAbsent(shape: Shape): Shape {
  return (value) => value === undefined || shape(value);
}

function list(shape: Shape): Shape {
  return (value) => Array.isArray(value) && value.every(shape);
}

function map(shape: Shape): Shape {
  return (value) => isObject(value) && Object.values(value).every(shape);
}

/** Other fields are let be: the state machine does not look at them. */
function record(fields: Readonly<Record<string, Shape>>): Shape {
  const shapes = Object.entries(fields);
  return (value) => isObject(value) && shapes.every(([name, shape]) => shape(value[name]));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const indexes = { createIndex: index, modifyIndex: index };

const isNode = record({
  ...{ id: text, name: text, address: text, datacenter: text },
  ...{ taggedAddresses: orNull(map(text)), meta: orNull(map(text)) },
  ...indexes,
});

const isService = record({
  ...{ node: text, id: text, name: text, kind: text, address: text, port: number, enableTagOverride: boolean },
  ...{ tags: list(text), meta: orNull(map(text)), weights: record({ passing: number, warning: number }) },
  taggedAddresses: orNull(map(record({ address: text, port: number }))),
  proxy: orAbsent(record({ destinationServiceName: text })),
  ...indexes,
});

const isCheck = record({
  ...{ node: text, id: text, name: text, notes: text, output: text, type: text, status: oneOf(checkStatuses) },
  ...{ serviceId: text, serviceName: text, serviceTags: list(text) },
  definition: record({
    ...{ http: orAbsent(text), method: orAbsent(text), body: orAbsent(text), tcp: orAbsent(text) },
    ...{ tlsSkipVerify: orAbsent(boolean), header: orAbsent(map(list(text))) },
    ...{
      intervalMs: orAbsent(number),
      timeoutMs: orAbsent(number),
      deregisterCriticalServiceAfterMs: orAbsent(number),
    },
  }),
  ...indexes,
});

const isSession = record({
  ...{ id: text, name: text, node: text, ttl: text, lockDelayMs: number, behavior: oneOf(sessionBehaviors) },
  ...{ nodeChecks: orNull(list(text)), checks: list(text) },
  serviceChecks: orNull(list(record({ id: text, namespace: text }))),
  ...indexes,
});

const isPreparedQuery = record({
  ...{ id: text, name: text, session: text, token: text, dnsTtl: text },
  template: record({ type: text, regexp: text, removeEmptyTags: boolean }),
  service: record({
    ...{ service: text, near: text, onlyPassing: boolean, connect: boolean },
    ...{ ignoreCheckIds: orNull(list(text)), tags: orNull(list(text)) },
    ...{ nodeMeta: orNull(map(text)), serviceMeta: orNull(map(text)) },
    failover: record({ nearestN: number, datacenters: orNull(list(text)) }),
  }),
  ...indexes,
});

const isEntry = record({ key: text, lockIndex: index, session: text, ...indexes });
