import { type Log, type LogLevel, logLevelNames } from "../../lib/log.ts";
import { HttpError } from "../http-error.ts";
import type { Endpoint } from "../route.ts";

export interface MonitorParts {
  readonly log: Log;
}

/** Maximum number of lines queued for a slow client. Further lines are dropped, so that writing the log never blocks. */
const linesMax = 512;

/**
 * Streams the log line by line until the client disconnects. With the parameter `last`, which Consul lacks, the stream begins
 * with the newest lines in the agent's memory. A header then has the number of these lines; an agent that does not support the
 * parameter sends no such header.
 */
export function monitor({ log }: MonitorParts): Endpoint {
  return ({ query, signal }) => {
    const form = { level: parseLevel(query.get("loglevel") ?? ""), json: query.has("logjson") };
    const last = query.get("last");
    const earlier = last === undefined ? undefined : log.newest(parseCount(last), form);
    let stop = (): void => {};
    const lines = new ReadableStream<Uint8Array>(
      {
        start(controller) {
          const encoder = new TextEncoder();
          if (earlier && earlier.length > 0) controller.enqueue(encoder.encode(`${earlier.join("\n")}\n`));
          stop = log.tap({
            ...form,
            sink(line) {
              if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(`${line}\n`));
            },
          });
          // The runtime sends the headers with the first bytes of the body, so this log line makes it send them at once.
          log.info("A client follows the log", { loglevel: form.level });
        },
        cancel: () => stop(),
      },
      new CountQueuingStrategy({ highWaterMark: linesMax }),
    );
    signal.addEventListener("abort", () => stop(), { once: true });
    const counted = earlier && { "X-Praetor-Earlier-Lines": String(earlier.length) };
    return new Response(lines, { headers: { Vary: "Accept-Encoding", ...counted } });
  };
}

function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new HttpError(400, `Bad request: last is not a number of lines: ${text}`);
  return Number(text);
}

/** Returns the level of this name, "info" for "". @throws HttpError 400 for an unknown name */
export function parseLevel(name: string): LogLevel {
  const level = name === "" ? "info" : logLevelNames.get(name.toUpperCase());
  if (level === undefined) throw new HttpError(400, `Bad request: Unknown log level: ${name}`);
  return level;
}
