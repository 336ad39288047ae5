import { answers, answersNothing, type Operations, plainText, takes } from "../operation.ts";
import { boolean, either, listOf, nothing, object, orNull, ref, text, texts } from "../schema.ts";

const checks = answers(listOf(ref("HealthCheck")));
const instances = answers(listOf(ref("ServiceEntry")));
const bytes = { "application/octet-stream": {} } as const;

export const catalogOperations: Operations = {
  "PUT /v1/catalog/register": takes(ref("CatalogRegistration"), answers(boolean)),
  "PUT /v1/catalog/deregister": takes(ref("CatalogDeregistration"), answers(boolean)),
  "GET /v1/catalog/datacenters": answers(texts),
  "GET /v1/catalog/nodes": answers(listOf(ref("Node"))),
  "GET /v1/catalog/services": answers(ref("TagsByService")),
  "GET /v1/catalog/service/<name>": answers(listOf(ref("CatalogService"))),
  "GET /v1/catalog/connect/<service>": answers(listOf(ref("CatalogService"))),
  "GET /v1/catalog/gateway-services/<gateway>": answers(orNull(listOf(nothing))),
  "GET /v1/catalog/node/<name or id>": answers(orNull(ref("NodeServices"))),
  "GET /v1/catalog/node-services/<name or id>": answers(orNull(ref("NodeServiceList"))),
  "GET /v1/health/service/<name>": instances,
  "GET /v1/health/connect/<service>": instances,
  "GET /v1/health/ingress/<service>": instances,
  "GET /v1/health/checks/<name>": checks,
  "GET /v1/health/node/<name>": checks,
  "GET /v1/health/state/<status>": checks,
  "GET /v1/internal/ui/services": answers(listOf(ref("ServiceSummary"))),
  "GET /v1/internal/ui/nodes": answers(listOf(ref("NodeDump"))),
  "GET /v1/internal/ui/node/<name>": answers(ref("NodeDump")),
  "GET /v1/internal/ui/gateway-services-nodes/<gateway>": answers(listOf(ref("ServiceSummary"))),
  "GET /v1/coordinate/datacenters": answers(listOf(ref("DatacenterCoordinates"))),
  "GET /v1/coordinate/nodes": answers(listOf(ref("NodeCoordinate"))),
  "GET /v1/coordinate/node/<name>": answers(listOf(ref("NodeCoordinate"))),
  "PUT /v1/coordinate/update": takes(ref("CoordinateUpdate"), answersNothing),
};

export const keyOperations: Operations = {
  "GET /v1/kv/<key>": {
    answers: { 200: { "application/json": either(listOf(ref("KeyEntry")), texts), [plainText]: text } },
  },
  "PUT /v1/kv/<key>": { body: bytes, bodyRequired: false, ...answers(boolean) },
  "DELETE /v1/kv/<key>": answers(boolean),
  "PUT /v1/txn": takes(listOf(ref("TransactionOperation")), {
    answers: {
      200: { "application/json": ref("TransactionResult") },
      409: { "application/json": ref("TransactionResult") },
    },
  }),
  "PUT /v1/session/create": { ...takes(ref("SessionRequest"), answers(ref("SessionId"))), bodyRequired: false },
  "PUT /v1/session/destroy/<id>": answers(boolean),
  "PUT /v1/session/renew/<id>": answers(listOf(ref("Session"))),
  "GET /v1/session/info/<id>": answers(listOf(ref("Session"))),
  "GET /v1/session/list": answers(listOf(ref("Session"))),
  "GET /v1/session/node/<name>": answers(listOf(ref("Session"))),
  "POST /v1/query": takes(ref("PreparedQueryRequest"), answers(ref("PreparedQueryId"))),
  "GET /v1/query": answers(listOf(ref("PreparedQuery"))),
  "GET /v1/query/<id>": answers(listOf(ref("PreparedQuery"))),
  "PUT /v1/query/<id>": takes(ref("PreparedQueryRequest"), answersNothing),
  "DELETE /v1/query/<id>": answersNothing,
  "GET /v1/query/<id or name>/execute": answers(ref("PreparedQueryAnswer")),
  "GET /v1/query/<id or name>/explain": answers(ref("PreparedQueryExplanation")),
};

const pastKeys = answers(listOf(ref("KeyEntry")));

export const praetorOperations: Operations = {
  "GET /v1/praetor/ports": answers(listOf(ref("PortRecord"))),
  "GET /v1/praetor/ports/<service>": answers(ref("PortRecord")),
  "GET /v1/praetor/overview": answers(ref("Overview")),
  "GET /v1/praetor/changes": answers(ref("TopicIndexes")),
  "GET /v1/praetor/changes/<prefix>": { answers: { 200: { "text/event-stream": text } } },
  "GET /v1/praetor/kv/<key>": pastKeys,
  "GET /v1/praetor/kv-diff/<prefix>": answers(ref("KeyDifferences")),
  "GET /v1/praetor/kv-history/<key>": answers(listOf(ref("KeyVersion"))),
  "GET /v1/praetor/kv-origin/<key>": answers(listOf(ref("KeyOrigin"))),
  "PUT /v1/praetor/kv-reset/<key>": answers(ref("KeyReset")),
  "PUT /v1/praetor/kv-rollback/<key>": answers(ref("KeyRollback")),
  "PUT /v1/praetor/kv-trial": takes(ref("TrialRequest"), answers(orNull(ref("Trial")))),
  "GET /v1/praetor/kv-trial/<id>": answers(ref("Trial")),
  "GET /v1/praetor/kv-trials": answers(listOf(ref("Trial"))),
  "PUT /v1/praetor/kv-trial-confirm/<id>": answers(orNull(ref("Trial"))),
  "PUT /v1/praetor/kv-trial-undo/<id>": answers(orNull(ref("Trial"))),
  "GET /v1/praetor/transitions": answers(ref("Transitions")),
  "GET /v1/praetor/search": answers(ref("FoundKeys")),
  "GET /v1/praetor/watchers/<key>": answers(ref("Watchers")),
  "GET /v1/praetor/ready": answers(object({ Ready: { const: true } })),
  "GET /v1/praetor/live": answers(object({ Live: { const: true } })),
  "GET /v1/praetor/log": answers(ref("LogLines")),
  "GET /v1/praetor/metrics-series": answers(ref("MetricsSeries")),
  "GET /v1/praetor/doctor": answers(ref("Findings")),
  "GET /v1/praetor/openapi.json": answers({ type: "object", required: ["openapi"] }),
  "PUT /v1/praetor/check/run/<check id>": answers(ref("CheckRun")),
  "GET /v1/praetor/registrations": answers(listOf(ref("Registration"))),
};
