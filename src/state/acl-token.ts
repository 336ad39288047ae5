import { formatDuration } from "../lib/duration.ts";
import { isUuid, uuidFault } from "../lib/uuid.ts";
import {
  expirationMsMax,
  expirationMsMin,
  goTime,
  goTimeMs,
  identityFault,
  isExpired,
  isRootWord,
  mergedIdentities,
  type AclTokenRequest,
  type AclTokenRow,
} from "../model/acl.ts";
import { anonymousToken, reservedIdPrefix } from "../acl/builtin.ts";
import type { AclTokenSet, AclTokensDelete } from "./acl-command.ts";
import { policyIds, roleIds } from "./acl-link.ts";
import { getAclToken, getAclTokenOfSecret } from "./acl-lookup.ts";
import type { AclImmutable, Outcome, Rejection } from "./command.ts";
import type { Draft } from "./draft.ts";
import type { State } from "./state.ts";
import { aclTokens } from "./tables/acl-token.ts";

/** The fields of a token that depend on whether it is new. */
type Settled = Pick<
  AclTokenRow,
  "accessorId" | "secretId" | "authMethod" | "expirationTime" | "createTime" | "createIndex"
>;

/** Creates or replaces a token. Consul: raises the index even if the token is the same as before. */
export function setAclToken(draft: Draft, command: AclTokenSet): Outcome {
  const { token, isNew } = command;
  const settled = isNew ? settleNew(draft, command) : settleKnown(draft, command);
  if ("code" in settled) return { type: "rejected", reason: settled };
  const policies = policyIds(draft.state, token.policies, "token");
  if ("code" in policies) return { type: "rejected", reason: policies };
  const roles = roleIds(draft.state, token.roles);
  if ("code" in roles) return { type: "rejected", reason: roles };
  const fault = identityFault(token, { of: "token", local: token.local }) ?? rulesFault(token);
  if (fault !== undefined) return { type: "rejected", reason: invalid(fault) };
  const row: AclTokenRow = {
    ...settled,
    description: token.description,
    policies,
    roles,
    ...mergedIdentities(token),
    local: token.local,
    type: "",
    rules: "",
    modifyIndex: draft.index,
  };
  draft.put(aclTokens, row, isNew ? undefined : getAclToken(draft.state, row.accessorId));
  return { type: "done" };
}

function rulesFault({ rules }: AclTokenRequest): string | undefined {
  return rules === "" ? undefined : "Rules cannot be specified for this token";
}

function settleNew(draft: Draft, { token, nowMs }: AclTokenSet): Settled | Rejection {
  const reason = idFault(draft.state, token);
  if (reason) return reason;
  if (token.authMethod !== "") return invalid("AuthMethod field is disallowed outside of Login");
  const fault = expirationFault(token, nowMs);
  if (fault !== undefined) return invalid(fault);
  const { accessorId, secretId, authMethod, expirationTtlMs } = token;
  return {
    ...{ accessorId, secretId, authMethod },
    expirationTime: expirationTtlMs > 0 ? goTime(nowMs + expirationTtlMs) : token.expirationTime,
    createTime: goTime(nowMs),
    createIndex: draft.index,
  };
}

function idFault(state: State, { accessorId, secretId }: AclTokenRequest): Rejection | undefined {
  const isKnown = (id: string): boolean =>
    getAclToken(state, id) !== undefined || getAclTokenOfSecret(state, id) !== undefined;
  const reserved = invalid(`Invalid Token: UUIDs with the prefix ${JSON.stringify(reservedIdPrefix)} are reserved`);
  const fault = uuidFault(accessorId);
  if (fault !== undefined) return lookupFailure(fault);
  if (!isUuid(accessorId)) return invalid("Invalid Token: AccessorID is not a valid UUID");
  if (isKnown(accessorId)) return { code: "acl-taken", what: "accessor" };
  if (accessorId.startsWith(reservedIdPrefix)) return reserved;
  if (!isUuid(secretId)) return invalid("Invalid Token: SecretID is not a valid UUID");
  if (isKnown(secretId)) return { code: "acl-taken", what: "secret" };
  return secretId.startsWith(reservedIdPrefix) ? reserved : undefined;
}

function lookupFailure(fault: string): Rejection {
  return invalid(`Failed acl token lookup by accessor: failed acl token lookup: index error: ${fault}`);
}

/** Returns why a new token cannot expire when the client says. */
function expirationFault({ expirationTime, expirationTtlMs }: AclTokenRequest, nowMs: number): string | undefined {
  if (expirationTtlMs < 0) return `Token Expiration TTL '${formatDuration(expirationTtlMs)}' should be > 0`;
  if (expirationTtlMs === 0 && expirationTime === null) return undefined;
  if (expirationTtlMs > 0 && expirationTime !== null)
    return "Token Expiration TTL and Expiration Time cannot both be set";
  const leftMs = expirationTime === null ? expirationTtlMs : goTimeMs(expirationTime) - nowMs;
  if (leftMs < 0) return "ExpirationTime cannot be before CreateTime";
  const was = `in the future (was ${formatDuration(leftMs)})`;
  if (leftMs > expirationMsMax) return `ExpirationTime cannot be more than ${formatDuration(expirationMsMax)} ${was}`;
  if (leftMs < expirationMsMin) return `ExpirationTime cannot be less than ${formatDuration(expirationMsMin)} ${was}`;
  return undefined;
}

function settleKnown({ state }: Draft, { token, nowMs }: AclTokenSet): Settled | Rejection {
  const { accessorId: id } = token;
  const fault = uuidFault(id);
  if (fault !== undefined) return lookupFailure(fault);
  if (!isUuid(id)) return invalid("AccessorID is not a valid UUID");
  if (isRootWord(token.secretId)) return { code: "acl-root" };
  const known = getAclToken(state, id);
  if (!known || isExpired(known, nowMs)) return { code: "acl-unknown", what: "token", id };
  const changed = changedField(token, known);
  if (changed) return { code: "acl-immutable", what: changed, id };
  const { accessorId, secretId, authMethod, expirationTime, createTime, createIndex } = known;
  return { accessorId, secretId, authMethod, expirationTime, createTime, createIndex };
}

/** Returns the first field with a value that an update cannot give the token. An empty field keeps its value, except `local`. */
function changedField(token: AclTokenRequest, known: AclTokenRow): AclImmutable | undefined {
  if (token.secretId !== "" && token.secretId !== known.secretId) return "token-secret";
  if (token.local !== known.local) return "token-local";
  if (token.authMethod !== "" && token.authMethod !== known.authMethod) return "token-method";
  if (token.expirationTtlMs !== 0) return "token-expiration";
  if (token.expirationTime !== null && token.expirationTime !== known.expirationTime) return "token-expiration";
  return undefined;
}

export function deleteAclTokens(draft: Draft, { accessorIds }: AclTokensDelete): Outcome {
  for (const accessorId of accessorIds) {
    if (!isUuid(accessorId)) return { type: "rejected", reason: invalid("Accessor ID is missing or an invalid UUID") };
    const known = getAclToken(draft.state, accessorId);
    if (known?.accessorId === anonymousToken.accessorId)
      return { type: "rejected", reason: { code: "acl-builtin", what: "token" } };
    if (known) draft.delete(aclTokens, known);
  }
  return { type: "done" };
}

function invalid(fault: string): Rejection {
  return { code: "acl-invalid", fault };
}
