import { isDeepStrictEqual } from "node:util";
import { type MemberRow, nodeIdOf } from "../model/member.ts";
import type { MemberDelete, MemberSet, Outcome, Rejection } from "./command.ts";
import type { Draft } from "./draft.ts";
import { getNode } from "./lookup.ts";
import { registerRows } from "./register.ts";
import { removeNode } from "./removal.ts";
import { rowKey } from "./row-key.ts";
import type { State } from "./state.ts";
import { members } from "./tables/member.ts";
import { fold } from "./topics.ts";

export function getMember(state: State, name: string): MemberRow | undefined {
  return state.members.get(rowKey(name));
}

/** Returns the member whose node has this id. */
export function getMemberOfId(state: State, id: string): MemberRow | undefined {
  const name = state.memberNames.get(fold(id));
  return name === undefined ? undefined : getMember(state, name);
}

/** Returns all members, in order of name. */
export function listMembers(state: State): MemberRow[] {
  return [...state.members.values()];
}

/**
 * Writes a member, and changes its node in the catalog according to its status. Rejects the command if another agent that is
 * alive has the member's name or node id. An agent that was a member under another name, and is not alive under it, is renamed.
 */
export function setMember(draft: Draft, { member, registration }: MemberSet): Outcome {
  const { state } = draft;
  const named = getMember(state, member.name);
  const previous = getMemberOfId(state, nodeIdOf(member));
  const clash = clashOf(member, { named, previous });
  if (clash) return { type: "rejected", reason: clash };
  if (previous && rowKey(previous.name) !== rowKey(member.name)) draft.delete(members, previous);
  const known = getMember(draft.state, member.name);
  const row: MemberRow = {
    ...member,
    sinceMs: known?.status === member.status ? known.sinceMs : member.sinceMs,
    createIndex: known?.createIndex ?? draft.index,
    modifyIndex: draft.index,
  };
  if (!known || !isDeepStrictEqual(known, { ...row, modifyIndex: known.modifyIndex })) draft.put(members, row, known);
  if (registration) {
    const reason = registerRows(draft, registration);
    return reason ? { type: "rejected", reason } : { type: "done" };
  }
  removeNodeOf(draft, row);
  return { type: "done" };
}

interface Known {
  readonly named: MemberRow | undefined;
  readonly previous: MemberRow | undefined;
}

function clashOf(member: MemberSet["member"], { named, previous }: Known): Rejection | undefined {
  const id = nodeIdOf(member);
  if (named?.status === "alive" && fold(nodeIdOf(named)) !== fold(id))
    return { code: "node-id-taken", id, by: nodeIdOf(named), name: member.name };
  if (previous?.status === "alive" && rowKey(previous.name) !== rowKey(member.name))
    return { code: "member-id-taken", id, by: previous.name };
  return undefined;
}

/** Deletes a member and its node in the catalog. */
export function deleteMember(draft: Draft, { name }: MemberDelete): Outcome {
  const row = getMember(draft.state, name);
  if (!row) return { type: "unchanged" };
  draft.delete(members, row);
  removeNodeOf(draft, row);
  return { type: "done" };
}

/** Deletes the member's node from the catalog, unless another machine has registered its name meanwhile. */
function removeNodeOf(draft: Draft, member: MemberRow): void {
  const node = getNode(draft.state, member.name);
  if (node && fold(node.id) === fold(nodeIdOf(member))) removeNode(draft, node);
}
