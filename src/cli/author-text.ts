import type { KvAuthorJson } from "../wire/kv-history.ts";
import { printable } from "./printable.ts";

/** Returns who made a change of a key: the token's name or accessor, and the program and its address. */
export function authorText({
  AccessorID: accessor,
  Token: name,
  Client: client,
  Address: address,
}: KvAuthorJson): string {
  const token = name || accessor;
  const place = [client, address].filter((part) => part !== "").join(" ");
  const parts = [token, token && place ? `(${place})` : place].filter((part) => part !== "");
  return printable(parts.join(" ")) || "the agent";
}
