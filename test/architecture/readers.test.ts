import { expect, test } from "bun:test";
import { codeLinesOf } from "./prose.ts";
import { readSourceFiles } from "./source-file.ts";

/**
 * Matches code that calls a query's `read` with a state directly, not through a Reader. The pattern allows
 * `.read(state)`, by which a query runs another query on its own state.
 */
const runsByHand = /\.read\((?!state\))[^()]*state\)/;

test("above src/registry, code runs queries only through a Reader, which knows the caller", async () => {
  const files = await readSourceFiles("src/{bus,dns,http,keeper,ports}/**/*.ts");
  const byHand = files
    .filter(({ path }) => !path.endsWith(".test.ts"))
    .flatMap((file) =>
      codeLinesOf(file)
        .filter((line) => runsByHand.test(line))
        .map((line) => `${file.path}: ${line.trim()}`),
    );
  expect(files.length).toBeGreaterThan(50);
  expect(byHand).toEqual([]);
});
