import type { Clock } from "../lib/clock.ts";
import { OperatingError, messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Responder } from "./responder.ts";
import { listenTcp } from "./tcp.ts";
import { listenUdp } from "./udp.ts";

export interface DnsListenOptions {
  /** IP addresses. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly responder: Responder;
  readonly clock: Clock;
  readonly log: Log;
}

export interface DnsServer {
  stop(): void;
}

/**
 * Listens on each address over UDP and TCP, or on none.
 * @throws OperatingError unavailable naming the address that cannot be had
 */
export async function listenDns(options: DnsListenOptions): Promise<DnsServer> {
  const { addresses, port, responder, clock, log } = options;
  const stops: (() => void)[] = [];
  const stop = (): void => stops.forEach((each) => each());
  for (const address of addresses) {
    const where = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
    try {
      stops.push(await listenUdp(address, port, { responder, log }));
      stops.push(listenTcp(address, port, { responder, clock }));
    } catch (cause) {
      stop();
      throw cannotListen(where, cause);
    }
    for (const network of ["udp", "tcp"]) log.info("Started DNS server", { address: where, network });
  }
  return { stop };
}

function cannotListen(where: string, cause: unknown): OperatingError {
  const message =
    `cannot answer DNS on ${where}: ${messageOf(cause)}. Stop the program that listens there (dnsmasq and ` +
    "systemd-resolved do), choose another port with -dns-port, or turn DNS off with -dns-port -1.";
  return new OperatingError("unavailable", "cannot-listen", message, { cause });
}
