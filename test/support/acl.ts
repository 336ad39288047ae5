import type { AclTokenRequest } from "../../src/model/acl.ts";

/** Returns a token as a client asks for it, without links. */
export function aclToken(changes: Partial<AclTokenRequest> = {}): AclTokenRequest {
  return {
    ...{ accessorId: "", secretId: "", description: "", policies: [], roles: [] },
    ...{ serviceIdentities: [], nodeIdentities: [], local: false, authMethod: "" },
    ...{ expirationTime: null, expirationTtlMs: 0, rules: "" },
    ...changes,
  };
}
