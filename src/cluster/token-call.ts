import type { AclTokenRow } from "../model/acl.ts";
import type { Consistency } from "../registry/registry.ts";
import type { TokenAnswer } from "../registry/asked-tokens.ts";
import type { Grant, StoredTokens } from "../registry/token-source.ts";

/*
 * "acl-token": a client agent asks a server what it knows of a token whose secret a client has sent to it. The head is the secret,
 * and the answer's head a TokenHead. The answer has no secret: the agent knows it.
 */

export const tokenCall = "acl-token";

type TokenHead =
  | { readonly kind: "off" | "unknown" }
  | (Omit<Grant, "token"> & { readonly kind: "token"; readonly token: Omit<AclTokenRow, "secretId"> });

export interface TokenAnswering {
  /** The server's tokens; undefined if its access control is off. */
  readonly tokens: Pick<StoredTokens, "find"> | undefined;
  /** Waits until this server has everything that was acknowledged before. */
  readonly freshen: (consistency: Consistency) => Promise<void> | undefined;
}

/**
 * Answers the call on a server. A token that this server does not have may be so new that the leader alone has it.
 * @throws OperatingError unavailable when the leader cannot be asked about an unknown token
 */
export async function answerTokenCall(secret: string, { tokens, freshen }: TokenAnswering): Promise<TokenHead> {
  if (!tokens) return { kind: "off" };
  let grant = tokens.find(secret);
  if (!grant) {
    await freshen("leader");
    grant = tokens.find(secret);
  }
  if (!grant) return { kind: "unknown" };
  const { secretId: _secret, ...token } = grant.token;
  return { kind: "token", token, roles: grant.roles, policies: grant.policies };
}

/** Decodes a server's answer about a secret. */
export function decodeTokenAnswer(head: unknown, secretId: string): TokenAnswer {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server has proved that it belongs to this cluster
  const answer = head as TokenHead;
  if (answer.kind !== "token") return answer.kind;
  return { token: { ...answer.token, secretId }, roles: answer.roles, policies: answer.policies };
}
