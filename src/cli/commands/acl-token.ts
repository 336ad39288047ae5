import { deleteObject, writeObject } from "../acl/change-object.ts";
import { listedTokenShape, listJson, objectJson, tokenShape } from "../acl/object-fields.ts";
import { namespaceFlag, printFlags, printing, switchFlag, textFlag } from "../acl/object-flags.ts";
import { determinedId, tokenKind } from "../acl/object-id.ts";
import { tokenListText, tokenText } from "../acl/object-text.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { aclTokenCreateCommand } from "./acl-token-create.ts";
import { aclTokenUpdateCommand } from "./acl-token-update.ts";

const idFlag = textFlag("id", "id", "Accessor of the token, or the beginning of one; anonymous for that token.");

const read: Command = apiCommand({
  name: "acl token read",
  summary: "Shows a token",
  synopsis: "-id ID [options]",
  about: "Prints a token with its secret, which the agent hides from callers without acl:write.",
  examples: [
    { what: "By the beginning of its accessor", command: "acl token read -id=4be56c77" },
    { what: "The token that you use", command: "acl token read -self -token-file=token.txt" },
  ],
  flags: [idFlag, switchFlag("self", "Show the token that the command itself sends."), ...printFlags],
  asksServers: true,
  run: readToken,
});

async function readToken(call: ApiCall): Promise<void> {
  const { api, flags } = call;
  const print = printing(call, { json: (token) => objectJson(tokenShape, token), text: tokenText });
  if (flags.bool("self")) return print(await attempting("Error reading token", () => api.json("/v1/acl/token/self")));
  const id = await determinedId(api, tokenKind, requiredId(flags.text("id")));
  const path = `/v1/acl/token/${encodeURIComponent(id)}`;
  print(await attempting(`Error reading token ${JSON.stringify(id)}`, () => api.json(path)));
}

const list: Command = apiCommand({
  name: "acl token list",
  summary: "Lists tokens",
  synopsis: "[options]",
  about: "Lists all tokens that have not expired, without their secrets.",
  examples: [
    { what: "All tokens", command: "acl token list" },
    { what: "For programs", command: "acl token list -format=json" },
  ],
  flags: printFlags,
  asksServers: true,
  run: listTokens,
});

async function listTokens(call: ApiCall): Promise<void> {
  const print = printing(call, { json: (tokens) => listJson(listedTokenShape, tokens), text: tokenListText });
  print(await attempting("Failed to retrieve the token list", () => call.api.json("/v1/acl/tokens")));
}

const clone: Command = apiCommand({
  name: "acl token clone",
  summary: "Makes a token with the rights of another",
  synopsis: "-id ID [options]",
  about: "Makes a token with the links of another token, and prints it with its own secret.",
  examples: [{ what: "For a second machine", command: 'acl token clone -id=4be56c77 -description="Line 4"' }],
  flags: [
    idFlag,
    textFlag("description", "text", "What the new token is for; default: as the other's."),
    ...printFlags.filter(({ name }) => name !== "meta"),
  ],
  asksServers: true,
  run: cloneToken,
});

async function cloneToken(call: ApiCall): Promise<void> {
  const { api, flags } = call;
  const print = printing(call, { json: (token) => objectJson(tokenShape, token), text: tokenText });
  const given = flags.text("id") ?? "";
  // Consul: the text speaks of an update.
  if (given === "") throw new CommandFailure("Cannot update a token without specifying the -id parameter");
  const id = await determinedId(api, tokenKind, given);
  const description = flags.text("description") ?? "";
  const body = description === "" ? {} : { Description: description };
  print(await writeObject(call, `/v1/acl/token/${encodeURIComponent(id)}/clone`, body, "Error cloning token"));
}

const remove: Command = apiCommand({
  name: "acl token delete",
  summary: "Deletes a token",
  synopsis: "-id ID [options]",
  about: "Deletes a token. From then on the agent refuses its secret.",
  examples: [{ what: "By the beginning of its accessor", command: "acl token delete -id=4be56c77" }],
  flags: [idFlag, namespaceFlag],
  asksServers: true,
  run: deleteToken,
});

async function deleteToken(call: ApiCall): Promise<void> {
  const id = await determinedId(call.api, tokenKind, requiredId(call.flags.text("id")));
  await deleteObject(call, { what: "token", path: "/v1/acl/token/", id });
}

function requiredId(given = ""): string {
  if (given === "") throw new CommandFailure("Must specify the -id parameter");
  return given;
}

export const aclTokenCommands: readonly Command[] = [
  aclTokenCreateCommand,
  aclTokenUpdateCommand,
  read,
  list,
  clone,
  remove,
];
