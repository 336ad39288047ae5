import { describe, expect, test } from "bun:test";
import { importCycle, layerViolations } from "./layer-rules.ts";
import { codeLinesOf } from "./prose.ts";
import { importsOf, isTestFile, readSourceFiles, type SourceFile } from "./source-file.ts";

const web = await readSourceFiles("web/**/*.{ts,tsx}");
const source = [...(await readSourceFiles("src/**/*.ts")), ...web];

describe("the source code", () => {
  test("imports only from layers that its row in the table of layers allows", () => {
    expect(layerViolations(source)).toEqual([]);
  });

  test("imports the registry's class Store only in the composition root", () => {
    const knowing = source.filter(
      ({ path, text }) => !path.endsWith(".test.ts") && /import[^;]*\bStore\b[^;]*registry\/store\.ts"/.test(text),
    );
    expect(knowing.map(({ path }) => path)).toEqual(["src/server/parts/store.ts"]);
  });

  test("of the browser UI imports only types of the agent, and nothing of its runtime", () => {
    const foreign = web
      .filter(({ path }) => !isTestFile(path))
      .flatMap((file) => {
        const values = [...file.text.matchAll(/^import (?!type )[^;]*from "[^"]*\/src\/[^"]*"/gm)].map(
          ([line]) => line,
        );
        const runtime = importsOf(file).filter((name) => /^(?:node:|bun\b)/.test(name));
        const globals = codeLinesOf(file).filter((line) => /\b(?:Bun|process)\./.test(line));
        return [...values, ...runtime, ...globals].map((found) => `${file.path}: ${found}`);
      });
    expect(foreign).toEqual([]);
  });

  test("has no import cycle, type-only imports included", () => {
    expect(importCycle(source)).toBeUndefined();
  });

  test("names each imported file with its extension", () => {
    const bare = source.flatMap((file) =>
      importsOf(file)
        .filter((name) => name.startsWith(".") && !/\.(ts|tsx|json|css|html|txt)$/.test(name))
        .map((name) => `${file.path}: ${name}`),
    );
    expect(bare).toEqual([]);
  });
});

describe("the checker of layers", () => {
  const file = (path: string, ...lines: string[]): SourceFile => ({ path, text: lines.join("\n") });

  test("finds every form of import", () => {
    const seen = importsOf(
      file(
        "src/lib/a.ts",
        'import one from "1";',
        'import { two, type Two } from "2";',
        'import type { Three } from "3";',
        "import {",
        "  four,",
        '} from "4";',
        'import * as five from "5";',
        'import "6";',
        'export { seven } from "7";',
        'export * from "8";',
        'import nine, { ten } from "9";',
        'const late = await import("10");',
        'let shape: import("11").Shape;',
        'new Worker(new URL("./12.ts", import.meta.url));',
        'const from = "no import";',
      ),
    );
    expect(seen.toSorted()).toEqual(["./12.ts", "1", "10", "11", "2", "3", "4", "5", "6", "7", "8", "9"]);
  });

  test("reports an import from a higher layer, also a type-only one", () => {
    expect(layerViolations([file("src/model/a.ts", 'import type { B } from "../http/b.ts";')])).toEqual([
      "src/model/a.ts imports src/http/b.ts; model may import lib",
    ]);
  });

  test("lets tests import the implementation where the layer itself may import only the contract", () => {
    const line = 'import { openMemoryEngine } from "../engine/memory/memory-engine.ts";';
    expect(layerViolations([file("src/registry/a.ts", line)])).toHaveLength(1);
    expect(layerViolations([file("src/registry/a.test.ts", line)])).toEqual([]);
    expect(layerViolations([file("src/registry/a.ts", 'import type { E } from "../engine/engine.ts";')])).toEqual([]);
  });

  test("lets only tests import test/support", () => {
    const line = 'import { fakeClock } from "../../test/support/fake-clock.ts";';
    expect(layerViolations([file("src/lib/a.ts", line)])).toHaveLength(1);
    expect(layerViolations([file("src/lib/a.test.ts", line)])).toEqual([]);
  });

  test("reports I/O in a pure layer, through a module or through a global", () => {
    expect(layerViolations([file("src/state/a.ts", 'import { readFile } from "node:fs";')])).toHaveLength(1);
    expect(layerViolations([file("src/state/a.ts", "const x = Bun.file(path);", "// Bun.file is not used")])).toEqual([
      "src/state/a.ts:1 does I/O; its layer is pure: const x = Bun.file(path);",
    ]);
  });

  test("lets a pure layer use the parts of the runtime that only compute", () => {
    expect(layerViolations([file("src/wire/a.ts", 'import { isIP, isIPv6 } from "node:net";')])).toEqual([]);
    expect(layerViolations([file("src/wire/a.ts", 'import { connect } from "node:net";')])).toHaveLength(1);
  });

  test("reports a folder that belongs to no layer", () => {
    expect(layerViolations([file("src/common/a.ts", "")])).toHaveLength(1);
  });

  test("reports an import cycle file by file", () => {
    const cycle = importCycle([
      file("src/lib/a.ts", 'import { b } from "./b.ts";'),
      file("src/lib/b.ts", 'import type { C } from "./c.ts";'),
      file("src/lib/c.ts", 'import { b } from "./b.ts";'),
    ]);
    expect(cycle).toEqual(["src/lib/b.ts", "src/lib/c.ts", "src/lib/b.ts"]);
  });
});
