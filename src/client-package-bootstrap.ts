/** The exports of praetor-client/bootstrap, the entry point of the published package that starts a service on Node and Bun. */
export { bootstrap } from "./client/bootstrap/bootstrap.ts";
export type { BootstrapOptions, Service } from "./client/bootstrap/bootstrap.ts";
export type { CloseListener } from "./client/bootstrap/listener.ts";
export type { WritableListener } from "./client/bootstrap/live-configuration.ts";
export type { ServiceConfiguration, WritableOf } from "./client/bootstrap/service-configuration.ts";
export type { ServiceLog } from "./client/bootstrap/service-log.ts";
