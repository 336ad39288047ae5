import { portStates, type PortRecord } from "../model/port-record.ts";
import { fieldNames, JsonFields } from "./json-fields.ts";
import { parseWholeJson } from "./json.ts";

/** Encodes a port record for the value of its key, for its user event and for the HTTP API. */
export function encodePortRecord(record: PortRecord): object {
  const { id, revision, service, host, oldPort, newPort, owner, reason, at, state } = record;
  return { id, revision, service, host, oldPort, newPort, owner, reason, at, state };
}

/** Decodes the value of a port record's key. Returns undefined if it is no port record, since every client may write the key. */
export function decodePortRecord(bytes: Uint8Array): PortRecord | undefined {
  try {
    const fields = new JsonFields(parseWholeJson(bytes), { names, source: "api", where: "", ignoreUnknown: true });
    const state = portStates.find((each) => each === fields.string("state"));
    return state && { ...textsOf(fields), ...numbersOf(fields), state };
  } catch {
    return undefined;
  }
}

/** Encodes the part of a registration's response that tells a service which port it was assigned instead of its own. */
export function encodePortNotice({ id, revision, oldPort, newPort }: PortRecord): object {
  return { PortChanged: { ID: id, Revision: revision, Old: oldPort, New: newPort } };
}

/** Name of the header in a registration's response that is sent when the service was assigned another port. */
export const portChangedHeader = "X-EdgeX-Port-Changed";

/** Returns the value of the header `portChangedHeader`, old and new port: "48080->28000". */
export function portChangedText({ oldPort, newPort }: PortRecord): string {
  return `${oldPort}->${newPort}`;
}

const texts = ["id", "service", "host", "owner", "reason", "at"] as const;
const numbers = ["revision", "oldPort", "newPort"] as const;
const names = fieldNames([...texts, ...numbers, "state"]);

function textsOf(fields: JsonFields): Pick<PortRecord, (typeof texts)[number]> {
  const [id = "", service = "", host = "", owner = "", reason = "", at = ""] = texts.map((name) => fields.string(name));
  return { id, service, host, owner, reason, at };
}

function numbersOf(fields: JsonFields): Pick<PortRecord, (typeof numbers)[number]> {
  const [revision = 0, oldPort = 0, newPort = 0] = numbers.map((name) => fields.int(name));
  return { revision, oldPort, newPort };
}
