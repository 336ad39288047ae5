import { type AddressSources, expandAddresses, expandIps, expandOneIp, invalidAddress, refuseAny } from "./expand.ts";
import { formatIp, type IpAddress, isAnyIp, parseIp } from "../lib/ip-address.ts";
import type { Ports, RuntimeConfig } from "./runtime-config.ts";
import { type Addresses, type InterfaceAddress, interfaceFlags } from "./sockaddr/interfaces.ts";
import { isForwardable, isPrivate } from "./sockaddr/networks.ts";

type ClusterAddresses = Pick<
  RuntimeConfig,
  "bindAddress" | "advertiseAddress" | "advertiseAddressWan" | "taggedAddresses"
>;
type ClientAddresses = Pick<
  RuntimeConfig,
  "clientAddresses" | "httpAddresses" | "httpsAddresses" | "dnsAddresses" | "keeperAddresses"
>;

/**
 * Returns the addresses that other hosts use for this node: bind_addr, advertise_addr and the tagged addresses.
 * @throws OperatingError invalid
 */
export function clusterAddresses(sources: AddressSources): ClusterAddresses {
  const bind = bindAddress(sources);
  const given = expandOneIp("advertise_addr", sources);
  if (given !== undefined) refuseAny(given, "Advertise");
  const lan = given ?? (isAnyIp(bind) ? detectAddress(bind, sources) : bind);
  const wan = expandOneIp("advertise_addr_wan", sources) ?? lan;
  refuseAny(wan, "Advertise WAN");
  return {
    bindAddress: formatIp(bind),
    advertiseAddress: formatIp(lan),
    advertiseAddressWan: formatIp(wan),
    taggedAddresses: {
      ...sources.settings.textMap("tagged_addresses"),
      ...taggedAddresses("lan", { address: lan, field: "advertise_addr" }, sources),
      ...taggedAddresses("wan", { address: wan, field: "advertise_addr_wan" }, sources),
    },
  };
}

function bindAddress(sources: AddressSources): IpAddress {
  const { settings } = sources;
  const path = "bind_addr";
  const [first, ...others] = expandAddresses(path, sources);
  if (first === undefined) {
    const template = settings.text(path);
    const why = template === "" ? "" : `: ${template} matches no address of this machine`;
    throw invalidAddress(`bind_addr cannot be empty${why}`, { settings, path });
  }
  if (others.length > 0) {
    const message = "bind_addr cannot contain multiple addresses. Use 'addresses.{dns,http,https}' instead.";
    throw invalidAddress(message, { settings, path });
  }
  const address = parseIp(first);
  if (address === undefined) throw invalidAddress("bind_addr cannot be a unix socket", { settings, path });
  return address;
}

/**
 * Chooses the address to advertise when the agent binds to 0.0.0.0 or [::]: a private IPv4 (or public IPv6) address of a running
 * interface, preferably that of the default route, else the first; 127.0.0.1 or ::1 if the machine has none. Consul refuses to
 * start if there are several such addresses or none. Praetor starts, because a gateway must start unattended, even when Docker
 * has added a bridge or the network is down.
 */
function detectAddress(bind: IpAddress, { interfaces, warn }: AddressSources): IpAddress {
  const kind = bind.family === 4 ? "private IPv4" : "public IPv6";
  const wanted = interfaces.filter(
    (item) =>
      item.address.family === bind.family &&
      (item.flags & interfaceFlags.running) !== 0 &&
      (item.flags & interfaceFlags.loopback) === 0 &&
      (bind.family === 4 ? isPrivate(item) : isForwardable(item) && !isPrivate(item)),
  );
  const chosen = wanted.find(({ isDefault }) => isDefault) ?? wanted[0];
  if (chosen !== undefined) {
    if (wanted.length > 1) warn(severalAddresses(kind, wanted, chosen));
    return chosen.address;
  }
  warn(`No ${kind} address found: other hosts cannot reach this node. Configure one with 'advertise'`);
  return { family: bind.family, value: bind.family === 4 ? 0x7f000001n : 1n };
}

function severalAddresses(kind: string, found: Addresses, chosen: InterfaceAddress): string {
  const list = found.map(({ name, address }) => `${formatIp(address)} on ${name}`).join(", ");
  const why = chosen.isDefault ? "the default route's" : "the first: no default route leads to one";
  return (
    `Multiple ${kind} addresses found: ${list}. This node is known by ${formatIp(chosen.address)} (${why}); ` +
    "choose another with 'bind' or 'advertise'"
  );
}

/**
 * Returns the tagged addresses "lan", "lan_ipv4" and "lan_ipv6" (or those of "wan"). A tag that is not configured has the value
 * `address`, if that is of the tag's family.
 */
function taggedAddresses(
  tag: "lan" | "wan",
  { address, field }: { address: IpAddress; field: string },
  sources: AddressSources,
): Readonly<Record<string, string>> {
  const tagged: Record<string, string> = { [tag]: formatIp(address) };
  for (const family of [4, 6] as const) {
    const path = `${field}_ipv${family}`;
    const own = expandOneIp(path, sources);
    if (own !== undefined && own.family !== family)
      throw invalidAddress(`${path} must be an ipv${family} address`, { settings: sources.settings, path });
    const chosen = own ?? (address.family === family ? address : undefined);
    if (chosen !== undefined) tagged[`${tag}_ipv${family}`] = formatIp(chosen);
  }
  return tagged;
}

/**
 * Returns the addresses that each listener binds to; only unix sockets for a listener whose port is off.
 * @throws OperatingError invalid
 */
export function clientAddresses(sources: AddressSources, ports: Ports): ClientAddresses {
  const { settings, warn } = sources;
  const shared = expandIps("client_addr", sources);
  if (shared.length === 0)
    warn("client_addr is empty, client services (DNS, HTTP, HTTPS) will not be listening for connections");
  const listenersOf = (name: "http" | "https" | "dns" | "keeper"): readonly string[] => {
    const own = expandAddresses(`addresses.${name}`, sources);
    // A unix socket needs no port, so the listener binds to it even if the port is off.
    return (own.length > 0 ? own : shared).filter((address) => ports[name] > 0 || address.startsWith("unix://"));
  };
  const dnsAddresses = ports.dns > 0 ? listenersOf("dns") : [];
  if (dnsAddresses.some((address) => address.startsWith("unix://")))
    throw invalidAddress("DNS address cannot be a unix socket", { settings, path: "addresses.dns" });
  return {
    clientAddresses: shared,
    httpAddresses: listenersOf("http"),
    httpsAddresses: listenersOf("https"),
    dnsAddresses,
    keeperAddresses: listenersOf("keeper"),
  };
}
