import type { CheckDefinition } from "../../model/check.ts";
import type { PreparedQuery } from "../../model/prepared-query.ts";
import type { ServiceDefinition } from "../../model/service.ts";
import { encodeCheckDefinition } from "../../wire/check-definition.ts";
import { encodePreparedQuery } from "../../wire/prepared-query.ts";
import { encodeServiceDefinition } from "../../wire/service-definition.ts";
import { fieldsOf } from "../../client/json-object.ts";
import { type CarriedNode, encodeNodeItself, encodeNodesCheck, encodeNodesService } from "./carried-node.ts";

/*
 * Definitions as JSON text for people, in which equal definitions have equal texts: the files of an export, and the way to
 * compare definitions.
 */

const withoutLimit = Number.MAX_SAFE_INTEGER;

/** Encodes a service as a configuration file does. */
export function serviceText(definition: ServiceDefinition): string {
  return jsonText({ service: inFileSpelling(encodeServiceDefinition(definition, withoutLimit)) });
}

/** Encodes a check as a configuration file does. */
export function checkText(check: CheckDefinition): string {
  return jsonText({ check: inFileSpelling(encodeCheckDefinition(check, withoutLimit)) });
}

/** Encodes a node as catalog/register does, with all services. */
export function nodeText({ node, services, checks }: CarriedNode): string {
  const shown = { Services: services.map(encodeNodesService), Checks: checks.map((check) => encodeNodesCheck(check)) };
  return jsonText({ ...encodeNodeItself(node), ...shown });
}

/** Encodes a prepared query as the API does, without the id, which each registry assigns. */
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

/** Fields inside which names are not converted: the user chose them, or files accept the API's spelling. */
const unconverted: ReadonlySet<string> = new Set(["Meta", "Header", "Proxy", "Connect", "TaggedAddresses", "Weights"]);
/** Names of the API that files replace by a different word. */
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

/** Converts "TLSSkipVerify" to "tls_skip_verify". */
function fileNameOf(name: string): string {
  const known = fileNames[name];
  return known ?? name.replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, "_").toLowerCase();
}
