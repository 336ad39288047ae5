import type { Environment } from "../client/agent-address.ts";

/** The message bus as EdgeX's own variables describe it. */
export interface MessageBusSettings {
  /** `edgex.message_bus` of the configuration; undefined: there is no broker to tell. */
  readonly configuration: MessageBusConfiguration | undefined;
  /** One line a thing that is not as it should be. */
  readonly warnings: readonly string[];
}

export interface MessageBusConfiguration {
  readonly url: string;
  readonly base64_payload?: true;
  readonly cbor?: true;
}

const none: MessageBusSettings = { configuration: undefined, warnings: [] };
const defaultPort = "1883";

/** Reads the variables that every service of EdgeX 3 and 4 reads. A bus that is no MQTT broker is told of and left out. */
export function messageBusSettings(env: Environment): MessageBusSettings {
  const type = env["MESSAGEBUS_TYPE"] || "mqtt";
  if (type !== "mqtt") return { ...none, warnings: [notSpoken("MESSAGEBUS_TYPE", type)] };
  if (!env["MESSAGEBUS_TYPE"] && !env["MESSAGEBUS_HOST"]) return none;
  const protocol = env["MESSAGEBUS_PROTOCOL"] || "tcp";
  const scheme = schemes.get(protocol);
  if (scheme === undefined) return { ...none, warnings: [notSpoken("MESSAGEBUS_PROTOCOL", protocol)] };
  const { port, warnings } = portFrom(env);
  return {
    configuration: {
      url: `${scheme}://${hostFrom(env)}:${port}`,
      ...(isTrue(env["EDGEX_MSG_BASE64_PAYLOAD"]) && { base64_payload: true }),
      ...(isTrue(env["EDGEX_MSG_CBOR_ENCODE"]) && { cbor: true }),
    },
    warnings,
  };
}

/** What EdgeX's MQTT client takes, of what there is here. */
const schemes: ReadonlyMap<string, "mqtt" | "mqtts"> = new Map([
  ["tcp", "mqtt"],
  ["mqtt", "mqtt"],
  ["ssl", "mqtts"],
  ["tls", "mqtts"],
  ["tcps", "mqtts"],
  ["mqtts", "mqtts"],
]);

function hostFrom(env: Environment): string {
  const host = env["MESSAGEBUS_HOST"] || "localhost";
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

function portFrom(env: Environment): { readonly port: string; readonly warnings: readonly string[] } {
  const port = env["MESSAGEBUS_PORT"] || defaultPort;
  if (/^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65_536) return { port, warnings: [] };
  const warning = `MESSAGEBUS_PORT is ${JSON.stringify(port)}, which is no port: taken as ${defaultPort}`;
  return { port: defaultPort, warnings: [warning] };
}

/** As Go reads a bool. */
function isTrue(text: string | undefined): boolean {
  return /^(1|t|T|true|True|TRUE)$/.test(text ?? "");
}

function notSpoken(variable: string, value: string): string {
  return `${variable} is ${JSON.stringify(value)}: only MQTT is spoken; changes of keys are not told on the message bus`;
}
