import type { RuntimeConfig } from "../../config/runtime-config.ts";
import { ForwardingResponder, type ForwardingSettings, type SendPacket } from "../../dns/forwarding-responder.ts";
import { type Name, parseName } from "../../dns/name.ts";
import { parseUpstream, Recursors } from "../../dns/recursors.ts";
import { Responder, type AnsweringSettings } from "../../dns/responder.ts";
import type { listenDns } from "../../dns/server.ts";
import { Zone } from "../../dns/zone.ts";
import type { Api } from "../../http/routes.ts";
import type { Part } from "../lifecycle.ts";

interface ForwardingParts extends Pick<Api, "clock" | "random" | "log"> {
  readonly send: SendPacket;
  readonly listen: typeof listenDns;
}

type DnsParts = Pick<Api, "callers" | "store" | "cluster" | "preparedQueries" | "metrics" | "clock" | "random" | "log">;

/**
 * Returns the settings of DNS answers: the domains and the datacenter from the configuration at the start, the others from
 * `dns`. Consul: a reload does not change the domain.
 */
function answeringSettings(
  { dnsDomain, dns: { altDomain }, datacenter }: RuntimeConfig,
  dns: RuntimeConfig["dns"],
  parts: DnsParts,
): AnsweringSettings {
  return {
    zone: new Zone(
      { ...dns, domains: domainsOf(dnsDomain, altDomain), datacenter },
      { ...parts, queries: parts.preparedQueries },
    ),
    recursors: new Recursors(dns.recursors.map(parseUpstream), { ...parts, timeoutMs: dns.recursorTimeoutMs }),
    udpAnswersMax: dns.udpAnswersMax,
    truncates: dns.enableTruncate,
    compresses: !dns.disableCompression,
    maxStaleMs: dns.allowStale ? dns.maxStaleMs : 0,
  };
}

function domainsOf(...texts: readonly string[]): readonly Name[] {
  return texts.flatMap((text) => (text === "" ? [] : [parseName(text.toLowerCase()) ?? []]));
}

/** Opens the DNS server of a client agent. The result's `reload` applies other recursors. */
export async function openForwardingDns(
  config: RuntimeConfig,
  { listen, send, ...parts }: ForwardingParts,
): Promise<Part & { reload(dns: RuntimeConfig["dns"]): void }> {
  const settingsOf = (dns: RuntimeConfig["dns"]): ForwardingSettings => ({
    domains: domainsOf(config.dnsDomain, config.dns.altDomain),
    recursors: new Recursors(dns.recursors.map(parseUpstream), { ...parts, timeoutMs: dns.recursorTimeoutMs }),
  });
  const responder = new ForwardingResponder(send, settingsOf(config.dns), parts);
  const addresses = config.ports.dns > 0 ? config.dnsAddresses : [];
  const server = await listen({ ...parts, addresses, port: config.ports.dns, responder });
  return {
    reload: (dns) => responder.reload(settingsOf(dns)),
    stop: () => server.stop(),
  };
}

/** Opens the DNS server. The result's `reload` applies changed settings of DNS. */
export async function openDns(
  config: RuntimeConfig,
  { listen, ...parts }: DnsParts & { readonly listen: typeof listenDns },
): Promise<Part & { readonly responder: Responder; reload(dns: RuntimeConfig["dns"]): void }> {
  const { nodeName, ports } = config;
  const responder = new Responder({ ...parts, nodeName }, answeringSettings(config, config.dns, parts));
  const addresses = ports.dns > 0 ? config.dnsAddresses : [];
  const server = await listen({ ...parts, addresses, port: ports.dns, responder });
  return {
    responder,
    reload: (dns) => responder.reload(answeringSettings(config, dns, parts)),
    stop: () => server.stop(),
  };
}
