import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import type { Command } from "../command.ts";
import { wrongUsage } from "../wrong-usage.ts";

export const forceLeaveCommand: Command = apiCommand({
  name: "force-leave",
  summary: 'Forces a member of the cluster to enter the "left" state',
  synopsis: "[options] NODE",
  about: "For an agent that failed and will not return. An agent that still runs rejoins by itself.",
  examples: [
    { what: "Mark an agent as left", command: "force-leave gateway-3" },
    { what: "Also remove it from the list of members", command: "force-leave -prune gateway-3" },
  ],
  flags: [{ name: "prune", kind: "bool", value: "", help: "Also remove it from the list of members." }],
  asksServers: false,
  // The agent answers when all other members know that the node has left.
  timeoutMs: 60_000,
  run: forceLeave,
});

async function forceLeave({ api, flags, words }: ApiCall): Promise<void> {
  const [node, ...more] = words;
  if (node === undefined || more.length > 0) throw wrongUsage("A single node name must be specified to force leave.");
  const path = `/v1/agent/force-leave/${encodeURIComponent(node)}`;
  const query = flags.bool("prune") ? { prune: "1" } : {};
  await attempting("Error force leaving", () => api.ok({ method: "PUT", path, query }));
}
