import type { Name } from "./name.ts";

/** How the zone answers: the fields of dns_config, its domains and its datacenter. */
export interface ZoneSettings {
  /** `domain`, and `alt_domain` if configured. */
  readonly domains: readonly Name[];
  readonly datacenter: string;
  /** Leave out instances with a warning, as well as critical ones. */
  readonly onlyPassing: boolean;
  readonly nodeTtlMs: number;
  /** By service name; a key "web*" matches a prefix of the name, and the longest match counts. */
  readonly serviceTtlMs: Readonly<Record<string, number>>;
  /** Address records of a service at most; 0 for all. */
  readonly aRecordsMax: number;
  /** Add TXT records of the nodes' metadata to answers with addresses. */
  readonly nodeMetaTxt: boolean;
  /** In seconds. */
  readonly soa: { readonly refresh: number; readonly retry: number; readonly expire: number; readonly minTtl: number };
}

/** Returns a service's TTL in seconds; an exact name counts before a prefix. */
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
