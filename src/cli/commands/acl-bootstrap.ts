import { objectJson, tokenShape } from "../acl/object-fields.ts";
import { writeObject } from "../acl/change-object.ts";
import { printFlags, printing } from "../acl/object-flags.ts";
import { tokenText } from "../acl/object-text.ts";
import { apiCommand, type ApiCall } from "../api-command.ts";
import type { Command } from "../command.ts";

export const aclBootstrapCommand: Command = apiCommand({
  name: "acl bootstrap",
  summary: "Makes the first token of access control",
  synopsis: "[options]",
  about:
    "Makes a token that may do everything, and prints it with its secret. This works once. Keep the secret: no other command " +
    "shows it without such a token.\n\nIf all such tokens are lost, write the number that the refusal names into the file " +
    "acl-bootstrap-reset of the leader's data folder, and run the command again.",
  examples: [
    {
      what: "Keep the token in a file that only you can read",
      command: "acl bootstrap > bootstrap.txt; chmod 600 bootstrap.txt",
    },
    { what: "For programs", command: "acl bootstrap -format=json" },
  ],
  flags: printFlags.filter(({ name }) => name === "format"),
  asksServers: true,
  run: bootstrap,
});

async function bootstrap(call: ApiCall): Promise<void> {
  const print = printing(call, { json: (token) => objectJson(tokenShape, token), text: tokenText });
  print(await writeObject(call, "/v1/acl/bootstrap", {}, "Failed ACL bootstrapping"));
}
