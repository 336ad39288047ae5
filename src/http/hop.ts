/*
 * Consul: an error that comes from a server's store has a text before it if another agent has passed the request on; an error
 * of the HTTP layer, which each agent finds itself, has none. Some errors that Praetor finds in HTTP are Consul's store's.
 */

export interface FailedAnswer {
  readonly status: number;
  readonly text: string;
  /** The path and query of the request. */
  readonly target: string;
}

const hop = "rpc error making call: ";

/** Returns status and text of an error as another agent shows it that has passed the request on. */
export function withHop(failed: FailedAnswer): Pick<FailedAnswer, "status" | "text"> {
  const { status, text } = failed;
  // Consul: the other agent does not know this error by its text any more.
  if (status === 404 && text === "Intention not found") return { status: 500, text: hop + text };
  if (status === 403 && text.startsWith(bootstrapOver)) return { status, text: text.replace(denied, denied + hop) };
  if (status === 400 && text.startsWith(badLookup)) return { status, text: text.replace(badRequest, badRequest + hop) };
  return { status, text: isOfStore(failed) ? hop + text : text };
}

const denied = "Permission denied: ";
const bootstrapOver = `${denied}ACL bootstrap no longer allowed`;
const badRequest = "Bad request: ";
const badLookup = `${badRequest}failed intention lookup: `;

function isOfStore({ status, text, target }: FailedAnswer): boolean {
  if (ofHttp.test(target)) return false;
  if (status === 403) return !deniedByHttp.test(target);
  return status === 500 ? !textsOfHttp.test(text) : status === 404 && text === "Query not found";
}

/** The requests whose errors have no such text. */
const ofHttp = /^\/v1\/(?:snapshot|event\/fire\/|agent\/force-leave\/)/;

/** The requests whose permission Consul's HTTP layer asks for, or whose refusal it words itself. */
const deniedByHttp = /^\/v1\/(?:acl\/(?:clone\/|rules\/translate|token\/self)|internal\/acl\/authorize)/;

/** The errors with status 500 that Consul's HTTP layer finds: unreadable numbers, flags, bodies and missing parameters. */
const textsOfHttp =
  /strconv\.|^Failed to decode request body: |^required query parameter '|^'by' parameter must be one of/;
