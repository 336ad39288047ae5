import type { CheckDefinition } from "../../model/check.ts";
import type { PreparedQuery } from "../../model/prepared-query.ts";
import type { ServiceDefinition } from "../../model/service.ts";
import { encodeCheckDefinition } from "../../wire/check-definition.ts";
import { encodePreparedQuery } from "../../wire/prepared-query.ts";
import { encodeServiceDefinition } from "../../wire/service-definition.ts";
import { fieldsOf } from "../../client/json-object.ts";
import { type CarriedNode, encodeNodeItself, encodeNodesCheck, encodeNodesService } from "./carried-node.ts";

/*
 * Definitions as texts that a person reads, and that are the same when the definitions are: files of an export are
 * these, and what is there already is told by comparing them.
 */

const withoutLimit = Number.MAX_SAFE_INTEGER;

/** In the words of an agent's configuration files. */
export function serviceText(definition: ServiceDefinition): string {
  return jsonText({ service: inFileWords(encodeServiceDefinition(definition, withoutLimit)) });
}

/** In the words of an agent's configuration files. */
export function checkText(check: CheckDefinition): string {
  return jsonText({ check: inFileWords(encodeCheckDefinition(check, withoutLimit)) });
}

/** In the words of catalog/register, with all services. */
export function nodeText({ node, services, checks }: CarriedNode): string {
  const shown = { Services: services.map(encodeNodesService), Checks: checks.map((check) => encodeNodesCheck(check)) };
  return jsonText({ ...encodeNodeItself(node), ...shown });
}

/** In the words of the API, without the ids that a registry gives. */
export function queryText(query: PreparedQuery): string {
  const encoded = fieldsOf(encodePreparedQuery({ ...query, createIndex: 0, modifyIndex: 0 }));
  const { ID: _, Session: __, CreateIndex: ___, ModifyIndex: ____, ...rest } = encoded;
  return jsonText(rest);
}

/** Maps sorted by name, so that the same is always written the same. */
export function jsonText(json: object): string {
  const sorted = (_: string, value: unknown): unknown => {
    if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== null) return value;
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  };
  return `${JSON.stringify(json, sorted, 2)}\n`;
}

/** Fields whose names inside are the user's, or that files read in the API's words too. */
const asTheyAre: ReadonlySet<string> = new Set(["Meta", "Header", "Proxy", "Connect", "TaggedAddresses", "Weights"]);
/** Where files have a word of their own. */
const fileWords: Readonly<Record<string, string>> = { ScriptArgs: "args", CheckID: "id" };

function inFileWords(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [fileWord(name), asTheyAre.has(name) ? value : inner(value)]),
  );
}

function inner(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((item: unknown) => (typeof item === "object" && item !== null ? inFileWords(item) : item));
}

/** "TLSSkipVerify" to "tls_skip_verify". */
function fileWord(name: string): string {
  const known = fileWords[name];
  return known ?? name.replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, "_").toLowerCase();
}
