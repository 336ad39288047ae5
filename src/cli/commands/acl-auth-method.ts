import { fieldsOf } from "../../client/json-object.ts";
import { formatDuration } from "../../lib/duration.ts";
import { configFlags, configOf } from "../acl/auth-method-config.ts";
import { deleteObject, writeObject } from "../acl/change-object.ts";
import { authMethodShape, listedAuthMethodShape, listJson, objectJson } from "../acl/object-fields.ts";
import { namespaceFlag, printFlags, printing, switchFlag, textFlag } from "../acl/object-flags.ts";
import { readIfPresent } from "../acl/object-id.ts";
import { authMethodListText, authMethodText } from "../acl/object-text.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import type { Flags } from "../flags.ts";
import { JsonRow } from "../../client/json-row.ts";
import { wrongUsage } from "../wrong-usage.ts";

const nameFlag = textFlag("name", "name", "Name of the auth method.");
const contentFlags = [
  textFlag("description", "text", "What the auth method is for."),
  textFlag("display-name", "text", "Name to show in a user interface."),
  textFlag(
    "max-token-ttl",
    "duration",
    "Lifetime of the tokens that it makes, 1m to 24h; default: for ever, of userpass 1h.",
  ),
  textFlag("token-locality", "local|global", "Kind of the tokens that it makes; default: local."),
  ...configFlags,
];
const objectPrinter = { json: (method: unknown) => objectJson(authMethodShape, method), text: authMethodText };

const create: Command = apiCommand({
  name: "acl auth-method create",
  summary: "Makes an auth method",
  synopsis: "-name NAME -type TYPE [options]",
  about:
    "Makes an auth method, by which `login` exchanges a credential of another system for a token. Binding rules say which rights " +
    "the token has. The types are jwt, with -config, kubernetes, with its own flags, and userpass, for people, whom `acl user add` adds.",
  examples: [
    { what: "For people", command: "acl auth-method create -name=people -type=userpass -max-token-ttl=8h" },
    { what: "For JSON Web Tokens", command: "acl auth-method create -name=line -type=jwt -config=@jwt.json" },
    {
      what: "For Kubernetes",
      command:
        "acl auth-method create -name=k8s -type=kubernetes -kubernetes-host=https://192.0.2.9:6443 -kubernetes-ca-cert=@ca.crt " +
        "-kubernetes-service-account-jwt=@jwt.txt",
    },
  ],
  flags: [
    nameFlag,
    textFlag("type", "jwt|kubernetes|userpass", "Type of the auth method."),
    ...contentFlags,
    ...printFlags,
  ],
  asksServers: true,
  run: createMethod,
});

async function createMethod(call: ApiCall): Promise<void> {
  const { flags } = call;
  const print = printing(call, objectPrinter);
  const [name, type] = [flags.text("name") ?? "", flags.text("type") ?? ""];
  if (type === "") throw wrongUsage("Missing required '-type' flag");
  if (name === "") throw wrongUsage("Missing required '-name' flag");
  const unparsable = "Error parsing JSON configuration file";
  const config = await configOf(call, { type, old: undefined, unparsable });
  const method = { ...{ Name: name, Type: type }, ...givenFields(flags), Config: config };
  print(await writeObject(call, "/v1/acl/auth-method", method, "Failed to create new auth method"));
}

/** Returns the fields that flags give, without empty ones. */
function givenFields(flags: Flags): Readonly<Record<string, string>> {
  const lifetimeMs = flags.durationMs("max-token-ttl", 0);
  const fields = {
    DisplayName: flags.text("display-name") ?? "",
    Description: flags.text("description") ?? "",
    TokenLocality: flags.text("token-locality") ?? "",
    // Consul ignores a negative time here.
    MaxTokenTTL: lifetimeMs > 0 ? formatDuration(lifetimeMs) : "",
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ""));
}

