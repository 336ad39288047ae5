/** MQTT's own limit. */
const topicBytesMax = 65_535;
/** Mosquitto's limit: it ends the connection of who sends more. */
const levelsMax = 200;

/** Wildcards, and what MQTT 3.1.1 lets a broker end the connection for. */
const forbidden = /[+#\p{Cc}\p{Noncharacter_Code_Point}]/gu;

/**
 * Where changes of a key are told: the prefix, a slash, and the key. What a topic may not hold is percent-encoded, so
 * that "a+b" is told on ".../a%2Bb"; the message has the key as it is. undefined when the topic is longer, or has more
 * levels, than brokers take.
 */
export function topicOf(prefix: string, key: string): string | undefined {
  const topic = `${prefix}/${key}`.toWellFormed().replaceAll(forbidden, (character) => encodeURIComponent(character));
  const isUsable = Buffer.byteLength(topic) <= topicBytesMax && topic.split("/").length <= levelsMax;
  return isUsable ? topic : undefined;
}
