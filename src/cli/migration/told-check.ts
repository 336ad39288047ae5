import { fieldsOf } from "../../client/json-object.ts";
import { JsonRow } from "../json.ts";

/** What could be learned of how a check is run. */
export interface ToldCheck {
  /** In the words of agent/check/register. */
  readonly method: Readonly<Record<string, unknown>>;
  /** For people, where it is not what the old agent was told: "runs every 10s now". */
  readonly change?: string;
}

/** EdgeX's own, and what Consul's documents use. */
const interval = "10s";

/**
 * How a check is run, from a row of agent/checks or of the catalog. Praetor tells it as the row's definition. Consul's
 * agents tell it nobody; but what a check by HTTP or TCP printed last often names what it asks. Returns the reason where
 * that does not do either.
 */
export function toldCheck(row: Readonly<Record<string, unknown>>): ToldCheck | string {
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
  return whyUntold(new JsonRow(row).text("Type"));
}

/** Only of a GET: what others send is not told. Go has put the failed URL in quotes since 1.14. */
function httpTarget(output: string): string | undefined {
  const [, answered, quoted, plain] =
    /^(?:HTTP GET (\S+): \d{3} |Get "([^"]+)": |Get (https?:\/\/\S+): )/.exec(output) ?? [];
  return answered ?? quoted ?? plain;
}

function whyUntold(type: string): string {
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
