import { expect, test } from "bun:test";
import { neededPolicy } from "./needed-policy.ts";
import { rightsOf, type Access, type RefusedAccess, type Resource } from "./rights.ts";
import { parseRules } from "./rules.ts";

const permissions: readonly { readonly resource: Resource; readonly access: RefusedAccess; readonly name: string }[] = [
  { resource: "operator", access: "read", name: "" },
  { resource: "keyring", access: "write", name: "" },
  { resource: "key", access: "read", name: 'a "quoted" \\ key' },
  { resource: "key", access: "write", name: 'a "quoted" \\ key' },
  { resource: "key", access: "list", name: "app/" },
  { resource: "key", access: "write-prefix", name: "old/" },
  { resource: "service", access: "read", name: "web" },
  { resource: "intention", access: "write", name: "web" },
  { resource: "intention", access: "read", name: "*" },
  { resource: "session", access: "write", name: "node1" },
  { resource: "query", access: "read", name: "" },
];

test("the policy for what was refused gives each of its permissions", () => {
  const rights = rightsOf([parseRules(neededPolicy(permissions))], "deny");
  const isGiven = ({ resource, access, name }: (typeof permissions)[number]): boolean =>
    access === "write-prefix" ? rights.mayWriteTree(name) : rights.may(resource, access satisfies Access, name);
  expect(permissions.filter((permission) => !isGiven(permission))).toEqual([]);
  expect(rights.may("key", "read", "other")).toBe(false);
});

test("the policy for what was refused has one rule for each name, with its highest level", () => {
  expect(
    neededPolicy([
      { resource: "key", access: "write", name: "a" },
      { resource: "key", access: "read", name: "a" },
    ]),
  ).toBe('key "a" {\n  policy = "write"\n}\n');
});
