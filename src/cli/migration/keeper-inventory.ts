import { fieldsOf } from "../../client/json-object.ts";
import { type HttpClient, jsonOf, unexpectedStatus } from "../../client/http.ts";
import { messageOf } from "../../lib/errors.ts";
import type { ServiceDefinition } from "../../model/service.ts";
import type { KvTreeEntry } from "../../wire/kv-tree.ts";
import { decodeBase64 } from "../../wire/base64.ts";
import { decodeServiceDefinition } from "../../wire/service-definition.ts";
import { JsonRow } from "../../client/json-row.ts";
import { counted, type Found } from "./inventory.ts";

/** The prefix of EdgeX's keys in core-keeper. */
export const keeperRoot = "edgex";

/**
 * Reads the keys below `roots`, and the registrations, from an EdgeX core-keeper.
 * @throws OperatingError if any part cannot be read
 */
export async function readKeeper(http: HttpClient, roots: readonly string[]): Promise<Found> {
  const keys = new Map<string, KvTreeEntry>();
  for (const root of roots) for (const entry of await readKeys(http, root)) keys.set(entry.key, entry);
  const answer = await http.requestOk({ path: "/api/v3/registry/all", query: { deregistered: "true" } });
  const rows = new JsonRow(jsonOf(answer)).rows("registrations");
  const halted = rows.filter((row) => row.text("status") === "HALT").map((row) => row.text("serviceId"));
  const remarks =
    halted.length === 0
      ? []
      : [`Skipped: ${counted(halted.length, "service")} that left (HALT): ${halted.join(", ")}.`];
  const services = rows.filter((row) => row.text("status") !== "HALT").flatMap((row) => serviceOf(row, remarks));
  return {
    where: `the core-keeper at ${http.urlOf({ path: "/" }).origin}`,
    inventory: {
      keys: [...keys.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1)),
      services: services.toSorted((a, b) => (a.service.id < b.service.id ? -1 : 1)),
      ...{ checks: [], nodes: [], queries: [] },
    },
    vagueChecks: new Set(),
    remarks,
    checkRemarks: [],
  };
}

async function readKeys(http: HttpClient, root: string): Promise<readonly KvTreeEntry[]> {
  const path = `/api/v3/kvs/key/${root.replace(/\/+$/, "").split("/").map(encodeURIComponent).join("/")}`;
  const answer = await http.request({ path });
  if (answer.status === 404) return [];
  if (answer.status !== 200) throw unexpectedStatus(answer);
  return new JsonRow(jsonOf(answer))
    .rows("response")
    .map((row) => ({ key: row.text("key"), flags: 0n, value: decodeBase64(row.text("value")) }));
}

/**
 * Returns the service that an EdgeX service would register with Consul, with an HTTP check named after the service. For an
 * invalid registration returns an empty list and adds a remark.
 */
function serviceOf(row: JsonRow, remarks: string[]): readonly ServiceDefinition[] {
  const [id, host, port] = [row.text("serviceId"), row.text("host"), row.number("port")];
  const check = healthCheckOf(row);
  const name = `Health Check: ${id}`;
  const url = `${check.text("type")}://${host}:${port}${check.text("path")}`;
  const method = { HTTP: url, Interval: check.text("interval"), Notes: "Check the health of the API" };
  const registration = {
    ID: id,
    Name: id,
    Address: host,
    Port: port,
    Checks: [{ CheckID: name, Name: name, ...method }],
  };
  try {
    return [decodeServiceDefinition(registration, { source: "api", outputBytesMax: Number.MAX_SAFE_INTEGER })];
  } catch (error) {
    remarks.push(`Skipped: the service ${id}: ${messageOf(error)}.`);
    return [];
  }
}

/** Returns the health check of a registration. core-keeper sends it as HealthCheck, while its documentation says healthCheck. */
function healthCheckOf(row: JsonRow): JsonRow {
  const name = row.names.find((each) => each.toLowerCase() === "healthcheck");
  return name === undefined ? new JsonRow(fieldsOf(undefined)) : row.row(name);
}
