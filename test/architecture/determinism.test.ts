import { expect, test } from "bun:test";
import { codeLinesOf } from "./prose.ts";
import { isTestFile, readSourceFiles } from "./source-file.ts";

/**
 * The calls that only src/lib may make. Time and chance enter through lib's Clock and Random, so that tests can move
 * the clock and repeat the random numbers.
 */
const forbidden: readonly RegExp[] = [
  /\bDate\.now\(/,
  /\bnew Date\(\s*\)/,
  /\bperformance\.now\(/,
  /\bset(?:Timeout|Interval)\(/,
  /\bAbortSignal\.timeout\(/,
  /\bBun\.(?:sleep|sleepSync|nanoseconds|randomUUID\w*)\(/,
  /\bprocess\.hrtime\b/,
  /\bMath\.random\(/,
  /\brandom(?:UUID|Bytes|Int)\(/,
  /\bgetRandomValues\(/,
];

test("only src/lib reads the clock, sets timers and draws random numbers", async () => {
  const files = (await readSourceFiles("src/**/*.ts")).filter(
    (file) => !file.path.startsWith("src/lib/") && !isTestFile(file.path),
  );
  expect(files.length).toBeGreaterThan(0);
  const uses = files.flatMap((file) =>
    codeLinesOf(file).flatMap((line, at) =>
      forbidden.some((form) => form.test(line)) ? [`${file.path}:${at + 1} ${line.trim()}`] : [],
    ),
  );
  expect(uses).toEqual([]);
});

test("only src/lib/http-fetch.ts calls fetch, so that every request follows the same proxy rules", async () => {
  const files = (await readSourceFiles("src/**/*.ts")).filter(({ path }) => !isTestFile(path));
  const callers = files
    .filter((file) => codeLinesOf(file).some((line) => /(?<![.#\w]|function )fetch\(/.test(line)))
    .map(({ path }) => path);
  expect(callers).toEqual(["src/lib/http-fetch.ts"]);
});
