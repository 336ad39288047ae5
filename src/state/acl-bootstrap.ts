import type { RowIndexes } from "../model/node.ts";
import { bareToken, goTime, type AclToken, type AclTokenRow } from "../model/acl.ts";
import { anonymousToken, globalManagementPolicy } from "../acl/builtin.ts";
import type { AclBootstrap, AclInitialize } from "./acl-command.ts";
import { aclResetIndex, getAclPolicy, getAclToken, getAclTokenOfSecret } from "./acl-lookup.ts";
import type { Outcome } from "./command.ts";
import type { Draft } from "./draft.ts";
import { aclBootstrap, bootstrapKey } from "./tables/acl-bootstrap.ts";
import { aclPolicies } from "./tables/acl-policy.ts";
import { aclTokens } from "./tables/acl-token.ts";

/** Creates the builtin policy and token and the configured master token, where they do not exist. */
export function initializeAcl(draft: Draft, { master, nowMs }: AclInitialize): Outcome {
  const { index, state } = draft;
  let changes = 0;
  if (!getAclPolicy(state, globalManagementPolicy.id)) {
    const policy = { ...globalManagementPolicy, datacenters: [] };
    draft.put(aclPolicies, { ...policy, createIndex: index, modifyIndex: index }, undefined);
    changes += 1;
  }
  if (!getAclToken(state, anonymousToken.accessorId)) {
    putToken(draft, { ...plainToken("", nowMs), ...anonymousToken });
    changes += 1;
  }
  // The master token comes last, so that a master token with the secret "anonymous" is not made.
  if (master && !getAclTokenOfSecret(state, master.secretId)) {
    putToken(draft, { ...managementToken("Master Token", nowMs), ...master });
    if (aclResetIndex(state) === undefined) noteBootstrap(draft);
    changes += 1;
  }
  return { type: changes > 0 ? "done" : "unchanged" };
}

/** Creates a management token if access control was not bootstrapped, or if the operator has given the reset index. */
export function bootstrapAcl(draft: Draft, { accessorId, secretId, resetIndex: given, nowMs }: AclBootstrap): Outcome {
  const resetIndex = aclResetIndex(draft.state);
  if (resetIndex !== undefined && given === 0)
    return { type: "rejected", reason: { code: "acl-bootstrapped", resetIndex } };
  if (resetIndex !== undefined && given !== resetIndex)
    return { type: "rejected", reason: { code: "acl-reset-index", given, resetIndex } };
  putToken(draft, { ...managementToken("Bootstrap Token (Global Management)", nowMs), accessorId, secretId });
  noteBootstrap(draft);
  return { type: "done" };
}

function putToken(draft: Draft, token: AclToken): void {
  const row: AclTokenRow = { ...token, createIndex: draft.index, modifyIndex: draft.index };
  draft.put(aclTokens, row, undefined);
}

function noteBootstrap(draft: Draft): void {
  const known = draft.state.aclBootstrap.get(bootstrapKey);
  const row: RowIndexes = { createIndex: known?.createIndex ?? draft.index, modifyIndex: draft.index };
  draft.put(aclBootstrap, row, known);
}

type WithoutIds = Omit<AclToken, "accessorId" | "secretId">;

function managementToken(description: string, nowMs: number): WithoutIds {
  return { ...plainToken(description, nowMs), policies: [globalManagementPolicy.id], type: "management" };
}

function plainToken(description: string, nowMs: number): WithoutIds {
  return { ...bareToken, description, createTime: goTime(nowMs) };
}
