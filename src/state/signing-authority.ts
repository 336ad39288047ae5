import type { SigningAuthorityRow } from "../model/signing-authority.ts";
import type { Outcome, SigningAuthorityCreate } from "./command.ts";
import type { Draft } from "./draft.ts";
import type { State } from "./state.ts";
import { signingAuthority, signingAuthorityKey } from "./tables/signing-authority.ts";

export function getSigningAuthority(state: State): SigningAuthorityRow | undefined {
  return state.signingAuthority.get(signingAuthorityKey);
}

/** Creates the authority, unless there is one: of two servers that create it at once, the first one's is used by both. */
export function createSigningAuthority(draft: Draft, { authority }: SigningAuthorityCreate): Outcome {
  if (getSigningAuthority(draft.state)) return { type: "unchanged" };
  draft.put(signingAuthority, { ...authority, createIndex: draft.index, modifyIndex: draft.index }, undefined);
  return { type: "done" };
}
