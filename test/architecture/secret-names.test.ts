import { expect, test } from "bun:test";
import fc from "fast-check";
import { looksSecret } from "../../src/model/secret-key.ts";
import { looksSecret as looksSecretToPage } from "../../web/screens/keys/names.ts";

test("the agent and its page take the same keys for secrets", () => {
  const words = [
    "vault/",
    "Password",
    "passwd",
    "secret",
    "TOKEN",
    "credential",
    "private_key",
    "API-key",
    "ap",
    "key",
    "x",
    "/",
  ];
  const name = fc.array(fc.constantFrom(...words), { maxLength: 4 }).map((parts) => parts.join(""));
  let secrets = 0;
  fc.assert(
    fc.property(name, (key) => {
      expect(looksSecret(key)).toBe(looksSecretToPage(key));
      secrets += Number(looksSecret(key));
    }),
  );
  expect(secrets).toBeGreaterThan(0);
});
