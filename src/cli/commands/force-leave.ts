import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import type { Command } from "../command.ts";
import { wrongUsage } from "../wrong-usage.ts";

/** `praetor force-leave`. */
export const forceLeaveCommand: Command = apiCommand({
  name: "force-leave",
  summary: 'Forces a member of the cluster to enter the "left" state',
  synopsis: "[options] NODE",
  about: "For an agent that failed and never comes back. One that still runs joins again by itself.",
  examples: [
    { what: "Count an agent as gone", command: "force-leave gateway-3" },
    { what: "And take it from the list of members at once", command: "force-leave -prune gateway-3" },
  ],
  flags: [{ name: "prune", kind: "bool", value: "", help: "Also forget that it was a member." }],
  asksServers: false,
  // The agent answers when the others know of it.
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
