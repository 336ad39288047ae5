import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Agent } from "../../agent/agent.ts";
import type { JwtConfig, MessageBusConfig, RuntimeConfig } from "../../config/runtime-config.ts";
import type { Audit } from "../../http/audit.ts";
import { Introspection, keyVoucher, ServiceTokens } from "../../http/logins/service-tokens.ts";
import { keysOfFile, PublishedKeys } from "../../http/logins/web-keys.ts";
import type { HttpServer, listen } from "../../http/server.ts";
import { CommitTimes } from "../../keeper/commit-times.ts";
import type { SavedRegistrations } from "../../keeper/saved-registrations.ts";
import { Registrations } from "../../keeper/registrations.ts";
import { KeeperRouter, type ClientGate } from "../../keeper/router.ts";
import { routes } from "../../keeper/routes.ts";
import type { Secrets } from "../../keeper/secrets.ts";
import type { Clock } from "../../lib/clock.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import { writeAccess } from "../../http/write-access.ts";
import type { Log } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import type { ServicePorts } from "../../ports/service-ports.ts";
import type { Callers } from "../../registry/caller.ts";
import type { Registry } from "../../registry/registry.ts";
import type { Part } from "../lifecycle.ts";

export interface KeeperParts {
  readonly agent: Agent;
  readonly ports: ServicePorts;
  readonly store: Registry;
  readonly callers: Callers;
  readonly audit: Audit | undefined;
  readonly saved: SavedRegistrations;
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
  const { agent, audit, callers, clientGate, clock, log, ports, random, saved, secrets, store } = parts;
  const { checkOutputBytesMax, httpAllowWriteFrom: writers, kvValueBytesMax } = config;
  const times = new CommitTimes(store, clock);
  const registrations = new Registrations({ agent, ports, store, saved, times, clock, log, checkOutputBytesMax });
  const bodyBytesMax = Math.max(bodyBytesMin, kvValueBytesMax);
  let current = config;
  const describe = (): object => describeKeeper(current, { bodyBytesMax });
  const jwts = config.keeperJwt && openJwts(config.keeperJwt, { clock, log });
  const router = new KeeperRouter(
    routes({ store, ports, times, registrations, secrets, kvValueBytesMax, describe, clock }),
    {
      ...{ audit, callers, jwts, clientGate, clock, log, random, bodyBytesMax },
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

/** @throws OperatingError naming the field whose file cannot be read */
function openJwts(
  { source, authorityFile, issuer, audiences }: JwtConfig,
  { clock, log }: Pick<KeeperParts, "clock" | "log">,
): ServiceTokens {
  const authority =
    authorityFile === undefined
      ? ""
      : readSetting("ca_file", authorityFile, (pem) => {
          // oxlint-disable-next-line no-new -- it throws for a text that is no certificate
          new X509Certificate(pem);
          return pem;
        });
  const voucher =
    source.kind === "secret store"
      ? new Introspection({ ...source, authority, clock })
      : keyVoucher(
          /^https?:/i.test(source.at)
            ? new PublishedKeys({ url: source.at, authority, clock, msMax: keysMsMax })
            : readSetting("keys", source.at, keysOfFile),
        );
  return new ServiceTokens({ voucher, issuer, audiences, clock, log });
}

/** The time in which the server of the keys must answer, in milliseconds: core-keeper's time limit of a request. */
const keysMsMax = 5_000;

function readSetting<T>(name: string, path: string, read: (text: string) => T): T {
  try {
    return read(readFileSync(path, "utf8"));
  } catch (cause) {
    const message = `edgex.jwt.${name}: cannot use the file ${path}: ${messageOf(cause)}. Correct the path or the file`;
    throw new OperatingError("invalid", "invalid-config", message, { cause });
  }
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
