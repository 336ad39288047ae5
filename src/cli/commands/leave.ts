import { apiCommand, attempting } from "../api-command.ts";
import type { Command } from "../command.ts";

export const leaveCommand: Command = apiCommand({
  name: "leave",
  summary: "Gracefully leaves the cluster and shuts down",
  synopsis: "[options]",
  about: "The agent tells the other members that it leaves, so that they do not count it as failed, and ends.",
  examples: [{ what: "End the agent", command: "leave" }],
  asksServers: false,
  // The agent answers only after it has left, which takes some seconds in a cluster.
  timeoutMs: 60_000,
  words: 0,
  async run({ api, io }) {
    await attempting("Error leaving", () => api.ok({ method: "PUT", path: "/v1/agent/leave" }));
    io.stdout("Graceful leave complete\n");
  },
});
