import type { RowChange } from "../engine/engine.ts";
import { unknownCause } from "../model/kv-history.ts";
import { deleteAclAuthMethod, setAclAuthMethod } from "./acl-auth-method.ts";
import { deleteAclBindingRule, setAclBindingRule } from "./acl-binding-rule.ts";
import { bootstrapAcl, initializeAcl } from "./acl-bootstrap.ts";
import type { AclCommand } from "./acl-command.ts";
import { deleteAclLegacyToken, setAclLegacyToken } from "./acl-legacy.ts";
import { logIn, logOut } from "./acl-login.ts";
import { deleteAclPolicy, setAclPolicy } from "./acl-policy.ts";
import { deleteAclRole, setAclRole } from "./acl-role.ts";
import { deleteAclTokens, setAclToken } from "./acl-token.ts";
import { deleteAclUser, setAclUser } from "./acl-user.ts";
import type { Caused, Command, Deregister, Outcome, Rejection, Restore, Stamp } from "./command.ts";
import { setAutopilot } from "./autopilot.ts";
import { Draft } from "./draft.ts";
import { deleteKvBranch, setKvBranch } from "./kv-branch.ts";
import { deleteKv, deleteKvTree, setKv } from "./kv.ts";
import { resetKv } from "./kv-reset.ts";
import { rollBackKv } from "./kv-rollback.ts";
import { keepKvTrial, proceedKvTrial, startKvTrial, undoKvTrial } from "./kv-trial.ts";
import { lockKv, unlockKv } from "./lock.ts";
import { getCheck, getNode, getService } from "./lookup.ts";
import { deleteMember, setMember } from "./member.ts";
import { topicIndexesOf } from "./open-state.ts";
import { deletePreparedQuery } from "./prepared-query.ts";
import { putPreparedQuery } from "./put-prepared-query.ts";
import { registerRows } from "./register.ts";
import { removeCheck, removeNode, removeService } from "./removal.ts";
import { encodeIndex, storeTables, tombstoneFloorKey } from "./rows.ts";
import { createSession, destroySession } from "./session.ts";
import { emptyState, type State } from "./state.ts";
import { createSigningAuthority } from "./signing-authority.ts";
import { runTxn } from "./txn.ts";
import { changesBetween } from "./stored-tables.ts";
import { topics, type Topic } from "./topics.ts";

export interface Applied {
  /** The next state, or the previous state if the command changed nothing. The next command then gets the same index. */
  readonly state: State;
  readonly outcome: Outcome;
  /** The topics of all queries whose answers may have changed. */
  readonly touched: ReadonlySet<Topic>;
  /** The changes of rows that the engine must make durable before any reader sees `state`. */
  readonly changes: readonly RowChange[];
}

/**
 * Applies a command to a state, as a pure and deterministic function. A command takes effect as a whole, or not at all if its
 * outcome is unchanged, failed or rejected.
 */
export function apply(state: State, command: Command, stamp: Stamp): Applied {
  if (command.type === "restore") return restore(state, command, stamp);
  const draft = new Draft(state, stamp);
  const outcome = run(draft, command);
  if (outcome.type === "rejected" || outcome.type === "failed") {
    return { state, outcome, touched: new Set(), changes: [] };
  }
  return { state: draft.finish(), outcome, touched: draft.touched, changes: draft.changes };
}

/** Runs the command on the draft. If the outcome is rejected or failed, the caller must drop the draft. */
export function run(draft: Draft, command: Exclude<Command, Restore>): Outcome {
  const { cause = unknownCause, origin = "", sparing = [] } = sourceOf(command);
  draft.cause = cause;
  draft.origin = origin;
  draft.sparing = sparing;
  draft.spared = [];
  draft.mayFold = command.type === "kv-set" || command.type === "txn";
  const outcome = isOfKeys(command) ? runKv(draft, command) : runOther(draft, command);
  return draft.spared.length === 0 ? outcome : { ...outcome, spared: draft.spared };
}

/** Returns what a command tells of the source of its changes of keys. */
function sourceOf(command: Command): Caused {
  if (command.type === "txn") return command;
  return isOfKeys(command) && command.type !== "kv-trial-proceed" ? command : {};
}

type KvCommand = Extract<Command, { readonly type: `kv-${string}` }>;

function isOfKeys(command: Command): command is KvCommand {
  return command.type.startsWith("kv-");
}

function runKv(draft: Draft, command: KvCommand): Outcome {
  switch (command.type) {
    case "kv-set":
      return setKv(draft, command);
    case "kv-delete":
      return deleteKv(draft, command);
    case "kv-delete-tree":
      return deleteKvTree(draft, command);
    case "kv-lock":
      return lockKv(draft, command);
    case "kv-unlock":
      return unlockKv(draft, command);
    case "kv-set-branch":
      return setKvBranch(draft, command);
    case "kv-delete-branch":
      return deleteKvBranch(draft, command);
    case "kv-rollback":
      return rollBackKv(draft, command);
    case "kv-reset":
      return resetKv(draft, command);
    default:
      return runKvTrial(draft, command);
  }
}

