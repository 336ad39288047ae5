const pairsMax = 64;
const keyBytesMax = 128;
const valueBytesMax = 512;

/** Why Consul refuses a service's metadata, in its words; undefined when it is fine. */
export function metadataFault(meta: Readonly<Record<string, string>> | null): string | undefined {
  const pairs = Object.entries(meta ?? {});
  // Consul: says "Node" of a service's metadata too.
  if (pairs.length > pairsMax) return `Node metadata cannot contain more than ${pairsMax} key/value pairs`;
  for (const [key, value] of pairs) {
    const fault = pairFault(key, value);
    if (fault !== undefined) return `Couldn't load metadata pair ('${key}', '${value}'): ${fault}`;
  }
  return undefined;
}

function pairFault(key: string, value: string): string | undefined {
  if (key === "") return "Key cannot be blank";
  if (!/^[a-zA-Z0-9_-]+$/.test(key)) return "Key contains invalid characters";
  if (key.length > keyBytesMax) return `Key is too long (limit: ${keyBytesMax} characters)`;
  if (key.startsWith("consul-")) return "Key prefix 'consul-' is reserved for internal use";
  // Consul: says characters, counts bytes.
  if (Buffer.byteLength(value) > valueBytesMax) return `Value is too long (limit: ${valueBytesMax} characters)`;
  return undefined;
}
