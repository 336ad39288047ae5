import type { RouteRequest, ServiceDefinition } from "./definition.ts";

/** Answers for devices: asks core-metadata for the device and core-data for what it measured last. */
export const coreCommand: ServiceDefinition = {
  key: "edgex-core-command",
  async open({ peers }) {
    async function read({ parameters }: RouteRequest): Promise<unknown> {
      const name = encodeURIComponent(parameters["name"] ?? "");
      const device = await peers.get("edgex-core-metadata", `/api/v1/device/name/${name}`);
      const events = await peers.get("edgex-core-data", `/api/v1/event/device/${name}/1`);
      return { device, command: parameters["command"], events };
    }

    return {
      routes: [{ method: "GET", path: "/api/v1/device/name/:name/command/:command", answer: read }],
      close: () => undefined,
    };
  },
};
