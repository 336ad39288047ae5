import { namespaceFlag } from "../acl/object-flags.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";

export const logoutCommand: Command = apiCommand({
  name: "logout",
  summary: "Deletes a token of login",
  synopsis: "[options]",
  about: "Deletes the token that the command itself sends, if `login` made it.",
  examples: [{ what: "The token of a file", command: "logout -token-file=token.txt" }],
  flags: [namespaceFlag],
  asksServers: true,
  run: logout,
});

async function logout({ api, words }: ApiCall): Promise<void> {
  if (words.length > 0) throw new CommandFailure("Should have no non-flag arguments.");
  await attempting("Error destroying token", () => api.ok({ method: "POST", path: "/v1/acl/logout" }));
}
