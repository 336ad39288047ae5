import type { Environment } from "../client/agent-address.ts";

/** The message bus that EdgeX's environment variables describe. */
export interface MessageBusSettings {
  /** The value of `edgex.message_bus` in the configuration; undefined if the environment names no MQTT broker. */
  readonly configuration: MessageBusConfiguration | undefined;
  /** One line for each invalid variable. */
  readonly warnings: readonly string[];
}

export interface MessageBusConfiguration {
  readonly url: string;
  readonly base64_payload?: true;
  readonly cbor?: true;
}

const none: MessageBusSettings = { configuration: undefined, warnings: [] };
const defaultPort = "1883";

/**
 * Returns the message bus that the environment variables of EdgeX 3 and 4 describe. A bus that is not MQTT gives a warning only.
 */
export function messageBusSettings(env: Environment): MessageBusSettings {
  const type = env["MESSAGEBUS_TYPE"] || "mqtt";
  if (type !== "mqtt") return { ...none, warnings: [unsupported("MESSAGEBUS_TYPE", type)] };
  if (!env["MESSAGEBUS_TYPE"] && !env["MESSAGEBUS_HOST"]) return none;
  const protocol = env["MESSAGEBUS_PROTOCOL"] || "tcp";
  const scheme = schemes.get(protocol);
  if (scheme === undefined) return { ...none, warnings: [unsupported("MESSAGEBUS_PROTOCOL", protocol)] };
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

/** URL schemes by the protocols that EdgeX's MQTT client accepts, except those over WebSocket. */
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
  const warning = `MESSAGEBUS_PORT is ${JSON.stringify(port)}, which is not a port: using ${defaultPort}`;
  return { port: defaultPort, warnings: [warning] };
}

/** Parses a boolean as Go's strconv.ParseBool does; false for an invalid text. */
function isTrue(text: string | undefined): boolean {
  return /^(1|t|T|true|True|TRUE)$/.test(text ?? "");
}

function unsupported(variable: string, value: string): string {
  return `${variable} is ${JSON.stringify(value)}: only MQTT is supported; the agent does not publish changes of keys`;
}
