import { fieldsOf } from "../../client/json-object.ts";
import { JsonRow } from "../../client/json-row.ts";

/** How an agent runs a check, as far as the source of the import shows it. */
export interface CheckMethod {
  /** The fields of agent/check/register that say how the check runs. */
  readonly method: Readonly<Record<string, unknown>>;
  /** How the imported check runs, if that may differ from the original, for a message: "asks URL every 10s". */
  readonly change?: string;
}

/**
 * The assumed interval of a check whose definition is missing: that of EdgeX's checks, and of the examples in Consul's
 * documentation.
 */
const interval = "10s";

/**
 * Returns how an agent runs a check, from the check's row in agent/checks or in the catalog. A row of Praetor includes the
 * definition. A row of Consul does not, but its last output of an HTTP or TCP check often contains the target. If the row shows
 * neither definition nor target, returns the reason.
 */
export function checkMethodOf(row: Readonly<Record<string, unknown>>): CheckMethod | string {
  const { Interval, TTL, AliasNode, AliasService, ...rest } = fieldsOf(row["Definition"]);
  if (Interval || TTL || AliasNode || AliasService)
    return { method: { ...rest, Interval, TTL, AliasNode, AliasService } };
  const output = new JsonRow(row).text("Output");
  const http = httpTarget(output);
  if (http !== undefined)
    return { method: { HTTP: http, Interval: interval }, change: `asks ${http} every ${interval}` };
  const tcp = /^TCP connect (\S+): Success/.exec(output)?.[1];
  if (tcp !== undefined)
    return { method: { TCP: tcp, Interval: interval }, change: `connects to ${tcp} every ${interval}` };
  return whyUnknown(new JsonRow(row).text("Type"));
}

/**
 * Returns the URL of a GET check from its output; undefined for other methods, which may send a body that the output lacks. Go
 * has quoted the URL of a failed request since version 1.14.
 */
function httpTarget(output: string): string | undefined {
  const [, answered, quoted, plain] =
    /^(?:HTTP GET (\S+): \d{3} |Get "([^"]+)": |Get (https?:\/\/\S+): )/.exec(output) ?? [];
  return answered ?? quoted ?? plain;
}

function whyUnknown(type: string): string {
  switch (type) {
    case "ttl":
      return "the source does not tell how long its time to live is";
    case "script":
      return "the source does not tell which program it runs";
    case "alias":
      return "the source does not tell what it follows";
    case "http":
    case "tcp":
      return "the source does not tell what it asks, and what it printed last does not either";
    default:
      return "the source does not tell how it is run";
  }
}