function runKvTrial(draft: Draft, command: Extract<Command, { readonly type: `kv-trial-${string}` }>): Outcome {
  switch (command.type) {
    case "kv-trial-start":
      return startKvTrial(draft, command);
    case "kv-trial-proceed":
      return proceedKvTrial(draft, command);
    case "kv-trial-keep":
      return keepKvTrial(draft, command);
    case "kv-trial-undo":
      return undoKvTrial(draft, command);
  }
}

function runOther(draft: Draft, command: Exclude<Command, Restore | KvCommand>): Outcome {
  switch (command.type) {
    case "session-create":
      return createSession(draft, command);
    case "session-destroy":
      return destroySession(draft, command);
    case "prepared-query-put":
      return putPreparedQuery(draft, command);
    case "prepared-query-delete":
      return deletePreparedQuery(draft, command);
    case "txn":
      return runTxn(draft, command);
    case "register":
      return registered(registerRows(draft, command));
    case "deregister":
      return deregister(draft, command);
    case "member-set":
      return setMember(draft, command);
    case "member-delete":
      return deleteMember(draft, command);
    case "autopilot-set":
      return setAutopilot(draft, command);
    case "signing-authority-create":
      return createSigningAuthority(draft, command);
    default:
      return runAcl(draft, command);
  }
}

function runAcl(draft: Draft, command: AclCommand): Outcome {
  switch (command.type) {
    case "acl-initialize":
      return initializeAcl(draft, command);
    case "acl-bootstrap":
      return bootstrapAcl(draft, command);
    case "acl-policy-set":
      return setAclPolicy(draft, command);
    case "acl-policy-delete":
      return deleteAclPolicy(draft, command);
    case "acl-role-set":
      return setAclRole(draft, command);
    case "acl-role-delete":
      return deleteAclRole(draft, command);
    case "acl-token-set":
      return setAclToken(draft, command);
    case "acl-tokens-delete":
      return deleteAclTokens(draft, command);
    case "acl-login":
      return logIn(draft, command);
    case "acl-logout":
      return logOut(draft, command);
    case "acl-auth-method-set":
      return setAclAuthMethod(draft, command);
    case "acl-auth-method-delete":
      return deleteAclAuthMethod(draft, command);
    case "acl-binding-rule-set":
      return setAclBindingRule(draft, command);
    case "acl-binding-rule-delete":
      return deleteAclBindingRule(draft, command);
    case "acl-user-set":
      return setAclUser(draft, command);
    case "acl-user-delete":
      return deleteAclUser(draft, command);
    case "acl-legacy-set":
      return setAclLegacyToken(draft, command);
    case "acl-legacy-delete":
      return deleteAclLegacyToken(draft, command);
  }
}

function registered(reason: Rejection | undefined): Outcome {
  return reason ? { type: "rejected", reason } : { type: "done" };
}

function deregister(draft: Draft, { node, serviceId, checkId }: Deregister): Outcome {
  if (serviceId !== undefined) {
    const service = getService(draft.state, node, serviceId);
    if (service) removeService(draft, service);
  } else if (checkId !== undefined) {
    const check = getCheck(draft.state, node, checkId);
    if (check) removeCheck(draft, check);
  } else {
    const row = getNode(draft.state, node);
    if (row) removeNode(draft, row);
  }
  return { type: "done" };
}

/**
 * Replaces the state by that of a snapshot. The rows of a snapshot keep their indexes, which may be lower than those that
 * clients have seen. So the tombstone floor, a minimum for the index of every topic, rises to the restore's index, and all
 * tombstones are dropped. Lock delays stay: they guard against former lock holders, and a snapshot contains no lock delays. The
 * members stay too, since a restore does not change which agents are linked with the servers, and so does the authority that has
 * signed their certificates. The state with which a server begins a cluster has all three, and they come along.
 */
function restore(before: State, { snapshot, isOwn = false }: Restore, stamp: Stamp): Applied {
  const index = Math.max(stamp.index, snapshot.index + 1);
  const { tombstones } = emptyState;
  const { lockDelays, members, memberNames, signingAuthority } = isOwn ? snapshot : before;
  const kept = { lockDelays, members, memberNames, signingAuthority };
  const restored = { ...snapshot, ...kept, index, tombstones, tombstoneFloor: index };
  const state = { ...restored, topicIndexes: topicIndexesOf(restored) };
  // The floor is written even if no row differs, because the new index must become durable.
  const floor = { table: storeTables.meta, key: tombstoneFloorKey, value: encodeIndex(index) };
  const changes = [...changesBetween(before, state), floor];
  return { state, outcome: { type: "done" }, touched: new Set([topics.everything]), changes };
}
