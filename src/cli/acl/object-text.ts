import { goValue, renderGoJson } from "../../wire/go-json.ts";
import { fieldsOf } from "../../client/json-object.ts";
import { JsonRow } from "../../client/json-row.ts";

/*
 * The texts in which Consul's command line prints access control's objects. Scripts read them by line and label, so each blank
 * counts. With `meta` they show an object's hash and indexes, too.
 */

export interface TextOptions {
  readonly meta: boolean;
}

/** Returns the text of a token with its secret; ends in a blank line. */
export function tokenText(json: unknown, { meta }: TextOptions): string {
  const token = new JsonRow(json);
  const rules = token.text("Rules");
  return (
    line("AccessorID", token.text("AccessorID"), tokenWidth) +
    line("SecretID", token.text("SecretID"), tokenWidth) +
    tokenLines(token) +
    metaLines(token, meta, tokenWidth) +
    linkLines(token) +
    (rules === "" ? "" : `Rules:\n${rules}\n`) +
    "\n"
  );
}

/** Returns the texts of the tokens of a list, without their secrets; "" if there are none. */
export function tokenListText(json: unknown, { meta }: TextOptions): string {
  return listText(json, (token) => {
    const legacy = line("Legacy", String(token.bool("Legacy")), tokenWidth);
    return (
      line("AccessorID", token.text("AccessorID"), tokenWidth) +
      tokenLines(token) +
      legacy +
      metaLines(token, meta, tokenWidth) +
      linkLines(token) +
      "\n"
    );
  });
}

export function policyText(json: unknown, { meta }: TextOptions): string {
  const policy = new JsonRow(json);
  return (
    line("ID", policy.text("ID")) +
    line("Name", policy.text("Name")) +
    line("Description", policy.text("Description")) +
    line("Datacenters", policy.texts("Datacenters").join(", ")) +
    metaLines(policy, meta) +
    `Rules:\n${policy.text("Rules")}\n`
  );
}

export function policyListText(json: unknown, { meta }: TextOptions): string {
  return endedList(json, (policy) =>
    named(policy.text("Name"), [
      line("ID", policy.text("ID")),
      line("Description", policy.text("Description")),
      line("Datacenters", policy.texts("Datacenters").join(", ")),
      metaLines(policy, meta),
    ]),
  );
}

export function roleText(json: unknown, { meta }: TextOptions): string {
  const role = new JsonRow(json);
  return `${line("ID", role.text("ID"))}${line("Name", role.text("Name"))}${roleLines(role, meta)}\n`;
}

export function roleListText(json: unknown, { meta }: TextOptions): string {
  return endedList(json, (role) => named(role.text("Name"), [line("ID", role.text("ID")), roleLines(role, meta)]));
}

function roleLines(role: JsonRow, meta: boolean): string {
  return line("Description", role.text("Description")) + metaLines(role, meta) + linkLines(role);
}

export function authMethodText(json: unknown, { meta }: TextOptions): string {
  const method = new JsonRow(json);
  const width = "TokenLocality: ".length;
  const given = (label: string): string => optional(label, method.text(label), width);
  return (
    line("Name", method.text("Name"), width) +
    line("Type", method.text("Type"), width) +
    given("DisplayName") +
    line("Description", method.text("Description"), width) +
    given("MaxTokenTTL") +
    given("TokenLocality") +
    metaLines(method, meta, width) +
    `Config:\n${configText(json)}`
  );
}

/** Renders an auth method's configuration as JSON, indented by two blanks. */
function configText(method: unknown): string {
  const json = renderGoJson(goValue(fieldsOf(method)["Config"] ?? null), { pretty: true });
  return json.replace(/^ +/gm, (blanks) => blanks.slice(blanks.length / 2));
}

export function authMethodListText(json: unknown, { meta }: TextOptions): string {
  return endedList(json, (method) =>
    named(method.text("Name"), [
      line("Type", method.text("Type")),
      optional("DisplayName", method.text("DisplayName")),
      line("Description", method.text("Description")),
      metaLines(method, meta),
    ]),
  );
}

export function bindingRuleText(json: unknown, { meta }: TextOptions): string {
  const rule = new JsonRow(json);
  return `${line("ID", rule.text("ID"))}${bindingRuleLines(rule, meta)}\n`;
}

