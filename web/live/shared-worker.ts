import { type FromHub, Hub, type ToHub } from "./hub.ts";
import { browserSurroundings } from "./surroundings.ts";

/* The script of the shared worker, which all tabs of a browser have together. */

const hub = new Hub(browserSurroundings);

addEventListener("connect", (event) => {
  const [port] = event instanceof MessageEvent ? event.ports : [];
  if (!port) return;
  const take = hub.add((message: FromHub) => port.postMessage(message));
  port.addEventListener("message", ({ data }: MessageEvent<ToHub>) => take(data));
  port.start();
});