const update: Command = apiCommand({
  name: "acl auth-method update",
  summary: "Changes an auth method",
  synopsis: "-name NAME [options]",
  about:
    "Changes what the flags give and keeps the rest; with -no-merge it replaces all but the name and the type. -config replaces " +
    "the whole configuration.",
  examples: [{ what: "Tokens for one hour", command: "acl auth-method update -name=line -max-token-ttl=1h" }],
  flags: [
    nameFlag,
    ...contentFlags,
    switchFlag("no-merge", "Replace all fields; those not given become empty."),
    ...printFlags,
  ],
  asksServers: true,
  run: updateMethod,
});

async function updateMethod(call: ApiCall): Promise<void> {
  const { api, flags } = call;
  const print = printing(call, objectPrinter);
  const name = flags.text("name") ?? "";
  if (name === "") throw new CommandFailure("Cannot update an auth method without specifying the -name parameter");
  const path = pathOf(name);
  const json = await readIfPresent(api, path, "Error when retrieving current auth method");
  if (json === undefined) throw notFound(name);
  const type = new JsonRow(json).text("Type");
  const old = flags.bool("no-merge") ? {} : fieldsOf(json);
  const config = await configOf(call, {
    type,
    old: old["Config"],
    unparsable: "Error parsing JSON for auth method config",
  });
  const method = { ...old, Name: name, Type: type, ...givenFields(flags), Config: config };
  print(await writeObject(call, path, method, `Error updating auth method ${JSON.stringify(name)}`));
}

const read: Command = apiCommand({
  name: "acl auth-method read",
  summary: "Shows an auth method",
  synopsis: "-name NAME [options]",
  about: "Prints an auth method with its configuration.",
  examples: [{ what: "By its name", command: "acl auth-method read -name=line" }],
  flags: [nameFlag, ...printFlags],
  asksServers: true,
  run: readMethod,
});

async function readMethod(call: ApiCall): Promise<void> {
  const print = printing(call, objectPrinter);
  const name = requiredName(call.flags);
  const method = await readIfPresent(call.api, pathOf(name), `Error reading auth method ${JSON.stringify(name)}`);
  if (method === undefined) throw notFound(name);
  print(method);
}

const list: Command = apiCommand({
  name: "acl auth-method list",
  summary: "Lists auth methods",
  synopsis: "[options]",
  about: "Lists all auth methods, without their configuration.",
  examples: [{ what: "All auth methods", command: "acl auth-method list" }],
  flags: printFlags,
  asksServers: true,
  run: listMethods,
});

async function listMethods(call: ApiCall): Promise<void> {
  const print = printing(call, {
    json: (methods) => listJson(listedAuthMethodShape, methods),
    text: authMethodListText,
  });
  print(await attempting("Failed to retrieve the auth method list", () => call.api.json("/v1/acl/auth-methods")));
}

const remove: Command = apiCommand({
  name: "acl auth-method delete",
  summary: "Deletes an auth method",
  synopsis: "-name NAME [options]",
  about: "Deletes an auth method with its binding rules and users, and the tokens that it made.",
  examples: [{ what: "By its name", command: "acl auth-method delete -name=line" }],
  flags: [nameFlag, namespaceFlag],
  asksServers: true,
  run: deleteMethod,
});

async function deleteMethod(call: ApiCall): Promise<void> {
  await deleteObject(call, { what: "auth method", path: "/v1/acl/auth-method/", id: requiredName(call.flags) });
}

function requiredName(flags: Flags): string {
  const name = flags.text("name") ?? "";
  if (name === "") throw new CommandFailure("Must specify the -name parameter");
  return name;
}

function pathOf(name: string): string {
  return `/v1/acl/auth-method/${encodeURIComponent(name)}`;
}

function notFound(name: string): CommandFailure {
  return new CommandFailure(`Auth method not found with name ${JSON.stringify(name)}`);
}

export const aclAuthMethodCommands: readonly Command[] = [create, update, read, list, remove];
