import type { Name } from "./name.ts";

/** How the zone answers: the fields of dns_config, and where this agent is. */
export interface ZoneSettings {
  /** The domain and, if there is one, its other name. */
  readonly domains: readonly Name[];
  readonly datacenter: string;
  /** Leave out instances with a warning too, not only critical ones. */
  readonly onlyPassing: boolean;
  readonly nodeTtlMs: number;
  /** By service name; "web*" by the beginning of the name, the longest that fits. */
  readonly serviceTtlMs: Readonly<Record<string, number>>;
  /** Address records of a service at the most; 0 for all. */
  readonly aRecordsMax: number;
  /** Add the nodes' meta as TXT records to what is asked of addresses. */
  readonly nodeMetaTxt: boolean;
  /** In seconds, as the record carries them. */
  readonly soa: { readonly refresh: number; readonly retry: number; readonly expire: number; readonly minTtl: number };
}

/** In seconds. An exact name goes before a beginning. */
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
