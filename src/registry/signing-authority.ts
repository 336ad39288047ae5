import { OperatingError } from "../lib/errors.ts";
import type { SigningAuthority, SigningAuthorityRow } from "../model/signing-authority.ts";
import { getSigningAuthority } from "../state/signing-authority.ts";
import type { Registry } from "./registry.ts";

/** Returns the authority that signs the certificates of client agents; undefined before the first request for a certificate. */
export function readSigningAuthority({ state }: Pick<Registry, "state">): SigningAuthorityRow | undefined {
  return getSigningAuthority(state);
}

/**
 * Returns the authority, and creates it if the store lacks it.
 * @param create makes one with a new key; another server's is used if that was faster
 * @throws OperatingError unavailable when it cannot be stored
 */
export async function ensureSigningAuthority(
  store: Registry,
  create: () => SigningAuthority,
): Promise<SigningAuthorityRow> {
  const known = readSigningAuthority(store);
  if (known) return known;
  await store.submit({ type: "signing-authority-create", authority: create() });
  const created = readSigningAuthority(store);
  if (created) return created;
  throw new OperatingError("unavailable", "no-authority", "the authority of another server has not arrived here yet");
}
