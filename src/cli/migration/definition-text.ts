import type { CheckDefinition } from "../../model/check.ts";
import type { PreparedQuery } from "../../model/prepared-query.ts";
import type { ServiceDefinition } from "../../model/service.ts";
import { encodeCheckDefinition } from "../../wire/check-definition.ts";
import { encodePreparedQuery } from "../../wire/prepared-query.ts";
import { encodeServiceDefinition } from "../../wire/service-definition.ts";
import { fieldsOf } from "../../client/json-object.ts";
import { type CarriedNode, encodeNodeItself, encodeNodesCheck, encodeNodesService } from "./carried-node.ts";

/*
 * Encodes definitions as readable JSON. Equal definitions have equal texts, so an export writes these texts to its files, and an
 * import compares definitions by them.
 */

const withoutLimit = Number.MAX_SAFE_INTEGER;

/** Encodes a service with its checks as the JSON of a configuration file. */
export function serviceText(definition: ServiceDefinition): string {
  return jsonText({ service: inFileSpelling(encodeServiceDefinition(definition, withoutLimit)) });
}

/** Encodes a check as the JSON of a configuration file. */
export function checkText(check: CheckDefinition): string {
  return jsonText({ check: inFileSpelling(encodeCheckDefinition(check, withoutLimit)) });
}

/** Encodes a node with all its services and checks as the JSON of catalog/register. */
export function nodeText({ node, services, checks }: CarriedNode): string {
  const shown = { Services: services.map(encodeNodesService), Checks: checks.map((check) => encodeNodesCheck(check)) };
  return jsonText({ ...encodeNodeItself(node), ...shown });
}

/** Encodes a prepared query as the API's JSON, without the id, since each registry assigns its own ids. */
export function queryText(query: PreparedQuery): string {
  const encoded = fieldsOf(encodePreparedQuery({ ...query, createIndex: 0, modifyIndex: 0 }));
  const { ID: _, Session: __, CreateIndex: ___, ModifyIndex: ____, ...rest } = encoded;
  return jsonText(rest);
}

/** Encodes JSON with maps (objects without a prototype) sorted by name, so that equal values have equal texts. */
export function jsonText(json: object): string {
  const sorted = (_: string, value: unknown): unknown => {
    if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== null) return value;
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  };
  return `${JSON.stringify(json, sorted, 2)}\n`;
}

/** Fields whose inner names are not converted: the user chose those names, or files accept the API's spelling. */
const unconverted: ReadonlySet<string> = new Set(["Meta", "Header", "Proxy", "Connect", "TaggedAddresses", "Weights"]);
/** Names of fields in files, by the API's names, where the two are different words. */
const fileNames: Readonly<Record<string, string>> = { ScriptArgs: "args", CheckID: "id" };

function inFileSpelling(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [fileNameOf(name), unconverted.has(name) ? value : inner(value)]),
  );
}

function inner(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((item: unknown) => (typeof item === "object" && item !== null ? inFileSpelling(item) : item));
}

/** Converts a field name of the API to that of files: "TLSSkipVerify" to "tls_skip_verify". */
function fileNameOf(name: string): string {
  const known = fileNames[name];
  return known ?? name.replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, "_").toLowerCase();
}
