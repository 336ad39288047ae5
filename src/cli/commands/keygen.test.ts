import { expect, test } from "bun:test";
import { runCommandWith } from "../../../test/support/command-io.ts";
import { keygenCommand } from "./keygen.ts";

test("praetor keygen prints 32 random bytes in base64", async () => {
  const [first, second] = [await runCommandWith(keygenCommand, []), await runCommandWith(keygenCommand, [])];
  expect(first).toEqual({ code: 0, stdout: expect.stringMatching(/^[A-Za-z0-9+/]{43}=\n$/), stderr: "" });
  expect(second.stdout).not.toBe(first.stdout);
});
