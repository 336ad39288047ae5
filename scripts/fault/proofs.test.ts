import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { decoders } from "../../test/support/fuzz/decoders.ts";
import { wholeThings } from "../../test/support/fuzz/share.ts";
import { chosenProofs, durationOf, fuzzTargets, proofs } from "./proofs.ts";
import { passOn } from "./run-proof.ts";

const root = join(import.meta.dir, "../..");

test("every file of trials is a proof", () => {
  const files = ["test/fault", "test/fuzz"].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => `${folder}/${name}`),
  );
  expect(proofs.map(({ file }) => file).toSorted()).toEqual(files.toSorted());
});

test("a proof is chosen by the start of its name", () => {
  expect(chosenProofs(["power", "fuzz-d"]).map(({ name }) => name)).toEqual(["power-cut", "fuzz-dns", "fuzz-decoders"]);
  expect(chosenProofs([])).toEqual(proofs);
  expect(chosenProofs(["nothing"])).toEqual([]);
});

test("the hour of fuzzing is shared among all that is fuzzed", () => {
  expect(fuzzTargets).toBe(decoders.length + wholeThings.length);
});

test("hours are told from minutes", () => {
  expect([durationOf(59.4), durationOf(125)]).toEqual(["59 min", "2 h 5 min"]);
});

test("figures are found among what a proof says, in whatever pieces it comes", async () => {
  const pieces = ["10 of 20 kills\n= 20 ki", "lls\nanother word\n= 7 wri", "tes"].map((text) => Buffer.from(text));
  expect(await passOn(new Blob(pieces).stream(), () => 0)).toEqual(["20 kills", "7 writes"]);
});
