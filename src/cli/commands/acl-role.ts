import { deleteObject, writeObject } from "../acl/change-object.ts";
import {
  mergedLinks,
  mergedNodeIdentities,
  mergedServiceIdentities,
  nodeIdentitiesOf,
  policiesOf,
  policyAndIdentityFlags,
  serviceIdentitiesOf,
} from "../acl/link-flags.ts";
import { listJson, objectJson, roleShape } from "../acl/object-fields.ts";
import { namespaceFlag, printFlags, printing, switchFlag, textFlag } from "../acl/object-flags.ts";
import { determinedId, idOfFlags, readIfPresent, roleKind } from "../acl/object-id.ts";
import { roleListText, roleText } from "../acl/object-text.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { JsonRow } from "../../client/json-row.ts";
import { wrongUsage } from "../wrong-usage.ts";

const idFlag = textFlag("id", "id", "ID of the role, or the beginning of one.");
const nameFlag = textFlag("name", "name", "Name of the role.");
const descriptionFlag = textFlag("description", "text", "What the role is for.");
const objectPrinter = { json: (role: unknown) => objectJson(roleShape, role), text: roleText };

const create: Command = apiCommand({
  name: "acl role create",
  summary: "Makes a role",
  synopsis: "-name NAME [options]",
  about: "Makes a role: a name for policies and identities, at least one of them, which tokens link to.",
  examples: [
    {
      what: "With a policy and the rights of a service",
      command: "acl role create -name=line3 -policy-name=read-keys -service-identity=web",
    },
  ],
  flags: [nameFlag, descriptionFlag, ...policyAndIdentityFlags, ...printFlags],
  asksServers: true,
  run: createRole,
});

const linkFlags = policyAndIdentityFlags.map(({ name }) => name);

async function createRole(call: ApiCall): Promise<void> {
  const { flags } = call;
  const print = printing(call, objectPrinter);
  const name = flags.text("name") ?? "";
  if (name === "") throw wrongUsage("Missing require '-name' flag");
  if (!linkFlags.some((flag) => flags.has(flag)))
    throw new CommandFailure(
      "Cannot create a role without specifying -policy-name, -policy-id, -service-identity, or -node-identity at least once",
    );
  const role = {
    ...{ Name: name, Description: flags.text("description") ?? "" },
    Policies: await policiesOf(call),
    ServiceIdentities: serviceIdentitiesOf(call),
    NodeIdentities: nodeIdentitiesOf(call),
  };
  print(await writeObject(call, "/v1/acl/role", role, "Failed to create new role"));
}

const update: Command = apiCommand({
  name: "acl role update",
  summary: "Changes a role",
  synopsis: "-id ID [options]",
  about:
    "Adds the links given, and changes the name and the description if they are given; with -no-merge it replaces all but the id.",
  examples: [
    { what: "Add a policy", command: "acl role update -id=fdabbcb5 -policy-name=line3" },
    {
      what: "Nothing but one identity",
      command: "acl role update -id=fdabbcb5 -no-merge -name=web -service-identity=web",
    },
  ],
  flags: [
    idFlag,
    textFlag("name", "name", "New name of the role."),
    descriptionFlag,
    switchFlag("no-merge", "Replace all fields; those not given become empty."),
    ...policyAndIdentityFlags,
    ...printFlags,
  ],
  asksServers: true,
  run: updateRole,
});

async function updateRole(call: ApiCall): Promise<void> {
  const { api, flags } = call;
  const print = printing(call, objectPrinter);
  const given = flags.text("id") ?? "";
  if (given === "") throw new CommandFailure("Cannot update a role without specifying the -id parameter");
  const id = await determinedId(api, roleKind, given);
  const path = `/v1/acl/role/${encodeURIComponent(id)}`;
  const json = await readIfPresent(api, path, "Error when retrieving current role");
  if (json === undefined) throw new CommandFailure(`Role not found with ID ${JSON.stringify(id)}`);
  const old = new JsonRow(json);
  const merges = !flags.bool("no-merge");
  const [name, description] = [flags.text("name") ?? "", flags.text("description") ?? ""];
  const policies = await policiesOf(call);
  const services = serviceIdentitiesOf(call);
  const nodes = nodeIdentitiesOf(call);
  const role = {
    ID: id,
    Name: merges ? name || old.text("Name") : name,
    Description: merges ? description || old.text("Description") : description,
    Policies: merges ? mergedLinks(old, "Policies", policies) : policies,
    ServiceIdentities: merges ? mergedServiceIdentities(old, services) : services,
    NodeIdentities: merges ? mergedNodeIdentities(old, nodes) : nodes,
  };
  print(await writeObject(call, path, role, `Error updating role ${JSON.stringify(id)}`));
}

const read: Command = apiCommand({
  name: "acl role read",
  summary: "Shows a role",
  synopsis: "-id ID | -name NAME [options]",
  about: "Prints a role with its links.",
  examples: [{ what: "By its name", command: "acl role read -name=line3" }],
  flags: [idFlag, nameFlag, ...printFlags],
  asksServers: true,
  run: readRole,
});

async function readRole(call: ApiCall): Promise<void> {
  const { api, flags } = call;
  const print = printing(call, objectPrinter);
  const [given, name] = [flags.text("id") ?? "", flags.text("name") ?? ""];
  if (given === "" && name === "") throw new CommandFailure("Must specify either the -id or -name parameters");
  const key = given === "" ? name : await determinedId(api, roleKind, given);
  const path = `/v1/acl/role/${given === "" ? "name/" : ""}${encodeURIComponent(key)}`;
  const quoted = JSON.stringify(key);
  const role = await readIfPresent(api, path, `Error reading role ${quoted}`);
  if (role === undefined) throw new CommandFailure(`Role not found with ${given === "" ? "name" : "ID"} ${quoted}`);
  print(role);
}

const list: Command = apiCommand({
  name: "acl role list",
  summary: "Lists roles",
  synopsis: "[options]",
  about: "Lists all roles with their links.",
  examples: [{ what: "All roles", command: "acl role list" }],
  flags: printFlags,
  asksServers: true,
  run: listRoles,
});

async function listRoles(call: ApiCall): Promise<void> {
  const print = printing(call, { json: (roles) => listJson(roleShape, roles), text: roleListText });
  print(await attempting("Failed to retrieve the role list", () => call.api.json(roleKind.list)));
}

const remove: Command = apiCommand({
  name: "acl role delete",
  summary: "Deletes a role",
  synopsis: "-id ID | -name NAME [options]",
  about: "Deletes a role. Tokens that link to it lose its rights at once.",
  examples: [{ what: "By its name", command: "acl role delete -name=line3" }],
  flags: [idFlag, nameFlag, namespaceFlag],
  asksServers: true,
  run: deleteRole,
});

async function deleteRole(call: ApiCall): Promise<void> {
  const { api, flags } = call;
  const [given, name] = [flags.text("id") ?? "", flags.text("name") ?? ""];
  if (given === "" && name === "") throw new CommandFailure("Must specify the -id or -name parameters");
  const id = await idOfFlags(api, roleKind, { id: given, name });
  await deleteObject(call, { what: "role", path: "/v1/acl/role/", id });
}

export const aclRoleCommands: readonly Command[] = [create, update, read, list, remove];
