import type { AclImmutable, Rejection } from "./command.ts";

/** Returns Consul's text for a rejection. */
export function rejectionText(reason: Rejection): string {
  switch (reason.code) {
    case "node-id-taken":
      return (
        `Error while renaming Node ID: "${reason.id}": ` +
        `Node name ${reason.name} is reserved by node ${reason.by} with name ${reason.name}`
      );
    case "member-id-taken":
      return `Member '${reason.by}' has conflicting node ID '${reason.id}' with this agent's ID`;
    case "unknown-service":
      return `Missing service registration on node "${reason.node}"`;
    case "unknown-node":
      return "Missing node registration";
    case "unknown-check":
      return `Missing check '${reason.id}' registration`;
    case "critical-check":
      return `Check '${reason.id}' is in critical state`;
    case "key-in-the-way":
      return `key ${JSON.stringify(reason.key)} cannot have a value while ${JSON.stringify(reason.other)} has one`;
    case "missing-session":
      return "missing session";
    case "invalid-session-id":
      return `failed session lookup: index error: ${reason.fault}`;
    case "unknown-session":
      return `invalid session ${JSON.stringify(reason.id)}`;
    case "unknown-query":
      return `Cannot modify non-existent prepared query: '${reason.id}'`;
    case "query-name-taken":
      return `name '${reason.name}' aliases an existing query ${reason.by}`;
    case "second-catch-all":
      return "a query template with an empty name already exists";
    case "invalid-query-session":
      return `invalid session: index error: ${reason.fault}`;
    case "unusable-template":
      return `failed compiling template: ${reason.fault}`;
    default:
      return aclRejectionText(reason);
  }
}

type AclRejection = Extract<Rejection, { readonly code: `acl-${string}` }>;

function aclRejectionText(reason: AclRejection): string {
  switch (reason.code) {
    case "acl-invalid":
      return reason.fault;
    case "acl-taken":
      return `Invalid Token: ${reason.what === "accessor" ? "AccessorID" : "SecretID"} is already in use`;
    case "acl-name-taken":
      return nameTaken(reason);
    case "acl-unknown":
      return unknownText(reason);
    case "acl-unknown-link":
      return unknownLink(reason);
    case "acl-immutable":
      return immutableTexts[reason.what](reason.id);
    case "acl-builtin":
      return builtinTexts[reason.what];
    case "acl-root":
      return "Permission denied: Cannot modify root ACL";
    case "acl-bootstrapped":
      return `Permission denied: ACL bootstrap no longer allowed (reset index: ${reason.resetIndex})`;
    case "acl-reset-index":
      return `Invalid bootstrap reset index (specified ${reason.given}, reset index: ${reason.resetIndex})`;
    case "acl-not-legacy":
      return "Cannot use legacy endpoint to modify a non-legacy token";
    case "acl-denied":
      return "Permission denied";
  }
}

type RejectionOf<Code extends Rejection["code"]> = Extract<Rejection, { readonly code: Code }>;

/** Consul: the text has the kind in upper case for a new object, and in lower case for a renamed one. */
function nameTaken({ of, name, isNew }: RejectionOf<"acl-name-taken">): string {
  const kind = of === "policy" ? "Policy" : "Role";
  const what = isNew ? `A ${kind} with Name` : `A ${of} with name`;
  return `Invalid ${kind}: ${what} ${JSON.stringify(name)} already exists`;
}

function unknownText({ what, id }: RejectionOf<"acl-unknown">): string {
  switch (what) {
    case "token":
      return `Cannot find token ${JSON.stringify(id)}`;
    case "auth-method":
      return `cannot find auth method with name ${JSON.stringify(id)}`;
    case "binding-rule":
      return `cannot find binding rule ${id}`;
    case "policy":
    case "role":
      return `cannot find ${what} ${id}`;
  }
}

function unknownLink({ of, what, by, value }: RejectionOf<"acl-unknown-link">): string {
  if (of === "role" && by === "ID") return `No such policy with ID: ${value}`;
  return `No such ACL ${what} with ${by} ${JSON.stringify(value)}`;
}

const globalPolicy = "the builtin global-management policy";

const immutableTexts: Readonly<Record<AclImmutable, (id: string) => string>> = {
  "token-secret": () => "Changing a tokens SecretID is not permitted",
  "token-local": (id) => `cannot toggle local mode of ${id}`,
  "token-expiration": (id) => `Cannot change expiration time of ${id}`,
  "token-method": (id) => `Cannot change AuthMethod of ${id}`,
  "policy-rules": () => `Changing the Rules for ${globalPolicy} is not permitted`,
  "policy-datacenters": () => `Changing the Datacenters of ${globalPolicy} is not permitted`,
  "method-type": () => "the Type field of an Auth Method is immutable",
  "rule-method": () => "the AuthMethod field of an Binding Rule is immutable",
};

const builtinTexts: Readonly<Record<RejectionOf<"acl-builtin">["what"], string>> = {
  policy: `Delete operation not permitted on ${globalPolicy}`,
  token: "Delete operation not permitted on the anonymous token",
  "legacy-token": "Permission denied: Cannot delete anonymous token",
};
