import { messageOf, OperatingError } from "../../lib/errors.ts";
import { apiCommand, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { wrongUsage } from "../wrong-usage.ts";

export const joinCommand: Command = apiCommand({
  name: "join",
  summary: "Tells an agent to join a cluster",
  synopsis: "[options] ADDRESS...",
  about:
    "Makes the agent a member of the cluster that the agents at these addresses belong to. One reachable address is enough.",
  examples: [{ what: "Join by any of two addresses", command: "join 192.0.2.1 192.0.2.2" }],
  flags: [{ name: "wan", kind: "bool", value: "", help: "Join a server of another datacenter." }],
  asksServers: false,
  // Consul takes ten seconds for each address that does not answer.
  timeoutMs: 60_000,
  run: join,
});

async function join({ api, flags, io, words }: ApiCall): Promise<void> {
  if (words.length === 0) throw wrongUsage("At least one address to join must be specified.");
  const query = flags.bool("wan") ? { wan: "1" } : {};
  let joined = 0;
  for (const address of words)
    try {
      await api.ok({ method: "PUT", path: `/v1/agent/join/${encodeURIComponent(address)}`, query });
      joined += 1;
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      io.stderr(`Error joining address '${address}': ${messageOf(error)}\n`);
    }
  if (joined === 0) throw new CommandFailure("Failed to join any nodes.");
  io.stdout(`Successfully joined cluster by contacting ${joined} nodes.\n`);
}
