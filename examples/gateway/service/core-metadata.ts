import type { RouteRequest, ServiceDefinition } from "./definition.ts";
import { PeerError } from "./peers.ts";

/** The service core-metadata, with a fixed list of devices in memory: the example shows how services are found, not devices. */
export const coreMetadata: ServiceDefinition = {
  key: "edgex-core-metadata",
  async open() {
    const all = [
      { name: "thermometer", adminState: "UNLOCKED" },
      { name: "dice", adminState: "UNLOCKED", service: { name: "device-virtual" } },
    ];
    const devices = new Map(all.map((device) => [device.name, device]));

    async function device({ parameters }: RouteRequest): Promise<unknown> {
      const found = devices.get(parameters["name"] ?? "");
      if (found === undefined) throw new PeerError(404, `no device ${parameters["name"]}`);
      return found;
    }

    return {
      routes: [
        { method: "GET", path: "/api/v1/device", answer: async () => [...devices.values()] },
        { method: "GET", path: "/api/v1/device/name/:name", answer: device },
      ],
      close: () => undefined,
    };
  },
};
