import { expect, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import fc from "fast-check";
import { messageOf } from "../../../src/lib/errors.ts";
import { rejectionOf } from "../rejection.ts";
import { explore } from "./explore.ts";

const trial = { arbitrary: fc.nat(100_000), shortRuns: 1_000 };

test("the fuzzer reduces a failing input, reports the smallest with the seed, and adds it to the corpus", async () => {
  const property = (input: number): void => {
    if (input > 777) throw new Error("too large");
  };
  const octetsOf = (input: number): Uint8Array => Buffer.from(String(input));
  const said = messageOf(await rejectionOf(explore("check-run", { ...trial, property, octetsOf })));
  expect(said).toContain("Counterexample: [778]");
  expect(said).toMatch(/seed: -?\d+/);
  const [, path = ""] = /It is kept in (.+)$/.exec(said) ?? [];
  expect(readFileSync(path, "utf8")).toBe("778");
  rmSync(path);
});

test("the fuzzer tries the inputs of the corpus before random inputs", async () => {
  const tried: string[] = [];
  await explore("http-request", {
    ...{ ...trial, shortRuns: 1 },
    known: (octets) => tried.push(Buffer.from(octets).toString().slice(0, 3)),
    property: () => tried.push("made"),
  });
  expect(tried.at(0)).toBe("PUT");
  expect(tried.at(-1)).toBe("made");
});
