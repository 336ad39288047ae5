import { readSource } from "./read-source.ts";
import { emptySource, type Setting, type Source } from "./source.ts";

/**
 * Descriptions of the environment variables of Consul's container image, by name. Compose files set these variables; the agent
 * merges them after files and before flags.
 */
export const environmentVariables: Readonly<Record<string, string>> = {
  CONSUL_BIND_INTERFACE: "Interface whose address is bind_addr.",
  CONSUL_CLIENT_INTERFACE: "Interface whose address is client_addr.",
  CONSUL_LOCAL_CONFIG: "A piece of configuration in JSON, as if it were a further file.",
};

export type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the configuration in environment variables. @throws OperatingError invalid */
export function readEnvironment(env: Environment): readonly Source[] {
  const settings = new Map<string, Setting>();
  addInterface(settings, "bind_addr", env["CONSUL_BIND_INTERFACE"], "CONSUL_BIND_INTERFACE");
  addInterface(settings, "client_addr", env["CONSUL_CLIENT_INTERFACE"], "CONSUL_CLIENT_INTERFACE");
  const local = env["CONSUL_LOCAL_CONFIG"] ?? "";
  return [readSource(local, "json", { file: "CONSUL_LOCAL_CONFIG" }), { ...emptySource, settings }];
}

function addInterface(settings: Map<string, Setting>, path: string, name: string | undefined, variable: string): void {
  if (name === undefined || name === "") return;
  const pattern = `^${name.replace(/[^\w-]/g, "\\$&")}$`;
  const value = `{{ GetAllInterfaces | include "name" \`${pattern}\` | include "type" "ipv4" | attr "address" }}`;
  settings.set(path, { value, origin: `environment variable ${variable}` });
}
