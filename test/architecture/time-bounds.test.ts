import { describe, expect, test } from "bun:test";
import { codeLinesOf } from "./prose.ts";
import { readSourceFiles, type SourceFile } from "./source-file.ts";

const tests = await readSourceFiles("{src,test,bench,scripts,examples}/**/*.{test,suite}.ts");

/** The opening of a test, a describe block or a hook, at any depth of calls: `test.each(...)(`, `describe.skipIf(...)(`. */
const opening = /^(\s*)(?:test|it|describe|before(?:All|Each)|after(?:All|Each))\b.*[({[]$/;

/**
 * Returns the lines that give a test or a hook a limit after its function. In oxfmt's layout the call closes in a line
 * with the indent of its opening: `}, limit);`, or `);` after a line with the limit. A table of cases closes before
 * that, with `])(`.
 */
function limitsIn(file: SourceFile): readonly string[] {
  const lines = codeLinesOf(file);
  return lines.flatMap((line, at) => {
    const indent = opening.exec(line)?.[1];
    if (indent === undefined) return [];
    const closes = (each: string, later: number): boolean =>
      later > at && each.startsWith(indent) && /^\S/.test(each.slice(indent.length)) && !each.endsWith("(");
    const end = lines.findIndex(closes);
    const last = (lines[end] ?? "").slice(indent.length);
    const ofFunction = lines.lastIndexOf(`${indent}  },`, end);
    const isAfterFunction = ofFunction > at ? ofFunction < end - 1 : /^\s+[\w.][^={}()]*,$/.test(lines[end - 1] ?? "");
    return /^\}, .+\);$/.test(last) || (last === ");" && isAfterFunction) ? [`${file.path}:${end + 1}`] : [];
  });
}

describe("a test", () => {
  test("sets no time limit: test/support/preload.ts sets one limit for hung tests", () => {
    expect(tests.flatMap(limitsIn)).toEqual([]);
    const own = ["test(", "  async () => {", "  },", "  60_000,", ");", "beforeAll(async () => {", "}, startMs);"];
    expect(limitsIn({ path: "own.test.ts", text: own.join("\n") })).toEqual(["own.test.ts:5", "own.test.ts:7"]);
  });

  test("leaves the limit of its file as test/support/preload.ts sets it", () => {
    expect(tests.filter(({ text }) => /^\s*setDefaultTimeout\(/m.test(text)).map(({ path }) => path)).toEqual([]);
  });

  test("scales each limit on a duration with patienceMs", () => {
    const bound = /(?:performance\.now\(\)|Date\.now\(\)|\b(?:took|elapsed)\w*)[^;]*\.(?:toBeLessThan\w*|toBeWithin)\(/;
    const fixed = tests.flatMap((file) =>
      codeLinesOf(file).flatMap((line, at) =>
        bound.test(line) && !/patienceMs|Date\.now\(\) \+ 1\)/.test(line)
          ? [`${file.path}:${at + 1} ${line.trim()}`]
          : [],
      ),
    );
    expect(fixed).toEqual([]);
  });
});
