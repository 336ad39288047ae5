import type { RouteRequest, ServiceDefinition } from "./definition.ts";

/** The service device-virtual, whose devices answer every command with a random number. */
export const deviceVirtual: ServiceDefinition = {
  key: "device-virtual",
  configStem: "edgex/devices/1.0/",
  async open() {
    async function read({ parameters }: RouteRequest): Promise<unknown> {
      const value = String(Math.floor(Math.random() * 100));
      return { device: parameters["name"], readings: [{ name: parameters["command"], value }] };
    }

    return {
      routes: [{ method: "GET", path: "/api/v1/device/name/:name/:command", answer: read }],
      close: () => undefined,
    };
  },
};
