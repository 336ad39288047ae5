import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { readText } from "../data-argument.ts";

export const aclSetAgentTokenCommand: Command = apiCommand({
  name: "acl set-agent-token",
  summary: "Gives the agent a token for its own use",
  synopsis: "[options] TYPE TOKEN",
  about:
    "Gives the agent a token until it stops, or for ever with acl.enable_token_persistence. TYPE is default, for requests and DNS " +
    "queries that bring no token; agent, for the agent's own writes; master, which may do everything on this agent while no " +
    "server answers; or replication, by which a second datacenter copies tokens.\n\nTOKEN is the secret, @FILE for a file, or - " +
    "for standard input. Other users of the machine can read a secret on a command line, but not one from a file.",
  examples: [
    { what: "From a file", command: "acl set-agent-token agent @agent-token.txt" },
    { what: "From standard input", command: "acl set-agent-token default - < token.txt" },
    { what: "No token any more", command: "acl set-agent-token default ''" },
  ],
  asksServers: true,
  run: setAgentToken,
});

/** The names of the tokens in the API, by the command's words. */
const names: ReadonlyMap<string, string> = new Map([
  ["default", "default"],
  ["agent", "agent"],
  ["master", "agent_master"],
  ["replication", "replication"],
]);

async function setAgentToken({ api, words, io }: ApiCall): Promise<void> {
  const [type, token] = words;
  if (type === undefined) throw new CommandFailure("Error! Missing TYPE and TOKEN arguments");
  if (token === undefined) throw new CommandFailure("Error! Missing TOKEN argument");
  if (words.length > 2) throw new CommandFailure(`Error! Too many arguments: expected 2 got ${words.length}`);
  const name = names.get(type);
  if (name === undefined) throw new CommandFailure("Unknown token type");
  const body = JSON.stringify({ Token: (await readText(token, io)).trim() });
  await attempting(`Failed to set ACL token "${type}"`, () =>
    api.ok({ method: "PUT", path: `/v1/agent/token/${name}`, body }),
  );
  io.stdout(`ACL token "${type}" set successfully\n`);
}
