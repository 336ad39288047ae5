import { OperatingError } from "../lib/errors.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The variables that name the agent to talk to, the first one set wins. The second is Consul's own. */
const addressVariables = ["PRAETOR_HTTP_ADDR", "CONSUL_HTTP_ADDR"] as const;

/**
 * The agent's base URL that the environment names, or undefined. Takes what Consul takes: "host", "host:port",
 * "http://host:port", "https://host:port"; CONSUL_HTTP_SSL=true makes it https.
 * @throws OperatingError invalid
 */
export function agentUrlFrom(env: Environment): string | undefined {
  const variable = addressVariables.find((name) => env[name] !== undefined && env[name] !== "");
  if (variable === undefined) return undefined;
  const address = env[variable] ?? "";
  const scheme = env["CONSUL_HTTP_SSL"] === "true" ? "https" : "http";
  const url = parseUrl(address.includes("://") ? address : `${scheme}://${address}`);
  if (url === undefined) {
    const message = `${variable} is ${JSON.stringify(address)}; expected host:port or http://host:port`;
    throw new OperatingError("invalid", "invalid-agent-address", message);
  }
  if (url.port === "" && !address.includes("://")) url.port = "8500";
  return `${url.protocol}//${url.host}`;
}

/** The path of "unix:///path"; undefined for an address of another kind. */
export function socketPathOf(address: string): string | undefined {
  return /^unix:\/\/(.+)$/.exec(address)?.[1];
}

function parseUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.protocol === "http:" || url.protocol === "https:" ? url : undefined;
}
