import { expect, test } from "bun:test";
import { chooseRows } from "./choose-rows.ts";
import type { Group, Row } from "./row.ts";

const row = (name: string): Row => ({
  ...{ name, title: name, unit: "unit", better: "higher" },
  goal: { kind: "times", timesMin: 1 },
  measure: () => Promise.reject(new Error("not measured here")),
});
const groups: readonly Group[] = [
  { name: "keys", rows: [row("get"), row("put")] },
  { name: "names", rows: [row("dns-a")] },
];
const chosen = (...names: readonly string[]): readonly string[] =>
  chooseRows({ groups, limits: [] }, names).groups.flatMap(({ name, rows }) =>
    rows.map((each) => `${name}/${each.name}`),
  );

test("all rows of the benchmark are measured when no row is named", () => {
  expect(chosen()).toEqual(["keys/get", "keys/put", "names/dns-a"]);
});

test("rows of the benchmark are chosen by their name or their group's name, and keep their order", () => {
  expect(chosen("put")).toEqual(["keys/put"]);
  expect(chosen("names", "get")).toEqual(["keys/get", "names/dns-a"]);
  expect(chosen("keys", "put")).toEqual(["keys/get", "keys/put"]);
});

test("an unknown row name is refused with an error that lists the known names", () => {
  expect(() => chosen("set")).toThrow("no row set; there are keys (get, put), names (dns-a), limits ()");
});

test("all rows and groups of the benchmark have different names", async () => {
  const { groups: real, limits } = await import("../groups.ts");
  const all = [...real, { name: "limits", rows: limits }];
  const names = all.flatMap((group) => [...new Set([group.name, ...group.rows.map((each) => each.name)])]);
  expect(names.length).toBeGreaterThan(30);
  expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
});
