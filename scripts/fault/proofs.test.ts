import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { chosenProofs, durationOf, proofs } from "./proofs.ts";
import { printLines } from "./run-proof.ts";

const root = join(import.meta.dir, "../..");

test("every test file of test/fault and test/fuzz belongs to a proof of `make fault`", () => {
  const files = ["test/fault", "test/fuzz"].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => `${folder}/${name}`),
  );
  expect(proofs.map(({ file }) => file).toSorted()).toEqual(files.toSorted());
});

test("arguments of `make fault` select proofs by the prefix of their names", () => {
  expect(chosenProofs(["power", "fuzz-d"]).map(({ name }) => name)).toEqual(["power-cut", "fuzz-dns", "fuzz-decoders"]);
  expect(chosenProofs([])).toEqual(proofs);
  expect(chosenProofs(["nothing"])).toEqual([]);
});

test("the fuzz proofs take about an hour in all", () => {
  const minutes = proofs.filter(({ name }) => name.startsWith("fuzz-")).map((proof) => proof.minutes);
  expect(Math.abs(minutes.reduce((sum, each) => sum + each, 0) - 60)).toBeLessThanOrEqual(minutes.length);
});

test("durations of an hour or more are printed in hours and minutes", () => {
  expect([durationOf(59.4), durationOf(125)]).toEqual(["59 min", "2 h 5 min"]);
});

test("figures in the output of a `make fault` proof are recognised even if a line arrives in pieces", async () => {
  const pieces = ["10 of 20 kills\n= 20 ki", "lls\nanother word\n= 7 wri", "tes"].map((text) => Buffer.from(text));
  expect(await printLines(new Blob(pieces).stream(), () => 0)).toEqual(["20 kills", "7 writes"]);
});
