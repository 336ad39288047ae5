import { passwordLengthMax } from "../../lib/password-hash.ts";
import * as acl from "../../registry/acl.ts";
import { type AclUserRequest, decodeAclUser } from "../../wire/acl-body.ts";
import { encodeAclUser } from "../../wire/acl.ts";
import { answerAcl, badRequest, readAclBody, requireAclRead, requireAclWrite, submitAcl } from "../acl-access.ts";
import { json } from "../answers.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import type { PasswordLogins } from "../logins/password-login.ts";
import type { DatacenterEndpoint } from "../route.ts";

export interface AclUserParts {
  readonly passwords: PasswordLogins;
}

/** Minimum length of a password, as NIST SP 800-63B, 5.1.1.2 has it. */
const passwordLengthMin = 8;

/** Lists the users of all auth methods, or of that in `?authmethod=`. No answer has a password or its hash. */
export const listUsers: DatacenterEndpoint = (request) => {
  const authMethod = request.query.get("authmethod") ?? "";
  return (reading) => {
    requireAclRead(request);
    return answerAcl(request, acl.aclUsers(authMethod), (users) => users.map(encodeAclUser))(reading);
  };
};

/** Creates a user, or changes the password or the groups that the body has. The user's tokens end. */
export function putUser({ passwords }: AclUserParts): DatacenterEndpoint {
  return async (request) => {
    const asked = await readAclBody(request, "User", decodeAclUser);
    return () => write(request, asked, passwords);
  };
}

async function write(request: HttpRequest, asked: AclUserRequest, passwords: PasswordLogins): Promise<Response> {
  requireAclWrite(request);
  const { registry } = request.caller;
  const { authMethod, name, groups, password } = asked;
  if (password !== undefined && (password.length < passwordLengthMin || password.length > passwordLengthMax))
    throw new HttpError(
      500,
      `Invalid User: a Password has ${passwordLengthMin} to ${passwordLengthMax} characters, and this one ${password.length}`,
    );
  const passwordHash = password === undefined ? undefined : await passwords.hash(password);
  await submitAcl(registry, { type: "acl-user-set", authMethod, name, groups, passwordHash });
  const user = registry.read(acl.aclUsers(authMethod)).find((each) => each.name.toLowerCase() === name.toLowerCase());
  return json(request, user && encodeAclUser(user));
}

/** Deletes the user of the path, METHOD/NAME, and ends the user's tokens. */
export const deleteUser: DatacenterEndpoint = (request) => {
  const [authMethod = "", name = "", ...more] = request.rest.split("/");
  if (authMethod === "" || name === "" || more.length > 0)
    throw badRequest("the path of a user is /v1/praetor/acl/user/METHOD/NAME");
  return async () => {
    requireAclWrite(request);
    await submitAcl(request.caller.registry, { type: "acl-user-delete", authMethod, name });
    return json(request, true);
  };
};
