import type { Agent } from "../../agent/agent.ts";
import type { MessageBusConfig, RuntimeConfig } from "../../config/runtime-config.ts";
import type { Audit } from "../../http/audit.ts";
import type { HttpServer, listen } from "../../http/server.ts";
import { CommitTimes } from "../../keeper/commit-times.ts";
import { SavedRegistrations } from "../../keeper/saved-registrations.ts";
import { Registrations } from "../../keeper/registrations.ts";
import { KeeperRouter, type ClientGate } from "../../keeper/router.ts";
import { routes } from "../../keeper/routes.ts";
import type { Secrets } from "../../keeper/secrets.ts";
import type { Clock } from "../../lib/clock.ts";
import { writeAccess } from "../../http/write-access.ts";
import type { Log } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import type { ServicePorts } from "../../ports/service-ports.ts";
import type { LocalRow, LocalRows } from "../../registry/local-rows.ts";
import type { Callers } from "../../registry/caller.ts";
import type { Registry } from "../../registry/registry.ts";
import type { Part } from "../lifecycle.ts";

export interface KeeperParts {
  readonly agent: Agent;
  readonly ports: ServicePorts;
  readonly store: Registry;
  readonly callers: Callers;
  readonly audit: Audit | undefined;
  readonly localRows: LocalRows;
  /** The rows that only this agent uses, as read from the engine at the start. */
  readonly local: readonly LocalRow[];
  readonly secrets: Secrets;
  /** Counts the requests of each client over all APIs, and refuses those beyond the limit. */
  readonly clientGate: ClientGate;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly listen: typeof listen;
}

/** The part that serves core-keeper's API. */
export interface KeeperApi extends Part {
  readonly server: HttpServer;
  /** Replaces the configuration that GET /config describes. */
  reload(config: RuntimeConfig): void;
}

/**
 * The smallest maximum length of a body, in bytes: a configuration that allows longer values raises the maximum. The
 * largest configuration of an EdgeX service is a hundredth of this length.
 */
const bodyBytesMin = 1024 * 1024;

/**
 * Serves core-keeper's API on the configured addresses.
 * @throws OperatingError naming the address that cannot be used
 */
export async function openKeeper(config: RuntimeConfig, parts: KeeperParts): Promise<KeeperApi> {
  const { agent, audit, callers, clientGate, clock, localRows, local, log, ports, random, secrets, store } = parts;
  const { checkOutputBytesMax, httpAllowWriteFrom: writers, kvValueBytesMax } = config;
  const times = new CommitTimes(store, clock);
  const saved = new SavedRegistrations(localRows, local, clock);
  const registrations = new Registrations({ agent, ports, store, saved, times, clock, log, checkOutputBytesMax });
  const bodyBytesMax = Math.max(bodyBytesMin, kvValueBytesMax);
  let current = config;
  const describe = (): object => describeKeeper(current, { bodyBytesMax });
  const router = new KeeperRouter(
    routes({ store, ports, times, registrations, secrets, kvValueBytesMax, describe, clock }),
    {
      ...{ audit, callers, clientGate, clock, log, random, bodyBytesMax },
      headers: config.httpHeaders,
      mayWrite: writeAccess(writers),
    },
  );
  const server = await parts.listen({
    listening: { name: "keeper", portFlags: "-keeper-port" },
    addresses: config.keeperAddresses,
    port: config.ports.keeper,
    socketOwner: config.unixSocket,
    ...{ router, clock, log },
  });
  return {
    server,
    reload: (next) => void (current = next),
    close() {
      saved.stop();
      return server.stop();
    },
  };
}

/** Returns the body for core-keeper's /config, without user and password. */
function describeKeeper(config: RuntimeConfig, { bodyBytesMax }: { readonly bodyBytesMax: number }): object {
  const [address = ""] = config.keeperAddresses;
  return {
    Writable: { LogLevel: config.log.level.toUpperCase() },
    MessageBus: describeMessageBus(config.messageBus),
    Clients: {},
    Database: { Type: config.dataDir === undefined ? "memory" : "sqlite" },
    Service: {
      Host: config.advertiseAddress,
      Port: config.ports.keeper,
      ServerBindAddr: address,
      MaxRequestSize: Math.floor(bodyBytesMax / 1024),
    },
  };
}

function describeMessageBus(bus: MessageBusConfig | undefined): object {
  if (bus === undefined) return { Disabled: true };
  const { protocol, hostname, port } = new URL(bus.url);
  const isTls = protocol === "mqtts:";
  return {
    Disabled: false,
    Type: "mqtt",
    Protocol: isTls ? "ssl" : "tcp",
    Host: hostname,
    Port: Number(port) || (isTls ? 8883 : 1883),
    AuthMode: bus.username === undefined ? "none" : "usernamepassword",
    BaseTopicPrefix: bus.topicPrefix,
    Optional: { ClientId: bus.clientId },
  };
}
