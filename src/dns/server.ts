import type { Clock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { type Endpoint, explainListenFailure } from "../lib/port-holders.ts";
import type { PacketResponder } from "./responder.ts";
import { listenTcp } from "./tcp.ts";
import { listenUdp } from "./udp.ts";

export interface DnsListenOptions {
  /** IP addresses. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly responder: PacketResponder;
  readonly clock: Clock;
  readonly log: Log;
}

type Stop = () => void;

export interface DnsServer {
  stop(): void;
}

/**
 * Listens on each address over UDP and TCP. If a listener cannot be opened, closes the listeners that are open already.
 * @throws OperatingError unavailable naming the address that cannot be used
 */
export async function listenDns(options: DnsListenOptions): Promise<DnsServer> {
  const { addresses, port, responder, clock, log } = options;
  const stops: Stop[] = [];
  const stop = (): void => stops.forEach((each) => each());
  for (const address of addresses) {
    const where = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
    const open = async (network: Endpoint["network"], listen: () => Promise<Stop> | Stop): Promise<void> => {
      try {
        stops.push(await listen());
      } catch (error) {
        stop();
        throw cannotListen(where, { network, address, port, error });
      }
    };
    await open("udp", () => listenUdp(address, port, { responder, log }));
    await open("tcp", () => listenTcp(address, port, { responder, clock }));
    for (const network of ["udp", "tcp"]) log.info("Started DNS server", { address: where, network });
  }
  return { stop };
}

function cannotListen(where: string, failure: Endpoint & { readonly error: unknown }): OperatingError {
  const why = explainListenFailure({ ...failure, portFlags: "-dns-port", addressFlag: "-client" });
  const message = `cannot answer DNS on ${where} (${failure.network}): ${why} -dns-port -1 turns DNS off.`;
  return new OperatingError("unavailable", "cannot-listen", message, { cause: failure.error });
}
