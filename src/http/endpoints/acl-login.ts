import { bindingsOf, type LoginIdentity } from "../../acl/login-identity.ts";
import { anonymousToken } from "../../acl/builtin.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import type { AclAuthMethod, AclUserRow } from "../../model/acl.ts";
import * as acl from "../../registry/acl.ts";
import type { Registry } from "../../registry/registry.ts";
import { decodeLogin, type LoginRequest } from "../../wire/acl-body.ts";
import { renderGoJson } from "../../wire/go-json.ts";
import { aclNotFound, badRequest, submitAcl } from "../acl-access.ts";
import { showToken } from "../acl-encoding.ts";
import { json } from "../answers.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { readJson } from "../json-body.ts";
import type { PasswordLogins } from "../logins/password-login.ts";
import type { Verifiers } from "../logins/verifiers.ts";
import type { DatacenterEndpoint } from "../route.ts";

export interface AclLoginParts {
  readonly clock: Clock;
  readonly random: Random;
  /** The registry without a caller's limits: a client that logs in has no token yet. */
  readonly store: Registry;
  /** The name of the datacenter, for node identities. */
  readonly datacenter: string;
  readonly verifiers: Verifiers;
  readonly passwords: PasswordLogins;
}

/** Returns the endpoint that gives a token for the credentials of another system. A token of the request does not matter. */
export function login(parts: AclLoginParts): DatacenterEndpoint {
  return async (request) => {
    const asked = await readJson(request, {
      decode: decodeLogin,
      fault: (why) => badRequest(`Failed to decode request body: ${why}`),
    });
    return () => {
      if (!asked) throw new HttpError(500, "Invalid Login request: Missing auth parameters");
      return logIn(parts, request, asked);
    };
  };
}

async function logIn(parts: AclLoginParts, request: HttpRequest, asked: LoginRequest): Promise<Response> {
  const { store, clock, random, datacenter } = parts;
  await store.freshen("leader");
  const method = store.read(acl.aclAuthMethodNamed(asked.authMethod));
  if (!method) throw new HttpError(403, aclNotFound);
  const { identity, user } = await identify(parts, request, { method, bearer: asked.bearerToken });
  const rules = store.read(acl.aclBindingRules(method.name));
  const bindings = bindingsOf(identity, { method, rules, datacenter });
  if (!bindings) throw new HttpError(403, "Permission denied");
  const ids = { accessorId: random.uuid(), secretId: random.uuid() };
  const what = { authMethod: method.name, description: descriptionOf(asked, user), bindings, nowMs: clock.wallMs() };
  await submitAcl(store, { type: "acl-login", ...ids, ...what, ...(user && { user }) });
  const token = store.read(acl.aclTokenOf(ids.accessorId, () => clock.wallMs()));
  return json(request, token && showToken(token, { showsSecret: true }));
}

interface Credentials {
  readonly method: AclAuthMethod;
  readonly bearer: string;
}

/** Returns who has sent these credentials; with a password also the user. @throws OperatingError if they are not valid */
async function identify(
  { store, verifiers, passwords }: AclLoginParts,
  { peerAddress: address }: HttpRequest,
  { method, bearer }: Credentials,
): Promise<{ readonly identity: LoginIdentity; readonly user?: AclUserRow }> {
  if (method.type !== "userpass") return { identity: await verifiers.of(method).identify(bearer) };
  const find = (name: string): AclUserRow | undefined => store.read(acl.aclUserNamed(method.name, name));
  return passwords.identify({ method: method.name, bearer, address, find });
}

function descriptionOf({ meta }: LoginRequest, user: AclUserRow | undefined): string {
  const pairs = Object.entries(meta ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const text = `token created via login${user ? ` of ${user.name}` : ""}`;
  return pairs.length === 0 ? text : `${text}: ${renderGoJson(Object.fromEntries(pairs), { pretty: false })}`;
}

/** Deletes the token of the request, which a login has made. */
export const logout: DatacenterEndpoint = (request) => async () => {
  const { token, bringsToken, registry } = request.caller;
  if (!token || (!bringsToken && token.secretId === anonymousToken.secretId)) throw new HttpError(403, aclNotFound);
  await submitAcl(registry, { type: "acl-logout", secretId: token.secretId });
  return json(request, true);
};