export function bindingRuleListText(json: unknown, { meta }: TextOptions): string {
  return endedList(json, (rule) => named(rule.text("ID"), [bindingRuleLines(rule, meta)]));
}

function bindingRuleLines(rule: JsonRow, meta: boolean): string {
  const labels = ["AuthMethod", "Description", "BindType", "BindName", "Selector"];
  return labels.map((label) => line(label, rule.text(label))).join("") + metaLines(rule, meta);
}

/** Returns the text of a user, which has no password; ends in a blank line. */
export function userText(json: unknown, { meta }: TextOptions): string {
  const user = new JsonRow(json);
  return `${line("Name", user.text("Name"))}${userLines(user, meta)}\n`;
}

export function userListText(json: unknown, { meta }: TextOptions): string {
  return endedList(json, (user) => named(user.text("Name"), [userLines(user, meta)]));
}

function userLines(user: JsonRow, meta: boolean): string {
  const groups = line("Groups", user.texts("Groups").join(", "));
  return line("AuthMethod", user.text("AuthMethod")) + groups + metaLines(user, meta);
}

const usualWidth = "Create Index: ".length;
const tokenWidth = "Expiration Time:  ".length;

function line(label: string, value: string, width = usualWidth): string {
  return `${`${label}:`.padEnd(width)}${value}\n`;
}

function optional(label: string, value: string, width = usualWidth): string {
  return value === "" ? "" : line(label, value, width);
}

function tokenLines(token: JsonRow): string {
  return (
    line("Description", token.text("Description"), tokenWidth) +
    line("Local", String(token.bool("Local")), tokenWidth) +
    optional("Auth Method", token.text("AuthMethod"), tokenWidth) +
    line("Create Time", timeText(token.text("CreateTime")), tokenWidth) +
    optional("Expiration Time", timeText(token.text("ExpirationTime")), tokenWidth)
  );
}

/** Formats a time of the API, "2026-11-30T08:37:16.5Z", as Go prints it: "2026-11-30 08:37:16.5 +0000 UTC". */
function timeText(text: string): string {
  const [, day, time, zone = ""] = /^([\d-]+)T([\d:.]+)(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  if (day === undefined) return text;
  const offset = zone.replace(":", "");
  return `${day} ${time} ${zone === "Z" ? "+0000 UTC" : `${offset} ${offset}`}`;
}

function metaLines(row: JsonRow, meta: boolean, width = usualWidth): string {
  if (!meta) return "";
  const hash = row.text("Hash");
  return (
    (hash === "" ? "" : line("Hash", Buffer.from(hash, "base64").toString("hex"), width)) +
    line("Create Index", String(row.number("CreateIndex")), width) +
    line("Modify Index", String(row.number("ModifyIndex")), width)
  );
}

/** Returns the lines of the policies, roles and identities that a token or role is linked to. */
function linkLines(row: JsonRow): string {
  const linked = (field: string): readonly string[] =>
    row.rows(field).map((link) => `${link.text("ID")} - ${link.text("Name")}`);
  const services = row.rows("ServiceIdentities").map((identity) => {
    const datacenters = identity.texts("Datacenters");
    return `${identity.text("ServiceName")} (Datacenters: ${datacenters.length === 0 ? "all" : datacenters.join(", ")})`;
  });
  const nodes = row
    .rows("NodeIdentities")
    .map((identity) => `${identity.text("NodeName")} (Datacenter: ${identity.text("Datacenter")})`);
  const parts: readonly (readonly [title: string, lines: readonly string[]])[] = [
    ["Policies", linked("Policies")],
    ["Roles", linked("Roles")],
    ["Service Identities", services],
    ["Node Identities", nodes],
  ];
  return parts
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => `${title}:\n${lines.map((each) => `   ${each}\n`).join("")}`)
    .join("");
}

function named(name: string, texts: readonly string[]): string {
  return `${name}:\n${texts.join("").replace(/^(?=.)/gm, "   ")}`;
}

function listText(json: unknown, textOf: (row: JsonRow) => string): string {
  return Array.isArray(json) ? json.map((item) => textOf(new JsonRow(item))).join("") : "";
}

/** Returns the list's text with a blank line at its end; "" for an empty list. */
function endedList(json: unknown, textOf: (row: JsonRow) => string): string {
  const text = listText(json, textOf);
  return text === "" ? "" : `${text}\n`;
}
