import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { jsonOf } from "../../client/http.ts";
import { fileFailure } from "../../lib/file-failure.ts";
import { apiWith } from "../acl/legacy-rules.ts";
import { namespaceFlag, textFlag } from "../acl/object-flags.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { passwordFlag, readPassword } from "../ask-password.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import type { Flags } from "../flags.ts";
import { JsonRow } from "../../client/json-row.ts";
import { parsePair } from "../query-flags.ts";
import { writeFileWhole } from "../../lib/write-file-whole.ts";

export const loginCommand: Command = apiCommand({
  name: "login",
  summary: "Exchanges a credential for a token",
  synopsis: "-method NAME (-bearer-token-file FILE | -user NAME) -token-sink-file FILE [options]",
  about:
    "Exchanges a credential of another system, such as a JSON Web Token, for a new token, and writes the token's secret to a file " +
    "that only its owner can read. `logout` deletes the token when it is no longer needed.\n\nWith -user the credential is a person's " +
    "password, which the command asks for on the terminal.",
  examples: [
    { what: "Log in", command: "login -method=line -bearer-token-file=jwt.txt -token-sink-file=token.txt" },
    { what: "As a person", command: "login -method=people -user=anna -token-sink-file=token.txt" },
    { what: "Use the token", command: "kv get -token-file=token.txt line3/speed" },
  ],
  flags: [
    textFlag("method", "name", "Name of the auth method."),
    textFlag("bearer-token-file", "file", "File with the credential."),
    textFlag("user", "name", "Name of a person, for an auth method of type userpass."),
    passwordFlag,
    textFlag("token-sink-file", "file", "File to write the token's secret to."),
    textFlag("meta", "key=value", "A pair to note in the token's description. Repeatable."),
    textFlag("type", "type", "Type of the auth method; not needed."),
    namespaceFlag,
  ],
  asksServers: true,
  run: login,
});

async function login(call: ApiCall): Promise<void> {
  const { api, flags, words } = call;
  const meta = flags.all("meta").map((text) => parsePair(text, "meta"));
  if (words.length > 0) throw new CommandFailure("Should have no non-flag arguments.");
  const method = required(flags, "method");
  const sink = required(flags, "token-sink-file");
  const credential = await credentialOf(call);
  const pairs = Object.fromEntries(meta.map(({ key, value }) => [key, value]));
  const body = JSON.stringify({ AuthMethod: method, BearerToken: credential, Meta: pairs });
  const answer = await attempting("Error logging in", () => api.ok({ method: "POST", path: "/v1/acl/login", body }));
  const secret = new JsonRow(jsonOf(answer)).text("SecretID");
  try {
    await writeSecret(sink, secret);
  } catch (error) {
    // The user does not know the token's secret, so the user could not delete the token.
    await apiWith(call, secret)
      .ok({ method: "POST", path: "/v1/acl/logout" })
      .catch(() => {});
    throw error;
  }
}

async function credentialOf(call: ApiCall): Promise<string> {
  const { flags } = call;
  const user = flags.text("user") ?? "";
  if (user === "") return readCredential(required(flags, "bearer-token-file"));
  if ((flags.text("bearer-token-file") ?? "") !== "")
    throw new CommandFailure("Give either '-user' or '-bearer-token-file'");
  // A colon ends the name (RFC 7617, 2).
  if (user.includes(":")) throw new CommandFailure("The name of a user has no colon");
  return `${user}:${await readPassword(call, false)}`;
}

function required(flags: Flags, name: string): string {
  const value = flags.text(name) ?? "";
  if (value === "") throw new CommandFailure(`Missing required '-${name}' flag`);
  return value;
}

async function readCredential(path: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new CommandFailure(fileFailure(error));
  }
  if (text.trim() === "") throw new CommandFailure(`No bearer token found in ${path}`);
  return text.trim();
}

/** Writes a secret to a file that only its owner can read. Consul: makes the folder, too, and writes no line break. */
async function writeSecret(path: string, secret: string): Promise<void> {
  const what = "token to file sink";
  try {
    await mkdir(dirname(path), { recursive: true });
  } catch (error) {
    throw new CommandFailure(`Error writing ${what}: ${fileFailure(error)}`);
  }
  await writeFileWhole(path, oneBlock(secret), { what, verify: () => Promise.resolve() });
}

async function* oneBlock(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new TextEncoder().encode(text));
}
