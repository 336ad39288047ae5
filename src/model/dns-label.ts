const bytesMax = 63;

/** Returns Consul's reason why a name cannot be looked up by DNS; undefined when it can. */
export function dnsLabelFault(name: string): string | undefined {
  if (/[^A-Za-z0-9-]/.test(name)) return "invalid characters. Valid characters include all alpha-numerics and dashes.";
  return name.length > bytesMax ? `it being too long. Valid lengths are between 1 and ${bytesMax} bytes.` : undefined;
}
