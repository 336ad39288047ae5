import type { Name } from "./name.ts";

/** How the zone answers: the fields of dns_config, its domains and its datacenter. */
export interface ZoneSettings {
  /** `domain`, and `alt_domain` if configured. */
  readonly domains: readonly Name[];
  readonly datacenter: string;
  /** Whether answers omit instances with status warning; critical ones are always omitted. */
  readonly onlyPassing: boolean;
  readonly nodeTtlMs: number;
  /** TTLs in milliseconds by service name; a key "web*" matches names with this prefix, and the longest match is used. */
  readonly serviceTtlMs: Readonly<Record<string, number>>;
  /** Maximum number of address records of a service; 0 for all. */
  readonly aRecordsMax: number;
  /** Whether answers with addresses get TXT records of the nodes' metadata. */
  readonly nodeMetaTxt: boolean;
  /** The times of the SOA record, in seconds. */
  readonly soa: { readonly refresh: number; readonly retry: number; readonly expire: number; readonly minTtl: number };
}

/** Returns the TTL in seconds of a service: that of its exact name, else of its longest prefix, else 0. */
export function serviceTtlS({ serviceTtlMs }: Pick<ZoneSettings, "serviceTtlMs">, service: string): number {
  const isNamed = Object.hasOwn(serviceTtlMs, service) && !service.endsWith("*");
  if (isNamed) return seconds(serviceTtlMs[service] ?? 0);
  let longest: string | undefined;
  for (const key of Object.keys(serviceTtlMs)) {
    const fits = key.endsWith("*") && service.startsWith(key.slice(0, -1));
    if (fits && (longest === undefined || key.length > longest.length)) longest = key;
  }
  return longest === undefined ? 0 : seconds(serviceTtlMs[longest] ?? 0);
}

export function nodeTtlS({ nodeTtlMs }: Pick<ZoneSettings, "nodeTtlMs">): number {
  return seconds(nodeTtlMs);
}

function seconds(ms: number): number {
  return Math.floor(ms / 1_000);
}
