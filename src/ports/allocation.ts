import type { Hosts, HostPort } from "./hosts.ts";
import type { Ledger } from "./ledger.ts";
import type { ListenerProbe } from "./listener-probe.ts";
import type { Machine } from "./machine.ts";

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export interface AllocationOptions {
  readonly ledger: Ledger;
  readonly range: PortRange;
  readonly probe: ListenerProbe;
  readonly machine: Pick<Machine, "canListen">;
}

/**
 * Returns a free port for a service whose own port is taken; undefined if no port is free. Prefers the port that the service
 * was assigned before, then the lowest port of the range. A free port has no owner, is not stored for another service, and
 * no program listens at it. Ports that are reserved for deregistered services come last.
 */
export async function findFreePort(
  service: string,
  { host, port: oldPort }: HostPort,
  { ledger, range, probe, machine }: AllocationOptions,
): Promise<number | undefined> {
  for (const includeReleased of [false, true]) {
    for (const port of candidates(range, ledger.record(service)?.newPort ?? 0)) {
      const hostPort = { host, port };
      if (port === oldPort || !ledger.isFree(hostPort, service, { includeReleased })) continue;
      if (!(await listens(hostPort, ledger.hosts, probe)) && (!ledger.hosts.isOwn(host) || machine.canListen(port)))
        return port;
    }
  }
  return undefined;
}

/**
 * Returns whether a program listens on the port. Returns false for a host other than this machine, because the probe finds only
 * local listeners.
 */
export async function listens(hostPort: HostPort, hosts: Hosts, probe: ListenerProbe): Promise<boolean> {
  return hosts.isOwn(hostPort.host) && probe(hostPort);
}

function* candidates({ first, last }: PortRange, before: number): Generator<number> {
  if (before >= first && before <= last) yield before;
  for (let port = first; port <= last; port += 1) if (port !== before) yield port;
}
