import { OperatingError } from "../lib/errors.ts";
import type { AclToken } from "../model/acl.ts";
import type { Cause } from "../model/kv-history.ts";
import type { Caller } from "../registry/caller.ts";
import type { ChangeSource } from "../registry/caused-changes.ts";
import { originOf } from "./value-origin.ts";

/** The header in which a client says why it changes keys. */
const reasonHeader = "X-Praetor-Reason";

/** Maximum length of each text of a cause, in characters, so that no client fills the store with its headers. */
const lengthMax = 200;

/**
 * Returns the source of the changes that a request makes.
 * @param address the client's IP address; undefined on a unix socket
 * @throws OperatingError invalid "unknown-origin"
 */
export function changeSourceOf(request: Request, caller: Caller, address: string | undefined): ChangeSource {
  const program = request.headers.get("user-agent") ?? "";
  const token = tokenOf(caller);
  const cause: Cause = {
    accessorId: token?.accessorId ?? "",
    tokenName: cut(token?.description ?? ""),
    address: address ?? "",
    client: cut(firstWord(program)),
    reason: cut(readText(request.headers.get(reasonHeader) ?? "")),
    means: "",
  };
  return { cause, origin: originOf(request, program) };
}

/** Returns the caller's token; undefined for one that does not exist, with which access control that only observes lets it write. */
function tokenOf(caller: Caller): AclToken | undefined {
  try {
    return caller.token;
  } catch (error) {
    if (error instanceof OperatingError) return undefined;
    throw error;
  }
}

function cut(text: string): string {
  return text.slice(0, lengthMax).toWellFormed();
}

function firstWord(text: string): string {
  const end = text.indexOf(" ");
  return end < 0 ? text : text.slice(0, end);
}

/** Returns a header's text, which may be percent-encoded, since headers have no letters beyond Latin-1. */
function readText(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
