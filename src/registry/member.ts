import type { Member, MemberRow } from "../model/member.ts";
import type { CheckRow } from "../model/check.ts";
import { nodeIdOf } from "../model/member.ts";
import type { NodeRow } from "../model/node.ts";
import type { RegisteredRows } from "../state/command.ts";
import { getCheck, getNode } from "../state/lookup.ts";
import * as members from "../state/member.ts";
import { fold } from "../state/topics.ts";
import type { Registry } from "./registry.ts";
import { throwIfRejected } from "./rejection.ts";

/** Returns all members, in order of name. */
export function listMembers({ state }: Registry): readonly MemberRow[] {
  return members.listMembers(state);
}

export function getMember({ state }: Registry, name: string): MemberRow | undefined {
  return members.getMember(state, name);
}

export function getMemberOfId({ state }: Registry, id: string): MemberRow | undefined {
  return members.getMemberOfId(state, id);
}

/** Returns the member's node in the catalog; undefined if it is not there, or if another machine has its name. */
export function nodeOfMember({ state }: Registry, member: Member): NodeRow | undefined {
  const node = getNode(state, member.name);
  return node && fold(node.id) === fold(nodeIdOf(member)) ? node : undefined;
}

export function checkOfNode({ state }: Registry, node: string, id: string): CheckRow | undefined {
  return getCheck(state, node, id);
}

/**
 * Writes a member and the rows of its node; without rows, deletes the node from the catalog. Only the leader does so.
 * @throws OperatingError conflict when another node, or another member that is alive, has the name or the id; unavailable as
 * submitAsLeader
 */
export async function setMember(
  store: Registry,
  member: Member,
  registration: RegisteredRows | undefined,
): Promise<void> {
  throwIfRejected(await store.submitAsLeader({ type: "member-set", member, registration }));
}

/** Deletes a member, and its node from the catalog. Only the leader does so. @throws OperatingError as submitAsLeader */
export async function deleteMember(store: Registry, name: string): Promise<void> {
  await store.submitAsLeader({ type: "member-delete", name });
}
