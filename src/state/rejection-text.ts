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
    case "nothing-pushed":
      return `no value of the key ${JSON.stringify(reason.key)} that a service has pushed is kept`;
    case "past-not-kept":
      return pastNotKept(reason);
    default:
      return isOfTrial(reason) ? trialRejectionText(reason) : aclRejectionText(reason);
  }
}

function pastNotKept({ index, oldest }: Extract<Rejection, { readonly code: "past-not-kept" }>): string {
  return `the state at index ${index} is no longer kept; the oldest index that is: ${oldest}`;
}

type TrialRejection = Extract<Rejection, { readonly code: `trial-${string}` }>;

function isOfTrial(reason: AclRejection | TrialRejection): reason is TrialRejection {
  return reason.code.startsWith("trial-");
}

function trialRejectionText(reason: TrialRejection): string {
  switch (reason.code) {
    case "trial-service":
      return `the service ${failingText(reason)}; nothing was changed. A trial begins with services that pass.`;
    case "trial-key":
      return `the key ${JSON.stringify(reason.key)} ${keyFaults[reason.fault]}; nothing was changed.`;
    case "trial-limit":
      return `${limitTexts[reason.what](reason.max)}; nothing was changed.`;
    case "trial-unknown":
      return `there is no trial ${JSON.stringify(reason.id)}. Its record may have been dropped: the newest 20 are kept.`;
    case "trial-over":
      return `the trial has ended, and was ${reason.outcome}: ${reason.why}`;
    case "trial-unfinished":
      return `stage ${reason.stage} of ${reason.stages} is on trial. A trial can be kept when its last stage is, and undone at any time.`;
  }
}

/** Returns a service with its status and its worst check. */
export function failingText({ service, status, check }: RejectionOf<"trial-service">): string {
  const name = JSON.stringify(service);
  if (!check) return `${name} has no instance`;
  return `${name} is ${status}: its check ${JSON.stringify(check.id)} on the node ${JSON.stringify(check.node)}`;
}

const keyFaults: Readonly<Record<RejectionOf<"trial-key">["fault"], string>> = {
  changed: "has another index than cas says",
  locked: "is a lock, or was one and has not been written since",
  "in-trial": "is in another trial that is pending",
};

const limitTexts: Readonly<Record<RejectionOf<"trial-limit">["what"], (max: number) => string>> = {
  bytes: (max) => `the values that the trial would keep have more than ${max} bytes`,
  pending: (max) => `${max} trials are pending already`,
};

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
