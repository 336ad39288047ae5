import { type LogLevel, logLevelNames } from "../../lib/log.ts";
import type { Api, Endpoint } from "../api.ts";
import { HttpError } from "../http-error.ts";

/** Lines that wait for a slow client; what comes when so many do is left out, and the log does not wait. */
const linesMax = 512;

/** The log, line by line, for as long as the client stays. */
export function monitor(api: Api): Endpoint {
  return ({ query, signal }) => {
    const level = parseLevel(query.get("loglevel") ?? "");
    const json = query.has("logjson");
    let stop = (): void => {};
    const lines = new ReadableStream<Uint8Array>(
      {
        start(controller) {
          const encoder = new TextEncoder();
          stop = api.log.tap({
            level,
            json,
            sink(line) {
              if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(`${line}\n`));
            },
          });
          // Headers go out with the first bytes, and this line makes them: a client sees at once that it is heard.
          api.log.info("A client follows the log", { loglevel: level });
        },
        cancel: () => stop(),
      },
      new CountQueuingStrategy({ highWaterMark: linesMax }),
    );
    signal.addEventListener("abort", () => stop(), { once: true });
    return new Response(lines, { headers: { Vary: "Accept-Encoding" } });
  };
}

function parseLevel(name: string): LogLevel {
  const level = name === "" ? "info" : logLevelNames.get(name.toUpperCase());
  if (level === undefined) throw new HttpError(400, `Bad request: Unknown log level: ${name}`);
  return level;
}
