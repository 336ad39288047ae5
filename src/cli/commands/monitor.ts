import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { listenForShutdown } from "../shutdown.ts";

export const monitorCommand: Command = apiCommand({
  name: "monitor",
  summary: "Follows the log of an agent",
  synopsis: "[options]",
  about:
    "Follows the log of an agent until it is interrupted. The level may be lower than that of the agent's own log.\n\nWith -n " +
    "it begins with the last lines that the agent has logged. Praetor keeps the last 1000 lines (at most 256 KiB) of level " +
    "info and above, and of lower levels that its own log has. Consul keeps none.",
  examples: [
    { what: "Follow the log", command: "monitor" },
    { what: "Begin with earlier lines", command: "monitor -n 200" },
    { what: "All requests, as JSON", command: "monitor -log-level=debug -log-json" },
  ],
  flags: [
    { name: "log-json", kind: "bool", value: "", help: "Print each line as JSON." },
    { name: "log-level", kind: "text", value: "level", help: "trace, debug, info (default), warn or err." },
    { name: "n", kind: "uint", value: "lines", help: "Begin with this many earlier lines." },
  ],
  asksServers: false,
  run: followLog,
});

async function followLog({ api, flags, io }: ApiCall): Promise<number> {
  using shutdown = listenForShutdown(io);
  const { signal } = shutdown;
  const query = {
    loglevel: flags.text("log-level") ?? "INFO",
    ...(flags.bool("log-json") && { logjson: "true" }),
    ...(flags.has("n") && { last: String(flags.uint("n")) }),
  };
  try {
    const log = await attempting("Error starting monitor", () =>
      api.stream({ path: "/v1/agent/monitor", query, signal }),
    );
    if (flags.has("n") && !log.headers.has("X-Praetor-Earlier-Lines")) {
      await log.body?.cancel();
      throw new CommandFailure(
        "This agent cannot show what it logged before: it is a Consul, or an earlier Praetor. Follow its log without -n.",
      );
    }
    const body: AsyncIterable<Uint8Array> | undefined = log.body ?? undefined;
    if (body) for await (const bytes of body) io.stdout(bytes);
  } catch (error) {
    // Any other error is Bun's error for a connection that closes before the end of the body.
    if (error instanceof CommandFailure) throw error;
  }
  if (signal.aborted) return 0;
  io.stdout("\nRemote side ended the monitor! This usually means that the\nremote side has exited or crashed.\n");
  return 1;
}
