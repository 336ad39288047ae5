import { apiCommand, attempting } from "../api-command.ts";
import type { Command } from "../command.ts";

export const reloadCommand: Command = apiCommand({
  name: "reload",
  summary: "Triggers the agent to reload its configuration",
  synopsis: "[options]",
  about:
    "The agent reads its files again, as on SIGHUP, and applies services, checks and other settings that can change while it runs.",
  examples: [{ what: "After a file was changed", command: "reload" }],
  asksServers: false,
  words: 0,
  async run({ api, io }) {
    await attempting("Error reloading", () => api.ok({ method: "PUT", path: "/v1/agent/reload" }));
    io.stdout("Configuration reload triggered\n");
  },
});
