/**
 * The exports of the published package: the clients of a registry, for Node, Bun and, as far as CORS lets them, browsers.
 * This file and its imports use only interfaces of the web platform (fetch, URL, AbortSignal), no module of node: or bun:.
 * Code that needs a file system or a process has another entry point: see scripts/npm-package/build.ts.
 */
export { createConfigurationClient } from "./client/create-configuration-client.ts";
export type { ConfigurationClientOptions } from "./client/create-configuration-client.ts";
export { createRegistryClient } from "./client/create-registry-client.ts";
export type { RegistryClientOptions } from "./client/create-registry-client.ts";
export { streamKeyChanges } from "./client/key-stream.ts";
export type { KeyChangesOptions, StreamedChange, StreamedChanges } from "./client/key-stream.ts";
export type { ConfigurationClient, ConfigurationPush, ConfigurationWatch } from "./client/configuration-client.ts";
export type { RegistryClient, RouteCheck } from "./client/registry-client.ts";
export type { FetchAccessToken } from "./client/access-token.ts";
export type { Stop } from "./client/answer-watch.ts";
export type { CallOptions } from "./client/call-options.ts";
export type { EndpointWatch } from "./client/endpoint-watch.ts";
export type { PortChange } from "./client/port-record.ts";
export type { PortWatch } from "./client/port-changes.ts";
export type { ServiceEndpoint } from "./client/service-endpoint.ts";
export type { Clock, Timer } from "./lib/clock.ts";
export { OperatingError } from "./lib/errors.ts";
export type { ErrorKind } from "./lib/errors.ts";
