import { serviceNames } from "./registrar.ts";

/** Queries for data that clients change all the time. */
export const busyQuestions: readonly string[] = [
  ...["/v1/kv/linear-1/?recurse", "/v1/kv/linear-2/a", "/v1/kv/locks/?recurse", "/v1/kv/locks/a", "/v1/kv/?keys"],
  ...["/v1/session/list", "/v1/session/node/gw", "/v1/catalog/services", "/v1/catalog/nodes", "/v1/catalog/node/gw"],
  ...["/v1/health/state/critical", "/v1/health/node/gw", "/v1/health/service/linear-0"],
  ...serviceNames.flatMap((name) => [`/v1/health/service/${name}?passing`, `/v1/catalog/service/${name}`]),
];

/** Queries for data that the agent keeps only in memory: each process starts their index from the store's index. */
export const forgottenQuestions: readonly string[] = ["/v1/coordinate/nodes"];

/** Queries for data that are written once or never. */
export const quietQuestions: readonly string[] = [
  ...["/v1/kv/quiet/key", "/v1/kv/quiet/?recurse", "/v1/kv/absent/key", "/v1/kv/absent/?recurse"],
  ...["/v1/health/service/quiet", "/v1/catalog/service/quiet", "/v1/health/checks/quiet", "/v1/catalog/node/quiet"],
  ...["/v1/health/service/absent", "/v1/session/node/quiet"],
];
