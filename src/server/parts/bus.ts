import type { BrokerConnection } from "../../bus/broker-connection.ts";
import type { MessageBus } from "../../bus/message-bus.ts";
import type { Credentials, MqttOptions } from "../../bus/mqtt-connection.ts";
import type { MessageBusConfig, RuntimeConfig } from "../../config/runtime-config.ts";
import type { Secrets } from "../../keeper/secrets.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { Metrics } from "../../lib/metrics.ts";
import type { Node } from "../../model/node.ts";
import type { LocalRow, LocalRows } from "../../registry/local-rows.ts";
import type { Registry } from "../../registry/registry.ts";
import type { Part } from "../lifecycle.ts";

/** The name of the broker's secret in core-keeper's secret store and in Writable.InsecureSecrets. */
const secretName = "mqtt-bus";

interface BusParts {
  readonly store: Registry;
  readonly node: Node;
  readonly localRows: LocalRows;
  /** The rows that only this agent uses, as read from the engine at the start. */
  readonly local: readonly LocalRow[];
  /** Tells the other servers, if any, up to which index all changes are published. */
  readonly tellPosition: (index: number) => void;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
  /** The secrets that clients stored through core-keeper's API. */
  readonly secrets: Pick<Secrets, "read">;
  readonly connectBroker: typeof connectBroker;
}

export type BusPart = Part & Pick<MessageBus, "passTo">;

/**
 * Opens the message bus, which publishes changes of keys to the broker that the configuration names. When the bus stops, it
 * stores the index up to which it has published. Without a configured broker, returns an empty part and loads no code.
 */
export async function openBus(config: RuntimeConfig, parts: BusParts): Promise<BusPart> {
  const bus = config.messageBus;
  if (bus === undefined) return { passTo() {} };
  const { openMessageBus } = await import("../../bus/message-bus.ts");
  const url = new URL(bus.url);
  // The credentials are read for each connection, since a client may change the secret while the broker refuses the old one.
  const credentials = (): Credentials => storedCredentials(parts.secrets) ?? configuredCredentials(bus, url);
  const broker = { url, clientId: bus.clientId, credentials, caFile: config.tls.caFile };
  const stopping = new AbortController();
  const { stopped, passTo } = await openMessageBus(parts.store, {
    ...bus,
    ...parts,
    nodeId: parts.node.id,
    log: parts.log.named("message_bus"),
    encodeCbor: bus.cbor ? await loadCbor() : undefined,
    connect: (signal) => parts.connectBroker(broker, signal),
    stopping: stopping.signal,
  });
  return {
    passTo,
    stop() {
      stopping.abort();
      return stopped;
    },
  };
}

/** Loads the MQTT client and connects to the broker. */
export async function connectBroker(broker: MqttOptions, signal: AbortSignal): Promise<BrokerConnection> {
  const { connectMqtt } = await import("../../bus/mqtt-connection.ts");
  return connectMqtt(broker, signal);
}

function storedCredentials(secrets: BusParts["secrets"]): Credentials | undefined {
  const { username, password } = secrets.read(secretName) ?? {};
  return username === undefined ? undefined : { username, password };
}

function configuredCredentials({ username, password }: MessageBusConfig, url: URL): Credentials {
  if (username !== undefined || url.username === "") return { username, password };
  return { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
}

async function loadCbor(): Promise<(message: object) => Uint8Array> {
  const { encode } = await import("cborg");
  return encode;
}
