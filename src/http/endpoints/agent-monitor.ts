import { type LogLevel, logLevelNames } from "../../lib/log.ts";
import type { Api, Endpoint } from "../api.ts";
import { HttpError } from "../http-error.ts";

/** Lines that wait for a slow client; what comes when so many do is left out, and the log does not wait. */
const linesMax = 512;

/**
 * The log, line by line, for as long as the client stays. Praetor's own parameter `last` puts the newest lines that are
 * already there before them; how many those are is in a header, so that a client can tell an agent that keeps none.
 */
export function monitor(api: Api): Endpoint {
  return ({ query, signal }) => {
    const form = { level: parseLevel(query.get("loglevel") ?? ""), json: query.has("logjson") };
    const last = query.get("last");
    const earlier = last === undefined ? undefined : api.log.newest(parseCount(last), form);
    let stop = (): void => {};
    const lines = new ReadableStream<Uint8Array>(
      {
        start(controller) {
          const encoder = new TextEncoder();
          if (earlier && earlier.length > 0) controller.enqueue(encoder.encode(`${earlier.join("\n")}\n`));
          stop = api.log.tap({
            ...form,
            sink(line) {
              if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(`${line}\n`));
            },
          });
          // Headers go out with the first bytes, and this line makes them: a client sees at once that it is heard.
          api.log.info("A client follows the log", { loglevel: form.level });
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

function parseLevel(name: string): LogLevel {
  const level = name === "" ? "info" : logLevelNames.get(name.toUpperCase());
  if (level === undefined) throw new HttpError(400, `Bad request: Unknown log level: ${name}`);
  return level;
}
