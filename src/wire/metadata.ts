const pairsMax = 64;
const keyBytesMax = 128;
const valueBytesMax = 512;

/**
 * Returns the reason for which Consul refuses metadata; undefined when it is valid. `allowReserved` accepts the keys that
 * begin with "consul-", which only a prepared query's condition on node metadata may name.
 */
export function metadataFault(
  meta: Readonly<Record<string, string>> | null,
  { allowReserved = false }: { readonly allowReserved?: boolean } = {},
): string | undefined {
  const pairs = Object.entries(meta ?? {});
  // Consul's text says "Node" for a service's metadata, too.
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
  // Consul's text says characters, but Consul counts bytes.
  if (Buffer.byteLength(value) > valueBytesMax) return `Value is too long (limit: ${valueBytesMax} characters)`;
  return undefined;
}
