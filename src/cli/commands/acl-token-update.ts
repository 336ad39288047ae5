import { writeObject } from "../acl/change-object.ts";
import {
  mergedLinks,
  mergedNodeIdentities,
  mergedServiceIdentities,
  nodeIdentitiesOf,
  policiesOf,
  policyAndIdentityFlags,
  roleFlags,
  rolesOf,
  serviceIdentitiesOf,
} from "../acl/link-flags.ts";
import { objectJson, tokenShape } from "../acl/object-fields.ts";
import { printFlags, printing, switchFlag, textFlag } from "../acl/object-flags.ts";
import { determinedId, tokenKind } from "../acl/object-id.ts";
import { tokenText } from "../acl/object-text.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { fieldsOf } from "../../client/json-object.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { JsonRow } from "../../client/json-row.ts";

export const aclTokenUpdateCommand: Command = apiCommand({
  name: "acl token update",
  summary: "Changes a token",
  synopsis: "-id ID [options]",
  about:
    "Changes the description of a token and replaces its links. Without a -merge flag for a kind of link, the token has only the " +
    "links given. The secret, the expiration and -local stay.",
  examples: [
    { what: "Add a policy", command: "acl token update -id=4be56c77 -merge-policies -policy-name=line3" },
    {
      what: "Another description",
      command: 'acl token update -id=4be56c77 -merge-policies -merge-roles -description="Line 4"',
    },
  ],
  flags: [
    textFlag("id", "id", "Accessor of the token, or the beginning of one."),
    textFlag("description", "text", "What the token is for; empty for no change."),
    switchFlag("merge-policies", "Keep the policies, and add those given."),
    switchFlag("merge-roles", "Keep the roles, and add those given."),
    switchFlag("merge-service-identities", "Keep the service identities, and add those given."),
    switchFlag("merge-node-identities", "Keep the node identities, and add those given."),
    switchFlag(
      "upgrade-legacy",
      "Replace the rules of a legacy token by the policies given. Its secret stays, so make sure that they grant what its users need.",
    ),
    ...policyAndIdentityFlags,
    ...roleFlags,
    ...printFlags,
  ],
  asksServers: true,
  run: updateToken,
});

async function updateToken(call: ApiCall): Promise<void> {
  const { api, flags } = call;
  const print = printing(call, { json: (token) => objectJson(tokenShape, token), text: tokenText });
  const given = flags.text("id") ?? "";
  if (given === "") throw new CommandFailure("Cannot update a token without specifying the -id parameter");
  const id = await determinedId(api, tokenKind, given);
  const path = `/v1/acl/token/${encodeURIComponent(id)}`;
  const json = await attempting("Error when retrieving current token", () => api.json(path));
  const old = new JsonRow(json);
  const upgrades = flags.bool("upgrade-legacy");
  if (upgrades && old.text("Rules") === "") throw new CommandFailure("Can't use -upgrade-legacy on a non-legacy token");
  const policies = await policiesOf(call);
  const roles = await rolesOf(call);
  const services = serviceIdentitiesOf(call);
  const nodes = nodeIdentitiesOf(call);
  const token = {
    ...fieldsOf(json),
    ...(upgrades && { Rules: "" }),
    Description: flags.text("description") || old.text("Description"),
    Policies: flags.bool("merge-policies") ? mergedLinks(old, "Policies", policies) : policies,
    Roles: flags.bool("merge-roles") ? mergedLinks(old, "Roles", roles) : roles,
    ServiceIdentities: flags.bool("merge-service-identities") ? mergedServiceIdentities(old, services) : services,
    NodeIdentities: flags.bool("merge-node-identities") ? mergedNodeIdentities(old, nodes) : nodes,
  };
  print(await writeObject(call, path, token, `Failed to update token ${id}`));
}
