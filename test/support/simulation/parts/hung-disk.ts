import type { Part } from "../part.ts";
import type { SimulatedPlatform } from "../simulated-platform.ts";

/** The store's limit of ten seconds, and the interval between checks. */
const heldMsMax = 10_600;

/** No client is left waiting for a disk that does not answer. */
export function hungDisk({ clock, disk, network, findings }: SimulatedPlatform): Part {
  return {
    async look() {
      for (const { request, client, arrivedMs } of network.held) {
        if (request.method === "GET") continue;
        const heldMs = clock.monotonicMs() - Math.max(arrivedMs, disk.hungSinceMs);
        const broken = heldMs > heldMsMax ? `${client} ${request.method} ${request.path}, ${heldMs} ms` : undefined;
        findings.expect("no write waits for a disk that has hung for ten seconds", broken);
      }
    },
  };
}
