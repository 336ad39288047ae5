import { OperatingError } from "../../lib/errors.ts";

/**
 * Returns the base URL of an agent that EdgeX names as "consul.http://host:port", or in its Fuji release "consul://host:port".
 * @param from the name of the flag or variable that has the text, for the error: "-cp"
 * @throws OperatingError invalid
 */
export function parseAgentUrl(text: string, from: string): string {
  const [, type = "", protocol = "http", host = "", port = ""] =
    /^(\w+)(?:\.(https?))?:\/\/([^/:\s]+|\[[^\]/\s]+\]):(\d+)\/?$/.exec(text) ?? [];
  const url = `${protocol}://${host}:${port}`;
  if (host === "" || port === "0" || !URL.canParse(url)) {
    const message = `${from} is ${JSON.stringify(text)}; expected consul.http://host:port`;
    throw new OperatingError("invalid", "invalid-service-url", message);
  }
  if (type !== "consul") {
    const message = `unknown registry type '${type}' requested by ${from}; it must be consul, as in consul.http://host:port`;
    throw new OperatingError("invalid", "unknown-registry-type", message);
  }
  return url;
}
