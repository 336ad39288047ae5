import type { LocalRow } from "../../bus/saved-position.ts";
import type { MessageBus } from "../../bus/message-bus.ts";
import type { BrokerConnection } from "../../bus/broker-connection.ts";
import type { Credentials, MqttOptions } from "../../bus/mqtt-connection.ts";
import type { MessageBusConfig, RuntimeConfig } from "../../config/runtime-config.ts";
import type { Secrets } from "../../keeper/secrets.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { Metrics } from "../../lib/metrics.ts";
import type { Node } from "../../model/node.ts";
import type { Store } from "../../registry/store.ts";

/** As core-keeper has it in Writable.InsecureSecrets and in its secret store. */
const secretName = "mqtt-bus";

interface BusParts {
  readonly store: Store;
  readonly node: Node;
  readonly rows: readonly LocalRow[];
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
  /** What core-keeper's API was told. */
  readonly secrets: Pick<Secrets, "read">;
  readonly connectBroker: typeof connectBroker;
}

/**
 * Tells changes of keys, until `stopping` aborts, to the broker that the configuration names; undefined where it names none.
 * Nothing of it is loaded then.
 */
export async function openBus(
  config: RuntimeConfig,
  parts: BusParts,
  stopping: AbortSignal,
): Promise<MessageBus | undefined> {
  const bus = config.messageBus;
  if (bus === undefined) return undefined;
  const { openMessageBus } = await import("../../bus/message-bus.ts");
  const url = new URL(bus.url);
  // Asked at each connection: a secret may be told, or changed, while the broker refuses.
  const credentials = (): Credentials => toldCredentials(parts.secrets) ?? configuredCredentials(bus, url);
  const broker = { url, clientId: bus.clientId, credentials, caFile: config.tls.caFile };
  return openMessageBus(parts.store, {
    ...bus,
    ...parts,
    nodeId: parts.node.id,
    log: parts.log.named("message_bus"),
    encodeCbor: bus.cbor ? await loadCbor() : undefined,
    connect: (signal) => parts.connectBroker(broker, signal),
    stopping,
  });
}

/** As connectMqtt, which is not loaded before. */
export async function connectBroker(broker: MqttOptions, signal: AbortSignal): Promise<BrokerConnection> {
  const { connectMqtt } = await import("../../bus/mqtt-connection.ts");
  return connectMqtt(broker, signal);
}

function toldCredentials(secrets: BusParts["secrets"]): Credentials | undefined {
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
