import { OperatingError } from "../lib/errors.ts";
import { toldOrigins, type ValueOrigin } from "../model/value-origin.ts";
import { isBrowsers } from "./browser.ts";

/** The header in which a client says where the values come from that it writes. */
const originHeader = "X-Praetor-Origin";

/** The programs that people use at a command line or a desk, by the beginning of their User-Agent. */
const operatorsPrograms = /^(?:curl|Wget|HTTPie|PostmanRuntime|insomnia|PowerShell)\b/i;

/** Go's HTTP client, which EdgeX's services in Go use, and so does Consul's own command line; and EdgeX's SDK in C. */
const servicesPrograms = /^(?:Go-http-client\/|edgex$)/;

/**
 * Returns where the values come from that a request writes: as its client says, else by the kind of the client.
 * @param program its User-Agent
 * @throws OperatingError invalid "unknown-origin"
 */
export function originOf(request: Request, program: string): ValueOrigin {
  const told = request.headers.get(originHeader);
  if (told !== null) return toldOrigin(told);
  if (isBrowsers(request)) return "operator";
  if (servicesPrograms.test(program)) return "service";
  return operatorsPrograms.test(program) ? "operator" : "";
}

function toldOrigin(text: string): ValueOrigin {
  const origin = toldOrigins.find((each) => each === text);
  if (origin !== undefined) return origin;
  const message = `${originHeader} is ${JSON.stringify(text.slice(0, 50))}, and must be one of ${toldOrigins.join(", ")}`;
  throw new OperatingError("invalid", "unknown-origin", `${message}. Nothing was written`);
}
