import { describe, expect, test } from "bun:test";
import type { Keeper } from "../../src/keeper/keeper.ts";
import { routes } from "../../src/keeper/routes.ts";
import { keeperVersion } from "../../src/model/keeper-version.ts";
import { isTestFile, readSourceFiles } from "../architecture/source-file.ts";
import { tableRows } from "./markdown-table.ts";

const [document] = await readSourceFiles("docs/keeper.md");
const text = document?.text ?? "";
const rows = tableRows(text, "request");

describe("docs/keeper.md", () => {
  test("lists every path with its methods, and no other", () => {
    const documented = rows.map(([request]) => request.replace(/<[^>]+>$/, ""));
    // This test creates the endpoints and never calls them, so it passes an empty Keeper.
    const known = routes({} as Keeper).flatMap(({ path, methods }) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(documented.toSorted()).toEqual(known.toSorted());
  });

  test("names every query parameter that the code reads, and no other", async () => {
    const files = (await readSourceFiles("src/keeper/**/*.ts")).filter(({ path }) => !isTestFile(path));
    const read = files.flatMap((file) => [...file.text.matchAll(/\.flag\("(\w+)"\)/g)].map(([, name = ""]) => name));
    const documented = rows.flatMap(([, parameters = ""]) =>
      [...parameters.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name),
    );
    expect([...new Set(documented)].toSorted()).toEqual([...new Set(read)].toSorted());
  });

  test("names the supported version of core-keeper", () => {
    expect(text).toContain(`core-keeper ${keeperVersion}`);
  });
});
