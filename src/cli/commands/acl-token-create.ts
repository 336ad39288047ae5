import { writeObject } from "../acl/change-object.ts";
import {
  nodeIdentitiesOf,
  policiesOf,
  policyAndIdentityFlags,
  roleFlags,
  rolesOf,
  serviceIdentitiesOf,
} from "../acl/link-flags.ts";
import { objectJson, tokenShape } from "../acl/object-fields.ts";
import { printFlags, printing, switchFlag, textFlag } from "../acl/object-flags.ts";
import { tokenText } from "../acl/object-text.ts";
import { apiCommand, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { readText } from "../data-argument.ts";

export const aclTokenCreateCommand: Command = apiCommand({
  name: "acl token create",
  summary: "Makes a token",
  synopsis: "[options]",
  about:
    "Makes a token with the rights of policies, roles and identities, at least one of them, and prints it with its secret. An id " +
    "of a policy or role may be shortened if it stays unique.",
  examples: [
    { what: "With the rights of a policy", command: 'acl token create -description="Line 3" -policy-name=line3' },
    { what: "For a service, for one day", command: "acl token create -service-identity=web -expires-ttl=24h" },
    { what: "For the agent of a node", command: "acl token create -node-identity=gateway7:dc1" },
    {
      what: "With a secret from a file, so that no list of processes shows it",
      command: "acl token create -policy-name=line3 -secret=@secret.txt",
    },
  ],
  flags: [
    textFlag("accessor", "id", "UUID of the token; default: a random one."),
    textFlag("description", "text", "What the token is for."),
    textFlag("expires-ttl", "duration", "Time until the token expires, 1m to 24h; default: never."),
    switchFlag("local", "Keep the token to this datacenter."),
    textFlag(
      "secret",
      "id",
      "Secret of the token, a UUID; @FILE or - (standard input) reads it. Default: a random one.",
    ),
    ...policyAndIdentityFlags,
    ...roleFlags,
    ...printFlags,
  ],
  asksServers: true,
  run: createToken,
});

const linkFlags = [...roleFlags, ...policyAndIdentityFlags].map(({ name }) => name);

async function createToken(call: ApiCall): Promise<void> {
  const { flags, io } = call;
  const print = printing(call, { json: (token) => objectJson(tokenShape, token), text: tokenText });
  if (!linkFlags.some((name) => flags.has(name)))
    throw new CommandFailure(
      "Cannot create a token without specifying -policy-name, -policy-id, -role-name, -role-id, -service-identity, or " +
        "-node-identity at least once",
    );
  const ttlMs = flags.durationMs("expires-ttl", 0);
  const token = {
    AccessorID: flags.text("accessor") ?? "",
    SecretID: (await readText(flags.text("secret") ?? "", io, "Error loading the secret: ")).trim(),
    Description: flags.text("description") ?? "",
    Local: flags.bool("local"),
    ServiceIdentities: serviceIdentitiesOf(call),
    NodeIdentities: nodeIdentitiesOf(call),
    Policies: await policiesOf(call),
    Roles: await rolesOf(call),
    // In nanoseconds. Consul ignores a negative time here.
    ...(ttlMs > 0 && { ExpirationTTL: ttlMs * 1e6 }),
  };
  print(await writeObject(call, "/v1/acl/token", token, "Failed to create new token"));
}
