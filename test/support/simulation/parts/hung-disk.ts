import type { Part } from "../part.ts";
import type { SimulatedPlatform } from "../simulated-platform.ts";

/** The store's ten seconds, and as much as a look may come late. */
const heldMsMax = 10_600;

/** Nobody is left waiting for a disk that does not answer. */
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
