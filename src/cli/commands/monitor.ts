import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { listenForShutdown } from "../shutdown.ts";

/** `praetor monitor`. */
export const monitorCommand: Command = apiCommand({
  name: "monitor",
  summary: "Follows the log of an agent",
  synopsis: "[options]",
  about:
    "Prints what an agent logs, as it comes, until it is interrupted. The level may be lower than that of the agent's own " +
    "log, so that it tells here what it does not write there.",
  examples: [
    { what: "What an agent logs", command: "monitor" },
    { what: "Each request that it answers, for programs", command: "monitor -log-level=debug -log-json" },
  ],
  flags: [
    { name: "log-json", kind: "bool", value: "", help: "Lines of JSON." },
    { name: "log-level", kind: "text", value: "level", help: "trace, debug, info (unless told), warn or err." },
  ],
  asksServers: false,
  run: followLog,
});

async function followLog({ api, flags, io }: ApiCall): Promise<number> {
  using shutdown = listenForShutdown(io);
  const { signal } = shutdown;
  const query = { loglevel: flags.text("log-level") ?? "INFO", ...(flags.bool("log-json") && { logjson: "true" }) };
  try {
    const log = await attempting("Error starting monitor", () =>
      api.stream({ path: "/v1/agent/monitor", query, signal }),
    );
    const body: AsyncIterable<Uint8Array> | undefined = log.body ?? undefined;
    if (body) for await (const bytes of body) io.stdout(bytes);
  } catch (error) {
    // Of an answer that breaks off the runtime tells in errors of its own.
    if (error instanceof CommandFailure) throw error;
  }
  if (signal.aborted) return 0;
  io.stdout("\nRemote side ended the monitor! This usually means that the\nremote side has exited or crashed.\n");
  return 1;
}
