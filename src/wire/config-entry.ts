import { OperatingError } from "../lib/errors.ts";

const kinds: ReadonlySet<string> = new Set([
  ...["service-defaults", "proxy-defaults", "service-router", "service-splitter", "service-resolver"],
  ...["ingress-gateway", "terminating-gateway"],
]);

export function isEntryKind(kind: string): boolean {
  return kinds.has(kind);
}

/**
 * Returns the kind of a configuration entry, such as "service-defaults", and its name; "" for none.
 * @throws OperatingError invalid, code "decode"
 */
export function decodeConfigEntry(json: unknown): { readonly kind: string; readonly name: string } {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw undecodable("'' expected a map");
  const entry = new Map<string, unknown>(Object.entries(json));
  const kind = entry.get("Kind") ?? entry.get("kind");
  if (kind === undefined) throw undecodable("Payload does not contain a kind/Kind key at the top level");
  if (typeof kind !== "string") throw undecodable("Kind value in payload is not a string");
  const name = entry.get("Name") ?? entry.get("name");
  return { kind, name: typeof name === "string" ? name : "" };
}

function undecodable(what: string): OperatingError {
  return new OperatingError("invalid", "decode", what);
}
