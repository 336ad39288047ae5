const pairsMax = 64;
const keyBytesMax = 128;
const valueBytesMax = 512;

/**
 * Why Consul refuses metadata, in its words; undefined when it is fine. Only who asks for a node's may name the keys that
 * Consul keeps to itself.
 */
export function metadataFault(
  meta: Readonly<Record<string, string>> | null,
  { allowReserved = false }: { readonly allowReserved?: boolean } = {},
): string | undefined {
  const pairs = Object.entries(meta ?? {});
  // Consul: says "Node" of a service's metadata too.
  if (pairs.length > pairsMax) return `Node metadata cannot contain more than ${pairsMax} key/value pairs`;
  for (const [key, value] of pairs) {
    const fault = pairFault(key, value, allowReserved);
    if (fault !== undefined) return `Couldn't load metadata pair ('${key}', '${value}'): ${fault}`;
  }
  return undefined;
}

function pairFault(key: string, value: string, allowReserved: boolean): string | undefined {
  if (key === "") return "Key cannot be blank";
  if (!/^[a-zA-Z0-9_-]+$/.test(key)) return "Key contains invalid characters";
  if (key.length > keyBytesMax) return `Key is too long (limit: ${keyBytesMax} characters)`;
  if (!allowReserved && key.startsWith("consul-")) return "Key prefix 'consul-' is reserved for internal use";
  // Consul: says characters, counts bytes.
  if (Buffer.byteLength(value) > valueBytesMax) return `Value is too long (limit: ${valueBytesMax} characters)`;
  return undefined;
}
