import type { JWK } from "jose";
import { loginRefused } from "../../acl/login-identity.ts";
import type { Claims } from "../../acl/web-token-claims.ts";
import { isRecord } from "../../lib/is-record.ts";
import { decodeFailureReason, parseJson } from "../../wire/json.ts";
import type { WebKeys } from "./web-keys.ts";

/** A JSON Web Token that is readable, but not verified. */
export interface WebToken {
  readonly text: string;
  readonly keyId: string;
  readonly algorithm: string;
}

/** Reads the form of a token. @param failure what stands before the reason in the error */
export function readWebToken(sent: string, failure: string): WebToken {
  const text = sent.replaceAll(/\s/g, "");
  // Consul's library also reads tokens as JSON objects. No system issues them, so such a one counts as incomplete.
  if (text.startsWith("{")) throw loginRefused(`${failure}: square/go-jose: missing payload in JWS message`);
  const parts = text.split(".");
  if (parts.length !== 3) throw loginRefused(`${failure}: square/go-jose: compact JWS format must have three parts`);
  const [header = new Uint8Array()] = parts.map((part) => {
    const at = base64Fault(part);
    if (at !== undefined) throw loginRefused(`${failure}: illegal base64 data at input byte ${at}`);
    return Buffer.from(part, "base64url");
  });
  let fields: unknown;
  try {
    fields = parseJson(header);
  } catch (error) {
    throw loginRefused(`${failure}: ${decodeFailureReason(error)}`);
  }
  const textOf = (name: string): string => (isRecord(fields) && typeof fields[name] === "string" ? fields[name] : "");
  return { text, keyId: textOf("kid"), algorithm: textOf("alg") };
}

/** Returns where Go's decoder finds a fault in base64 without padding. */
function base64Fault(text: string): number | undefined {
  const strange = text.search(/[^A-Za-z0-9_-]/);
  if (strange >= 0) return strange;
  return text.length % 4 === 1 ? text.length - 1 : undefined;
}

/** Returns the claims of a token that is not verified yet; undefined if they cannot be read. */
export function unverifiedClaims({ text }: WebToken): Claims | undefined {
  return claimsOf(Buffer.from(text.split(".")[1] ?? "", "base64url"));
}

export interface Verifying {
  readonly keys: WebKeys;
  readonly algorithms: readonly string[];
}

/** Returns the claims of a token if one of the keys has signed it, and undefined if none has. @throws what the keys throw */
export async function verifiedClaims(token: WebToken, { keys, algorithms }: Verifying): Promise<Claims | undefined> {
  if (!algorithms.includes(token.algorithm)) return undefined;
  for (const isNew of [false, true]) {
    // oxlint-disable-next-line no-await-in-loop -- the server is asked again only if no key that is known fits
    for (const key of await keys.find(token.keyId, isNew)) {
      // oxlint-disable-next-line no-await-in-loop -- there is one key, or a few
      const payload = await signedBy(key, token);
      if (payload !== undefined) return claimsOf(payload);
    }
  }
  return undefined;
}

async function signedBy(key: JWK, { text, algorithm }: WebToken): Promise<Uint8Array | undefined> {
  // It is loaded at the first login, since most agents have no auth method.
  const { compactVerify } = await import("jose");
  try {
    return (await compactVerify(text, key, { algorithms: [algorithm] })).payload;
  } catch {
    // The key is of another kind, or has not signed the token.
    return undefined;
  }
}

function claimsOf(payload: Uint8Array): Claims | undefined {
  try {
    const claims = parseJson(payload);
    return claims === null ? {} : isRecord(claims) ? claims : undefined;
  } catch {
    return undefined;
  }
}
