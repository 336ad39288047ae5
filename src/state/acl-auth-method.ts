import { formatDuration } from "../lib/duration.ts";
import {
  expirationMsMax,
  expirationMsMin,
  isAuthMethodName,
  userpassTtlMs,
  type AclAuthMethodRow,
} from "../model/acl.ts";
import type { AclAuthMethodDelete, AclAuthMethodSet } from "./acl-command.ts";
import { getAclAuthMethod, listAclBindingRules, listAclUsers } from "./acl-lookup.ts";
import type { Outcome, Rejection } from "./command.ts";
import type { Draft } from "./draft.ts";
import { aclAuthMethods } from "./tables/acl-auth-method.ts";
import { aclBindingRules } from "./tables/acl-binding-rule.ts";
import { aclTokens } from "./tables/acl-token.ts";
import { aclUsers } from "./tables/acl-user.ts";
import { fold } from "./topics.ts";

/** Consul has the first two. */
const types: readonly string[] = ["jwt", "kubernetes", "userpass"];
const localities: readonly string[] = ["", "local", "global"];

/** Creates or replaces an auth method. A method that exists keeps its type if the new one names none. */
export function setAclAuthMethod(draft: Draft, command: AclAuthMethodSet): Outcome {
  const { method } = command;
  const known = getAclAuthMethod(draft.state, method.name);
  const reason = faultOf(command, known);
  if (reason) return { type: "rejected", reason };
  const type = method.type === "" && known ? known.type : method.type;
  const row: AclAuthMethodRow = {
    ...method,
    type,
    // A person's token must not hold for ever.
    maxTokenTtlMs: type === "userpass" && method.maxTokenTtlMs === 0 ? userpassTtlMs : method.maxTokenTtlMs,
    createIndex: known?.createIndex ?? draft.index,
    modifyIndex: draft.index,
  };
  draft.put(aclAuthMethods, row, known);
  return { type: "done" };
}

function faultOf(
  { method, configFault }: AclAuthMethodSet,
  known: AclAuthMethodRow | undefined,
): Rejection | undefined {
  const { name, type, maxTokenTtlMs: ttlMs, tokenLocality } = method;
  if (name === "") return invalid("Invalid Auth Method: no Name is set");
  if (!isAuthMethodName(name))
    return invalid("Invalid Auth Method: invalid Name. Only alphanumeric characters, '-' and '_' are allowed");
  if (known && type !== "" && type !== known.type) return { code: "acl-immutable", what: "method-type", id: name };
  if (!types.includes(known?.type ?? type))
    return invalid(`Invalid Auth Method: Type should be one of: [${types.join(" ")}]`);
  if (ttlMs > expirationMsMax)
    return invalid(`MaxTokenTTL ${formatDuration(ttlMs)} cannot be more than ${formatDuration(expirationMsMax)}`);
  if (ttlMs !== 0 && ttlMs < expirationMsMin)
    return invalid(`MaxTokenTTL ${formatDuration(ttlMs)} cannot be less than ${formatDuration(expirationMsMin)}`);
  if (!localities.includes(tokenLocality))
    return invalid("Invalid Auth Method: TokenLocality should be one of 'local' or 'global'");
  return configFault === undefined ? undefined : invalid(`Invalid Auth Method: ${configFault}`);
}

/** Deletes an auth method, its binding rules, its users and the tokens of its logins. Scans all tokens, since methods are deleted seldom. */
export function deleteAclAuthMethod(draft: Draft, { name }: AclAuthMethodDelete): Outcome {
  const known = getAclAuthMethod(draft.state, name);
  if (!known) return { type: "done" };
  for (const rule of listAclBindingRules(draft.state, known.name)) draft.delete(aclBindingRules, rule);
  for (const user of listAclUsers(draft.state, known.name)) draft.delete(aclUsers, user);
  for (const token of draft.state.aclTokens.values())
    if (token.authMethod !== "" && fold(token.authMethod) === fold(known.name)) draft.delete(aclTokens, token);
  draft.delete(aclAuthMethods, known);
  return { type: "done" };
}

function invalid(fault: string): Rejection {
  return { code: "acl-invalid", fault };
}
