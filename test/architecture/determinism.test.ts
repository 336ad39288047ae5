import { expect, test } from "bun:test";
import { codeLinesOf, isTestFile, readSourceFiles } from "./source-file.ts";

/** Time and chance come in through lib's Clock and Random, so that tests move the one and replay the other. */
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

test("nothing outside src/lib reads the clock, sets a timer or throws dice", async () => {
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

test("nothing outside src/lib/http-fetch.ts calls fetch, so that every request follows the same rules about proxies", async () => {
  const files = (await readSourceFiles("src/**/*.ts")).filter(({ path }) => !isTestFile(path));
  const callers = files
    .filter((file) => codeLinesOf(file).some((line) => /(?<![.#\w]|function )fetch\(/.test(line)))
    .map(({ path }) => path);
  expect(callers).toEqual(["src/lib/http-fetch.ts"]);
});
