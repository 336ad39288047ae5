import { OperatingError } from "../lib/errors.ts";
import { type AddressSources, expandHosts } from "./expand.ts";
import { isAnyIp, parseIp } from "../lib/ip-address.ts";
import type { DnsConfig } from "./runtime-config.ts";

/** Builds the configuration of DNS from the settings. @throws OperatingError invalid */
export function buildDns(sources: AddressSources): DnsConfig {
  const { settings } = sources;
  return {
    altDomain: withFinalDot(settings.text("alt_domain")),
    onlyPassing: settings.flag("dns_config.only_passing"),
    nodeTtlMs: settings.number("dns_config.node_ttl"),
    serviceTtlMs: settings.numberMap("dns_config.service_ttl"),
    enableTruncate: settings.flag("dns_config.enable_truncate"),
    aRecordsMax: settings.number("dns_config.a_record_limit"),
    udpAnswersMax: settings.number("dns_config.udp_answer_limit"),
    disableCompression: settings.flag("dns_config.disable_compression"),
    nodeMetaTxt: settings.flag("dns_config.enable_additional_node_meta_txt"),
    soa: {
      refresh: settings.number("dns_config.soa.refresh"),
      retry: settings.number("dns_config.soa.retry"),
      expire: settings.number("dns_config.soa.expire"),
      minTtl: settings.number("dns_config.soa.min_ttl"),
    },
    recursors: recursors(sources),
    allowStale: settings.flag("dns_config.allow_stale"),
    maxStaleMs: settings.number("dns_config.max_stale"),
    recursorTimeoutMs: settings.number("dns_config.recursor_timeout"),
  };
}

/** Appends the final dot of a domain name; "" (not configured) stays "". */
export function withFinalDot(domain: string): string {
  return domain === "" || domain.endsWith(".") ? domain : `${domain}.`;
}

function recursors(sources: AddressSources): readonly string[] {
  // Consul: empty strings are ignored. A null in a JSON list also becomes an empty string.
  const hosts = [...new Set(expandHosts("recursors", sources))].filter((host) => host !== "");
  for (const host of hosts) {
    const address = parseIp(host === "[::]" ? "::" : host);
    if (host.startsWith("unix://")) throw invalid(`DNS Recursors cannot be unix sockets: ${host}`);
    if (address !== undefined && isAnyIp(address)) throw invalid("DNS recursor address cannot be 0.0.0.0, :: or [::]");
  }
  return hosts;
}

function invalid(message: string): OperatingError {
  return new OperatingError("invalid", "invalid-address", message);
}
