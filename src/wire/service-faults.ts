import type { ExposedPath, ServiceProxy, Upstream } from "../model/service-proxy.ts";
import type { Service } from "../model/service.ts";
import type { GivenSidecar } from "./service-proxy.ts";

type Meshed = Pick<Service, "kind" | "port" | "connectNative" | "proxy">;

/**
 * Validates the service mesh (Connect) fields of a service. Returns Consul's error text; undefined when they are valid.
 * Praetor stores and shows these fields without using them.
 * @param sidecar undefined for a definition without a sidecar
 */
export function meshFault(service: Meshed, sidecar: GivenSidecar | undefined): string | undefined {
  const faults = [...faultsOf(service, sidecar !== undefined), ...sidecarFaults(sidecar)];
  return faults.length > 0 ? listFaults(faults) : undefined;
}

function sidecarFaults(sidecar: GivenSidecar | undefined): string[] {
  return [
    ...(sidecar?.hasId ? ["A SidecarService cannot specify an ID as this is managed by the agent"] : []),
    ...(sidecar?.hasSidecar ? ["A SidecarService cannot have a nested SidecarService"] : []),
  ];
}

/** Formats error texts as Go's multierror does. */
export function listFaults(faults: readonly string[]): string {
  const heading = faults.length === 1 ? "1 error" : `${faults.length} errors`;
  return `${heading} occurred:\n${faults.map((fault) => `\t* ${fault}\n`).join("")}\n`;
}

function faultsOf(service: Meshed, hasSidecar: boolean): string[] {
  switch (service.kind) {
    case "connect-proxy":
      return proxyFaults(service);
    case "mesh-gateway":
    case "terminating-gateway":
    case "ingress-gateway":
      return gatewayFaults(service, hasSidecar);
    default:
      return [];
  }
}

function proxyFaults({ port, connectNative, proxy }: Meshed): string[] {
  return [
    ...(proxy === undefined || proxy.destinationServiceName.trim() === ""
      ? ["Proxy.DestinationServiceName must be non-empty for Connect proxy services"]
      : []),
    ...(port === 0 ? ["Port must be set for a Connect proxy"] : []),
    ...(connectNative ? ["A Proxy cannot also be Connect Native, only typical services"] : []),
    ...upstreamFaults(proxy?.upstreams ?? []),
    ...pathFaults(proxy?.exposePaths ?? []),
  ];
}

function gatewayFaults({ kind, port, proxy }: Meshed, hasSidecar: boolean): string[] {
  const faults: string[] = [];
  if (kind !== "ingress-gateway" && port === 0) faults.push(`Port must be non-zero for a ${kind}`);
  if (hasSidecar) faults.push(`A ${kind} cannot have a sidecar service defined`);
  const set = proxy ? fieldsOfProxiesOnly(proxy) : [];
  return [...faults, ...set.map((field) => `The Proxy.${field} configuration is invalid for a ${kind}`)];
}

function fieldsOfProxiesOnly(proxy: ServiceProxy): string[] {
  const set: [string, boolean][] = [
    ["DestinationServiceName", proxy.destinationServiceName !== ""],
    ["DestinationServiceID", proxy.destinationServiceId !== ""],
    ["LocalServiceAddress", proxy.localServiceAddress !== ""],
    ["LocalServicePort", proxy.localServicePort !== 0],
    ["Upstreams", proxy.upstreams.length > 0],
  ];
  return set.filter(([, isSet]) => isSet).map(([field]) => field);
}

function upstreamFaults(upstreams: readonly Upstream[]): string[] {
  const faults: string[] = [];
  const addresses = new Set<string>();
  const destinations = new Set<string>();
  for (const upstream of upstreams) {
    const address = `${upstream.localBindAddress || "127.0.0.1"}:${upstream.localBindPort}`;
    const destination = destinationOf(upstream);
    const fault = upstreamFault(upstream);
    if (fault !== undefined) faults.push(fault);
    else if (destinations.has(destination)) faults.push(`upstreams cannot contain duplicates of [${destination}]`);
    else if (addresses.has(address)) faults.push(duplicateAddressFault(address));
    destinations.add(destination);
    addresses.add(address);
  }
  return faults;
}

function duplicateAddressFault(address: string): string {
  return `upstreams cannot contain duplicates by local bind address and port; "${address}" is specified twice`;
}

function upstreamFault({ destinationType, destinationName, localBindPort }: Upstream): string | undefined {
  if (!["", "service", "prepared_query"].includes(destinationType))
    return `unknown upstream destination type: ${JSON.stringify(destinationType)}`;
  if (destinationName === "") return "upstream destination name cannot be empty";
  return localBindPort === 0 ? "upstream local bind port cannot be zero" : undefined;
}

function destinationOf({ destinationType, destinationName, destinationNamespace, datacenter }: Upstream): string {
  const parts = { type: destinationType, name: destinationName, namespace: destinationNamespace, datacenter };
  return Object.entries(parts)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(", ");
}

function pathFaults(paths: readonly ExposedPath[]): string[] {
  const faults: string[] = [];
  const [names, ports] = [new Set<string>(), new Set<number>()];
  for (const { path, listenerPort, protocol } of paths) {
    if (path === "") faults.push("expose.paths: empty path exposed");
    else if (names.has(path)) faults.push("expose.paths: duplicate paths exposed");
    names.add(path);
    if (listenerPort <= 0 || listenerPort > 65_535) faults.push(`expose.paths: invalid listener port: ${listenerPort}`);
    else if (ports.has(listenerPort)) faults.push("expose.paths: duplicate listener ports exposed");
    ports.add(listenerPort);
    if (!["", "http", "http2"].includes(protocol.toLowerCase()))
      faults.push(`protocol '${protocol}' not supported for path: ${path}, must be in: [http http2]`);
  }
  return faults;
}
