import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Metrics } from "../lib/metrics.ts";
import type { KeyChange } from "../registry/key-changes.ts";
import type { LocalRow, LocalRows } from "../registry/local-rows.ts";
import type { Registry } from "../registry/registry.ts";
import { WhileLeading } from "../registry/while-leading.ts";
import type { ConnectBroker } from "./broker-connection.ts";
import type { Message } from "./delivery.ts";
import { encodeEnvelope, type EnvelopeOptions } from "./envelope.ts";
import { SavedPosition } from "./saved-position.ts";
import { Outbox } from "./outbox.ts";
import { Publisher } from "./publisher.ts";

export interface MessageBusOptions extends EnvelopeOptions {
  readonly topicPrefix: string;
  readonly keyPrefixes: readonly string[];
  readonly connect: ConnectBroker;
  /** The rows that the engine's table `local` had when the agent started. */
  readonly local: readonly LocalRow[];
  readonly localRows: LocalRows;
  /** Tells the other servers, if any, up to which index all changes are published. */
  readonly tellPosition: (index: number) => void;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly stopping: AbortSignal;
}

export interface MessageBus {
  /**
   * Resolves after `stopping` has aborted, when the connection is closed and the position is saved. The store must accept
   * writes until then. Changes that are not published within a second are published after the next start.
   */
  readonly stopped: Promise<void>;
  /** Takes up the index up to which the server that leads has published all changes. */
  readonly passTo: (index: number) => void;
}

/**
 * Publishes every durable change of the keys below the prefixes to a broker, at least once and in the order of their
 * indexes. After a restart the bus continues after the saved position.
 *
 * If there are several servers, only the leader publishes. It tells the others its position when it saves it, so that the next leader
 * goes on from there; that one publishes the changes of some seconds again, and leaves none out.
 */
export async function openMessageBus(store: Registry, options: MessageBusOptions): Promise<MessageBus> {
  const { local, localRows, clock, metrics, log } = options;
  const position = await SavedPosition.open(local, { localRows, newest: store.state.index, clock, log });
  const outbox = new Outbox(store, { keyPrefixes: options.keyPrefixes, position: position.saved });
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
      position.saveSoon(() => {
        options.tellPosition(outbox.position);
        return outbox.position;
      });
    },
    onLeftOut: () => leftOut.add(1),
  });
  metrics.gauge("praetor.bus.connected", () => Number(publisher.isConnected));
  metrics.gauge("praetor.bus.waiting", () => outbox.size);
  metrics.gauge("praetor.bus.lag", () => store.state.index - outbox.position);
  const publishing = new WhileLeading(store, (signal) => publisher.run(signal));
  const stopped = aborted(options.stopping)
    .then(() => publishing.stop())
    .then(() => position.saveAndStop(outbox.position));
  return {
    stopped,
    passTo: (index) => {
      outbox.passTo(index);
      position.saveSoon(() => outbox.position);
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function encode(change: KeyChange, options: MessageBusOptions): Message | undefined {
  const topic = topicOf(options.topicPrefix, change.key);
  if (topic !== undefined) return { topic, bytes: encodeEnvelope(change, options) };
  options.log.warn("cannot publish changes of this key: its topic would exceed the limits of brokers", {
    key: change.key.slice(0, 100),
  });
  return undefined;
}

/** Maximum length of a topic in MQTT, in bytes. */
const topicBytesMax = 65_535;
/** Maximum number of a topic's levels, which slashes separate. Mosquitto disconnects a client that exceeds this number. */
const levelsMax = 200;

/** Matches the wildcards of topics, and characters for which MQTT 3.1.1 allows a broker to disconnect the client. */
const forbidden = /[+#\p{Cc}\p{Noncharacter_Code_Point}]/gu;

/**
 * Returns the topic of a key: the prefix, a slash, and the key, with characters that are not allowed in a topic
 * percent-encoded ("a+b" becomes ".../a%2Bb"); the message has the key unchanged. Returns undefined when the topic exceeds
 * the length or the number of levels that brokers accept.
 */
export function topicOf(prefix: string, key: string): string | undefined {
  const topic = `${prefix}/${key}`.toWellFormed().replaceAll(forbidden, (character) => encodeURIComponent(character));
  const isUsable = Buffer.byteLength(topic) <= topicBytesMax && topic.split("/").length <= levelsMax;
  return isUsable ? topic : undefined;
}
