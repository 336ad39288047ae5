import type { RouteRequest, ServiceDefinition } from "./definition.ts";

/** A device as core-metadata describes it. */
interface Device {
  readonly name: string;
  /** The device's service; a device without a service sends its readings to core-data. */
  readonly service?: { readonly name: string };
}

/**
 * The service core-command, which answers commands to devices. It reads the device from core-metadata, then sends the command to
 * the device's service. For a device without a service, it gets the last reading from core-data.
 */
export const coreCommand: ServiceDefinition = {
  key: "edgex-core-command",
  async open({ peers }) {
    async function read({ parameters }: RouteRequest): Promise<unknown> {
      const name = encodeURIComponent(parameters["name"] ?? "");
      const command = parameters["command"] ?? "";
      const device = (await peers.get("edgex-core-metadata", `/api/v1/device/name/${name}`)) as Device;
      if (device.service === undefined)
        return { device, command, events: await peers.get("edgex-core-data", `/api/v1/event/device/${name}/1`) };
      const path = `/api/v1/device/name/${name}/${encodeURIComponent(command)}`;
      return { device, command, event: await peers.get(device.service.name, path) };
    }

    return {
      routes: [{ method: "GET", path: "/api/v1/device/name/:name/command/:command", answer: read }],
      close: () => undefined,
    };
  },
};
