import { deleteObject, writeObject } from "../acl/change-object.ts";
import { legacyTokenRules } from "../acl/legacy-rules.ts";
import { listedPolicyShape, listJson, objectJson, policyShape } from "../acl/object-fields.ts";
import { namespaceFlag, printFlags, printing, switchFlag, textFlag } from "../acl/object-flags.ts";
import { explained, idOfFlags, policyKind } from "../acl/object-id.ts";
import { policyListText, policyText } from "../acl/object-text.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { readText } from "../data-argument.ts";
import { JsonRow } from "../../client/json-row.ts";
import { wrongUsage } from "../wrong-usage.ts";

const idFlag = textFlag("id", "id", "ID of the policy, or the beginning of one.");
const contentFlags = [
  textFlag("description", "text", "What the policy is for."),
  textFlag("rules", "rules", "The rules, in HCL or JSON; @FILE or - (standard input) reads them."),
  textFlag("valid-datacenter", "name", "Datacenter in which the policy holds; default: all. Repeatable."),
];
const objectPrinter = { json: (policy: unknown) => objectJson(policyShape, policy), text: policyText };

const create: Command = apiCommand({
  name: "acl policy create",
  summary: "Makes a policy",
  synopsis: "-name NAME [options]",
  about: "Makes a policy: a name for rules, which tokens and roles link to.",
  examples: [
    { what: "With rules from a file", command: "acl policy create -name=line3 -rules=@line3.hcl" },
    {
      what: "With the rules of a legacy token, translated",
      command: "acl policy create -name=line3 -from-token=c1e34113-e7ab-4451-b1a6-336ddcc58fc6",
    },
  ],
  flags: [
    textFlag("name", "name", "Name of the policy."),
    ...contentFlags,
    textFlag("from-token", "id", "Take the rules of this legacy token; @FILE or - (standard input) reads the id."),
    switchFlag("token-secret", "The value of -from-token is a secret, not an accessor."),
    ...printFlags,
  ],
  asksServers: true,
  run: createPolicy,
});

async function createPolicy(call: ApiCall): Promise<void> {
  const { flags } = call;
  const print = printing(call, objectPrinter);
  const name = flags.text("name") ?? "";
  if (name === "") throw wrongUsage("Missing require '-name' flag");
  const policy = {
    Name: name,
    Description: flags.text("description") ?? "",
    Datacenters: flags.all("valid-datacenter"),
    Rules: await explained("Error loading rules", () => rulesOf(call)),
  };
  print(await writeObject(call, "/v1/acl/policy", policy, "Failed to create new policy"));
}

async function rulesOf(call: ApiCall): Promise<string> {
  const { flags, io } = call;
  const [rules, token] = [flags.text("rules") ?? "", flags.text("from-token") ?? ""];
  if (rules !== "" && token !== "") throw new CommandFailure("Cannot specify both -rules and -from-token");
  if (token === "") return readText(rules, io, "");
  const given = (await readText(token, io, "Invalid -from-token value: ")).trim();
  return legacyTokenRules(call, given, flags.bool("token-secret"));
}

const update: Command = apiCommand({
  name: "acl policy update",
  summary: "Changes a policy",
  synopsis: "-id ID [options]",
  about:
    "Changes what the flags give and keeps the rest; with -no-merge it replaces all but the id. The change holds at once for all " +
    "tokens that link to the policy.",
  examples: [
    { what: "Other rules", command: "acl policy update -name=line3 -rules=@line3.hcl" },
    { what: "Another name", command: "acl policy update -id=fdabbcb5 -name=line4" },
  ],
  flags: [
    idFlag,
    textFlag("name", "name", "New name of the policy; without -id, the name of the policy to change."),
    ...contentFlags,
    switchFlag("no-merge", "Replace all fields; those not given become empty."),
    ...printFlags,
  ],
  asksServers: true,
  run: updatePolicy,
});

async function updatePolicy(call: ApiCall): Promise<void> {
  const { api, flags, io } = call;
  const print = printing(call, objectPrinter);
  const id = await idOfPolicy(call);
  const path = `/v1/acl/policy/${encodeURIComponent(id)}`;
  const given = {
    ...(flags.has("name") && { Name: flags.text("name") }),
    ...(flags.has("description") && { Description: flags.text("description") }),
    ...(flags.has("valid-datacenter") && { Datacenters: flags.all("valid-datacenter") }),
    ...(flags.has("rules") && {
      Rules: await explained("Error loading data source", () => readText(flags.text("rules") ?? "", io, "")),
    }),
  };
  const kept = flags.bool("no-merge") ? {} : await keptFields(api, path, id);
  print(await writeObject(call, path, { ...kept, ...given, ID: id }, `Error updating policy ${JSON.stringify(id)}`));
}

async function keptFields(api: ApiCall["api"], path: string, id: string): Promise<Readonly<Record<string, unknown>>> {
  const old = new JsonRow(await attempting(`Error reading policy ${JSON.stringify(id)}`, () => api.json(path)));
  return {
    ...{ Name: old.text("Name"), Description: old.text("Description"), Rules: old.text("Rules") },
    Datacenters: old.texts("Datacenters"),
  };
}

const nameFlag = textFlag("name", "name", "Name of the policy.");

const read: Command = apiCommand({
  name: "acl policy read",
  summary: "Shows a policy",
  synopsis: "-id ID | -name NAME [options]",
  about: "Prints a policy with its rules.",
  examples: [
    { what: "By its name", command: "acl policy read -name=line3" },
    { what: "By the beginning of its id", command: "acl policy read -id=fdabbcb5" },
  ],
  flags: [idFlag, nameFlag, ...printFlags],
  asksServers: true,
  run: readPolicy,
});

async function readPolicy(call: ApiCall): Promise<void> {
  const print = printing(call, objectPrinter);
  const id = await idOfPolicy(call);
  const path = `/v1/acl/policy/${encodeURIComponent(id)}`;
  print(await attempting(`Error reading policy ${JSON.stringify(id)}`, () => call.api.json(path)));
}

const list: Command = apiCommand({
  name: "acl policy list",
  summary: "Lists policies",
  synopsis: "[options]",
  about: "Lists all policies, without their rules.",
  examples: [{ what: "All policies", command: "acl policy list" }],
  flags: printFlags,
  asksServers: true,
  run: listPolicies,
});

async function listPolicies(call: ApiCall): Promise<void> {
  const print = printing(call, { json: (policies) => listJson(listedPolicyShape, policies), text: policyListText });
  print(await attempting("Failed to retrieve the policy list", () => call.api.json(policyKind.list)));
}

const remove: Command = apiCommand({
  name: "acl policy delete",
  summary: "Deletes a policy",
  synopsis: "-id ID | -name NAME [options]",
  about: "Deletes a policy. Tokens and roles that link to it lose its rights at once.",
  examples: [{ what: "By its name", command: "acl policy delete -name=line3" }],
  flags: [idFlag, nameFlag, namespaceFlag],
  asksServers: true,
  run: deletePolicy,
});

async function deletePolicy(call: ApiCall): Promise<void> {
  await deleteObject(call, { what: "policy", path: "/v1/acl/policy/", id: await idOfPolicy(call) });
}

function idOfPolicy({ api, flags }: ApiCall): Promise<string> {
  const [id, name] = [flags.text("id") ?? "", flags.text("name") ?? ""];
  if (id === "" && name === "") throw new CommandFailure("Must specify either the -id or -name parameters");
  return idOfFlags(api, policyKind, { id, name });
}

export const aclPolicyCommands: readonly Command[] = [create, update, read, list, remove];
