import type { Hosts, Place } from "./hosts.ts";
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
 * The port to give to a service instead of one that is another's: the one that it was given before, else the lowest of the
 * range that nobody has, nobody is going to want, and that can be listened at. When there is none, one that is only kept for a
 * service that is gone. undefined when there is none of those either.
 */
export async function findFreePort(
  service: string,
  { host, port: oldPort }: Place,
  { ledger, range, probe, machine }: AllocationOptions,
): Promise<number | undefined> {
  for (const alsoKept of [false, true]) {
    for (const port of candidates(range, ledger.record(service)?.newPort ?? 0)) {
      const place = { host, port };
      if (port === oldPort || !ledger.isFree(place, service, { alsoKept })) continue;
      if (!(await listens(place, ledger.hosts, probe)) && (!ledger.hosts.isOwn(host) || machine.canListen(port)))
        return port;
    }
  }
  return undefined;
}

/** Of other machines nothing can be seen from here. */
export async function listens(place: Place, hosts: Hosts, probe: ListenerProbe): Promise<boolean> {
  return hosts.isOwn(place.host) && probe(place);
}

function* candidates({ first, last }: PortRange, before: number): Generator<number> {
  if (before >= first && before <= last) yield before;
  for (let port = first; port <= last; port += 1) if (port !== before) yield port;
}
