import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Metrics } from "../lib/metrics.ts";
import type { KeyChange } from "../registry/key-changes.ts";
import type { LocalRow, Store } from "../registry/store.ts";
import type { ConnectBroker } from "./broker-connection.ts";
import type { Message } from "./delivery.ts";
import { encodeEnvelope, type EnvelopeOptions } from "./envelope.ts";
import { SavedPosition } from "./saved-position.ts";
import { Outbox } from "./outbox.ts";
import { Publisher } from "./publisher.ts";
import { topicOf } from "./topic.ts";

export interface MessageBusOptions extends EnvelopeOptions {
  readonly topicPrefix: string;
  readonly keyPrefixes: readonly string[];
  readonly connect: ConnectBroker;
  /** This agent's own rows, as they were at the start. */
  readonly rows: readonly LocalRow[];
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly stopping: AbortSignal;
}

export interface MessageBus {
  /**
   * Resolves after `stopping` has aborted, when the connection has ended and it is kept how far it got. For that the store
   * must still take writes. What is still to be told is told in a second, or else after the next start.
   */
  readonly stopped: Promise<void>;
}

/**
 * Tells a broker every durable change of the keys below the prefixes, at least once and in the order of their indexes.
 * It goes on after the last position that was kept.
 */
export async function openMessageBus(store: Store, options: MessageBusOptions): Promise<MessageBus> {
  const { rows, clock, metrics, log } = options;
  const kept = await SavedPosition.open(store, rows, { clock, log });
  const outbox = new Outbox(store, { keyPrefixes: options.keyPrefixes, position: kept.saved });
  const published = metrics.counter("praetor.bus.published");
  const leftOut = metrics.counter("praetor.bus.left_out");
  const publisher = new Publisher({
    outbox,
    connect: options.connect,
    encode: (change) => encode(change, options),
    clock,
    log,
    onPublished() {
      published.add(1);
      kept.saveSoon(() => outbox.position);
    },
    onLeftOut: () => leftOut.add(1),
  });
  metrics.gauge("praetor.bus.connected", () => Number(publisher.isConnected));
  metrics.gauge("praetor.bus.waiting", () => outbox.size);
  metrics.gauge("praetor.bus.lag", () => store.state.index - outbox.position);
  return { stopped: publisher.run(options.stopping).then(() => kept.saveAndStop(outbox.position)) };
}

function encode(change: KeyChange, options: MessageBusOptions): Message | undefined {
  const topic = topicOf(options.topicPrefix, change.key);
  if (topic !== undefined) return { topic, bytes: encodeEnvelope(change, options) };
  options.log.warn("changes of this key cannot be told: its topic would be longer than brokers take", {
    key: change.key.slice(0, 100),
  });
  return undefined;
}
