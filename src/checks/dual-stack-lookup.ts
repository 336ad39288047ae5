import { lookup, type LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";

const loopbacks: readonly LookupAddress[] = [
  { address: "127.0.0.1", family: 4 },
  { address: "::1", family: 6 },
];

/**
 * Asks the system for every address of a name; sockets then try them in turn. "localhost" always means both loopback
 * addresses, also where /etc/hosts lists one only: a service that listens on the other is found all the same.
 * `onResolved` is told the first address, which is the one that errors should name.
 */
export function dualStackLookup(onResolved?: (address: string) => void): LookupFunction {
  return (hostname, _options, callback) => {
    const answer = (addresses: LookupAddress[]): void => {
      onResolved?.(addresses[0]?.address ?? hostname);
      callback(null, addresses);
    };
    if (hostname === "localhost") return answer([...loopbacks]);
    lookup(hostname, { all: true, order: "verbatim" }, (error, addresses) => {
      if (error) callback(error, []);
      else answer(addresses);
    });
  };
}
