import { type ApiCall, apiCommand, attempting } from "../api-command.ts";
import { columns } from "../columns.ts";
import { type Command, mayColour } from "../command.ts";
import type { Catalog } from "../top/follow.ts";

/** Exit codes by the key or signal that ended the command. For a signal, shells report the same code. */
const exitCodes = { quit: 0, SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type Ending = keyof typeof exitCodes;

export const topCommand: Command = apiCommand({
  name: "top",
  summary: "Shows services and their checks, live",
  synopsis: "[options]",
  about:
    "Shows the services of the catalog with their health, the worst first, and follows changes. Keys: q " +
    "quits, ? shows all keys, / filters, s sorts by name or status, the arrow and page keys move, enter or space shows a " +
    "service's instances and checks with their output. Above them are the servers, if the agent has several: which one leads, how " +
    "many writes each is behind, when the leader heard from it, and whether one more may fail.\n\nSINCE is how long a service has had its status, if the agent or " +
    "this program has seen the change. While the agent does not answer, ? marks the rows.\n\n" +
    "Without a terminal it prints the services once. NO_COLOR=1 switches colours off.",
  examples: [
    { what: "Watch this gateway", command: "top" },
    { what: "Look once, from a script", command: "top | cat" },
  ],
  asksServers: true,
  words: 0,
  run: showTop,
});

async function showTop(call: ApiCall): Promise<number> {
  const { api, io } = call;
  const { Catalog } = await import("../top/follow.ts");
  const catalog = new Catalog(api, io.clock);
  const model = await attempting("Error reading services", () => catalog.read());
  const { isInteractive } = await import("../top/screen.ts");
  if (io.isTerminal && isInteractive()) return exitCodes[await showLive(call, catalog)];
  const { renderOnce } = await import("../top/render.ts");
  const { readServers, serverLines } = await import("../top/servers.ts");
  const lines = serverLines(await readServers(api), { columns: Infinity, rows: Infinity });
  io.stdout(lines.map((line) => `${line}\n`).join("") + (lines.length > 0 ? "\n" : ""));
  io.stdout(columns(renderOnce(model, io.clock.wallMs())));
  return 0;
}

async function showLive({ api, io }: ApiCall, catalog: Catalog): Promise<Ending> {
  const { LiveTop } = await import("../top/live-top.ts");
  const ending = Promise.withResolvers<Ending>();
  const signals = ["SIGHUP", "SIGINT", "SIGTERM"] as const;
  const handlers = signals.map((signal) => ({ signal, end: () => ending.resolve(signal) }));
  for (const { signal, end } of handlers) process.on(signal, end);
  const top = new LiveTop(catalog, {
    api,
    clock: io.clock,
    hasColours: mayColour(io),
    write: io.stdout,
    onQuit: () => ending.resolve("quit"),
  });
  try {
    return await Promise.race([ending.promise, top.run()]);
  } finally {
    top.stop();
    for (const { signal, end } of handlers) process.off(signal, end);
  }
}
