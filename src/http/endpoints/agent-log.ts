import type { Log } from "../../lib/log.ts";
import { json } from "../answers.ts";
import { parseLevel } from "./agent-monitor.ts";
import { parseCount } from "../parameters.ts";
import type { Endpoint } from "../route.ts";

const linesDefault = 1_000;

/** Answers with the newest lines of the log that the agent has in memory, oldest first. agent/monitor streams the later ones. */
export function listLogLines({ log }: { readonly log: Log }): Endpoint {
  return (request) => {
    const level = parseLevel(request.query.get("loglevel") ?? "");
    const lines = log.newest(parseCount(request.query, "lines") ?? linesDefault, { level, json: false });
    return json(request, { Lines: lines });
  };
}
