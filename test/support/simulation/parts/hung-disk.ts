import type { Part } from "../part.ts";
import type { SimulatedPlatform } from "../simulated-platform.ts";

/** Maximum time that the agent holds a write, in milliseconds: the store's limit of ten seconds, and a margin. */
const heldMsMax = 10_600;

/** Returns a part that checks that no write waits for a hung disk for longer than the store's limit. */
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
