import type { MessageBusConfig, RuntimeConfig } from "../config/runtime-config.ts";

/** What core-keeper's /config tells: in its shape, what is in force here. No user and no password. */
export function describeKeeper(config: RuntimeConfig, { bodyBytesMax }: { readonly bodyBytesMax: number }): object {
  const [address = ""] = config.keeperAddresses;
  return {
    Writable: { LogLevel: config.log.level.toUpperCase() },
    MessageBus: describeMessageBus(config.messageBus),
    Clients: {},
    Database: { Type: config.dataDir === undefined ? "memory" : "sqlite" },
    Service: {
      Host: config.advertiseAddress,
      Port: config.ports.keeper,
      ServerBindAddr: address,
      MaxRequestSize: Math.floor(bodyBytesMax / 1024),
    },
  };
}

function describeMessageBus(bus: MessageBusConfig | undefined): object {
  if (bus === undefined) return { Disabled: true };
  const { protocol, hostname, port } = new URL(bus.url);
  const isTls = protocol === "mqtts:";
  return {
    Disabled: false,
    Type: "mqtt",
    Protocol: isTls ? "ssl" : "tcp",
    Host: hostname,
    Port: Number(port) || (isTls ? 8883 : 1883),
    AuthMode: bus.username === undefined ? "none" : "usernamepassword",
    BaseTopicPrefix: bus.topicPrefix,
    Optional: { ClientId: bus.clientId },
  };
}
