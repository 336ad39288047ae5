import { describe, expect, test } from "bun:test";
import { expectError, send, sharedTarget } from "../support/conformance.ts";

await sharedTarget();

const disabled = { status: 401, text: "ACL support disabled" };

const paths: Readonly<Record<string, string>> = {
  bootstrap: "PUT",
  create: "PUT",
  update: "PUT",
  "destroy/x": "PUT",
  "info/x": "GET",
  "clone/x": "PUT",
  list: "GET",
  login: "POST",
  logout: "POST",
  replication: "GET",
  policies: "GET",
  policy: "PUT",
  "policy/x": "GET,PUT,DELETE",
  "policy/name/x": "GET",
  roles: "GET",
  role: "PUT",
  "role/x": "GET,PUT,DELETE",
  "role/name/x": "GET",
  "binding-rules": "GET",
  "binding-rule": "PUT",
  "binding-rule/x": "GET,PUT,DELETE",
  "auth-methods": "GET",
  "auth-method": "PUT",
  "auth-method/x": "GET,PUT,DELETE",
  "rules/translate": "POST",
  "rules/translate/x": "GET",
  tokens: "GET",
  token: "PUT",
  "token/self": "GET",
  "token/x": "GET,PUT,DELETE",
};

describe("an agent without access control", () => {
  test.each(Object.entries(paths))(
    "answers acl/%s with the error that access control is disabled, for the methods %s",
    async (path, methods) => {
      for (const method of methods.split(",")) {
        const body = method === "GET" ? undefined : "{}";
        expectError(await send(method, `/v1/acl/${path}`, { body }), disabled);
      }
      expect((await send("OPTIONS", `/v1/acl/${path}`)).header("Allow")).toBe(`OPTIONS,${methods}`);
    },
  );

  test.each(["default", "agent", "agent_master", "replication", "acl_token", "nosuch", ""])(
    "refuses to set its ACL token %j",
    async (name) => expectError(await send("PUT", `/v1/agent/token/${name}`, { body: { Token: "x" } }), disabled),
  );
});
