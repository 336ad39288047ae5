import { join } from "node:path";
import { givenCount, type GatewayPorts } from "./gateway-ports.ts";

export interface AgentSettings {
  /** The folder in which the gateway's programs store their data. */
  readonly folder: string;
  /** Whether the gateway uses only features that Consul has, too: no services of EdgeX 4, and no reassigned ports. */
  readonly onlyConsul: boolean;
  /** The program of an MQTT broker; undefined for a gateway without a message bus. */
  readonly brokerProgram: string | undefined;
}

/** Returns the arguments with which the gateway's agent starts. */
export function agentWords(settings: AgentSettings, ports: GatewayPorts): readonly string[] {
  const { http, server, serfLan, serfWan } = ports;
  return [
    ...["agent", "-server", "-bootstrap", "-ui", "-node", "gateway"],
    ...["-data-dir", join(settings.folder, "agent"), "-bind", "127.0.0.1", "-client", "127.0.0.1"],
    ...["-http-port", `${http}`, "-dns-port", "-1", "-grpc-port", "-1", "-server-port", `${server}`],
    ...["-serf-lan-port", `${serfLan}`, "-serf-wan-port", `${serfWan}`],
    ...(settings.onlyConsul ? [] : edgexWords(settings, ports)),
  ];
}

/**
 * Returns arguments that enable what `praetor edgex` enables (core-keeper's API, port assignment, message bus) at this gateway's
 * ports.
 */
function edgexWords(
  { brokerProgram }: AgentSettings,
  { keeper, mqtt, given, kuiper }: GatewayPorts,
): readonly string[] {
  const range = `${given}-${given + givenCount - 1}`;
  const bus = brokerProgram === undefined ? "" : `message_bus { url = "mqtt://127.0.0.1:${mqtt}" }`;
  const ports = `ports { policy = "reassign", range = "${range}", reserved = ["${kuiper}"] }`;
  return ["-keeper-port", `${keeper}`, "-hcl", `edgex { ${ports} ${bus} }`];
}
