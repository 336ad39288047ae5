import { deleteObject, writeObject } from "../acl/change-object.ts";
import { bindingRuleShape, listJson, objectJson } from "../acl/object-fields.ts";
import { namespaceFlag, printFlags, printing, switchFlag, textFlag } from "../acl/object-flags.ts";
import { bindingRuleKind, determinedId, readIfPresent } from "../acl/object-id.ts";
import { bindingRuleListText, bindingRuleText } from "../acl/object-text.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import type { Flags } from "../flags.ts";
import { JsonRow } from "../../client/json-row.ts";
import { wrongUsage } from "../wrong-usage.ts";

const idFlag = textFlag("id", "id", "ID of the binding rule, or the beginning of one.");
const contentFlags = [
  textFlag(
    "bind-name",
    "name",
    "Name of the service, role or node; ${value.x} stands for an attribute of who logs in.",
  ),
  textFlag("bind-type", "service|role|node", "What the token becomes or is linked to; default: service."),
  textFlag("description", "text", "What the binding rule is for."),
  textFlag("selector", "expression", "Whom the rule is for, as in value.team==web; default: everybody."),
];
const objectPrinter = { json: (rule: unknown) => objectJson(bindingRuleShape, rule), text: bindingRuleText };

const create: Command = apiCommand({
  name: "acl binding-rule create",
  summary: "Makes a binding rule",
  synopsis: "-method NAME -bind-name NAME [options]",
  about: "Makes a rule that says which rights the tokens of an auth method have.",
  examples: [
    {
      what: "A role for everybody of a team",
      command: "acl binding-rule create -method=line -bind-type=role -bind-name=line3 -selector='value.team==web'",
    },
    {
      what: "The rights of the service that logs in",
      command: "acl binding-rule create -method=k8s -bind-type=service -bind-name='${serviceaccount.name}'",
    },
  ],
  flags: [textFlag("method", "name", "Name of the auth method."), ...contentFlags, ...printFlags],
  asksServers: true,
  run: createRule,
});

async function createRule(call: ApiCall): Promise<void> {
  const { flags } = call;
  const print = printing(call, objectPrinter);
  const method = flags.text("method") ?? "";
  if (method === "") throw wrongUsage("Missing required '-method' flag");
  const rule = { AuthMethod: method, ...wholeFields(flags) };
  print(await writeObject(call, "/v1/acl/binding-rule", rule, "Failed to create new binding rule"));
}

/** Returns all fields that flags set. @throws OperatingError without -bind-name */
function wholeFields(flags: Flags): Readonly<Record<string, string>> {
  const name = flags.text("bind-name") ?? "";
  if (name === "") throw wrongUsage("Missing required '-bind-name' flag");
  return {
    ...{ Description: flags.text("description") ?? "", Selector: flags.text("selector") ?? "" },
    ...{ BindType: flags.text("bind-type") ?? "service", BindName: name },
  };
}

const update: Command = apiCommand({
  name: "acl binding-rule update",
  summary: "Changes a binding rule",
  synopsis: "-id ID [options]",
  about:
    "Changes what the flags give and keeps the rest; with -no-merge it replaces all but the id and the auth method.",
  examples: [
    { what: "Another role", command: "acl binding-rule update -id=43cb72df -bind-type=role -bind-name=line4" },
  ],
  flags: [
    idFlag,
    ...contentFlags,
    switchFlag("no-merge", "Replace all fields; those not given become empty."),
    ...printFlags,
  ],
  asksServers: true,
  run: updateRule,
});

async function updateRule(call: ApiCall): Promise<void> {
  const { api, flags } = call;
  const print = printing(call, objectPrinter);
  const given = flags.text("id") ?? "";
  if (given === "") throw new CommandFailure("Cannot update a binding rule without specifying the -id parameter");
  const id = await determinedId(api, bindingRuleKind, given, "binding rule");
  const path = pathOf(id);
  const json = await readIfPresent(api, path, "Error when retrieving current binding rule");
  if (json === undefined) throw notFound(id);
  const old = new JsonRow(json);
  const changed = (flag: string, field: string): string => flags.text(flag) || old.text(field);
  const fields = flags.bool("no-merge")
    ? wholeFields(flags)
    : {
        ...{ Description: changed("description", "Description"), BindType: changed("bind-type", "BindType") },
        ...{ BindName: changed("bind-name", "BindName"), Selector: changed("selector", "Selector") },
      };
  const rule = { ID: id, AuthMethod: old.text("AuthMethod"), ...fields };
  print(await writeObject(call, path, rule, `Error updating binding rule ${JSON.stringify(id)}`));
}

const read: Command = apiCommand({
  name: "acl binding-rule read",
  summary: "Shows a binding rule",
  synopsis: "-id ID [options]",
  about: "Prints a binding rule.",
  examples: [{ what: "By the beginning of its id", command: "acl binding-rule read -id=43cb72df" }],
  flags: [idFlag, ...printFlags],
  asksServers: true,
  run: readRule,
});

async function readRule(call: ApiCall): Promise<void> {
  const print = printing(call, objectPrinter);
  const given = call.flags.text("id") ?? "";
  // Consul: this text alone ends in a full stop.
  if (given === "") throw new CommandFailure("Must specify the -id parameter.");
  const id = await determinedId(call.api, bindingRuleKind, given, "binding rule");
  const rule = await readIfPresent(call.api, pathOf(id), `Error reading binding rule ${JSON.stringify(id)}`);
  if (rule === undefined) throw notFound(id);
  print(rule);
}

const list: Command = apiCommand({
  name: "acl binding-rule list",
  summary: "Lists binding rules",
  synopsis: "[options]",
  about: "Lists all binding rules, or those of one auth method.",
  examples: [
    { what: "All binding rules", command: "acl binding-rule list" },
    { what: "Those of an auth method", command: "acl binding-rule list -method=line" },
  ],
  flags: [textFlag("method", "name", "Only the rules of this auth method."), ...printFlags],
  asksServers: true,
  run: listRules,
});

async function listRules(call: ApiCall): Promise<void> {
  const { api, flags } = call;
  const print = printing(call, { json: (rules) => listJson(bindingRuleShape, rules), text: bindingRuleListText });
  const method = flags.text("method") ?? "";
  const query = method === "" ? {} : { authmethod: method };
  print(await attempting("Failed to retrieve the binding rule list", () => api.json(bindingRuleKind.list, query)));
}

const remove: Command = apiCommand({
  name: "acl binding-rule delete",
  summary: "Deletes a binding rule",
  synopsis: "-id ID [options]",
  about: "Deletes a binding rule. Tokens that it has given rights keep them.",
  examples: [{ what: "By the beginning of its id", command: "acl binding-rule delete -id=43cb72df" }],
  flags: [idFlag, namespaceFlag],
  asksServers: true,
  run: deleteRule,
});

async function deleteRule(call: ApiCall): Promise<void> {
  const given = call.flags.text("id") ?? "";
  if (given === "") throw new CommandFailure("Must specify the -id parameter");
  const id = await determinedId(call.api, bindingRuleKind, given, "binding rule");
  await deleteObject(call, { what: "binding rule", path: "/v1/acl/binding-rule/", id });
}

function pathOf(id: string): string {
  return `/v1/acl/binding-rule/${encodeURIComponent(id)}`;
}

function notFound(id: string): CommandFailure {
  return new CommandFailure(`Binding rule not found with ID ${JSON.stringify(id)}`);
}

export const aclBindingRuleCommands: readonly Command[] = [create, update, read, list, remove];
