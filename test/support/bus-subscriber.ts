import { decode } from "cborg";
import { connectAsync, type IClientOptions } from "mqtt";

/** A message of the bus, as a subscriber reads it. */
export interface BusMessage {
  readonly topic: string;
  readonly contentType: string;
  readonly correlationID: string;
  readonly payload: { readonly key: string; readonly revision: number; readonly value?: string };
}

export interface BusSubscriber {
  readonly messages: readonly BusMessage[];
  /** Returns the values of one key in order of arrival. Consecutive messages of the key with the same revision count once. */
  valuesOf(key: string): readonly (string | undefined)[];
  /** Returns the messages that arrived after a message of the same key with a higher revision. */
  backwards(): readonly BusMessage[];
  readonly isConnected: boolean;
  close(): Promise<void>;
}

/** Subscribes to a broker as EdgeX's services do, and reconnects when the broker returns after an outage. */
export async function subscribeBus(
  port: number,
  topic: string,
  { onMessage = () => {}, ...options }: IClientOptions & { readonly onMessage?: (message: BusMessage) => void } = {},
): Promise<BusSubscriber> {
  const messages: BusMessage[] = [];
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 20, ...options });
  client.on("message", (topic, bytes) => {
    const message = readMessage(topic, bytes);
    messages.push(message);
    onMessage(message);
  });
  let isConnected = false;
  client.on("close", () => void (isConnected = false));
  client.on("packetreceive", ({ cmd }) => void (isConnected ||= cmd === "suback"));
  await client.subscribeAsync(topic, { qos: 1 });
  return {
    messages,
    get isConnected() {
      return isConnected;
    },
    valuesOf: (key) => {
      const ofKey = messages.filter(({ payload }) => payload.key === key);
      const news = ofKey.filter(({ payload }, at) => payload.revision !== ofKey[at - 1]?.payload.revision);
      return news.map(({ payload }) => payload.value);
    },
    backwards: () => findBackwards(messages),
    close: () => client.endAsync(true),
  };
}

function readMessage(topic: string, bytes: Buffer): BusMessage {
  const envelope = bytes[0] === 0x7b ? JSON.parse(bytes.toString()) : decode(bytes);
  const { payload } = envelope;
  const read = typeof payload === "string" ? JSON.parse(Buffer.from(payload, "base64").toString()) : payload;
  return { ...envelope, topic, payload: read };
}

function findBackwards(messages: readonly BusMessage[]): readonly BusMessage[] {
  const newest = new Map<string, number>();
  return messages.filter(({ payload: { key, revision } }) => {
    const before = newest.get(key) ?? 0;
    newest.set(key, Math.max(before, revision));
    return revision < before;
  });
}
